using System.Text;

namespace Indelible.Search;

/// <summary>Counts the values of one path, for one request.</summary>
internal sealed class ValueTally
{
    private readonly FieldPath _path;
    private readonly FieldPath[] _places;
    private readonly SearchCache _cache;
    private readonly PathValues _kept;
    private readonly SearchBudget _budget;
    private readonly HashTally _hashes;

    // Values of sealed places, and of entries that were looked at: nothing of them outlives the request.
    private readonly ValueTable _own = new();
    private readonly Dictionary<int, long> _lastIndexes = [];
    private long[] _ownCounts = new long[16];
    private long[] _counts = [];
    private long _passedOver;

    // Of one chunk, between being prepared and being added.
    private RowSet? _shut;
    private RowSet? _clear;
    private ValueColumn? _shutColumn;
    private ValueColumn? _clearColumn;
    private HashedPart? _hashedPart;
    private long _preparedPassedOver;

    public ValueTally(FieldPath path, LogSpans spans, SearchCache cache, IIndexedSource source, SearchBudget budget, CancellationToken cancellation)
    {
        (_path, _places, _cache, _budget) = (path, IndexClause.PlacesOf(path), cache, budget);
        _kept = cache.ValuesOf(spans.Log, path);
        _hashes = new HashTally(path, _kept, cache, spans, source, budget, cancellation);
    }

    /// <summary>How many bits of hashes values were told apart by; 0 where none was counted by its hash.</summary>
    public int HashBits => _hashes.Bits;

    /// <summary>How often a value may be there that was counted by its hash and is not shown, where that is more often than the last that is; else 0.</summary>
    public long MostUnlisted => _hashes.MostUnlisted;

    /// <summary>Whether occurrences are in no value's count.</summary>
    public bool HasPassedOver => _passedOver > 0;

    /// <summary>Adds the values of an entry that was looked at, each once.</summary>
    public void Add(long index, ReadOnlySpan<byte> view) => EntryValues.Visit(view, _path, value => Add(index, value));

    /// <summary>Makes what the values of rows of a chunk are counted with, for <see cref="AddPrepared"/>.</summary>
    /// <param name="span">The chunk.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="clear">Rows whose sealed values count as well, others among them; null where there are none.</param>
    /// <param name="passedOver">Rows among them of which not everything is known: no hash of theirs counts.</param>
    /// <param name="chunk">The chunk, as it was asked.</param>
    /// <exception cref="IndexDamagedException">The index proved damaged.</exception>
    public void Prepare(LogSpan span, RowSet rows, RowSet? clear, RowSet passedOver, ChunkQuestion chunk)
    {
        ReturnPrepared();
        _hashedPart = HashedPartOf(span, rows, passedOver);
        ITermIndex terms = span.Index!.Terms;
        _shut = RowSet.Rent();
        _shut.Or(rows);
        if (clear is not null && chunk.HasSealed(_places) && chunk.Personal is { } personal && HasValues(personal))
        {
            _clear = RowSet.Rent();
            _clear.Or(rows);
            _clear.And(clear);
            _shut.AndNot(_clear);
            _clearColumn = _clear.IsEmpty ? null : ValueColumn.Make(_path, span.Rows, [terms, personal], _own, _budget);
        }

        bool hasTerms = _hashedPart is null || HasValues(terms);
        _shutColumn = _shut.IsEmpty || !hasTerms ? null : _kept.ColumnOf(span.From, terms, span.Rows, _cache.HasRoomFor(_kept), _budget);
        bool hasColumns = (_shutColumn is not null || _shut.IsEmpty || !hasTerms) && (_clearColumn is not null || _clear is null || _clear.IsEmpty);
        _preparedPassedOver = 0;
        if (!hasColumns)
        {
            RowSet there = RowSet.Rent();
            terms.AddExisting(_path, there);
            there.And(rows);
            _preparedPassedOver = there.Count;
            there.Return();
            (_shutColumn, _clearColumn) = (null, null);
        }
    }

    /// <summary>Counts what was prepared.</summary>
    public void AddPrepared()
    {
        if (_shutColumn is not null)
        {
            Reserve(ref _counts, _shutColumn.MaxNumber + 1);
            _shutColumn.Count(_shut!, _counts);
        }

        if (_clearColumn is not null)
        {
            Reserve(ref _ownCounts, _clearColumn.MaxNumber + 1);
            _clearColumn.Count(_clear!, _ownCounts);
        }

        if (_hashedPart is not null)
        {
            _hashes.Add(_hashedPart);
            _hashedPart = null;
        }

        _passedOver += _preparedPassedOver;
        ReturnPrepared();
    }

    /// <summary>Counts the values that are kept as hashes. Called once, when everything was added.</summary>
    /// <param name="top">How many values are wanted.</param>
    /// <param name="entries">How many entries may be looked at for their values.</param>
    /// <param name="bundles">In how many bundles.</param>
    public async ValueTask FinishAsync(int top, long entries, long bundles)
    {
        await _hashes.FinishAsync(top, entries, bundles, Terms, Add).ConfigureAwait(false);
        _passedOver += _hashes.PassedOver;
    }

    /// <summary>Counts occurrences whose value is not told apart.</summary>
    public void PassOver(long occurrences) => _passedOver += occurrences;

