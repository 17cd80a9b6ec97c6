namespace Indelible.Search;

/// <summary>Bounds on the work and the memory of one search request.</summary>
public sealed class ScanLimits
{
    /// <summary>The most results on a page: 1000.</summary>
    public const int MaxPageItems = 1000;

    /// <summary>
    /// How many entries one request looks at before it answers with what it has and a cursor. Default 262,144: four segments, about a
    /// second
    /// of one core.
    /// </summary>
    public long MaxScanned { get; init; } = 262_144;

    /// <summary>
    /// How much work one request does at most, in bytes of entries times clauses of the query, checked after each bundle of 256 entries.
    /// Default
    /// 8 GiB: 512 clauses over 32,768 entries of 512 bytes. It keeps a hostile query as cheap as a plain one.
    /// </summary>
    public long MaxWork { get; init; } = 8L * 1024 * 1024 * 1024;

    /// <summary>
    /// How many entries may be sorted by time: a page in time order has to look at all of them. Default 2,097,152, about ten seconds of one
    /// core; a larger log is refused with <see cref="SearchFault.TooMuchToSort"/>. <see cref="MaxWork"/> holds four times over.
    /// </summary>
    public long MaxSorted { get; init; } = 2_097_152;

    /// <summary>How many bytes of results one page holds before it ends early (never before its first result). Default 16 MiB.</summary>
    public long MaxPageBytes { get; init; } = 16 * 1024 * 1024;
}
