namespace Indelible.Search;

/// <summary>One of the three times of each row while a chunk fills. One writer, many readers.</summary>
internal sealed class TimeValues
{
    /// <summary>Rows of a block.</summary>
    public const int BlockRows = 128;

    private readonly Sequence<long> _ticks;
    private readonly RowLists _lists;
    private long _least = long.MaxValue;
    private long _greatest = -1;
    private int _values;
    private long _last = -1;

    /// <param name="memory">Counts what it takes.</param>
    /// <param name="lists">Where rows are kept.</param>
    public TimeValues(MemoryCount memory, RowLists lists) => (_ticks, _lists) = (new Sequence<long>(memory), lists);

    /// <summary>Rows whose member is not one plain instant.</summary>
    public RowList Undecided;

    /// <summary>Takes a string of the row that is being added.</summary>
    public void Add(ReadOnlySpan<byte> text)
    {
        _values = _values == 0 && TimeText.TryReadInstant(text, out _last) ? 1 : 2;
    }

    /// <summary>Whatever else the row has there, it is not one plain instant.</summary>
    public void Undecide() => _values = 2;

    /// <summary>Ends the row.</summary>
    public void EndRow(int row)
    {
        if (_values == 1)
        {
            // Rows without any take no memory until the first that has one.
            while (_ticks.Count < row)
            {
                _ticks.Add(-1);
            }

            _ticks.Add(_last);
            Volatile.Write(ref _least, Math.Min(_least, _last));
            Volatile.Write(ref _greatest, Math.Max(_greatest, _last));
        }
        else if (_values > 1)
        {
            _lists.Add(ref Undecided, row);
        }

        _values = 0;
    }

    /// <summary>The column of the rows below a bound.</summary>
    public ITimeColumn View(int rows) => new TimeView(this, rows);

    private sealed class TimeView(TimeValues values, int rows) : ITimeColumn
    {
        public long Least => Volatile.Read(ref values._least);

        public long Greatest => Volatile.Read(ref values._greatest);

        public void AddUndecided(RowSet into) => values._lists.AddTo(ref values.Undecided, rows, into);

        public void AddBetween(long from, long to, RowSet into)
        {
            Span<long> ticks = stackalloc long[BlockRows];
            for (int block = 0; block * BlockRows < rows; block++)
            {
                TimeBlock.AddBetween(ticks[..Read(block, ticks)], block * BlockRows, from, to, into);
            }
        }

        public int Read(int block, Span<long> into)
        {
            int first = block * BlockRows;
            int count = Math.Clamp(rows - first, 0, BlockRows);
            int there = Math.Clamp(values._ticks.Count - first, 0, count);
            if (there > 0)
            {
                int place = first % Sequence<long>.PageElements;
                values._ticks.Page(first / Sequence<long>.PageElements, first + there).Slice(place, there).CopyTo(into);
            }

            into[there..count].Fill(-1);
            return count;
        }

        public (long Least, long Greatest) Bounds(int block)
        {
            Span<long> ticks = stackalloc long[BlockRows];
            return TimeBlock.Bounds(ticks[..Read(block, ticks)]);
        }
    }
}