    /// <summary>The most frequent values, how many others there were, how many different ones, and whether all were told apart.</summary>
    public (IReadOnlyList<ValueCount> Values, long Others, long Distinct, bool AreExact) Result(int top)
    {
        lock (_kept.Lock)
        {
            MergeOwn();
            var best = new PriorityQueue<int, int>(Comparer<int>.Create(Compare));
            long sum = 0;
            long distinct = 0;
            for (int id = -_own.Count; id < _counts.Length; id++)
            {
                long count = CountOf(id);
                if (count == 0)
                {
                    continue;
                }

                sum += count;
                distinct++;
                if (best.Count < top)
                {
                    best.Enqueue(id, id);
                }
                else if (count >= CountOf(best.Peek()) && Compare(id, best.Peek()) > 0)
                {
                    best.DequeueEnqueue(id, id);
                }
            }

            var values = new List<ValueCount>(best.Count);
            while (best.TryDequeue(out int id, out _))
            {
                values.Add(new ValueCount(Encoding.UTF8.GetString(TextOf(id)), CountOf(id)));
            }

            values.Reverse();
            if (_hashes.Bits > 0)
            {
                return WithHashes(values, top, sum);
            }

            return (values, sum - values.Sum(value => value.Count) + _passedOver, distinct, _passedOver == 0);
        }
    }

    private HashedPart? HashedPartOf(LogSpan span, RowSet rows, RowSet passedOver)
    {
        if (span.Index!.Terms.Hashes(_path) is not { } hashes)
        {
            return null;
        }

        RowSet those = RowSet.Rent();
        span.Index.Terms.AddHashedRows(_path, those);
        int all = those.Count;
        those.And(rows);
        those.AndNot(passedOver);
        int count = those.Count;
        if (count > 0)
        {
            return new HashedPart(span, hashes, those, count, count == all && span.IsWhole);
        }

        those.Return();
        return null;
    }

    private IReadOnlyList<(byte[] Value, long Count)> Terms()
    {
        lock (_kept.Lock)
        {
            MergeOwn();
            var terms = new List<(byte[], long)>();
            for (int id = -_own.Count; id < _counts.Length; id++)
            {
                if (CountOf(id) > 0)
                {
                    terms.Add((TextOf(id).ToArray(), CountOf(id)));
                }
            }

            return terms;
        }
    }

    /// <summary>Adds what was counted by hashes to the most frequent values that were not.</summary>
    private (IReadOnlyList<ValueCount> Values, long Others, long Distinct, bool AreExact) WithHashes(IEnumerable<ValueCount> best, int top, long sum)
    {
        var counts = new Dictionary<string, long>(_hashes.Counts, StringComparer.Ordinal);
        foreach ((string value, _) in _hashes.Counts)
        {
            counts[value] += CountOf(Encoding.UTF8.GetBytes(value));
        }

        foreach (ValueCount value in best)
        {
            counts.TryAdd(value.Value, value.Count);
        }

        List<ValueCount> values = [.. counts
            .Select(value => new ValueCount(value.Key, value.Value))
            .OrderByDescending(value => value.Count)
            .ThenBy(value => value.Value, StringComparer.Ordinal)
            .Take(top)];
        return (values, sum + _hashes.Occurrences - values.Sum(value => value.Count) + _passedOver, _hashes.Distinct, false);
    }

    private long CountOf(byte[] value)
    {
        int kept = _kept.Table.Find(value);
        if (kept >= 0 && kept < _counts.Length)
        {
            return _counts[kept];
        }

        int own = _own.Find(value);
        return own < 0 ? 0 : CountOf(~own);
    }

    private bool HasValues(ITermIndex index) =>
        index.CountTerms(_path, TermKind.String) + index.CountTerms(_path, TermKind.Number) + index.CountTerms(_path, TermKind.Word) > 0;

    private void ReturnPrepared()
    {
        _shut?.Return();
        _clear?.Return();
        _hashedPart?.Rows.Return();
        _hashedPart = null;
        (_shut, _clear, _shutColumn, _clearColumn) = (null, null, null, null);
    }

    private static void Reserve(ref long[] counts, int length)
    {
        if (counts.Length < length)
        {
            Array.Resize(ref counts, Math.Max(length, counts.Length * 2));
        }
    }

    /// <summary>Below 0 as the first is less frequent, or equally and later in the order of code units.</summary>
    private int Compare(int left, int right)
    {
        int order = CountOf(left).CompareTo(CountOf(right));
        return order != 0 ? order : CompareCodeUnits(TextOf(right), TextOf(left));
    }

    /// <summary>UTF-8 in the order of UTF-16: what takes four bytes is a surrogate there, and so before what begins with EE or EF.</summary>
    private static int CompareCodeUnits(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        int at = left.CommonPrefixLength(right);
        return at == left.Length || at == right.Length || left[at] < 0xEE || right[at] < 0xEE || (left[at] < 0xF0) == (right[at] < 0xF0)
            ? left.SequenceCompareTo(right)
            : right[at].CompareTo(left[at]);
    }

    // Numbers of the kept table from 0 on; −1 − number for those of the request's own.
    private long CountOf(int id) => id >= 0 ? _counts[id] : ~id < _ownCounts.Length ? _ownCounts[~id] : 0;

    private ReadOnlySpan<byte> TextOf(int id) => id >= 0 ? _kept.Table[id] : _own[~id];

    private void MergeOwn()
    {
        for (int number = 0; number < Math.Min(_own.Count, _ownCounts.Length); number++)
        {
            int kept = _kept.Table.Find(_own[number]);
            if (kept >= 0)
            {
                Reserve(ref _counts, kept + 1);
                _counts[kept] += _ownCounts[number];
                _ownCounts[number] = 0;
            }
        }
    }

    private void Add(long index, string value)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(value);
        int number = _own.Find(utf8);
        if (number < 0)
        {
            number = _lastIndexes.Count < ScanCounts.MaxDistinct ? _own.Add(utf8) : -1;
        }

        if (number < 0)
        {
            _passedOver++;
            return;
        }

        if (!_lastIndexes.TryGetValue(number, out long last) || last != index)
        {
            _lastIndexes[number] = index;
            Reserve(ref _ownCounts, number + 1);
            _ownCounts[number]++;
        }
    }
}
