using System.Runtime.InteropServices;

namespace Indelible.Search;

/// <summary>Values of a path in many chunks, grouped by the bits of their hashes that all of these chunks keep.</summary>
/// <remarks>
/// Hashes are gathered, sorted and counted part by part, so that what is in memory at once is a hundredth of them. Different groups are different values; one group may be more than one value.
/// </remarks>
internal sealed class HashGroups
{
    /// <summary>How many of the largest groups are kept: twice as many as values can be asked for.</summary>
    public const int MaxLargest = 2 * ScanLimits.MaxPageItems;

    private const int DigitBits = 11;
    private const int FewHashes = 4096;

    // A bit for each beginning of a hash: which there are.
    private const int SeenBits = 25;

    private readonly PriorityQueue<uint, long> _largest = new();
    private readonly ulong[] _seen = new ulong[1 << (SeenBits - 6)];

    private HashGroups(int bits) => Bits = bits;

    /// <summary>How many upper bits of a hash make a group.</summary>
    public int Bits { get; }

    /// <summary>How many values there are at least.</summary>
    public long Distinct { get; private set; }

    /// <summary>How many rows have them, a row that has several counted as often.</summary>
    public long Occurrences { get; private set; }

    /// <summary>The largest groups, the largest first.</summary>
    public IReadOnlyList<(uint Hash, long Count)> Largest { get; private set; } = [];

    /// <summary>How large a group can be at most that is not among them.</summary>
    public long MostOfOthers => Largest.Count < MaxLargest ? 0 : Largest[^1].Count;

    /// <summary>What it takes in memory, about.</summary>
    public long MemoryBytes => (8L * _seen.Length) + (16L * Largest.Count);

    /// <summary>Counts groups.</summary>
    /// <param name="parts">The hashed values; each keeps at least <paramref name="bits"/>.</param>
    /// <param name="bits">How many bits of a hash count.</param>
    /// <param name="terms">Values that are no hashes, with their counts: by the hash that each would have, ascending.</param>
    /// <param name="source">Others have their turn in between.</param>
    /// <param name="budget">What it costs is counted here.</param>
    /// <param name="cancellation">Ends the counting.</param>
    /// <exception cref="HashedPartDamagedException">An index proved damaged.</exception>
    public static async ValueTask<HashGroups> OfAsync(
        IReadOnlyList<HashedPart> parts, int bits, IReadOnlyList<(uint Hash, long Count)> terms, IIndexedSource source, SearchBudget budget, CancellationToken cancellation)
    {
        var groups = new HashGroups(bits);
        var hashes = new List<uint>();
        uint[] scratch = [];
        int term = 0;
        for (int part = 0; part < IHashedStrings.Parts; part++)
        {
            await source.RestAsync(cancellation).ConfigureAwait(false);
            hashes.Clear();
            foreach (HashedPart one in parts)
            {
                try
                {
                    one.Hashes.AddHashes(part, one.IsAll ? null : one.Rows, hashes);
                }
                catch (IndexDamagedException)
                {
                    throw new HashedPartDamagedException(one);
                }
            }

            budget.Charge(hashes.Count * (long)sizeof(uint));
            groups.Add(Sorted(CollectionsMarshal.AsSpan(hashes), bits, ref scratch), part, terms, ref term);
        }

        groups.Largest = [.. groups._largest.UnorderedItems.Select(group => (group.Element, group.Priority)).OrderByDescending(group => group.Priority).ThenBy(group => group.Element)];
        return groups;
    }

    /// <summary>How many bits the chunks keep that have nearly all of the values: a chunk with few of them keeps fewer bits, and would make all others coarse.</summary>
    public static int BitsOf(IReadOnlyList<HashedPart> parts)
    {
        const int MostOf = 32;
        long all = parts.Sum(part => (long)part.Hashes.Count);
        long wide = 0;
        foreach (IGrouping<int, HashedPart> alike in parts.GroupBy(part => part.Hashes.Bits).OrderByDescending(alike => alike.Key))
        {
            wide += alike.Sum(part => (long)part.Hashes.Count);
            if (wide >= all - (all / MostOf))
            {
                return alike.Key;
            }
        }

        return 0;
    }

