using Indelible.Engine.Reading;
using Indelible.Engine.Sequencing;
using Indelible.Engine.Storage;
using Indelible.Events;
using Indelible.Merkle;
using Microsoft.Extensions.Logging;

namespace Indelible.Engine.Sealing;

/// <summary>Turns full subtrees into segments, and lets the journal forget what is safe elsewhere.</summary>
/// <remarks>
/// <para>
/// A segment is written under another name, synced, read back and re-hashed whole, named, and only then do its entries leave the
/// tail. A crash anywhere leaves the journal in charge, and the work is done again.
/// </para>
/// <para>
/// When the journal holds more files than it should, the entries of the oldest that are not sealed yet move to their logs' tail
/// files; the journal releases the file when every one of them is synced there.
/// </para>
/// </remarks>
internal sealed partial class Sealer(IJournal journal, ISegmentStore segments, ITailStore tails, Sequencer sequencer, TimeSpan interval, ILogger<Sealer> logger)
{
    private readonly Lock _lock = new();
    private readonly List<LogState> _logs = [];   // under _lock
    private readonly ILogger _logger = logger;

    /// <summary>Called for each log when a round has sealed and trimmed; fails for nothing.</summary>
    public Action<LogState> RoundEnds { get; init; } = static _ => { };

    /// <summary>Called for a log of which another segment was sealed, once readers see it; returns at once and throws nothing.</summary>
    public Action<LogState> Sealed { get; init; } = static _ => { };

    /// <summary>What stopped the sealer, if it failed.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Seals this log from now on.</summary>
    public void Add(LogState log)
    {
        lock (_lock)
        {
            _logs.Add(log);
        }
    }

