namespace Indelible.Search;

/// <summary>The log below a size, divided by what covers it. Keeps the indexes from being let go until it is disposed of.</summary>
internal sealed class LogSpans : IDisposable
{
    private readonly List<LogSpan> _spans = [];
    private readonly List<ChunkIndex> _acquired = [];
    private readonly IIndexedSource _source;

    /// <param name="source">The log.</param>
    /// <param name="asOf">The size, at most the source's.</param>
    public LogSpans(IIndexedSource source, long asOf)
    {
        _source = source;
        IReadOnlyList<ChunkIndex> chunks = source.Chunks;
        long at = 0;
        for (int i = 0; i < chunks.Count; i++)
        {
            ChunkIndex chunk = chunks[i];
            long end = Math.Min(asOf, chunk.First + chunk.Rows);
            if (chunk.First < at || chunk.First >= end || !chunk.TryAcquire())
            {
                continue;
            }

            _acquired.Add(chunk);
            AddGap(at, chunk.First);

            // The last one may still grow: what it tells may then be of more rows than it had when it was asked how many.
            _spans.Add(new LogSpan(chunk.First, end, chunk, end == chunk.First + chunk.Rows && i < chunks.Count - 1));
            Indexed += end - chunk.First;
            at = end;
        }

        AddGap(at, asOf);
        Lag = asOf - at;
        Unindexed = asOf - Indexed;
    }

    /// <summary>How many entries an index covers.</summary>
    public long Indexed { get; private set; }

    /// <summary>How many entries none covers.</summary>
    public long Unindexed { get; private set; }

    /// <summary>How many of those are behind all that are indexed: they have only just come, where indexing keeps up.</summary>
    public long Lag { get; }

    /// <summary>How many entries have an index that proved damaged.</summary>
    public long Damaged { get; private set; }

    /// <summary>What tells the log from others in a cache: its first index stays while it grows. Null where it has none.</summary>
    public object? Log => _acquired.Count > 0 ? _acquired[0].Terms : null;

    /// <summary>All of it, ascending.</summary>
    public IReadOnlyList<LogSpan> All => _spans;

    /// <summary>The part that an entry lies in.</summary>
    public LogSpan At(long index)
    {
        (int low, int high) = (0, _spans.Count - 1);
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            (low, high) = _spans[middle].From <= index ? (middle, high) : (low, middle - 1);
        }

        return _spans[low];
    }

    /// <summary>Takes a part as not indexed from now on, since its index proved damaged, and reports that.</summary>
    public void Distrust(in LogSpan span)
    {
        int at = _spans.IndexOf(span);
        _spans[at] = span with { Index = null };
        Indexed -= span.Rows;
        Unindexed += span.Rows;
        Damaged += span.Rows;
        _source.Report(span.Index!);
    }

    /// <inheritdoc/>
    public void Dispose() => _acquired.ForEach(chunk => chunk.Release());

    private void AddGap(long from, long to)
    {
        if (from < to)
        {
            _spans.Add(new LogSpan(from, to, null, false));
        }
    }
}
