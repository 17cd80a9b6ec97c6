namespace Indelible.Search;

/// <summary>One of the three times of each row while a chunk fills. One writer, many readers.</summary>
/// <remarks>
/// The block that fills is an object of its own; a full one is packed, and only then may another be the open one. Blocks before the first instant of all are nowhere, so a member that no entry
/// has takes nothing.
/// </remarks>
internal sealed class TimeValues
{
    private readonly MemoryCount _memory;
    private readonly RowLists _lists;
    private readonly Sequence<TimeBlockHead> _heads;
    private readonly PagedStore<byte> _steps;
    private OpenBlock? _open;
    private int _start = int.MaxValue;
    private long _least = long.MaxValue;
    private long _greatest = -1;
    private int _values;
    private long _last = -1;

    /// <param name="memory">Counts what it takes.</param>
    /// <param name="lists">Where rows are kept.</param>
    public TimeValues(MemoryCount memory, RowLists lists)
    {
        (_memory, _lists) = (memory, lists);
        (_heads, _steps) = (new Sequence<TimeBlockHead>(memory), new PagedStore<byte>(memory, 13));
    }

    /// <summary>Rows whose member is not one plain instant.</summary>
    public RowList Undecided;

    /// <summary>Takes a string of the row that is being added.</summary>
    public void Add(ReadOnlySpan<byte> text) => _values = _values == 0 && TimeText.TryReadInstant(text, out _last) ? 1 : 2;

    /// <summary>Whatever else the row has there, it is not one plain instant.</summary>
    public void Undecide() => _values = 2;

    /// <summary>Forgets what the row has so far.</summary>
    public void Restart() => _values = 0;

    /// <summary>Ends the row.</summary>
    public void EndRow(int row)
    {
        if (_values == 1)
        {
            Put(row, _last);
        }
        else if (_values > 1)
        {
            _lists.Add(ref Undecided, row);
        }

        _values = 0;
        if (row % TimeColumn.BlockRows == TimeColumn.BlockRows - 1 && row / TimeColumn.BlockRows >= _start)
        {
            Close(row / TimeColumn.BlockRows);
        }
    }

    /// <summary>The column of the rows below a bound.</summary>
    public ITimeColumn View(int rows) => new TimeView(this, rows);

    private void Put(int row, long ticks)
    {
        int block = row / TimeColumn.BlockRows;
        if (_open?.Number != block)
        {
            _memory.Add(_open is null ? TimeColumn.BlockRows * sizeof(long) : 0);
            Volatile.Write(ref _open, new OpenBlock(block));
            Volatile.Write(ref _start, Math.Min(_start, block));
        }

        _open.Ticks[row % TimeColumn.BlockRows] = ticks;
        Volatile.Write(ref _least, Math.Min(_least, ticks));
        Volatile.Write(ref _greatest, Math.Max(_greatest, ticks));
    }

    private void Close(int block)
    {
        if (_open!.Number != block)
        {
            _heads.Add(TimeBlockHead.None);
            return;
        }

        var head = TimeBlockForm.HeadOf(_open.Ticks, 0);
        int bytes = TimeBlockForm.StepBytes(TimeColumn.BlockRows, head.Bits);
        if (bytes > 0)
        {
            head = head with { Steps = _steps.Add(bytes) };
            TimeBlockForm.WriteSteps(head, _open.Ticks, _steps.Slice((int)head.Steps, bytes));
        }

        _heads.Add(head);
    }

    private sealed class OpenBlock
    {
        public OpenBlock(int number)
        {
            Number = number;
            Ticks.AsSpan().Fill(-1);
        }

        public int Number { get; }

        public long[] Ticks { get; } = new long[TimeColumn.BlockRows];
    }

    private sealed class TimeView(TimeValues values, int rows) : TimeColumn(rows)
    {
        private readonly int _rows = rows;

        public override long Least => Volatile.Read(ref values._least);

        public override long Greatest => Volatile.Read(ref values._greatest);

        public override void AddUndecided(RowSet into) => values._lists.AddTo(ref values.Undecided, _rows, into);

        protected override TimeBlockHead Head(int block)
        {
            // The open block first: where it is a later one already, this one is among those that are closed.
            OpenBlock? open = Volatile.Read(ref values._open);
            if (open?.Number == block)
            {
                return TimeBlockForm.HeadOf(open.Ticks.AsSpan(0, Math.Clamp(_rows - (block * BlockRows), 0, BlockRows)), 0);
            }

            int closed = values._heads.Count;
            int place = block - Volatile.Read(ref values._start);
            return place >= 0 && place < closed
                ? values._heads.Page(place / Sequence<TimeBlockHead>.PageElements, closed)[place % Sequence<TimeBlockHead>.PageElements]
                : TimeBlockHead.None;
        }

        protected override void Read(int block, in TimeBlockHead head, Span<long> into)
        {
            OpenBlock? open = Volatile.Read(ref values._open);
            if (open?.Number == block)
            {
                open.Ticks.AsSpan(0, into.Length).CopyTo(into);
                return;
            }

            // The head may be of the time when the block was open: then its steps are where it was packed since.
            TimeBlockHead now = Head(block);
            ReadOnlySpan<byte> steps = now.Bits == 0 ? default : values._steps.Slice((int)now.Steps, TimeBlockForm.StepBytes(BlockRows, now.Bits));
            TimeBlockForm.ReadSteps(steps, now, into);
        }
    }
}
