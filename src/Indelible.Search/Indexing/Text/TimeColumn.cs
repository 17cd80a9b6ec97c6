namespace Indelible.Search;

/// <summary>A column of times in blocks of 128 rows, of which each knows its least and greatest: wherever the blocks are.</summary>
/// <param name="rows">How many rows it has.</param>
internal abstract class TimeColumn(int rows) : ITimeColumn
{
    /// <summary>Rows of a block.</summary>
    public const int BlockRows = 128;

    public abstract long Least { get; }

    public abstract long Greatest { get; }

    public abstract void AddUndecided(RowSet into);

    public void AddBetween(long from, long to, RowSet into)
    {
        if (Greatest < from || Least >= to)
        {
            return;
        }

        from = Math.Max(0, from);
        Span<long> ticks = stackalloc long[BlockRows];
        for (int first = 0; first < rows; first += BlockRows)
        {
            TimeBlockHead head = Head(first / BlockRows);
            if (head.Greatest < from || head.Base >= to)
            {
                continue;
            }

            int count = Count(first / BlockRows);
            if (!head.HasNone && head.Base >= from && head.Greatest < to)
            {
                into.AddRange(first, first + count);
                continue;
            }

            Read(first / BlockRows, head, ticks[..count]);
            for (int i = 0; i < count; i++)
            {
                if (ticks[i] >= from && ticks[i] < to)
                {
                    into.Add(first + i);
                }
            }
        }
    }

    public int Read(int block, Span<long> into)
    {
        int count = Count(block);
        Read(block, Head(block), into[..count]);
        return count;
    }

    public (long Least, long Greatest) Bounds(int block)
    {
        TimeBlockHead head = Head(block);
        return (head.HasNone ? -1 : head.Base, head.Greatest);
    }

    /// <summary>What is known of a block.</summary>
    protected abstract TimeBlockHead Head(int block);

    /// <summary>Reads a block's rows.</summary>
    protected abstract void Read(int block, in TimeBlockHead head, Span<long> into);

    private int Count(int block) => Math.Clamp(rows - (block * BlockRows), 0, BlockRows);
}
