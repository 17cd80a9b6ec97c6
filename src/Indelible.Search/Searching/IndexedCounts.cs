using System.Text.Json;

namespace Indelible.Search;

/// <summary>Counts over time and by value from the indexes that there are; entries that none covers, or that one cannot decide, are looked at, newest first.</summary>
/// <remarks>
/// Answers what <see cref="ScanCounts"/> answers over the same entries. What the bounds cut off is said in the result. Safe to share.
/// </remarks>
public sealed class IndexedCounts
{
    private readonly ScanLimits _limits;
    private readonly SearchCache _cache;

    /// <summary>Makes a counter with bounds.</summary>
    /// <param name="limits">The bounds of each request.</param>
    /// <param name="cache">What is kept between requests; null for one of its own.</param>
    /// <exception cref="ArgumentOutOfRangeException">A bound is below 1.</exception>
    public IndexedCounts(ScanLimits? limits = null, SearchCache? cache = null)
    {
        _limits = limits ?? new ScanLimits();
        _limits.ThrowIfBelowOne();
        _cache = cache ?? new SearchCache();
    }

    /// <summary>Counts.</summary>
    /// <param name="source">The entries as the asker may see them, and their indexes.</param>
    /// <param name="request">What to count.</param>
    /// <param name="cancellationToken">Ends the counting.</param>
    /// <exception cref="SearchException">The size, the number of values or the width of the histogram is out of range.</exception>
    /// <exception cref="JsonException">The source showed bytes that are not JSON.</exception>
    public async Task<CountResult> CountAsync(IIndexedSource source, CountRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(request);
        long size = source.Size;
        long asOf = request.AsOf ?? size;
        if (asOf < 0 || asOf > size)
        {
            throw new SearchException(SearchFault.AsOfOutOfRange, $"The size {asOf} is outside of what is durable: 0 to {size}.");
        }

        if (request.Top is < 1 or > ScanLimits.MaxPageItems)
        {
            throw new SearchException(
                SearchFault.LimitOutOfRange, $"The number of values is {request.Top}; it must be between 1 and {ScanLimits.MaxPageItems}.");
        }

        using var spans = new LogSpans(source, asOf);
        return await new CountRun(source, request, asOf, spans, _cache, _limits, cancellationToken).RunAsync().ConfigureAwait(false);
    }
}
