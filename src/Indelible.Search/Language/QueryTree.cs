namespace Indelible.Search;

/// <summary>A query that a program puts together of parts: what people write has bounds and a text, this has neither.</summary>
/// <remarks>Immutable. A query made of it is asked by one request at a time, as its tests are.</remarks>
public sealed class QueryTree
{
    private readonly QueryNode _node;

    private QueryTree(QueryNode node) => _node = node;

    /// <summary>Every entry.</summary>
    public static QueryTree All { get; } = new(AllNode.Instance);

    /// <summary>No entry.</summary>
    public static QueryTree None { get; } = new(new NotNode(AllNode.Instance));

    /// <summary>Whether it is <see cref="All"/>.</summary>
    public bool IsAll => _node is AllNode;

    /// <summary>Whether it is <see cref="None"/>.</summary>
    public bool IsNone => _node is NotNode { Child: AllNode };

    /// <summary>Entries that all of some select; every entry where there is none.</summary>
    public static QueryTree And(IReadOnlyList<QueryTree> parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        return parts.FirstOrDefault(part => part.IsNone) ?? new QueryTree(Nodes.And(parts.Select(part => part._node)));
    }

    /// <summary>Entries that one of some selects; no entry where there is none.</summary>
    public static QueryTree Or(IReadOnlyList<QueryTree> parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        QueryTree[] some = [.. parts.Where(part => !part.IsNone)];
        return some.Length == 0 ? None : some.FirstOrDefault(part => part.IsAll) ?? new QueryTree(Nodes.Or(some.Select(part => part._node)));
    }

    /// <summary>Entries that one does not select.</summary>
    public static QueryTree Not(QueryTree part)
    {
        ArgumentNullException.ThrowIfNull(part);
        return new QueryTree(Nodes.Not(part._node));
    }

    /// <summary>Entries that have a member, whatever its value.</summary>
    /// <param name="path">The names that lead to it; at least one. Lists are no step.</param>
    public static QueryTree There(IReadOnlyList<string> path) => new(new ExistsNode(PathOf(path)));

    /// <summary>Entries that have null at a path.</summary>
    /// <param name="path">As of <see cref="There"/>.</param>
    public static QueryTree Null(IReadOnlyList<string> path) => new(new EqualsNode(PathOf(path), new Literal("null", quoted: false)));

    /// <summary>Entries of which a value at a path passes a test.</summary>
    /// <param name="path">As of <see cref="There"/>.</param>
    /// <param name="test">The test.</param>
    public static QueryTree Passes(IReadOnlyList<string> path, IValueTest test)
    {
        ArgumentNullException.ThrowIfNull(test);
        return new QueryTree(new PassesNode(PathOf(path), test));
    }

    /// <summary>Entries with an instant at a path, from one on and before another.</summary>
    /// <param name="path">As of <see cref="There"/>.</param>
    /// <param name="range">The two; with neither, every entry.</param>
    public static QueryTree Between(IReadOnlyList<string> path, TimeRange range)
    {
        // Behind the last time that can be read there is nothing: an end there is none.
        long? to = range.To?.UtcTicks is { } end && end <= TimeText.LastTick ? end : null;
        long? from = range.From?.UtcTicks;
        if (from is null && to is null)
        {
            return All;
        }

        return ValueRange.TryCreateTime(from, to) is { } ticks ? new QueryTree(new RangeNode(PathOf(path), ticks)) : None;
    }

    /// <summary>The query.</summary>
    public Query ToQuery() => Query.Of(_node);

    private static FieldPath PathOf(IReadOnlyList<string> path)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentOutOfRangeException.ThrowIfZero(path.Count);
        return new FieldPath([.. path]);
    }
}