    /// <summary>Seals and trims at an interval until cancelled.</summary>
    public async Task RunAsync(CancellationToken stoppingToken)
    {
        try
        {
            using var timer = new PeriodicTimer(interval);
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false) && await TurnAsync(stoppingToken).ConfigureAwait(false))
            {
                // The turn is all that there is to do.
            }
        }
        catch (OperationCanceledException)
        {
            // What is not sealed stays in the journal.
        }
    }

    /// <summary>One turn of the loop: a round. A failure stops sealing, unless nothing was changed: the next turn then tries again.</summary>
    /// <returns><see langword="false"/> when it has failed.</returns>
    /// <exception cref="OperationCanceledException">The node is stopping.</exception>
    public async Task<bool> TurnAsync(CancellationToken cancellationToken)
    {
        if (Failure is not null)
        {
            return false;
        }

        try
        {
            await RoundAsync(cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (StorageException e) when (e.Outcome == StorageOutcome.NothingChanged)
        {
            // The disk is full, most likely. Entries stay where they are.
            LogPutOff(e);
            return true;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Whatever it is: a sealer that has ended must show, and must not keep the node from stopping as it should.
            LogStopped(e);
            Failure = e;
            return false;
        }
    }

    /// <summary>Seals every full subtree of every log, then trims the journal.</summary>
    /// <exception cref="StorageException">With <see cref="StorageOutcome.NothingChanged"/>, it may be tried again; with another outcome, never.</exception>
    public async Task RoundAsync(CancellationToken cancellationToken)
    {
        foreach (LogState log in Logs())
        {
            while (log.DurableSize - log.SealedSize >= log.SegmentSize)
            {
                await SealAsync(log, cancellationToken).ConfigureAwait(false);
            }
        }

        await TrimAsync().ConfigureAwait(false);
        foreach (LogState log in Logs())
        {
            RoundEnds(log);
        }
    }

    private async Task SealAsync(LogState log, CancellationToken cancellationToken)
    {
        long first = log.SealedSize;
        Hash expected = log.ReadNode(log.SegmentHeight, first / log.SegmentSize);
        if (!segments.List(log.Name).Contains(first))
        {
            await segments.PutAsync(
                log.Name,
                first,
                stream => SegmentWriter.Write(stream, log.Origin, log.Name, first, log.SegmentSize, SamplesOf(log, first), EntriesOf(log, first)),
                content => ReadBack(content, log, first, expected),
                cancellationToken).ConfigureAwait(false);
        }

        // Else an earlier round named it, whole and checked, and could not open it.
        SegmentReader segment = OpenSealed(log, first, expected);
        await sequencer.RunInLoopAsync(() => log.AddSegment(segment)).ConfigureAwait(false);
        tails.Drop(log.Name, log.SealedSize);
        LogSealed(log.Name, first, first + log.SegmentSize - 1, segment.FileBytes);
        Sealed(log);
    }

    /// <exception cref="StorageException">With <see cref="StorageOutcome.NothingChanged"/>: it cannot be opened or read now.</exception>
    private SegmentReader OpenSealed(LogState log, long first, in Hash expected)
    {
        ISegmentContent content = segments.Open(log.Name, first);
        try
        {
            SegmentReader segment = SegmentReader.Open(content, log.Origin, log.Name, first);
            return segment.Root == expected ? segment : throw new StorageException(
                $"Segment {first} of log {log.Name} has root {segment.Root}, but its entries have {expected}.", StorageOutcome.Damaged);
        }
        catch (IOException e)
        {
            content.Dispose();
            throw e as StorageException ?? new StorageException($"Segment {first} of log {log.Name} was written and cannot be read: {e.Message}", StorageOutcome.NothingChanged, e);
        }
    }

    private static IEnumerable<ReadOnlyMemory<byte>> SamplesOf(LogState log, long first)
    {
        int step = Math.Max(1, log.SegmentSize / FrameDictionary.Samples);
        for (long index = first; index < first + log.SegmentSize; index += step)
        {
            yield return log.ReadEntry(index);
        }
    }

    private static IEnumerable<SegmentEntry> EntriesOf(LogState log, long first)
    {
        for (long index = first; index < first + log.SegmentSize; index++)
        {
            ReadOnlyMemory<byte> entry = log.ReadEntry(index);
            if (!Entry.TryRead(entry.Span, out EntryFacts facts))
            {
                throw new StorageException($"Entry {index} of log {log.Name} is not an entry that this log can have written.", StorageOutcome.Damaged);
            }

            yield return new SegmentEntry(entry, IdempotencyWindow.HashOf(log.IdSeed, facts.Principal, facts.Id));
        }
    }

    private static void ReadBack(ISegmentContent content, LogState log, long first, in Hash expected)
    {
        // The caller owns the content; the reader is not disposed for that reason.
        SegmentReader reader = SegmentReader.Open(content, log.Origin, log.Name, first);
        reader.VerifyWhole();
        if (reader.Root != expected)
        {
            throw new StorageException(
                $"Segment {first} of log {log.Name} was written with root {reader.Root}, but its entries were signed under {expected}.", StorageOutcome.Damaged);
        }
    }

    private LogState[] Logs()
    {
        lock (_lock)
        {
            return [.. _logs];
        }
    }

    private async Task TrimAsync()
    {
        // The target first: a log that is made after it was read has no entries below it, and one made before is among those asked next.
        long target = journal.ReleaseTarget;
        if (target <= journal.OldestRecord)
        {
            return;
        }

        foreach (LogState log in Logs())
        {
            MoveToTailFile(log, target);
        }

        await journal.ReleaseAsync(target).ConfigureAwait(false);
        LogReleased(target);
    }

    /// <summary>Moves a log's entries that lie in journal records below <paramref name="record"/> to its tail file.</summary>
    private void MoveToTailFile(LogState log, long record)
    {
        Tail tail = log.Tail;
        long end = log.DurableSize;
        long first = tail.FirstIndex;
        while (first < end && !tail.PlaceOf(first).IsInJournalBefore(long.MaxValue))
        {
            first++;   // In the tail file already.
        }

        long last = first;
        while (last < end && tail.PlaceOf(last).IsInJournalBefore(record))
        {
            last++;
        }

        if (last == first)
        {
            return;
        }

        var entries = new List<ReadOnlyMemory<byte>>((int)(last - first));
        for (long index = first; index < last; index++)
        {
            entries.Add(log.ReadEntry(index));
        }

        IReadOnlyList<TailLocation> locations = tails.Append(log.Name, first, entries);
        tail.Relocate(first, [.. locations.Select((location, i) => EntryLocation.InTail(location, entries[i].Length))]);
    }

    [LoggerMessage(1301, LogLevel.Information, "Sealed entries {First} to {Last} of log {Log} in {FileBytes} bytes")]
    private partial void LogSealed(string log, long first, long last, long fileBytes);

    [LoggerMessage(1302, LogLevel.Information, "The journal forgot its records below {Record}; their entries are in segments and tail files")]
    private partial void LogReleased(long record);

    [LoggerMessage(1304, LogLevel.Error, "Sealing is put off: nothing was changed, and it is tried again")]
    private partial void LogPutOff(Exception failure);

    [LoggerMessage(1303, LogLevel.Critical, "Sealing stopped; entries stay in the journal, which grows until the node is started anew")]
    private partial void LogStopped(Exception failure);
}
