namespace Indelible.Search;

/// <summary>A range of the events' <c>time</c>.</summary>
/// <param name="From">The first instant; null for no lower end.</param>
/// <param name="To">The instant behind the last; null for no upper end.</param>
public readonly record struct TimeRange(DateTimeOffset? From, DateTimeOffset? To);

/// <summary>The order of results.</summary>
public enum SearchOrder
{
    /// <summary>Descending leaf index: what was logged last comes first.</summary>
    NewestFirst,

    /// <summary>Ascending leaf index.</summary>
    OldestFirst,

    /// <summary>Descending <c>time</c>, and descending leaf index where times are equal; entries without a readable time come
    /// last.</summary>
    ByTime,
}

/// <summary>What to look for.</summary>
/// <param name="Query">Which entries.</param>
/// <param name="Time">And when they happened; null for always.</param>
/// <param name="Order">In which order.</param>
/// <param name="Limit">How many at most on this page, 1 to <see cref="ScanLimits.MaxPageItems"/>.</param>
/// <param name="Cursor">The <see cref="SearchPage.Next"/> of the page before, untrusted; null for the first page.</param>
/// <param name="AsOf">The tree size to search in; null for the durable size on arrival, or the cursor's.</param>
public sealed record SearchRequest(Query Query, TimeRange? Time, SearchOrder Order, int Limit, string? Cursor, long? AsOf);
