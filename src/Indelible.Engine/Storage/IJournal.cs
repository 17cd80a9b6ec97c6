namespace Indelible.Engine.Storage;

/// <summary>One durable record of a journal.</summary>
/// <param name="Number">The record's number: 0, 1, 2 … in the order of writing, never reused.</param>
/// <param name="Payload">The bytes of a <see cref="JournalGroup"/>.</param>
public sealed record JournalRecord(long Number, ReadOnlyMemory<byte> Payload);

/// <summary>The only thing that the append path writes: groups of entries, in one order, for all logs of a node.</summary>
/// <remarks>
/// <para>
/// A log is a fold of the journal; the journal decides order and nothing else does. It forgets a record only when told so by
/// <see cref="ReleaseAsync"/>, which the engine does once every entry of it lies, synced, in a segment or a tail file.
/// </para>
/// <para>
/// One caller appends at a time (the sequencer's loop); <see cref="Read(long, int, Span{byte})"/> may be called from any thread beside it.
/// </para>
/// </remarks>
public interface IJournal : IDisposable
{
    /// <summary>The number of the oldest record still held; equals <see cref="NextRecord"/> when none is.</summary>
    long OldestRecord { get; }

    /// <summary>The number that the next record will get.</summary>
    long NextRecord { get; }

    /// <summary>
    /// The oldest record that the journal would like to keep when it is asked to save space: everything below may be moved
    /// elsewhere and released. Equals <see cref="OldestRecord"/> when there is nothing to save.
    /// </summary>
    long ReleaseTarget { get; }

    /// <summary>Writes one group if every log in it ends where the group expects; durable on return.</summary>
    /// <param name="batches">At least one batch, at most one a log.</param>
    /// <param name="ranges">Receives where each entry lies in the record's payload, batch by batch.</param>
    /// <returns>The record's number.</returns>
    /// <remarks>
    /// A log of which the journal holds no record accepts any index: what it held before has been released, and the engine has
    /// checked the index against its segments. Not cancellable: from the first byte written, the outcome is unknown until the sync returns.
    /// </remarks>
    /// <exception cref="JournalConflictException">A log ends elsewhere. Nothing was written.</exception>
    /// <exception cref="StorageException">
    /// With <see cref="StorageOutcome.Unknown"/>: the journal refuses everything from now on. With <see cref="StorageOutcome.NothingChanged"/>:
    /// there was no room, say; it may be tried again.
    /// </exception>
    ValueTask<long> AppendAsync(IReadOnlyList<JournalBatch> batches, List<PayloadRange> ranges);

    /// <summary>Reads the records held, from <paramref name="fromRecord"/> (or the oldest, if later) to the end, in order.</summary>
    /// <exception cref="StorageException">A record is damaged.</exception>
    IEnumerable<JournalRecord> Read(long fromRecord);

    /// <summary>Reads a part of one record's payload.</summary>
    /// <param name="record">The record's number.</param>
    /// <param name="offset">Bytes from the start of its payload.</param>
    /// <param name="destination">Filled completely.</param>
    /// <returns><see langword="false"/> when the record has been released meanwhile: look for the entry where it went.</returns>
    bool Read(long record, int offset, Span<byte> destination);

    /// <summary>Lets the journal forget every record below <paramref name="beforeRecord"/>.</summary>
    /// <remarks>It may keep some of them longer: files are released whole.</remarks>
    ValueTask ReleaseAsync(long beforeRecord);
}
