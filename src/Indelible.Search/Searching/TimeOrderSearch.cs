using System.Numerics;

namespace Indelible.Search;

/// <summary>One page in the order of time: everything is counted for each page, and only the best results are kept.</summary>
/// <remarks>
/// Where an index decides, the times come from its column, block by block, and blocks that can hold nothing better than what is kept are passed over: entries are read only
/// for the page itself, and where the index cannot decide.
/// </remarks>
internal sealed class TimeOrderSearch
{
    /// <summary>Rows of a block of a column of times.</summary>
    public const int BlockRows = 128;

    /// <summary>The path of the time that counts.</summary>
    public static readonly FieldPath TimePath = new("time");

    private readonly SearchStart _start;
    private readonly LogSpans _spans;
    private readonly LogWords? _words;
    private readonly CancellationToken _cancellation;
    private readonly SightedQuestion _question;
    private readonly SearchBudget _budget;
    private readonly EntryLooker _looker;
    private readonly EntryVisitor _onEntry;
    private readonly int _cost;
    private readonly int _limit;

    // The last of those kept is at the front. One more than the page is kept, to know whether another page follows.
    private PriorityQueue<SearchHit, (long Time, long Index)> _best = new();
    private RowSet? _sure;
    private long _first;
    private long _counted;

    public TimeOrderSearch(SearchStart start, LogSpans spans, LogWords? words, CancellationToken cancellation)
    {
        (_start, _spans, _words, _cancellation, _limit, _cost) = (start, spans, words, cancellation, start.Request.Limit, start.Query.Cost);
        _question = new SightedQuestion(start.Query, start.Source.Sights);
        _budget = SearchBudget.ForAll(start.Limits, cancellation);
        _looker = new EntryLooker(start.Source);
        _onEntry = OnEntry;
    }

    public async Task<SearchPage> RunAsync()
    {
        ThrowIfTooMany();
        for (int i = _spans.All.Count - 1; i >= 0; i--)
        {
            LogSpan span = _spans.All[i];
            await _start.Source.RestAsync(_cancellation).ConfigureAwait(false);
            if (span.Index is null || !await ChunkAsync(span).ConfigureAwait(false))
            {
                ThrowIfTooMany();
                await EverythingAsync(span).ConfigureAwait(false);
            }
        }

        return await PageAsync().ConfigureAwait(false);
    }

    private static SearchException TooMuch(FormattableString reason) =>
        new(SearchFault.TooMuchToSort, $"This cannot be sorted by time: {Notices.Text(reason)}. Search in index order instead.");

    private void ThrowIfTooMany()
    {
        if (_spans.Unindexed > _start.Limits.MaxSorted)
        {
            throw TooMuch($"{_spans.Unindexed} entries are not indexed, and at most {_start.Limits.MaxSorted} of those can be sorted by time");
        }
    }

    private void ThrowIfSpent()
    {
        if (_budget.IsWorkSpent)
        {
            throw TooMuch($"the query has too many clauses for so many bytes of entries");
        }

        if (_budget.IsSpent)
        {
            throw TooMuch($"more than the {_budget.Looked} entries that were looked at would have to be");
        }
    }

    /// <summary>Finds what an index has; false where it proves damaged before it has said anything.</summary>
    private async ValueTask<bool> ChunkAsync(LogSpan span)
    {
        SightedVerdict verdict;
        try
        {
            _budget.BeginChunk();
            verdict = _question.Ask(new ChunkQuestion(span, _words, _budget));
        }
        catch (IndexDamagedException)
        {
            _spans.Distrust(span);
            return false;
        }

        RowSet sure = verdict.Found.Sure;
        RowSet look = RowSet.Rent();
        try
        {
            ITimeColumn column = UndecidedTimes(span.Index!.Terms, verdict, look);
            look.And(sure);
            ConsiderColumn(sure, look, column, span.From);
            _counted += sure.Count - look.Count;
        }
        catch (IndexDamagedException)
        {
            // Its rows match all the same. Their times are read from the entries, and those that are kept already come again.
            _spans.Distrust(span);
            Forget(span);
            look.CopyFrom(sure);
        }

        if (verdict.Found.Open is { } open)
        {
            look.Or(open);
        }

        _sure = sure;
        await LookAsync(look, span).ConfigureAwait(false);
        look.Return();
        verdict.Return();
        return true;
    }

    /// <summary>The column of times, and the rows of whose time it does not decide for an asker.</summary>
    public static ITimeColumn UndecidedTimes(ITermIndex terms, in SightedVerdict verdict, RowSet into)
    {
        ITimeColumn column = terms.Times(TimePath)!;
        column.AddUndecided(into);
        if (verdict.Clear is not null)
        {
            terms.AddSealed(TimePath, into);
        }

        return column;
    }

