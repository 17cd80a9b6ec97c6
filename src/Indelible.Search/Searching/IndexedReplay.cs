using System.Text.Json;

namespace Indelible.Search;

/// <summary>Goes over a log once, oldest first, and shows what a query selects: each index is asked once, and only what it selects, or cannot decide, is read.</summary>
/// <remarks>Memory is that of one bundle of entries and of the times of one chunk. Not thread-safe; one for each request.</remarks>
public sealed class IndexedReplay
{
    private static readonly FieldPath s_received = new("received_at");

    private readonly IIndexedSource _source;
    private readonly ReplayRequest _request;
    private readonly IEntryFollower _follower;
    private readonly CancellationToken _cancellation;
    private readonly SightedQuestion _query;
    private readonly SightedQuestion _range;
    private readonly SightedQuestion _seen;
    private readonly SearchBudget _budget;
    private readonly EntryLooker _looker;
    private readonly EntryVisitor _onEntry;
    private readonly EntryVisitor _onUnindexed;
    private long[] _times = [];
    private long[] _receipts = [];

    // Of the chunk under way.
    private long _first;
    private int _told;
    private RowSet? _selected;
    private RowSet? _undecided;
    private RowSet? _inRange;
    private RowSet? _others;

    private long _countInRange;
    private long _countSelected;
    private long _countRead;

    private IndexedReplay(IIndexedSource source, ReplayRequest request, IEntryFollower follower, CancellationToken cancellation)
    {
        (_source, _request, _follower, _cancellation) = (source, request, follower, cancellation);
        _query = new SightedQuestion(request.Query, source.Sights);
        _range = new SightedQuestion(request.Range, source.Sights);
        _seen = new SightedQuestion(Query.All, source.Sights);
        _budget = SearchBudget.ForAll(new ScanLimits(), cancellation);
        _looker = new EntryLooker(source);
        (_onEntry, _onUnindexed) = (OnEntry, OnUnindexed);
    }

    /// <summary>Goes over a log.</summary>
    /// <param name="source">The entries as the asker may see them, and their indexes.</param>
    /// <param name="request">What to go over.</param>
    /// <param name="follower">Receives the entries, and may end it.</param>
    /// <param name="cancellationToken">Ends it; nothing remains of it.</param>
    /// <exception cref="SearchException">The size is larger than what is durable, or negative.</exception>
    /// <exception cref="JsonException">The source showed bytes that are not JSON.</exception>
    public static async Task<ReplayResult> RunAsync(IIndexedSource source, ReplayRequest request, IEntryFollower follower, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(follower);
        if (request.AsOf < 0 || request.AsOf > source.Size)
        {
            throw new SearchException(SearchFault.AsOfOutOfRange, $"The size {request.AsOf} is outside of what is durable: 0 to {source.Size}.");
        }

        using var spans = new LogSpans(source, request.AsOf);
        return await new IndexedReplay(source, request, follower, cancellationToken).RunAsync(spans).ConfigureAwait(false);
    }

    private async Task<ReplayResult> RunAsync(LogSpans spans)
    {
        long to = 0;
        for (int i = 0; i < spans.All.Count && to == spans.All[i].From; i++)
        {
            await _source.RestAsync(_cancellation).ConfigureAwait(false);
            if (!_follower.GoesOn)
            {
                break;
            }

            LogSpan span = spans.All[i];
            if (span.Index is not null && TryAsk(spans, span))
            {
                to = await ChunkAsync(span).ConfigureAwait(false);
                Return();
            }
            else
            {
                to = await EverythingAsync(span).ConfigureAwait(false);
            }
        }

        return new ReplayResult(to, _countInRange, _countSelected, _countRead, spans.Indexed, Notices.Of(spans));
    }

    /// <summary>Asks the index of a chunk all that there is to ask; false, and nothing was told, where it proves damaged.</summary>
    private bool TryAsk(LogSpans spans, LogSpan span)
    {
        try
        {
            _budget.BeginChunk();
            var chunk = new ChunkQuestion(span, null, _budget);
            (_selected, _undecided) = Ask(_query, chunk);
            (RowSet inRange, _inRange) = Ask(_range, chunk);
            int count = inRange.Count;
            inRange.Return();
            if (_request.HasTimes)
            {
                AskTimes(chunk, span.Rows);
            }

            (_first, _told) = (span.From, 0);
            _countInRange += count;
            return true;
        }
        catch (IndexDamagedException)
        {
            spans.Distrust(span);
            Return();
            return false;
        }
    }

