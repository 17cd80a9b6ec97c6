namespace Indelible.Search;

/// <summary>One page in the order of the log. Two frontiers move in the same direction: where the page ends, and how far matches were counted.</summary>
/// <remarks>
/// When the page is full, counting goes on while the budget lasts, and the cursor keeps the count, so that no later page counts again. A chunk's index is asked once; then
/// entries are read bundle by bundle: those that the page shows, and those that the index cannot decide. Where there is no index, that is all of them.
/// The cursor knows positions alone, so it holds whatever is indexed when the next page is asked for.
/// </remarks>
internal sealed class IndexOrderSearch
{
    private readonly SearchStart _start;
    private readonly LogSpans _spans;
    private readonly LogWords? _words;
    private readonly CancellationToken _cancellation;
    private readonly SightedQuestion _question;
    private readonly SearchBudget _budget;
    private readonly EntryLooker _looker;
    private readonly EntryVisitor _onEntry;
    private readonly bool _descending;
    private readonly bool _countsAll;
    private readonly int _cost;
    private readonly List<SearchHit> _items = [];
    private readonly List<SearchHit> _block = [];
    private readonly List<long> _matches = [];
    private LogSpan _span;
    private SightedVerdict? _verdict;
    private RowSet? _candidates;
    private bool _keepsViews;
    private bool _hasMoved;
    private long _position;
    private long? _next;
    private long _counted;
    private long _countedTo;
    private long _bytes;

    public IndexOrderSearch(SearchStart start, LogSpans spans, LogWords? words, bool countsAll, CancellationToken cancellation)
    {
        (_start, _spans, _words, _countsAll, _cancellation) = (start, spans, words, countsAll, cancellation);
        _question = new SightedQuestion(start.Query, start.Source.Sights);
        _budget = SearchBudget.ForPage(start.Limits, cancellation);
        _looker = new EntryLooker(start.Source);
        _onEntry = OnEntry;
        _descending = start.Request.Order == SearchOrder.NewestFirst;
        _cost = start.Query.Cost;
        long begin = _descending ? start.AsOf : 0;
        _position = start.Cursor?.Position ?? begin;
        _counted = start.Cursor?.Counted ?? 0;
        _countedTo = Further(_position, start.Cursor?.CountedTo ?? begin);
    }

    private long End => _descending ? 0 : _start.AsOf;

    private bool MustStop => _hasMoved && _budget.IsSpent;

    public async Task<SearchPage> RunAsync()
    {
        while (_next is null && _position != End)
        {
            if (MustStop)
            {
                _next = _position;
                break;
            }

            await _start.Source.RestAsync(_cancellation).ConfigureAwait(false);
            Open(_position);
            await TakeAsync().ConfigureAwait(false);
        }

        _budget.BeginCounting();
        while (_countsAll && _countedTo != End && !MustStop)
        {
            await _start.Source.RestAsync(_cancellation).ConfigureAwait(false);
            await CountAsync().ConfigureAwait(false);
        }

        Close();
        return Page();
    }

    private SearchPage Page()
    {
        bool exact = _countedTo == End;
        long delivered = (_start.Cursor?.Delivered ?? 0) + _items.Count;
        bool more = _next is not null && _next != End && !(exact && delivered == _counted);
        string? token = more ? new SearchCursor(_start.AsOf, _next!.Value, _counted, _countedTo, delivered, 0).Format(_start.Digest) : null;
        List<string> notices = Notices.Of(_spans);
        if (!exact && _countsAll)
        {
            notices.Add(_budget.IsWorkSpent
                ? Notices.Text($"The query is so heavy that only a part was searched: there are at least {_counted} results, and the cursor goes on from there.")
                : Notices.Text($"{_budget.Looked} entries were looked at to decide about them, as many as one request may where they lie: there are at least {_counted} results, and the cursor goes on from there."));
        }

        return new SearchPage(_start.AsOf, new SearchTotal(_counted, exact), _items, token, _budget.Looked, _spans.Indexed, notices);
    }

    private long Further(long a, long b) => _descending ? Math.Min(a, b) : Math.Max(a, b);

    private LogSpan SpanAt(long frontier) => _spans.At(_descending ? frontier - 1 : frontier);

    /// <summary>Asks the index of what lies ahead of a frontier, if there is one and it was not asked already.</summary>
    private void Open(long frontier)
    {
        LogSpan span = SpanAt(frontier);
        if (span == _span)
        {
            return;
        }

        Close();
        _span = span;
        if (span.Index is null)
        {
            return;
        }

        try
        {
            _budget.BeginChunk();
            _verdict = _question.Ask(new ChunkQuestion(span, _words, _budget));
        }
        catch (IndexDamagedException)
        {
            _spans.Distrust(span);
            _span = SpanAt(frontier);
        }
    }

    private void Close()
    {
        if (_candidates is not null && _candidates != _verdict?.Found.Sure)
        {
            _candidates.Return();
        }

        _verdict?.Return();
        (_verdict, _candidates, _span) = (null, null, default);
    }

