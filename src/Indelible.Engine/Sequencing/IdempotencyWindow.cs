using System.IO.Hashing;
using System.Text;

namespace Indelible.Engine.Sequencing;

/// <summary>Remembers which (principal, id) pairs a log has seen lately, and at which index.</summary>
/// <remarks>
/// <para>
/// The hash is seeded by a number that only the folder knows: otherwise a writer could choose thousands of ids of one hash, and
/// each would cost the loop a read of all the others.
/// </para>
/// <para>
/// A table of 8-byte slots: 32 bits of a hash and the index, relative to the table's first. A hit is a question, not an answer:
/// the caller reads the entry and compares principal and id. With a million entries one fresh id in four thousand costs such a read.
/// </para>
/// <para>
/// The promise is the last 1,000,000 entries or 24 hours, whichever is more. Two generations keep it: when the younger covers both
/// by itself, the older is forgotten and a new one begun. Attested time counts, never the clock. A log so busy that 24 hours hold more
/// than <see cref="EngineLimits.IdsPerGeneration"/> entries remembers that many. Owned by the sequencer's loop.
/// </para>
/// </remarks>
internal sealed class IdempotencyWindow
{
    /// <summary>Entries that the window reaches back at least.</summary>
    public const long MinEntries = 1_000_000;

    /// <summary>Time that the window reaches back at least.</summary>
    public static readonly TimeSpan MinTime = TimeSpan.FromHours(24);

    private Generation _young = new(0);
    private Generation? _old;

    /// <summary>Cuts a hash of (principal, id) to the 32 bits that segments and the window keep.</summary>
    /// <param name="seed">The folder's, see <see cref="FolderSettings.IdSeed"/>.</param>
    /// <param name="principal">Who delivered the event.</param>
    /// <param name="id">The event's id.</param>
    public static uint HashOf(long seed, string principal, string id)
    {
        int length = Encoding.UTF8.GetMaxByteCount(principal.Length + 1 + id.Length);
        Span<byte> bytes = length <= 1024 ? stackalloc byte[1024] : new byte[length];
        int at = Encoding.UTF8.GetBytes(principal, bytes);
        bytes[at++] = (byte)'\n';
        at += Encoding.UTF8.GetBytes(id, bytes[at..]);
        return unchecked((uint)XxHash3.HashToUInt64(bytes[..at], seed));
    }

    /// <summary>Notes an entry.</summary>
    /// <param name="hash">As <see cref="HashOf"/> gives it.</param>
    /// <param name="index">The entry's leaf index; indexes come in ascending order.</param>
    /// <param name="receivedAt">The entry's time of receipt.</param>
    public void Add(uint hash, long index, DateTimeOffset receivedAt)
    {
        if (_young.Count == 0)
        {
            _young = new Generation(index) { Begun = receivedAt };
        }
        else if ((_young.Count >= MinEntries && receivedAt - _young.Begun >= MinTime) || _young.Count >= EngineLimits.IdsPerGeneration)
        {
            _old = _young;
            _young = new Generation(index) { Begun = receivedAt };
        }

        _young.Add(hash, index);
    }

    /// <summary>The indexes whose (principal, id) may be the one asked for, youngest first.</summary>
    public IEnumerable<long> Candidates(uint hash) => _old is null ? _young.Find(hash) : _young.Find(hash).Concat(_old.Find(hash));

    /// <summary>Open addressing with linear probing; the home slot depends on the kept bits alone, so the table can grow.</summary>
    private sealed class Generation(long firstIndex)
    {
        private const uint Multiplier = 2654435769;   // 2^32 / golden ratio: spreads the hashes over the table
        private ulong[] _slots = new ulong[16];       // hash in the upper 32 bits, index - firstIndex + 1 in the lower; 0 is free

        public int Count { get; private set; }

        public DateTimeOffset Begun { get; init; }

        public void Add(uint hash, long index)
        {
            if (Count >= _slots.Length / 2)
            {
                Grow();
            }

            Put(_slots, ((ulong)hash << 32) | checked((uint)(index - firstIndex + 1)));
            Count++;
        }

        public IEnumerable<long> Find(uint hash)
        {
            ulong[] slots = _slots;
            for (int at = Home(hash, slots.Length); slots[at] != 0; at = (at + 1) & (slots.Length - 1))
            {
                if ((uint)(slots[at] >> 32) == hash)
                {
                    yield return firstIndex + (uint)slots[at] - 1;
                }
            }
        }

        private static int Home(uint hash, int slots) => (int)(unchecked(hash * Multiplier) >> (32 - int.Log2(slots)));

        private static void Put(ulong[] slots, ulong slot)
        {
            int at = Home((uint)(slot >> 32), slots.Length);
            while (slots[at] != 0)
            {
                at = (at + 1) & (slots.Length - 1);
            }

            slots[at] = slot;
        }

        private void Grow()
        {
            var larger = new ulong[_slots.Length * 2];
            foreach (ulong slot in _slots)
            {
                if (slot != 0)
                {
                    Put(larger, slot);
                }
            }

            _slots = larger;
        }
    }
}
