namespace Indelible.Search;

/// <summary>One request to count: from the newest entry to the oldest, chunk by chunk.</summary>
internal sealed class CountRun
{
    private readonly IIndexedSource _source;
    private readonly CountRequest _request;
    private readonly long _asOf;
    private readonly LogSpans _spans;
    private readonly CancellationToken _cancellation;
    private readonly Query _query;
    private readonly SightedQuestion _question;
    private readonly SearchBudget _budget;
    private readonly EntryLooker _looker;
    private readonly EntryVisitor _onEntry;
    private readonly TimeTally _times;
    private readonly ValueTally? _values;
    private readonly LogWords? _words;
    private readonly FieldPath? _by;
    private readonly FieldPath[] _places;
    private readonly int _cost;
    private RowSet? _sure;
    private long _first;
    private long _total;
    private long _countedFrom;
    private long _forValues;
    private long _bundlesForValues;
    private bool _hasMoved;

    public CountRun(IIndexedSource source, CountRequest request, long asOf, LogSpans spans, SearchCache cache, ScanLimits limits, CancellationToken cancellation)
    {
        (_source, _request, _asOf, _spans, _cancellation, _countedFrom) = (source, request, asOf, spans, cancellation, asOf);
        _query = request.Query.Within(request.Time);
        _cost = _query.Cost;
        _question = new SightedQuestion(_query, source.Sights);
        _budget = SearchBudget.ForAll(limits, cancellation);
        (_forValues, _bundlesForValues) = (limits.MaxScanned, limits.MaxBundlesToCount);
        _looker = new EntryLooker(source);
        _onEntry = OnEntry;
        _times = new TimeTally(request.Interval);
        _by = request.By?.Path;
        _places = _by is null ? [] : IndexClause.PlacesOf(_by);

        _values = _by is null ? null : new ValueTally(_by, spans, cache, source, _budget, cancellation);
        _words = cache.WordsOf(spans.Log);
    }

    private bool MustStop => _hasMoved && _budget.IsSpent;

    public async Task<CountResult> RunAsync()
    {
        for (int i = _spans.All.Count - 1; i >= 0 && !MustStop; i--)
        {
            LogSpan span = _spans.All[i];
            await _source.RestAsync(_cancellation).ConfigureAwait(false);
            if (span.Index is null || !await ChunkAsync(span).ConfigureAwait(false))
            {
                await EverythingAsync(span).ConfigureAwait(false);
            }
        }

        if (_values is not null)
        {
            await _values.FinishAsync(_request.Top, _forValues, _bundlesForValues).ConfigureAwait(false);
        }

        return Result();
    }

    private CountResult Result()
    {
        List<string> notices = Notices.Of(_spans);
        if (_countedFrom > 0)
        {
            notices.Add(_budget.IsWorkSpent
                ? Notices.Text($"The query is so heavy that only the entries from {_countedFrom} on were counted.")
                : Notices.Text($"{_budget.Looked} entries were looked at, as many as one request may where they lie: only the entries from {_countedFrom} on were counted."));
        }

        (IReadOnlyList<ValueCount> values, long others, long distinct, bool areExact) = _values?.Result(_request.Top) ?? ([], 0, 0, true);
        if (_values is { HashBits: > 0 and int bits })
        {
            notices.Add(Notices.Text($"{_request.By} has so many values that they were counted by hashes of {bits} bits, as the index keeps them: about one in {Math.Max(2, (1L << bits) / Math.Max(1, distinct))} shares its hash with another and is counted with it, and of values that are as frequent as the last any may be shown. There are at least {distinct} values."));
            if (_values.MostUnlisted > 0)
            {
                notices.Add(Notices.Text($"All values of {_request.By} are so rare that one may be there {_values.MostUnlisted} times and not be shown."));
            }
        }

        if (_values is { HasPassedOver: true })
        {
            notices.Add(Notices.Text($"{_request.By} has more values than are told apart: the counts of values are lower bounds."));
        }

        return new CountResult(
            _asOf,
            new SearchTotal(_total, _countedFrom == 0),
            _countedFrom,
            _times.Interval,
            _times.Result(),
            _times.Untimed,
            values,
            others,
            distinct,
            areExact,
            _budget.Looked,
            _spans.Indexed,
            notices);
    }

