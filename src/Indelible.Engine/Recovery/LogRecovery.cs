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
    /// <exception cref="StorageException">A segment is missing or damaged.</exception>
    public static void Load(LogState log, ISegmentStore segments, ITailStore tails)
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

        FillWindow(log);
        foreach (TailEntry entry in tails.Load(log.Name))
        {
            Take(log, entry.Index, entry.Entry, EntryLocation.InTail(entry.Location, entry.Entry.Length), "its tail file");
        }

        // A crash between naming a segment and dropping its entries leaves a tail file that would go on at the wrong index.
        tails.Drop(log.Name, log.SealedSize);

        log.PublishTail();
    }

    /// <summary>Takes one journal record's entries into the states of the logs that it has entries of.</summary>
    /// <param name="record">A record, in order.</param>
    /// <param name="find">Finds a log's state; null where the log is not of this pass.</param>
    public static void Replay(JournalRecord record, Func<string, LogState?> find)
    {
        IReadOnlyList<JournalBatch> batches = JournalGroup.Read(record.Payload);
        List<PayloadRange> ranges = JournalGroup.Ranges(batches);
        int at = 0;
        foreach (JournalBatch batch in batches)
        {
            LogState? log = find(batch.Log);
            for (int i = 0; i < batch.Entries.Count; i++, at++)
            {
                if (log is not null)
                {
                    Take(log, batch.FirstIndex + i, batch.Entries[i], EntryLocation.InJournal(record.Number, ranges[at]), $"journal record {record.Number}");
                }
            }

            log?.PublishTail();
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

    private static void Take(LogState log, long index, ReadOnlyMemory<byte> entry, EntryLocation place, string where)
    {
        long next = log.Tail.FirstIndex + log.Tail.Count;
        if (index < next)
        {
            return;
        }

        if (index > next)
        {
            throw new StorageException($"Log {log.Name} ends at {next}, but {where} goes on at {index}: entries are missing.", StorageOutcome.Damaged);
        }

        if (!Entry.TryRead(entry.Span, out EntryFacts facts))
        {
            throw new StorageException($"Entry {index} of log {log.Name} in {where} is not an entry that this log can have written.", StorageOutcome.Damaged);
        }

        log.Tail.Append(TreeHasher.Leaf(entry.Span), place);
        log.Window.Add(IdempotencyWindow.HashOf(log.IdSeed, facts.Principal, facts.Id), index, Instant.Parse(facts.ReceivedAt));
        log.LastReceivedAt = facts.ReceivedAt;
    }

    /// <summary>Reads the ids of as many segments, from the last backwards, as the window must reach back.</summary>
    private static void FillWindow(LogState log)
    {
        if (log.Segments.Length == 0)
        {
            return;
        }

        log.LastReceivedAt = log.Segments[^1].ReadTimes().Last;
        DateTimeOffset last = Instant.Parse(log.LastReceivedAt);
        int from = log.Segments.Length - 1;
        while (from > 0
            && (log.SealedSize - log.Segments[from].FirstIndex < IdempotencyWindow.MinEntries
                || last - Instant.Parse(log.Segments[from].ReadTimes().First) < IdempotencyWindow.MinTime))
        {
            from--;
        }

        foreach (SegmentReader segment in log.Segments.AsSpan()[from..])
        {
            DateTimeOffset time = Instant.Parse(segment.ReadTimes().First);
            uint[] hashes = segment.ReadIdHashes();
            for (int i = 0; i < hashes.Length; i++)
            {
                log.Window.Add(hashes[i], segment.FirstIndex + i, time);
            }
        }
    }
}
