namespace Indelible.Engine.Storage;

/// <summary>One log's part of a round: replace exactly this record by that one.</summary>
/// <param name="Origin">The log's origin.</param>
/// <param name="Previous">The whole record as this node knows it, or null where there must be none.</param>
/// <param name="Next">The new record: a signed checkpoint; or, under <see cref="HandoversOf"/>, a list of handovers.</param>
public sealed record CheckpointSwap(string Origin, ReadOnlyMemory<byte>? Previous, ReadOnlyMemory<byte> Next)
{
    /// <summary>Under what the handovers of a key are recorded: no origin can be called so. They change in one round with the head that hands over.</summary>
    /// <param name="keyName">The key's name: a log's origin, or that of the receipts' key.</param>
    public static string HandoversOf(string keyName) => keyName + "+handovers";
}

/// <summary>The last head signed for each log: the one thing that the log trusts about its own past.</summary>
/// <remarks>
/// It is what stops a restored backup, a clone of the folder or a second instance from forking history, so it belongs on another
/// volume or service where the operator has one. A note that has not been swapped in here is never shown to anybody.
/// </remarks>
public interface ICheckpointStore : IDisposable
{
    /// <summary>Every record, by origin, as last swapped.</summary>
    IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Load();

    /// <summary>Swaps the records of many logs in one round: all of them or none; durable on return.</summary>
    /// <exception cref="CheckpointConflictException">A record is not what the caller says. Nothing was changed.</exception>
    /// <exception cref="StorageException">
    /// With <see cref="StorageOutcome.Unknown"/>: load again before anything else. With <see cref="StorageOutcome.NothingChanged"/>: there was no
    /// room, say; it may be tried again.
    /// </exception>
    ValueTask SwapAsync(IReadOnlyList<CheckpointSwap> swaps);
}
