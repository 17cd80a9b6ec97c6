using Indelible.Engine.Reading;
using Indelible.Engine.Sealing;
using Indelible.Engine.Sequencing;
using Indelible.Engine.Storage;
using Indelible.Events;
using Indelible.Merkle;

namespace Indelible.Engine.Recovery;

/// <summary>Rebuilds a log from what is stored: segments, then its tail file, then the journal. The fold, from the beginning.</summary>
/// <remarks>
/// Entries may lie in two places after a crash (a segment was named, the journal not yet trimmed): the earlier place wins, the
/// later is skipped. A gap is damage and stops the start. Whether the result is what was signed, the caller checks.
/// </remarks>
internal static class LogRecovery
{
    /// <summary>Takes the segments and the tail file of a log into its state.</summary>
    /// <param name="log">An empty state.</param>
    /// <param name="segments">Holds its segments.</param>
    /// <param name="tails">Holds its tail file.</param>
    /// <param name="journalBegins">The first of its entries that the journal still holds; null where it holds none.</param>
    /// <exception cref="StorageException">A segment is missing or damaged.</exception>
    public static void Load(LogState log, ISegmentStore segments, ITailStore tails, long? journalBegins)
    {
        foreach (long first in segments.List(log.Name))
        {
            if (first != log.SealedSize)
            {
                throw new StorageException(
                    $"Log {log.Name} has a segment that begins at {first}, but none that begins at {log.SealedSize}: a segment is missing or misplaced.", StorageOutcome.Damaged);
            }

            SegmentReader segment = SegmentReader.Open(segments.Open(log.Name, first), log.Origin, log.Name, first);
            if (segment.Count != log.SegmentSize)
            {
                throw new StorageException($"Segment {first} of log {log.Name} has {segment.Count} entries, not {log.SegmentSize}.", StorageOutcome.Damaged);
            }

            log.AddSegment(segment);
        }

        if (log.SealedSize > 0)
        {
            // The tail file and the journal give up what segments hold, from here on.
            segments.Keep(log.Name);
        }

        FillWindow(log);
        foreach (TailEntry entry in tails.Load(log.Name, journalBegins))
        {
            Take(log, entry.Index, entry.Entry, EntryLocation.InTail(entry.Location, entry.Entry.Length), null);
        }

        // A crash between naming a segment and dropping its entries leaves a tail file that would go on at the wrong index.
        tails.Drop(log.Name, log.SealedSize);

        log.PublishTail();
    }

    /// <summary>Takes one journal record's entries into the states of the logs that it has entries of.</summary>
    /// <param name="record">A record, in order.</param>
    /// <param name="find">Finds a log's state, or loads it: its entries in the journal begin at the index given.</param>
    public static void Replay(JournalRecord record, Func<string, long, LogState> find)
    {
        IReadOnlyList<JournalBatch> batches = JournalGroup.Read(record.Payload);
        List<PayloadRange> ranges = JournalGroup.Ranges(batches);
        int at = 0;
        foreach (JournalBatch batch in batches)
        {
            LogState log = find(batch.Log, batch.FirstIndex);
            for (int i = 0; i < batch.Entries.Count; i++, at++)
            {
                Take(log, batch.FirstIndex + i, batch.Entries[i], EntryLocation.InJournal(record.Number, ranges[at]), record.Number);
            }

            log.PublishTail();
        }
    }

    /// <summary>Refuses a log that is smaller than, or different from, what was signed of it.</summary>
    /// <exception cref="StorageException">It is; the message names both sizes and roots.</exception>
    public static void CheckAgainst(LogState log, in TreeHead signed)
    {
        if (log.DurableSize < signed.Size)
        {
            throw new StorageException(
                $"Log {log.Name} has {log.DurableSize} entries, root {log.HeadAt(log.DurableSize).Root}, but a head of {signed.Size} entries, root {signed.Root}, was signed. " +
                "It was set back, or entries were lost. Going on would fork the log, so nothing was started.",
                StorageOutcome.Damaged);
        }

        Hash root = log.HeadAt(signed.Size).Root;
        if (root != signed.Root)
        {
            throw new StorageException(
                $"The first {signed.Size} entries of log {log.Name} have root {root}, but {signed.Root} was signed for them. An entry was changed, so nothing was started.",
                StorageOutcome.Damaged);
        }
    }

    private static void Take(LogState log, long index, ReadOnlyMemory<byte> entry, EntryLocation place, long? record)
    {
        long next = log.Tail.FirstIndex + log.Tail.Count;
        if (index < next)
        {
            return;
        }

        if (index > next)
        {
            throw new StorageException($"Log {log.Name} ends at {next}, but {Where(record)} goes on at {index}: entries are missing.", StorageOutcome.Damaged);
        }

        if (!Entry.TryRead(entry.Span, out EntryFacts facts))
        {
            throw new StorageException($"Entry {index} of log {log.Name} in {Where(record)} is not an entry that this log can have written.", StorageOutcome.Damaged);
        }

        log.Tail.Append(TreeHasher.Leaf(entry.Span), place);
        log.Window.Add(IdempotencyWindow.HashOf(log.IdSeed, facts.Principal, facts.Id), index, Instant.Parse(facts.ReceivedAt));
        log.LastReceivedAt = facts.ReceivedAt;
    }

    private static string Where(long? record) => record is { } number ? $"journal record {number}" : "its tail file";

    private static string ReceivedAt(LogState log, long index) => Entry.TryRead(log.ReadEntry(index).Span, out EntryFacts facts)
        ? facts.ReceivedAt
        : throw new StorageException($"Entry {index} of log {log.Name} is not an entry that this log can have written.", StorageOutcome.Damaged);

    /// <summary>Reads the ids of as many segments, from the last backwards, as the window must reach back.</summary>
    private static void FillWindow(LogState log)
    {
        if (log.Segments.Length == 0)
        {
            return;
        }

        // Times are read from entries, which the signed root covers, and never from anything beside them.
        log.LastReceivedAt = ReceivedAt(log, log.SealedSize - 1);
        DateTimeOffset last = Instant.Parse(log.LastReceivedAt);
        int from = log.Segments.Length - 1;
        while (from > 0
            && log.SealedSize - log.Segments[from].FirstIndex < EngineLimits.IdsPerGeneration
            && (log.SealedSize - log.Segments[from].FirstIndex < IdempotencyWindow.MinEntries
                || last - Instant.Parse(ReceivedAt(log, log.Segments[from].FirstIndex)) < IdempotencyWindow.MinTime))
        {
            from--;
        }

        foreach (SegmentReader segment in log.Segments.AsSpan()[from..])
        {
            DateTimeOffset time = Instant.Parse(ReceivedAt(log, segment.FirstIndex));
            uint[] hashes = segment.ReadIdHashes(0, segment.Count);
            for (int i = 0; i < hashes.Length; i++)
            {
                log.Window.Add(hashes[i], segment.FirstIndex + i, time);
            }
        }
    }
}