    /// <summary>Counts what an index has; false where it proves damaged before it has said anything.</summary>
    private async ValueTask<bool> ChunkAsync(LogSpan span)
    {
        SightedVerdict verdict;
        ITimeColumn column;
        var chunk = new ChunkQuestion(span, _words, _budget);
        RowSet look = RowSet.Rent();
        RowSet forValues = RowSet.Rent();
        try
        {
            _budget.BeginChunk();
            verdict = _question.Ask(chunk);
            column = TimeOrderSearch.UndecidedTimes(chunk.Terms, verdict, look);
            AddUndecidedValues(chunk, verdict, forValues);
        }
        catch (IndexDamagedException)
        {
            _spans.Distrust(span);
            return false;
        }

        RowSet sure = verdict.Found.Sure;
        look.And(sure);
        if (verdict.Found.Open is { } open)
        {
            look.Or(open);
        }

        // What may be looked at for its values alone is bounded apart: without that the rest can still be counted.
        forValues.And(sure);
        forValues.AndNot(look);
        int least = TakeNewest(forValues, span.From);
        RowSet passedOver = RowSet.Rent();
        passedOver.Or(forValues);
        passedOver.KeepBetween(0, least);
        forValues.KeepBetween(least, span.Rows);
        look.Or(forValues);

        (_sure, _first) = (sure, span.From);
        int reached = await LookAsync(look, span, mustEnd: false).ConfigureAwait(false);
        sure.AndNot(look);
        sure.KeepBetween(reached, span.Rows);
        _values?.PassOver(passedOver.CountBetween(reached, span.Rows));
        if (!TryCount(span, verdict, passedOver, column, chunk))
        {
            await LookAsync(sure, span, mustEnd: true).ConfigureAwait(false);
        }

        _sure = null;
        _countedFrom = span.From + reached;
        passedOver.Return();
        forValues.Return();
        look.Return();
        verdict.Return();
        return true;
    }

    /// <summary>Rows whose values at the counted path no column can have, for this asker.</summary>
    private void AddUndecidedValues(ChunkQuestion chunk, in SightedVerdict verdict, RowSet into)
    {
        if (_by is null)
        {
            return;
        }

        RowSet? clear = verdict.Clear is not null && chunk.HasSealed(_places) ? verdict.Clear : null;
        chunk.Terms.AddUnindexed(_by, into);
        if (chunk.Terms.Hashes(_by) is null)
        {
            AddHashedRows(chunk.Terms, into);
        }
        else
        {
            AddMixed(chunk, clear, into);
        }

        if (clear is not null)
        {
            RowSet inSealed = RowSet.Rent();
            if (chunk.Personal is { } personal)
            {
                personal.AddUnindexed(_by, inSealed);
                AddHashedRows(personal, inSealed);
            }

            chunk.AddUncovered(_places, inSealed);
            inSealed.And(clear);
            into.Or(inSealed);
            inSealed.Return();
        }
    }

    /// <summary>Rows with a hash at the counted path and something that is none: a number, a word, or a sealed value that the asker sees. Both may be one value.</summary>
    private void AddMixed(ChunkQuestion chunk, RowSet? clear, RowSet into)
    {
        RowSet mixed = RowSet.Rent();
        if (clear is not null)
        {
            chunk.AddSealed(_places, mixed);
            mixed.And(clear);
        }

        AddTerms(chunk.Terms, TermKind.Number, mixed);
        AddTerms(chunk.Terms, TermKind.Word, mixed);
        RowSet hashed = RowSet.Rent();
        chunk.Terms.AddHashedRows(_by!, hashed);
        mixed.And(hashed);
        into.Or(mixed);
        hashed.Return();
        mixed.Return();
    }

