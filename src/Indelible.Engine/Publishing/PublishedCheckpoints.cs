using Indelible.Engine.Sequencing;
using Indelible.Merkle;

namespace Indelible.Engine.Publishing;

/// <summary>A checkpoint that has been swapped into the checkpoint store and may be shown.</summary>
/// <param name="Head">What was signed.</param>
/// <param name="Note">The signed note, byte for byte.</param>
public sealed record PublishedCheckpoint(TreeHead Head, ReadOnlyMemory<byte> Note);

/// <summary>A log's latest checkpoint, those shortly before it, and whoever waits for the next. Thread-safe.</summary>
internal sealed class PublishedCheckpoints
{
    private readonly Lock _lock = new();
    private readonly LinkedList<PublishedCheckpoint> _recent = new();   // latest first
    private TaskCompletionSource _next = NewSource();
    private Exception? _failure;

    /// <summary>The latest, or null before the first.</summary>
    public PublishedCheckpoint? Latest
    {
        get
        {
            lock (_lock)
            {
                return _recent.First?.Value;
            }
        }
    }

    /// <summary>The heads that are kept, latest first.</summary>
    public IReadOnlyList<TreeHead> Recent()
    {
        lock (_lock)
        {
            return [.. _recent.Select(checkpoint => checkpoint.Head)];
        }
    }

    /// <summary>Shows a checkpoint.</summary>
    public void Add(PublishedCheckpoint checkpoint)
    {
        TaskCompletionSource waiting;
        lock (_lock)
        {
            _recent.AddFirst(checkpoint);
            while (_recent.Count > EngineLimits.RetainedCheckpoints)
            {
                _recent.RemoveLast();
            }

            waiting = _next;
            _next = NewSource();
        }

        waiting.SetResult();
    }

    /// <summary>Tells everybody who waits, now or later, that there will be no further checkpoint.</summary>
    public void Fail(Exception failure)
    {
        TaskCompletionSource waiting;
        lock (_lock)
        {
            _failure = failure;
            waiting = _next;
        }

        waiting.SetResult();
    }

    /// <summary>The checkpoint of exactly this size, if it is still kept.</summary>
    public PublishedCheckpoint? OfSize(long size)
    {
        lock (_lock)
        {
            return _recent.FirstOrDefault(checkpoint => checkpoint.Head.Size == size);
        }
    }

    /// <summary>Completes with the first checkpoint that covers <paramref name="size"/> entries.</summary>
    /// <param name="size">A size that the log has reached.</param>
    /// <param name="wake">Called when the caller has to wait, so that the publisher does not wait for its interval.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="NodeStoppedException">Publishing has stopped.</exception>
    public async Task<PublishedCheckpoint> WaitForAsync(long size, Action wake, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task next;
            lock (_lock)
            {
                if (_recent.First?.Value is { } latest && latest.Head.Size >= size)
                {
                    return latest;
                }

                if (_failure is not null)
                {
                    throw new NodeStoppedException("Publishing has stopped: the entries are durable, but no checkpoint covers them until the node is started anew.", _failure);
                }

                next = _next.Task;
            }

            wake();
            await next.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
