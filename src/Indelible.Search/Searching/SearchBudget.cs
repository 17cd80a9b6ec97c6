namespace Indelible.Search;

/// <summary>What one request has done so far, and what it may do. Not thread-safe.</summary>
/// <remarks>
/// Work is counted in the unit of <see cref="ScanLimits.MaxWork"/>: bytes looked at, times the clauses that look at them. A question to an index costs
/// <see cref="QuestionWork"/>, a term that is visited its bytes and <see cref="TermWork"/>, which take about as long.
/// </remarks>
internal sealed class SearchBudget
{
    /// <summary>The work of one question to one index.</summary>
    public const int QuestionWork = 1024;

    /// <summary>The work of one term that is visited, beside its bytes.</summary>
    public const int TermWork = 64;

    private const int ChargesPerCheck = 256;

    private readonly long _maxLooked;
    private readonly long _maxBundles;
    private readonly long _maxBundlesToCount;
    private readonly long _maxWork;
    private readonly CancellationToken _cancellation;
    private long _bundlesAtCounting = long.MaxValue;
    private long _bundles;
    private long _allowed;
    private int _charges;

    private SearchBudget(ScanLimits limits, long maxLooked, int times, CancellationToken cancellation)
    {
        (_maxLooked, _maxBundles, _maxWork) = (maxLooked, Times(limits.MaxBundles, times), Times(limits.MaxWork, times));
        (_maxBundlesToCount, _cancellation) = (limits.MaxBundlesToCount, cancellation);
        BeginChunk();
    }

    /// <summary>Entries that were looked at.</summary>
    public long Looked { get; private set; }

    /// <summary>Work that was done.</summary>
    public long Work { get; private set; }

    /// <summary>Whether nothing more may be begun.</summary>
    public bool IsSpent => Looked >= _maxLooked || _bundles >= Math.Min(_maxBundles, _bundlesAtCounting) || Work >= _maxWork;

    /// <summary>Whether it is the work that is spent, rather than the number of entries.</summary>
    public bool IsWorkSpent => Work >= _maxWork;

    /// <summary>Allows for one chunk an eighth of all work: a query that is heavier is answered by looking at entries, and still gets on.</summary>
    public void BeginChunk() => _allowed = Work + (_maxWork / 8);

    /// <summary>For a page in the order of the log.</summary>
    public static SearchBudget ForPage(ScanLimits limits, CancellationToken cancellation) => new(limits, limits.MaxScanned, 1, cancellation);

    /// <summary>For what has to take all entries into account: to sort them by time, or to count.</summary>
    public static SearchBudget ForAll(ScanLimits limits, CancellationToken cancellation) => new(limits, limits.MaxSorted, 4, cancellation);

    /// <summary>Counts work in an index.</summary>
    /// <returns>Whether there may be more of it in this chunk.</returns>
    /// <exception cref="OperationCanceledException">The request was cancelled.</exception>
    public bool Charge(long work)
    {
        Work += work;
        if (++_charges % ChargesPerCheck == 0)
        {
            _cancellation.ThrowIfCancellationRequested();
        }

        return Work < _allowed;
    }

    /// <summary>From now on nothing is done but to count: less is spent on that.</summary>
    public void BeginCounting() => _bundlesAtCounting = _bundles + _maxBundlesToCount;

    /// <summary>Counts entries of one bundle that are looked at.</summary>
    public void CountLooked(long entries)
    {
        Looked += entries;
        _bundles += entries > 0 ? 1 : 0;
    }

    /// <summary>Counts the work of one entry.</summary>
    /// <exception cref="OperationCanceledException">The request was cancelled.</exception>
    public void ChargeEntry(long work)
    {
        _cancellation.ThrowIfCancellationRequested();
        Work += work;
    }

    private static long Times(long limit, int times) => limit > long.MaxValue / times ? long.MaxValue : limit * times;
}
