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
    private long _preparedPassedOver;

    public ValueTally(FieldPath path, object? log, SearchCache cache, SearchBudget budget)
    {
        (_path, _places, _cache, _budget) = (path, IndexClause.PlacesOf(path), cache, budget);
        _kept = cache.ValuesOf(log, path);
    }

    /// <summary>Adds the values of an entry that was looked at, each once.</summary>
    public void Add(long index, ReadOnlySpan<byte> view) => EntryValues.Visit(view, _path, value => Add(index, value));

    /// <summary>Makes what the values of rows of a chunk are counted with, for <see cref="AddPrepared"/>.</summary>
    /// <param name="span">The chunk.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="clear">Rows whose sealed values count as well, others among them; null where there are none.</param>
    /// <param name="chunk">The chunk, as it was asked.</param>
    /// <exception cref="IndexDamagedException">The index proved damaged.</exception>
    public void Prepare(LogSpan span, RowSet rows, RowSet? clear, ChunkQuestion chunk)
    {
        ReturnPrepared();
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

        _shutColumn = _shut.IsEmpty ? null : _kept.ColumnOf(span.From, terms, span.Rows, _cache.HasRoomFor(_kept), _budget);
        bool hasColumns = (_shutColumn is not null || _shut.IsEmpty) && (_clearColumn is not null || _clear is null || _clear.IsEmpty);
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

        _passedOver += _preparedPassedOver;
        ReturnPrepared();
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
            return (values, sum - values.Sum(value => value.Count) + _passedOver, distinct, _passedOver == 0);
        }
    }

    private bool HasValues(ITermIndex index) =>
        index.CountTerms(_path, TermKind.String) + index.CountTerms(_path, TermKind.Number) + index.CountTerms(_path, TermKind.Word) > 0;

    private void ReturnPrepared()
    {
        _shut?.Return();
        _clear?.Return();
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