    private void ConsiderColumn(RowSet rows, RowSet but, ITimeColumn column, long first)
    {
        if (column.Greatest < LeastWanted)
        {
            return;
        }

        Span<long> times = stackalloc long[BlockRows];
        for (int row = rows.LastBelow(RowSet.MaxRows); row >= 0; row = rows.LastBelow(row / BlockRows * BlockRows))
        {
            int block = row / BlockRows;
            (long least, long greatest) = column.Bounds(block);
            if (greatest < LeastWanted || (_start.Cursor is { } cursor && least > cursor.Time))
            {
                continue;
            }

            column.Read(block, times);
            for (int word = (block * 2) + 1; word >= block * 2; word--)
            {
                for (ulong bits = rows.Bits[word] & ~but.Bits[word]; bits != 0; bits &= ~(1UL << BitOperations.Log2(bits)))
                {
                    int found = (word << 6) + BitOperations.Log2(bits);
                    if (IsWanted(times[found % BlockRows], first + found))
                    {
                        Keep(new SearchHit(first + found, default), times[found % BlockRows]);
                    }
                }
            }
        }
    }

    /// <summary>Nothing with a lesser time can be among the best any more.</summary>
    private long LeastWanted => _best.Count > _limit && _best.TryPeek(out _, out (long Time, long Index) last) ? last.Time : -1;

    private bool IsWanted(long time, long index)
    {
        bool isBehindCursor = _start.Cursor is not { } cursor || time < cursor.Time || (time == cursor.Time && index < cursor.Position);
        return isBehindCursor && (_best.Count <= _limit || (_best.TryPeek(out _, out (long, long) last) && (time, index).CompareTo(last) > 0));
    }

    private void Keep(SearchHit hit, long time)
    {
        _best.Enqueue(hit, (time, hit.Index));
        if (_best.Count > _limit + 1)
        {
            _best.Dequeue();
        }
    }

    private void Forget(LogSpan span) => _best = new PriorityQueue<SearchHit, (long Time, long Index)>(
        _best.UnorderedItems.Where(item => item.Element.Index < span.From || item.Element.Index >= span.To));

    private async ValueTask LookAsync(RowSet rows, LogSpan span)
    {
        _first = span.From;
        List<long> wanted = _looker.Wanted;
        for (int row = rows.LastBelow(span.Rows); row >= 0;)
        {
            ThrowIfSpent();
            long bundle = (span.From + row) / EntryLooker.BundleEntries;
            for (; row >= 0 && (span.From + row) / EntryLooker.BundleEntries == bundle; row = rows.LastBelow(row))
            {
                wanted.Add(span.From + row);
            }

            wanted.Reverse();
            await LookAsync().ConfigureAwait(false);
        }

        _sure = null;
    }

    private async ValueTask EverythingAsync(LogSpan span)
    {
        for (long to = span.To; to > span.From;)
        {
            if (_budget.IsWorkSpent)
            {
                ThrowIfSpent();
            }

            long from = Math.Max(span.From, (to - 1) / EntryLooker.BundleEntries * EntryLooker.BundleEntries);
            for (long index = from; index < to; index++)
            {
                _looker.Wanted.Add(index);
            }

            await LookAsync().ConfigureAwait(false);
            to = from;
        }
    }

    private async ValueTask LookAsync()
    {
        _budget.CountLooked(_looker.Wanted.Count);
        await _looker.LookAsync(_onEntry, _cancellation).ConfigureAwait(false);
        _looker.Wanted.Clear();
    }

    private void OnEntry(long index, ReadOnlySpan<byte> view)
    {
        bool isSure = _sure is not null && _sure.Contains((int)(index - _first));
        _budget.ChargeEntry(isSure ? 0 : (long)view.Length * _cost);
        if (isSure || _start.Query.Matches(view))
        {
            _counted++;
            long time = EntryTime.Read(view);
            if (IsWanted(time, index))
            {
                Keep(new SearchHit(index, view.ToArray()), time);
            }
        }
    }

    private async ValueTask<SearchPage> PageAsync()
    {
        var kept = new List<(SearchHit Hit, long Time)>();
        while (_best.TryDequeue(out SearchHit? hit, out (long Time, long Index) key))
        {
            kept.Add((hit, key.Time));
        }

        kept.Reverse();
        var items = new List<SearchHit>();
        long bytes = 0;
        int taken = 0;
        for (; taken < kept.Count && items.Count < _limit; taken++)
        {
            SearchHit? hit = await ShownAsync(kept[taken].Hit).ConfigureAwait(false);
            if (hit is null)
            {
                continue;
            }

            if (items.Count > 0 && bytes + hit.View.Length > _start.Limits.MaxPageBytes)
            {
                break;
            }

            items.Add(hit);
            bytes += hit.View.Length;
        }

        bool hasMore = taken < kept.Count || (taken > items.Count && kept.Count > _limit);
        string? next = hasMore
            ? new SearchCursor(_start.AsOf, kept[taken - 1].Hit.Index, _counted, 0, 0, kept[taken - 1].Time).Format(_start.Digest)
            : null;
        return new SearchPage(_start.AsOf, new SearchTotal(_counted, true), items, next, _budget.Looked, _spans.Indexed, Notices.Of(_spans));
    }

    /// <summary>A result with its view; null where it has no body any more.</summary>
    private async ValueTask<SearchHit?> ShownAsync(SearchHit hit)
    {
        if (!hit.View.IsEmpty)
        {
            return hit;
        }

        SearchHit? shown = null;
        await _start.Source.ReadAsync(hit.Index, hit.Index + 1, (index, view) => shown = new SearchHit(index, view.ToArray()), _cancellation).ConfigureAwait(false);
        return shown;
    }
}
