namespace Indelible.Search;

/// <summary>A column of times of an index file: <see cref="TimeBlockForm"/>.</summary>
internal sealed class FileTimes(IndexContent content, IndexedTimes times) : ITimeColumn
{
    private readonly Column _column = new(content, times);

    public long Least => times.Least;

    public long Greatest => times.Greatest;

    public void AddUndecided(RowSet into)
    {
        using IndexMemory.Hold hold = content.Memory.Use();
        _column.AddUndecided(into);
    }

    public void AddBetween(long from, long to, RowSet into)
    {
        using IndexMemory.Hold hold = content.Memory.Use();
        _column.AddBetween(from, to, into);
    }

    public int Read(int block, Span<long> into)
    {
        using IndexMemory.Hold hold = content.Memory.Use();
        return _column.Read(block, into);
    }

    public (long Least, long Greatest) Bounds(int block)
    {
        using IndexMemory.Hold hold = content.Memory.Use();
        return _column.Bounds(block);
    }

    /// <summary>The column while the file is held.</summary>
    private sealed class Column(IndexContent content, IndexedTimes times) : TimeColumn(content.Rows)
    {
        public override long Least => times.Least;

        public override long Greatest => times.Greatest;

        public override void AddUndecided(RowSet into) => content.AddTo(times.Undecided, into);

        protected override TimeBlockHead Head(int block)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)block * BlockRows, (uint)content.Rows, nameof(block));
            return times.Greatest < 0
                ? TimeBlockHead.None
                : TimeBlockForm.ReadHead(content.Bytes(times.Heads + ((long)block * TimeBlockForm.HeadBytes), TimeBlockForm.HeadBytes));
        }

        protected override void Read(int block, in TimeBlockHead head, Span<long> into)
        {
            int bytes = TimeBlockForm.StepBytes(into.Length, head.Bits);
            if (head.Steps + bytes > times.StepBytes)
            {
                throw IndexCursor.Damaged("a block of times has its steps behind all steps");
            }

            TimeBlockForm.ReadSteps(content.Bytes(times.Steps + head.Steps, bytes), head, into);
        }
    }
}