    private void AddTerms(ITermIndex index, TermKind kind, RowSet into) => index.VisitTerms(_by!, kind, default, (ReadOnlySpan<byte> term, in Postings rows) =>
    {
        _budget.Charge(SearchBudget.TermWork + term.Length);
        rows.AddTo(into);
        return true;
    });

    private void AddHashedRows(ITermIndex index, RowSet into)
    {
        if (index.IsHashed(_by!))
        {
            index.AddHashedRows(_by!, into);
        }
    }

    /// <summary>Takes as many of the newest rows as may still be looked at for their values.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="first">The index of row 0.</param>
    /// <returns>The least row that was taken.</returns>
    private int TakeNewest(RowSet rows, long first)
    {
        int least = RowSet.MaxRows;
        long bundle = -1;
        for (int row = rows.LastBelow(RowSet.MaxRows); row >= 0; row = rows.LastBelow(row))
        {
            bool isNew = (first + row) / EntryLooker.BundleEntries != bundle;
            if (_forValues == 0 || (isNew && _bundlesForValues == 0))
            {
                (_forValues, _bundlesForValues) = (0, 0);
                return least;
            }

            _forValues--;
            _bundlesForValues -= isNew ? 1 : 0;
            (least, bundle) = (row, (first + row) / EntryLooker.BundleEntries);
        }

        return 0;
    }

    /// <summary>Counts rows by the columns of their chunk.</summary>
    /// <returns>False where the index proves damaged: then nothing was counted.</returns>
    private bool TryCount(LogSpan span, in SightedVerdict verdict, RowSet passedOver, ITimeColumn column, ChunkQuestion chunk)
    {
        RowSet sure = verdict.Found.Sure;
        if (sure.IsEmpty)
        {
            return true;
        }

        try
        {
            _values?.Prepare(span, sure, verdict.Clear, passedOver, chunk);
            _times.Prepare(sure, column);
        }
        catch (IndexDamagedException)
        {
            _spans.Distrust(span);
            return false;
        }

        _total += sure.Count;
        _values?.AddPrepared();
        _times.AddPrepared();
        return true;
    }

    /// <summary>Looks at rows, newest first, while the budget lasts.</summary>
    /// <returns>The row down to which all were looked at.</returns>
    private async ValueTask<int> LookAsync(RowSet rows, LogSpan span, bool mustEnd)
    {
        for (int row = rows.LastBelow(span.Rows); row >= 0;)
        {
            if (MustStop && !mustEnd)
            {
                return row + 1;
            }

            long bundle = (span.From + row) / EntryLooker.BundleEntries;
            for (; row >= 0 && (span.From + row) / EntryLooker.BundleEntries == bundle; row = rows.LastBelow(row))
            {
                _looker.Wanted.Add(span.From + row);
            }

            _looker.Wanted.Reverse();
            await LookAsync().ConfigureAwait(false);
        }

        return 0;
    }

    private async ValueTask EverythingAsync(LogSpan span)
    {
        for (long to = span.To; to > span.From && !MustStop;)
        {
            long from = Math.Max(span.From, (to - 1) / EntryLooker.BundleEntries * EntryLooker.BundleEntries);
            for (long index = from; index < to; index++)
            {
                _looker.Wanted.Add(index);
            }

            await LookAsync().ConfigureAwait(false);
            to = from;
            _countedFrom = from;
        }
    }

    private async ValueTask LookAsync()
    {
        _budget.CountLooked(_looker.Wanted.Count);
        await _looker.LookAsync(_onEntry, _cancellation).ConfigureAwait(false);
        _looker.Wanted.Clear();
        _hasMoved = true;
    }

    private void OnEntry(long index, ReadOnlySpan<byte> view)
    {
        bool isSure = _sure is not null && _sure.Contains((int)(index - _first));
        _budget.ChargeEntry(isSure ? 0 : (long)view.Length * _cost);
        if (isSure || _query.Matches(view))
        {
            _total++;
            _times.Add(EntryTime.Read(view));
            _values?.Add(index, view);
        }
    }
}