    /// <summary>Reads the next entries that may be results, at most to the end of a bundle, and moves both frontiers behind them.</summary>
    private async ValueTask TakeAsync()
    {
        _candidates ??= _verdict?.Found.Hint();
        long frontier = Collect(_candidates, _position, _start.Request.Limit - _items.Count);
        await LookAsync(keepsViews: true).ConfigureAwait(false);
        _next = TakeFromBlock();
        _position = _next ?? frontier;
        foreach (long index in _matches)
        {
            _counted += (_descending ? index < _countedTo : index >= _countedTo) ? 1 : 0;
        }

        _countedTo = Further(_countedTo, frontier);
        _hasMoved = true;
    }

    /// <summary>Counts on: a whole chunk where nothing in it is open, else to the end of the next bundle that has something open.</summary>
    private async ValueTask CountAsync()
    {
        LogSpan span = SpanAt(_countedTo);
        long end = _descending ? span.From : span.To;
        if (span != _span && TryCount(span, out int count))
        {
            _counted += count;
            _countedTo = end;
            return;
        }

        Open(_countedTo);
        long frontier = _verdict is { Found.Open: null } ? end : Collect(_verdict?.Found.Open, _countedTo, int.MaxValue);
        await LookAsync(keepsViews: false).ConfigureAwait(false);
        _counted += _matches.Count;
        if (_verdict is { } verdict)
        {
            (long from, long to) = _descending ? (frontier, _countedTo) : (_countedTo, frontier);
            _counted += verdict.Found.Sure.CountBetween((int)(from - _span.From), (int)(to - _span.From));
        }

        _countedTo = frontier;
        _hasMoved = true;
    }

    private bool TryCount(LogSpan span, out int count)
    {
        count = 0;
        if (span.Index is null || _countedTo != (_descending ? span.To : span.From))
        {
            return false;
        }

        try
        {
            return _question.TryCount(new ChunkQuestion(span, _words, _budget), out count);
        }
        catch (IndexDamagedException)
        {
            // Asked in full, it is found damaged again, and is dealt with there.
            return false;
        }
    }

    /// <summary>Gathers what is to be read next.</summary>
    /// <param name="rows">The rows that come into question; null for all entries.</param>
    /// <param name="frontier">Where to begin.</param>
    /// <param name="results">How many sure results suffice.</param>
    /// <returns>The frontier behind them.</returns>
    private long Collect(RowSet? rows, long frontier, int results)
    {
        List<long> wanted = _looker.Wanted;
        wanted.Clear();
        if (rows is null)
        {
            return CollectAll(frontier);
        }

        int at = (int)(frontier - _span.From);
        int row = _descending ? rows.LastBelow(at) : rows.FirstFrom(at);
        if (row < 0)
        {
            return _descending ? _span.From : _span.To;
        }

        RowSet sure = _verdict!.Value.Found.Sure;
        long bundle = (_span.From + row) / EntryLooker.BundleEntries;
        while (row >= 0 && (_span.From + row) / EntryLooker.BundleEntries == bundle && results > 0)
        {
            wanted.Add(_span.From + row);
            results -= sure.Contains(row) ? 1 : 0;
            row = _descending ? rows.LastBelow(row) : rows.FirstFrom(row + 1);
        }

        frontier = _descending ? wanted[^1] : wanted[^1] + 1;
        if (_descending)
        {
            wanted.Reverse();
        }

        return frontier;
    }

    private long CollectAll(long frontier)
    {
        long bundle = (_descending ? frontier - 1 : frontier) / EntryLooker.BundleEntries * EntryLooker.BundleEntries;
        long from = _descending ? Math.Max(_span.From, bundle) : frontier;
        long to = _descending ? frontier : Math.Min(_span.To, bundle + EntryLooker.BundleEntries);
        for (long index = from; index < to; index++)
        {
            _looker.Wanted.Add(index);
        }

        return _descending ? from : to;
    }

    private async ValueTask LookAsync(bool keepsViews)
    {
        _block.Clear();
        _matches.Clear();
        _keepsViews = keepsViews;
        if (_looker.Wanted.Count > 0)
        {
            CountLooked();
            await _looker.LookAsync(_onEntry, _cancellation).ConfigureAwait(false);
            _looker.Wanted.Clear();
        }
    }

    private void CountLooked()
    {
        int open = 0;
        foreach (long index in _looker.Wanted)
        {
            open += IsSure(index) ? 0 : 1;
        }

        _budget.CountLooked(open);
    }

    private bool IsSure(long index) => _verdict is { } verdict && verdict.Found.Sure.Contains((int)(index - _span.From));

    private void OnEntry(long index, ReadOnlySpan<byte> view)
    {
        bool isSure = IsSure(index);
        _budget.ChargeEntry(isSure ? 0 : (long)view.Length * _cost);
        if (isSure || _start.Query.Matches(view))
        {
            _matches.Add(index);
            if (_keepsViews)
            {
                _block.Add(new SearchHit(index, view.ToArray()));
            }
        }
    }

    /// <summary>Moves results to the page in order; when the page is full, returns where the next one starts.</summary>
    private long? TakeFromBlock()
    {
        if (_descending)
        {
            _block.Reverse();
        }

        foreach (SearchHit hit in _block)
        {
            if (_items.Count > 0 && _bytes + hit.View.Length > _start.Limits.MaxPageBytes)
            {
                return _descending ? hit.Index + 1 : hit.Index;
            }

            _items.Add(hit);
            _bytes += hit.View.Length;
            if (_items.Count == _start.Request.Limit)
            {
                return _descending ? hit.Index : hit.Index + 1;
            }
        }

        return null;
    }
}
