namespace Indelible.Search;

/// <summary>A column of times of an index file: <see cref="TimeColumnForm"/>.</summary>
internal sealed class FileTimes(IndexContent content, IndexedTimes times) : ITimeColumn
{
    public long Least => times.Least;

    public long Greatest => times.Greatest;

    public void AddUndecided(RowSet into)
    {
        using IndexMemory.Hold hold = content.Memory.Use();
        content.AddTo(times.Undecided, into);
    }

    public void AddBetween(long from, long to, RowSet into)
    {
        if (times.Greatest < from || times.Least >= to)
        {
            return;
        }

        using IndexMemory.Hold hold = content.Memory.Use();
        Span<long> ticks = stackalloc long[TimeValues.BlockRows];
        for (int block = 0; block * TimeValues.BlockRows < content.Rows; block++)
        {
            TimeBlockHead head = Head(block);
            int first = block * TimeValues.BlockRows;
            if (head.Greatest < from || head.Base >= to)
            {
                continue;
            }

            if (!head.HasNone && head.Base >= from && head.Greatest < to)
            {
                into.AddRange(first, first + Count(block));
            }
            else
            {
                TimeBlock.AddBetween(Read(block, head, ticks), first, from, to, into);
            }
        }
    }

    public int Read(int block, Span<long> into)
    {
        using IndexMemory.Hold hold = content.Memory.Use();
        return Read(block, Head(block), into).Length;
    }

    public (long Least, long Greatest) Bounds(int block)
    {
        using IndexMemory.Hold hold = content.Memory.Use();
        TimeBlockHead head = Head(block);
        return (head.HasNone ? -1 : head.Base, head.Greatest);
    }

    private int Count(int block) => Math.Clamp(content.Rows - (block * TimeValues.BlockRows), 0, TimeValues.BlockRows);

    private TimeBlockHead Head(int block)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)block * TimeValues.BlockRows, (uint)content.Rows, nameof(block));
        return times.Greatest < 0
            ? TimeBlockHead.None
            : TimeColumnForm.ReadHead(content.Bytes(times.Heads + ((long)block * TimeColumnForm.HeadBytes), TimeColumnForm.HeadBytes));
    }

    private Span<long> Read(int block, in TimeBlockHead head, Span<long> into)
    {
        into = into[..Count(block)];
        int bytes = TimeColumnForm.StepBytes(into.Length, head.Bits);
        if (head.Steps + bytes > times.StepBytes)
        {
            throw IndexCursor.Damaged("a block of times has its steps behind all steps");
        }

        TimeColumnForm.ReadSteps(content.Bytes(times.Steps + head.Steps, bytes), head, into);
        return into;
    }
}
