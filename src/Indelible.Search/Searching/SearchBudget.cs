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
    private readonly long _maxWork;
    private readonly CancellationToken _cancellation;
    private long _allowed;
    private int _charges;

    /// <param name="maxLooked">How many entries may be looked at.</param>
    /// <param name="maxWork">How much work may be done.</param>
    /// <param name="cancellation">Ends the request.</param>
    public SearchBudget(long maxLooked, long maxWork, CancellationToken cancellation)
    {
        (_maxLooked, _maxWork, _cancellation) = (maxLooked, maxWork, cancellation);
        BeginChunk();
    }

    /// <summary>Entries that were looked at.</summary>
    public long Looked { get; private set; }

    /// <summary>Work that was done.</summary>
    public long Work { get; private set; }

    /// <summary>Whether nothing more may be begun.</summary>
    public bool IsSpent => Looked >= _maxLooked || Work >= _maxWork;

    /// <summary>Whether it is the work that is spent, rather than the number of entries.</summary>
    public bool IsWorkSpent => Work >= _maxWork;

    /// <summary>Allows for one chunk an eighth of all work: a query that is heavier is answered by looking at entries, and still gets on.</summary>
    public void BeginChunk() => _allowed = Work + (_maxWork / 8);

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

    /// <summary>Counts entries that a source was asked for.</summary>
    public void CountLooked(long entries) => Looked += entries;

    /// <summary>Counts the work of one entry.</summary>
    /// <exception cref="OperationCanceledException">The request was cancelled.</exception>
    public void ChargeEntry(long work)
    {
        _cancellation.ThrowIfCancellationRequested();
        Work += work;
    }
}