    private static (RowSet Sure, RowSet Open) Ask(SightedQuestion question, ChunkQuestion chunk)
    {
        SightedVerdict verdict = question.Ask(chunk);
        RowSet sure = RowSet.Rent();
        RowSet open = RowSet.Rent();
        sure.Or(verdict.Found.Sure);
        if (verdict.Found.Open is { } rows)
        {
            open.Or(rows);
        }

        verdict.Return();
        return (sure, open);
    }

    /// <summary>Takes the times of all rows that he sees. Those that cannot be told by the index are to be read.</summary>
    private void AskTimes(ChunkQuestion chunk, int rows)
    {
        (_others, RowSet open) = Ask(_seen, chunk);
        RowSet vague = RowSet.Rent();
        Read(chunk.Terms, TimeOrderSearch.TimePath, rows, ref _times, vague);
        Read(chunk.Terms, s_received, rows, ref _receipts, vague);
        vague.And(_others);
        vague.Or(open);
        _undecided!.Or(vague);
        _others.AndNot(vague);
        vague.Return();
        open.Return();
    }

    private static void Read(ITermIndex terms, FieldPath path, int rows, ref long[] into, RowSet vague)
    {
        if (into.Length < rows + TimeOrderSearch.BlockRows)
        {
            into = new long[RowSet.MaxRows + TimeOrderSearch.BlockRows];
        }

        ITimeColumn column = terms.Times(path)!;
        column.AddUndecided(vague);
        terms.AddSealed(path, vague);
        for (int block = 0; block * TimeOrderSearch.BlockRows < rows; block++)
        {
            column.Read(block, into.AsSpan(block * TimeOrderSearch.BlockRows, TimeOrderSearch.BlockRows));
        }
    }

    private void Return()
    {
        _selected?.Return();
        _undecided?.Return();
        _inRange?.Return();
        _others?.Return();
        (_selected, _undecided, _inRange, _others) = (null, null, null, null);
    }

    /// <summary>Shows what was selected of a chunk, and tells of the times of the rest.</summary>
    /// <returns>How far it came.</returns>
    private async ValueTask<long> ChunkAsync(LogSpan span)
    {
        RowSet read = RowSet.Rent();
        read.Or(_selected!);
        read.Or(_undecided!);
        read.Or(_inRange!);
        for (int row = read.FirstFrom(0); row >= 0 && row < span.Rows;)
        {
            if (!_follower.GoesOn)
            {
                read.Return();
                return span.From + row;
            }

            long bundle = (span.From + row) / EntryLooker.BundleEntries;
            for (; row >= 0 && row < span.Rows && (span.From + row) / EntryLooker.BundleEntries == bundle; row = read.FirstFrom(row + 1))
            {
                _looker.Wanted.Add(span.From + row);
            }

            _countRead += _looker.Wanted.Count;
            await _looker.LookAsync(_onEntry, _cancellation).ConfigureAwait(false);
            _looker.Wanted.Clear();
        }

        read.Return();
        TellTimes(span.Rows);
        return span.To;
    }

    private void OnEntry(long index, ReadOnlySpan<byte> view)
    {
        int row = (int)(index - _first);
        TellTimes(row);
        _told = row + 1;
        _countInRange += _inRange!.Contains(row) && _request.Range.Matches(view) ? 1 : 0;
        Show(index, view, _selected!.Contains(row) || (_undecided!.Contains(row) && _request.Query.Matches(view)));
    }

    private void Show(long index, ReadOnlySpan<byte> view, bool isSelected)
    {
        if (isSelected)
        {
            _countSelected++;
            _follower.OnSelected(index, view);
        }
        else if (_request.HasTimes)
        {
            _follower.OnOther(index, view);
        }
    }

    /// <summary>Tells of the times of rows up to one, which itself is not among them.</summary>
    private void TellTimes(int to)
    {
        if (_others is null)
        {
            return;
        }

        for (int row = _others.FirstFrom(_told); row >= 0 && row < to; row = _others.FirstFrom(row + 1))
        {
            _follower.OnTimes(_first + row, _times[row], _receipts[row]);
        }

        _told = to;
    }

    private async ValueTask<long> EverythingAsync(LogSpan span)
    {
        for (long from = span.From; from < span.To;)
        {
            if (!_follower.GoesOn)
            {
                return from;
            }

            long to = Math.Min(span.To, ((from / EntryLooker.BundleEntries) + 1) * EntryLooker.BundleEntries);
            _countRead += to - from;
            await _source.ReadAsync(from, to, _onUnindexed, _cancellation).ConfigureAwait(false);
            from = to;
        }

        return span.To;
    }

    private void OnUnindexed(long index, ReadOnlySpan<byte> view)
    {
        _countInRange += _request.Range.Matches(view) ? 1 : 0;
        Show(index, view, _request.Query.Matches(view));
    }
}
