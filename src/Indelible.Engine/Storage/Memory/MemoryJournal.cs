namespace Indelible.Engine.Storage.Memory;

/// <summary>A journal in memory: for tests and simulations, where "durable" means "until the object is gone".</summary>
public sealed class MemoryJournal : IJournal
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<long, byte[]> _records = [];
    private readonly Dictionary<string, long> _ends = new(StringComparer.Ordinal);
    private readonly FrameBuffer _frame = new();

    /// <summary>How many records the journal would like to keep. Default: all.</summary>
    public int RecordsKept { get; init; } = int.MaxValue;

    /// <inheritdoc/>
    public long OldestRecord { get; private set; }

    /// <inheritdoc/>
    public long NextRecord { get; private set; }

    /// <inheritdoc/>
    public long ReleaseTarget => Math.Max(OldestRecord, NextRecord - RecordsKept);

    /// <inheritdoc/>
    public ValueTask<long> AppendAsync(IReadOnlyList<JournalBatch> batches, List<PayloadRange> ranges)
    {
        lock (_lock)
        {
            foreach (JournalBatch batch in batches)
            {
                if (_ends.TryGetValue(batch.Log, out long end) && end != batch.FirstIndex)
                {
                    throw new JournalConflictException(batch.Log, batch.FirstIndex, end);
                }
            }

            _frame.Clear();
            JournalGroup.Write(batches, _frame, ranges);
            _records.Add(NextRecord, _frame.Written.ToArray());
            foreach (JournalBatch batch in batches)
            {
                _ends[batch.Log] = batch.FirstIndex + batch.Entries.Count;
            }

            return ValueTask.FromResult(NextRecord++);
        }
    }

    /// <inheritdoc/>
    public IEnumerable<JournalRecord> Read(long fromRecord)
    {
        lock (_lock)
        {
            return [.. _records.Where(record => record.Key >= fromRecord).Select(record => new JournalRecord(record.Key, record.Value))];
        }
    }

    /// <inheritdoc/>
    public bool Read(long record, int offset, Span<byte> destination)
    {
        lock (_lock)
        {
            if (!_records.TryGetValue(record, out byte[]? payload))
            {
                return false;
            }

            payload.AsSpan(offset, destination.Length).CopyTo(destination);
            return true;
        }
    }

    /// <inheritdoc/>
    public ValueTask ReleaseAsync(long beforeRecord)
    {
        lock (_lock)
        {
            foreach (long record in _records.Keys.TakeWhile(number => number < beforeRecord).ToArray())
            {
                _records.Remove(record);
            }

            OldestRecord = Math.Max(OldestRecord, Math.Min(beforeRecord, NextRecord));
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Does nothing: a simulation opens the same journal again.</summary>
    public void Dispose()
    {
    }
}
