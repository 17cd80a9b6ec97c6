namespace Indelible.Search;

/// <summary>Bounds on the work and the memory of one search request.</summary>
public sealed class ScanLimits
{
    /// <summary>The most results on a page: 1000.</summary>
    public const int MaxPageItems = 1000;

    /// <summary>
    /// How many entries one request looks at, where no index decides, before it answers with what it has and a cursor. Default 262,144: four segments, about a
    /// second of one core.
    /// </summary>
    public long MaxScanned { get; init; } = 262_144;

    /// <summary>
    /// How many bundles of 256 entries one request opens to look at entries in them: entries that lie apart are read, unpacked and hashed four at a time.
    /// Default 4,096, about two seconds of one core; four times over to sort by time, or to count.
    /// </summary>
    public long MaxBundles { get; init; } = 4_096;

    /// <summary>How many bundles one request opens only to count on, once its page is full; then the total is a lower bound. Default 256, about an eighth of a second.</summary>
    public long MaxBundlesToCount { get; init; } = 256;

    /// <summary>
    /// How much work one request does at most, in bytes of entries times clauses of the query, checked after each bundle of 256 entries. Default
    /// 8 GiB: 512 clauses over 32,768 entries of 512 bytes. It keeps a hostile query as cheap as a plain one.
    /// </summary>
    public long MaxWork { get; init; } = 8L * 1024 * 1024 * 1024;

    /// <summary>
    /// How many entries may be looked at to sort by time, or to count: all that no index decides. Default 2,097,152, about ten seconds of one
    /// core; more is refused with <see cref="SearchFault.TooMuchToSort"/>, or counted in part. <see cref="MaxWork"/> holds four times over.
    /// </summary>
    public long MaxSorted { get; init; } = 2_097_152;

    /// <summary>How many bytes of results one page holds before it ends early (never before its first result). Default 16 MiB.</summary>
    public long MaxPageBytes { get; init; } = 16 * 1024 * 1024;

    /// <exception cref="ArgumentOutOfRangeException">A bound is below 1: no search would ever get on.</exception>
    internal void ThrowIfBelowOne()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxScanned, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxBundles, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxBundlesToCount, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxWork, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxSorted, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxPageBytes, 1);
    }
}