    /// <summary>The upper bits of a hash.</summary>
    public static uint Masked(uint hash, int bits) => (uint)(hash & (ulong.MaxValue << (32 - bits)));

    /// <summary>Whether there may be a group of a hash; where not, there is none.</summary>
    public bool MayHave(uint hash)
    {
        int seen = (int)(hash >> (32 - SeenBits));
        return (_seen[seen >> 6] >> seen & 1) != 0;
    }

    /// <summary>Counts how many groups of others are in none of these, at least.</summary>
    public long CountNew(HashGroups others)
    {
        long count = 0;
        for (int i = 0; i < _seen.Length; i++)
        {
            count += System.Numerics.BitOperations.PopCount(others._seen[i] & ~_seen[i]);
        }

        return count;
    }

    private static ReadOnlySpan<uint> Sorted(Span<uint> hashes, int bits, ref uint[] scratch)
    {
        if (hashes.Length < FewHashes)
        {
            foreach (ref uint hash in hashes)
            {
                hash = Masked(hash, bits);
            }

            hashes.Sort();
            return hashes;
        }

        if (scratch.Length < hashes.Length)
        {
            scratch = new uint[hashes.Length + (hashes.Length / 4)];
        }

        // The bits of the part are equal in all: those below are sorted digit by digit, the lowest first.
        Span<uint> from = hashes;
        Span<uint> to = scratch.AsSpan(0, hashes.Length);
        Span<int> ends = stackalloc int[1 << DigitBits];
        uint mask = Masked(uint.MaxValue, bits);
        for (int shift = 32 - bits; shift < 32 - IHashedStrings.PartBits; shift += DigitBits)
        {
            ends.Clear();
            foreach (uint hash in from)
            {
                ends[(int)((hash & mask) >> shift) & ((1 << DigitBits) - 1)]++;
            }

            int at = 0;
            foreach (ref int end in ends)
            {
                (end, at) = (at, at + end);
            }

            foreach (uint hash in from)
            {
                to[ends[(int)((hash & mask) >> shift) & ((1 << DigitBits) - 1)]++] = hash & mask;
            }

            Span<uint> sorted = to;
            to = from;
            from = sorted;
        }

        return from;
    }

    private void Add(ReadOnlySpan<uint> hashes, int part, IReadOnlyList<(uint Hash, long Count)> terms, ref int term)
    {
        int at = 0;
        while (at < hashes.Length || (term < terms.Count && terms[term].Hash >> (32 - IHashedStrings.PartBits) == (uint)part))
        {
            bool isTerm = term < terms.Count && (at == hashes.Length || Masked(terms[term].Hash, Bits) <= hashes[at]);
            uint hash = isTerm ? Masked(terms[term].Hash, Bits) : hashes[at];
            int first = at;
            while (at < hashes.Length && hashes[at] == hash)
            {
                at++;
            }

            long count = at - first;
            int values = 0;
            for (; term < terms.Count && Masked(terms[term].Hash, Bits) == hash; term++)
            {
                count += terms[term].Count;
                values++;
            }

            Add(hash, count, Math.Max(1, values));
        }
    }

    private void Add(uint hash, long count, int values)
    {
        Distinct += values;
        Occurrences += count;
        int seen = (int)(hash >> (32 - SeenBits));
        _seen[seen >> 6] |= 1UL << seen;
        if (_largest.Count < MaxLargest)
        {
            _largest.Enqueue(hash, count);
        }
        else if (_largest.TryPeek(out _, out long least) && count > least)
        {
            _largest.DequeueEnqueue(hash, count);
        }
    }
}

/// <summary>The index of a part proved damaged: nothing of it can be counted.</summary>
internal sealed class HashedPartDamagedException(HashedPart part) : Exception
{
    /// <summary>Which.</summary>
    public HashedPart Part { get; } = part;
}
