namespace Indelible.Search;

/// <summary>How many entries match in all.</summary>
/// <param name="Value">The number, or the least that it can be.</param>
/// <param name="Exact">Whether every entry below <see cref="SearchPage.AsOf"/> was taken into account.</param>
public readonly record struct SearchTotal(long Value, bool Exact);

/// <summary>One matching entry.</summary>
/// <param name="Index">Its leaf index.</param>
/// <param name="View">Its bytes as the source showed them to this asker; not necessarily the bytes that were hashed.</param>
public sealed record SearchHit(long Index, ReadOnlyMemory<byte> View);

/// <summary>A page of results.</summary>
/// <param name="AsOf">The tree size that the answer covers: the same request with it gives the same answer.</param>
/// <param name="Total">How many match, over all pages.</param>
/// <param name="Items">The results in the order asked for. May be fewer than the limit, even none, while <paramref name="Next"/> is
/// set.</param>
/// <param name="Next">The cursor of the next page; null when there is nothing more.</param>
/// <param name="Scanned">How many entries were looked at to decide about them.</param>
/// <param name="Indexed">How many of the entries below <paramref name="AsOf"/> an index covers: it decided about them, or left few to be looked at.</param>
/// <param name="Notices">What the asker should know of the answer: what is not indexed, where counting stopped and why. Fit to be shown.</param>
public sealed record SearchPage(
    long AsOf, SearchTotal Total, IReadOnlyList<SearchHit> Items, string? Next, long Scanned, long Indexed, IReadOnlyList<string> Notices);
