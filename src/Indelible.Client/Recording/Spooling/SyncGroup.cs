namespace Indelible.Client.Recording.Spooling;

/// <summary>What became of a group of events that were to be made durable together.</summary>
internal enum SpoolOutcome
{
    /// <summary>They are durable.</summary>
    Durable,

    /// <summary>The disk did not take them; nothing of them remains.</summary>
    NotWritten,

    /// <summary>The disk did not take them, and may hold them all the same.</summary>
    Unknown,
}

/// <summary>Events that one sync makes durable, and what their callers wait for.</summary>
internal sealed class SyncGroup
{
    private readonly TaskCompletionSource<SpoolOutcome> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private byte[] _frames = new byte[16 * 1024];

    /// <summary>The bytes of its frames.</summary>
    public int Bytes { get; private set; }

    /// <summary>How many events.</summary>
    public int Count { get; private set; }

    /// <summary>The lowest number in it.</summary>
    public long First { get; private set; }

    /// <summary>The highest number in it.</summary>
    public long Last { get; private set; }

    /// <summary>What the operating system said, where it did not become durable.</summary>
    public IOException? Failure { get; private set; }

    public Task<SpoolOutcome> Done => _done.Task;

    public Memory<byte> Frames => _frames.AsMemory(0, Bytes);

    /// <summary>Takes room for a frame.</summary>
    public Span<byte> Take(int frameBytes, long sequence)
    {
        if (Bytes + frameBytes > _frames.Length)
        {
            Array.Resize(ref _frames, Math.Max(_frames.Length * 2, Bytes + frameBytes));
        }

        First = Count == 0 ? sequence : First;
        Last = sequence;
        Count++;
        Bytes += frameBytes;
        return _frames.AsSpan(Bytes - frameBytes, frameBytes);
    }

    public void Complete(SpoolOutcome outcome, IOException? failure = null)
    {
        Failure = failure;
        _done.TrySetResult(outcome);
    }
}
