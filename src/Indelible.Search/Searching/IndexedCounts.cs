using System.Text.Json;

namespace Indelible.Search;

/// <summary>Counts over time and by value from the indexes that there are; entries that none covers, or that one cannot decide, are looked at, newest first.</summary>
/// <remarks>
/// Answers what <see cref="ScanCounts"/> answers over the same entries. What the bounds cut off is said in the result. Keeps columns of the values counted last, within a bound
/// of memory: make one, and share it. Thread-safe.
/// </remarks>
public sealed class IndexedCounts
{
    /// <summary>What columns of values may take in memory by default: 128 MiB, for 10 million entries the values of six fields.</summary>
    public const long DefaultCacheBytes = 128L * 1024 * 1024;

    private readonly ScanLimits _limits;
    private readonly ValueCache _cache;

    /// <summary>Makes a counter with bounds.</summary>
    /// <param name="limits">The bounds of each request.</param>
    /// <param name="cacheBytes">What columns of values may take in memory between requests.</param>
    /// <exception cref="ArgumentOutOfRangeException">A bound is below 1.</exception>
    public IndexedCounts(ScanLimits? limits = null, long cacheBytes = DefaultCacheBytes)
    {
        _limits = limits ?? new ScanLimits();
        _limits.ThrowIfBelowOne();
        _cache = new ValueCache(cacheBytes);
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
