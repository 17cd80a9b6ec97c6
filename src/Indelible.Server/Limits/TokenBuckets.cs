using System.IO.Hashing;
using System.Numerics;
using System.Runtime.InteropServices;
using Indelible.Engine.Storage;

namespace Indelible.Server.Limits;

/// <summary>Token buckets of very many owners in bounded memory. Thread-safe; some 50 ns a call.</summary>
/// <remarks>
/// <para>
/// A bucket is one instant: when it will be full again (the generic cell rate algorithm, ITU-T I.371). Whoever finds anything in his
/// bucket may take all he needs; what goes beyond is owed and keeps later requests waiting. So no request is too large for ever, and the rate
/// holds in the long run.
/// </para>
/// <para>
/// The table never grows: an owner's bucket lies in one of eight places that his hash, seeded at the start, leads to. Where all are taken, the fullest bucket is
/// forgotten, which mostly means nothing: a full bucket and a forgotten one are the same. To make an exhausted bucket forgotten, an
/// attacker must exhaust eight others of the same places, and cannot compute which those are.
/// </para>
/// </remarks>
internal sealed class TokenBuckets
{
    private const int Places = 8;
    private const int Stripes = 64;

    private readonly TimeProvider _time;
    private readonly long _seed;
    private readonly long _burst;               // in ticks of the clock's time stamps, as all below
    private readonly ulong[] _owners;           // each by the lock of its stripe, as below
    private readonly long[] _fullAt;            // 0: the place is free
    private readonly Lock[] _locks = [.. Enumerable.Range(0, Stripes).Select(_ => new Lock())];

    /// <summary>Makes an empty table.</summary>
    /// <param name="buckets">How many buckets it has: a power of two, at least 512.</param>
    /// <param name="burst">How much time's tokens a full bucket holds.</param>
    /// <param name="time">The clock.</param>
    /// <param name="random">The source of the seed.</param>
    public TokenBuckets(int buckets, TimeSpan burst, TimeProvider time, RandomSource random)
    {
        if (!BitOperations.IsPow2(buckets) || buckets < Places * Stripes)
        {
            throw new ArgumentOutOfRangeException(nameof(buckets), buckets, "A power of two, at least 512.");
        }

        _time = time;
        _burst = (long)(burst.TotalSeconds * time.TimestampFrequency);
        _owners = new ulong[buckets];
        _fullAt = new long[buckets];
        Span<byte> seed = stackalloc byte[sizeof(long)];
        random.Fill(seed);
        _seed = MemoryMarshal.Read<long>(seed);
    }

    /// <summary>The number of an owner who has a name.</summary>
    public ulong OwnerOf(string name) => XxHash3.HashToUInt64(MemoryMarshal.AsBytes(name.AsSpan()), _seed);

    /// <summary>Takes tokens, if anything is left.</summary>
    /// <param name="owner">Whose bucket.</param>
    /// <param name="perSecond">How many tokens come in a second, above 0.</param>
    /// <param name="cost">How many are needed; more than there are may be taken, and 0 only looks.</param>
    /// <returns>Zero if they were taken; else nothing was, and after this time there will be something.</returns>
    public TimeSpan TryTake(ulong owner, double perSecond, double cost) => Take(owner, perSecond, cost, always: false);

    /// <summary>Takes tokens of something that was let in already, though they be owed.</summary>
    public void Take(ulong owner, double perSecond, double cost) => Take(owner, perSecond, cost, always: true);

    private TimeSpan Take(ulong owner, double perSecond, double cost, bool always)
    {
        long now = _time.GetTimestamp();
        int set = (int)(XxHash3.HashToUInt64(MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(in owner)), _seed) & (ulong)((_owners.Length / Places) - 1));
        lock (_locks[set % Stripes])
        {
            int place = PlaceOf(owner, set * Places, out bool isFound);
            long fullAt = isFound ? Math.Max(_fullAt[place], now) : now;
            long over = fullAt - now - _burst;
            if (over >= 0 && !always)
            {
                // Rounded up, and a tick more: at the very instant the bucket would still be empty, and zero would say that it is not.
                return TimeSpan.FromTicks(1 + (long)Math.Ceiling(over * (double)TimeSpan.TicksPerSecond / _time.TimestampFrequency));
            }

            if (cost > 0)
            {
                _owners[place] = owner;
                _fullAt[place] = fullAt + (long)Math.Min(cost / perSecond * _time.TimestampFrequency, long.MaxValue / 4);
            }

            return TimeSpan.Zero;
        }
    }

    /// <summary>The place of an owner's bucket, or that of the fullest bucket where he has none.</summary>
    private int PlaceOf(ulong owner, int first, out bool isFound)
    {
        int fullest = first;
        for (int place = first; place < first + Places; place++)
        {
            if (_owners[place] == owner && _fullAt[place] != 0)
            {
                isFound = true;
                return place;
            }

            if (_fullAt[place] < _fullAt[fullest])
            {
                fullest = place;
            }
        }

        isFound = false;
        return fullest;
    }
}
