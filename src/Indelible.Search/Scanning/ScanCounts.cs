namespace Indelible.Search;

/// <summary>Counts by looking at every entry, newest first; within the bounds that hold for sorting by time.</summary>
/// <remarks>Stateless and safe to share. What the bounds cut off is said in the result.</remarks>
public sealed class ScanCounts
{
    /// <summary>The most intervals of a histogram whose width was not asked for: 200.</summary>
    public const int MaxIntervals = 200;

    /// <summary>The most intervals of a histogram whose width was asked for: 10,000.</summary>
    public const int MaxChosenIntervals = 10_000;

    /// <summary>The most different values that are told apart among those of entries that were looked at: 10,000.</summary>
    public const int MaxDistinct = 10_000;

    private readonly IndexedCounts _counts;

    /// <summary>Makes a counter with bounds.</summary>
    public ScanCounts(ScanLimits? limits = null) => _counts = new IndexedCounts(limits);

    /// <summary>Counts.</summary>
    /// <param name="source">The entries as the asker may see them.</param>
    /// <param name="request">What to count.</param>
    /// <param name="cancellationToken">Ends the counting.</param>
    /// <exception cref="SearchException">The size, the number of values or the width of the histogram is out of range.</exception>
    public Task<CountResult> CountAsync(IEntrySource source, CountRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(source);
        return _counts.CountAsync(new UnindexedSource(source), request, cancellationToken);
    }
}
