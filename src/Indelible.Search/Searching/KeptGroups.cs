using System.Collections.Concurrent;

namespace Indelible.Search;

/// <summary>The groups of a path over chunks that do not change, and the values that the largest proved to be. Thread-safe.</summary>
internal sealed class KeptGroups
{
    private const int AboutValueBytes = 200;

    private readonly List<WeakReference<ITermIndex>> _indexes;
    private readonly ConcurrentDictionary<uint, IReadOnlyList<(string Value, long Count)>> _values = new();

    /// <param name="parts">The chunks.</param>
    /// <param name="groups">Their groups.</param>
    public KeptGroups(IReadOnlyList<HashedPart> parts, HashGroups groups)
    {
        _indexes = [.. parts.Select(part => new WeakReference<ITermIndex>(part.Span.Index!.Terms))];
        Groups = groups;
        Counts = groups.Largest.ToDictionary(group => group.Hash, group => group.Count);
    }

    /// <summary>The groups.</summary>
    public HashGroups Groups { get; }

    /// <summary>The largest of them by their hash.</summary>
    public IReadOnlyDictionary<uint, long> Counts { get; }

    /// <summary>What it takes in memory at most, about.</summary>
    public long MemoryBytes => (2 * Groups.MemoryBytes) + (HashGroups.MaxLargest * (long)AboutValueBytes);

    /// <summary>Whether it is of these chunks.</summary>
    public bool IsOf(IReadOnlyList<HashedPart> parts, int bits) =>
        Groups.Bits == bits && parts.Count == _indexes.Count && !parts.Where((part, i) => !_indexes[i].TryGetTarget(out ITermIndex? mine) || mine != part.Span.Index!.Terms).Any();

    /// <summary>The values of a group, where they were looked at.</summary>
    public IReadOnlyList<(string Value, long Count)>? Find(uint hash) => _values.GetValueOrDefault(hash);

    /// <summary>Remembers what a group proved to be: of the largest alone.</summary>
    public void Learn(HashTally.Group group)
    {
        if (Counts.ContainsKey(group.Hash) && group.Lasting() is { } values)
        {
            _values[group.Hash] = values;
        }
    }
}
