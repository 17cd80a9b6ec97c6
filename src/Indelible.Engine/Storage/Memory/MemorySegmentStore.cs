namespace Indelible.Engine.Storage.Memory;

/// <summary>Segments in memory: for tests and simulations.</summary>
public sealed class MemorySegmentStore : ISegmentStore
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Log, long FirstIndex), byte[]> _segments = [];

    /// <inheritdoc/>
    public IReadOnlyList<long> List(string log)
    {
        lock (_lock)
        {
            return [.. _segments.Keys.Where(key => key.Log == log).Select(key => key.FirstIndex).Order()];
        }
    }

    /// <summary>Does nothing: what is here stays.</summary>
    public void Keep(string log)
    {
    }

    /// <inheritdoc/>
    public ValueTask PutAsync(string log, long firstIndex, Action<Stream> write, Action<ISegmentContent> verify, CancellationToken cancellationToken)
    {
        using var stream = new MemoryStream();
        write(stream);
        byte[] bytes = stream.ToArray();
        verify(new Content(bytes));
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            if (!_segments.TryAdd((log, firstIndex), bytes))
            {
                throw new StorageException($"Segment {firstIndex} of log {log} exists already; segments never change.", StorageOutcome.NothingChanged);
            }
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ISegmentContent Open(string log, long firstIndex)
    {
        lock (_lock)
        {
            return _segments.TryGetValue((log, firstIndex), out byte[]? bytes)
                ? new Content(bytes)
                : throw new StorageException($"There is no segment {firstIndex} of log {log}.", StorageOutcome.Damaged);
        }
    }

    private sealed class Content(byte[] bytes) : ISegmentContent
    {
        public long Length => bytes.Length;

        public void Read(long offset, Span<byte> destination)
        {
            if (offset < 0 || offset + destination.Length > bytes.Length)
            {
                throw new StorageException($"A segment ends before byte {offset + destination.Length}.", StorageOutcome.Damaged);
            }

            bytes.AsSpan((int)offset, destination.Length).CopyTo(destination);
        }

        public void Dispose()
        {
        }
    }
}
