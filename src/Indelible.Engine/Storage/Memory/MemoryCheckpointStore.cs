namespace Indelible.Engine.Storage.Memory;

/// <summary>The checkpoint store in memory: for tests and simulations, several nodes of which may share one.</summary>
public sealed class MemoryCheckpointStore : ICheckpointStore
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, ReadOnlyMemory<byte>> _heads = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Load()
    {
        lock (_lock)
        {
            return new Dictionary<string, ReadOnlyMemory<byte>>(_heads, StringComparer.Ordinal);
        }
    }

    /// <inheritdoc/>
    public ValueTask SwapAsync(IReadOnlyList<CheckpointSwap> swaps)
    {
        lock (_lock)
        {
            foreach (CheckpointSwap swap in swaps)
            {
                bool known = _heads.TryGetValue(swap.Origin, out ReadOnlyMemory<byte> head);
                if (known != swap.Previous.HasValue || (known && !head.Span.SequenceEqual(swap.Previous!.Value.Span)))
                {
                    throw new CheckpointConflictException(swap.Origin);
                }
            }

            foreach (CheckpointSwap swap in swaps)
            {
                _heads[swap.Origin] = swap.Next.ToArray();
            }
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Does nothing: the next node opens the same store again.</summary>
    public void Dispose()
    {
    }
}
