using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Indelible.Engine.Reading;
using Indelible.Engine.Storage;
using Indelible.Events;
using Indelible.Merkle;
using Indelible.Notes;
using Indelible.Privacy;
using Indelible.Proofs;
using Microsoft.Extensions.Logging;

namespace Indelible.Engine.Sequencing;

/// <summary>The one loop of a node that gives entries their indexes: everything that waits becomes a group, a group becomes durable with one sync.</summary>
/// <remarks>
/// <para>A group, in order; the order is the design:</para>
/// <list type="number">
/// <item>Take everything that waits, for all logs, without a timer: what arrives during a sync is the next group. Where more waits than a group holds, tenants take turns, and our own logs come first.</item>
/// <item>Per request: is its key still valid; drop repeats; refuse conflicts, and streams of other principals; raise times that would go back; give indexes.</item>
/// <item>One journal record for the whole group, synced. <b>This is the point of no return:</b> from here the entries are in the log, and a caller who goes away ends only his own waiting.</item>
/// <item>Apply: hashes into the tail, ids into the window, configuration and sources into their folds, the new size shown to readers.</item>
/// <item>Sign one receipt for the group and answer everybody.</item>
/// </list>
/// <para>
/// If the journal fails, the outcome is unknown: the loop ends, every waiter is told so, and only recovery may go on. Where the journal
/// says that nothing was changed (there was no room), the group alone is refused. The loop owns all tail state; others reach it
/// through <see cref="RunInLoopAsync"/>.
/// </para>
/// </remarks>
internal sealed partial class Sequencer : IDisposable
{
    private readonly IJournal _journal;
    private NoteSigner _receiptsSigner;   // the loop's
    private readonly Func<AppendCaller, LogState, bool> _mayStillAppend;
    private readonly Action<LogState, long, ReadOnlyMemory<byte>> _applied;
    private readonly Func<string, PersonalKey?> _personalKeyById;
    private readonly ILogger _logger;
    private readonly Lock _queueLock = new();
    private readonly SemaphoreSlim _signal = new(0);
    private readonly FairQueue _ours = new(EngineLimits.OwnQueuedEntries, EngineLimits.OwnQueuedBytes);   // under _queueLock
    private readonly FairQueue _producers = new(EngineLimits.QueuedEntries, EngineLimits.QueuedBytes);    // under _queueLock
    private readonly Queue<(Action Work, TaskCompletionSource Done)> _work = new();   // under _queueLock
    private bool _stopping;                                                // under _queueLock
    private Exception? _failure;                                           // under _queueLock; set once

    /// <param name="journal">Where groups become durable.</param>
    /// <param name="receiptsSigner">Signs each group's receipts.</param>
    /// <param name="mayStillAppend">Whether somebody may append to a log by the configuration as it is now.</param>
    /// <param name="applied">Called in the loop for each new entry, after it is durable and before anybody is answered.</param>
    /// <param name="personalKeyById">A person's data key by its id, or null when it was destroyed.</param>
    /// <param name="logger">Receives what operators should know.</param>
    public Sequencer(
        IJournal journal,
        NoteSigner receiptsSigner,
        Func<AppendCaller, LogState, bool> mayStillAppend,
        Action<LogState, long, ReadOnlyMemory<byte>> applied,
        Func<string, PersonalKey?> personalKeyById,
        ILogger<Sequencer> logger)
    {
        _journal = journal;
        _receiptsSigner = receiptsSigner;
        _mayStillAppend = mayStillAppend;
        _applied = applied;
        _personalKeyById = personalKeyById;
        _logger = logger;
    }

    /// <summary>What stopped the loop, if it failed.</summary>
    public Exception? Failure
    {
        get
        {
            lock (_queueLock)
            {
                return _failure;
            }
        }
    }

    /// <summary>Entries that wait for their turn.</summary>
    public int QueuedEntries
    {
        get
        {
            lock (_queueLock)
            {
                return _ours.Entries + _producers.Entries;
            }
        }
    }

    /// <summary>Groups written so far.</summary>
    public long Groups { get; private set; }

    /// <summary>Called in the loop for each log that a group has added to, once its entries are shown; returns at once and throws nothing.</summary>
    public Action<LogState> Grown { get; init; } = static _ => { };

    /// <summary>Whether there is no loop, and one thread calls <see cref="TurnAsync"/> and everything else.</summary>
    public bool IsStepped { get; init; }

    /// <summary>Queues a request; its result comes when its group is durable.</summary>
    /// <exception cref="QueueFullException">The queue is full, or the tenant's share of it; nothing was taken.</exception>
    /// <exception cref="NodeStoppedException">The node has stopped.</exception>
    public void Enqueue(AppendRequest request)
    {
        lock (_queueLock)
        {
            ThrowIfStopped();

            // Our own logs have a queue of their own, so that no producer can keep out what must be entered about him.
            if (!(request.Log.IsOurs ? _ours : _producers).TryAdd(request))
            {
                throw new QueueFullException();
            }
        }

        _signal.Release();
    }

    /// <summary>Runs <paramref name="work"/> between two groups, in the loop that owns the tail state.</summary>
    /// <exception cref="NodeStoppedException">The node has stopped.</exception>
    public Task RunInLoopAsync(Action work)
    {
        if (IsStepped)
        {
            ThrowIfStopped();
            work();
            return Task.CompletedTask;
        }

        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_queueLock)
        {
            ThrowIfStopped();
            _work.Enqueue((work, done));
        }

        _signal.Release();
        return done.Task;
    }

    /// <summary>Signs receipts with another key from the next group on; the one before signs nothing when the task completes.</summary>
    /// <exception cref="NodeStoppedException">The node has stopped.</exception>
    public Task UseReceiptsSignerAsync(NoteSigner signer) => RunInLoopAsync(() => _receiptsSigner = signer);

    /// <summary>Lets what waits be written, takes nothing more, and ends the loop.</summary>
    public void Stop()
    {
        lock (_queueLock)
        {
            _stopping = true;
        }

        _signal.Release();
    }

    /// <summary>The loop; returns when stopped or failed.</summary>
    public async Task RunAsync()
    {
        do
        {
            await _signal.WaitAsync().ConfigureAwait(false);
        }
        while (await TurnAsync().ConfigureAwait(false));
    }

    /// <summary>One turn of the loop: the work that was asked for, then one group. A failure stops the node.</summary>
    /// <returns><see langword="false"/> when the loop ends: it has failed, or is stopping and nothing waits.</returns>
    public async Task<bool> TurnAsync()
    {
        if (Failure is not null)
        {
            return false;
        }

        try
        {
            return await StepAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // Whatever it is, the state of the loop is no longer known to match the journal: nothing may be written or signed on it.
            LogStopped(e);
            Fail(e);
            return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _signal.Dispose();

    private async Task<bool> StepAsync()
    {
        List<AppendRequest> requests = [];
        List<(Action Work, TaskCompletionSource Done)> work = [];
        lock (_queueLock)
        {
            while (_work.TryDequeue(out (Action, TaskCompletionSource) item))
            {
                work.Add(item);
            }

            int entries = 0;
            long bytes = 0;
            while (entries < EngineLimits.GroupEntries && bytes < EngineLimits.GroupBytes && TryTake(out AppendRequest? request))
            {
                requests.Add(request);
                entries += request.Entries.Count;
                bytes += request.Bytes;
            }

            if (requests.Count == 0 && work.Count == 0)
            {
                return !_stopping;
            }

            if (!_ours.IsEmpty || !_producers.IsEmpty || _stopping)
            {
                _signal.Release();
            }
        }

        try
        {
            RunWork(work);
        }
        catch (Exception e)
        {
            foreach (AppendRequest request in requests)
            {
                request.Done.TrySetException(new NodeStoppedException("The node stopped before this request had its turn; nothing of it was appended.", e));
            }

            throw;
        }

        if (requests.Count > 0)
        {
            await AppendGroupAsync(requests).ConfigureAwait(false);
        }

        return true;
    }

    /// <summary>Ours come first. They never crowd producers out: all that may wait of them, the double included, is less than a group.</summary>
    private bool TryTake([NotNullWhen(true)] out AppendRequest? request) => _ours.TryTake(out request) || _producers.TryTake(out request);

    private static void RunWork(List<(Action Work, TaskCompletionSource Done)> work)
    {
        for (int i = 0; i < work.Count; i++)
        {
            try
            {
                work[i].Work();
                work[i].Done.SetResult();
            }
            catch (Exception e)
            {
                foreach ((_, TaskCompletionSource done) in work[i..])
                {
                    done.TrySetException(e);
                }

                throw;
            }
        }
    }

    private async Task AppendGroupAsync(List<AppendRequest> requests)
    {
        var group = new Group();
        var decided = new List<(AppendRequest Request, AppendResult Result)>(requests.Count);
        bool mayBeWritten = false;
        try
        {
            foreach (AppendRequest request in requests)
            {
                if (request.Caller.KeyId.Length > 0 && !_mayStillAppend(request.Caller, request.Log))
                {
                    request.Done.SetException(new AuthorisationLostException(request.Caller.KeyId));
                    continue;
                }

                decided.Add((request, Decide(request, group)));
            }

            if (group.Logs.Count > 0)
            {
                var ranges = new List<PayloadRange>(group.Count);
                long record;
                try
                {
                    mayBeWritten = true;
                    record = await _journal.AppendAsync(group.Batches(), ranges).ConfigureAwait(false);
                }
                catch (JournalConflictException)
                {
                    mayBeWritten = false;
                    throw;
                }
                catch (StorageException e) when (e.Outcome == StorageOutcome.NothingChanged)
                {
                    // No room for another file, most likely. Nothing was written and nothing applied: this group is refused, the next may fit.
                    LogNotWritten(e);
                    Refuse(decided, e);
                    return;
                }

                // The entries are in the log now: nothing below may be cancelled, and a failure stops the node.
                Apply(group, record, ranges);
                Groups++;
            }

            SignReceipts(decided);
        }
        catch (Exception e)
        {
            Exception failure = mayBeWritten && e is not StorageException { Outcome: StorageOutcome.Unknown }
                ? new StorageException($"The node failed after it had begun to write: {e.Message}", StorageOutcome.Unknown, e)
                : e;
            foreach (AppendRequest request in requests)
            {
                request.Done.TrySetException(StoppedBy(failure));
            }

            throw;
        }
    }

    private static void Refuse(List<(AppendRequest Request, AppendResult Result)> decided, StorageException why)
    {
        foreach ((AppendRequest request, _) in decided)
        {
            request.Done.TrySetException(new NotWrittenException(why));
        }
    }

    /// <summary>Gives each event of a request its index, or finds where it is already.</summary>
    private AppendResult Decide(AppendRequest request, Group group)
    {
        PendingLog pending = group.For(request.Log);
        int mark = pending.Entries.Count;
        var events = new List<AppendedEvent>(request.Entries.Count);
        bool conflict = false;
        foreach (PreparedEntry entry in request.Entries)
        {
            AppendedEvent result = FindEarlier(entry, pending) ?? pending.RefuseStream(entry) ?? pending.Add(entry);
            result.Item = events.Count;
            conflict |= !result.IsLogged;
            events.Add(result);
        }

        if (conflict && !request.Partial)
        {
            pending.CutBack(mark);
            return new AppendResult([.. events.Where(e => !e.IsLogged)], null, Refused: true);
        }

        return new AppendResult(events, null, Refused: false);
    }

    /// <summary>The entry that the same principal logged under the same id, if any: in this group or before.</summary>
    private AppendedEvent? FindEarlier(in PreparedEntry entry, PendingLog pending)
    {
        string principal = entry.Entry.Principal;
        string id = entry.Entry.Id;
        if (pending.Find(principal, id) is { } inGroup)
        {
            return inGroup.Prepared.Entry.ClaimHash == entry.Entry.ClaimHash
                ? inGroup.Event with { Status = AppendStatus.Repeated }
                : inGroup.Event with { Status = AppendStatus.Conflict };
        }

        AppendedEvent? found = FindEarlier(entry, pending.Log, long.MaxValue);
        for (EarlierLog? before = pending.Log.Predecessor; found is null && before is not null; before = before.State.Predecessor)
        {
            // What no checkpoint of the finished log covers can be promised to nobody under its origin, so it is logged again under ours.
            found = FindEarlier(entry, before.State, before.SignedSize) is { } inPlace ? inPlace with { Holder = before.State } : null;
        }

        return found;
    }

    /// <summary>The entry among the first <paramref name="size"/> of a log that the same principal logged under the same id, if any.</summary>
    private AppendedEvent? FindEarlier(in PreparedEntry entry, LogState log, long size)
    {
        string principal = entry.Entry.Principal;
        string id = entry.Entry.Id;
        foreach (long index in log.Window.Candidates(IdempotencyWindow.HashOf(log.IdSeed, principal, id)))
        {
            if (index >= size)
            {
                continue;
            }

            ReadOnlyMemory<byte> stored = log.ReadEntry(index);
            if (!Entry.TryRead(stored.Span, out EntryFacts facts))
            {
                throw new StorageException($"Entry {index} of log {log.Name} is not an entry that this log can have written.", StorageOutcome.Damaged);
            }

            if (facts.Principal != principal || facts.Id != id)
            {
                continue;
            }

            var claimHash = new Hash(SHA256.HashData(Entry.ClaimOf(stored.Span)));
            bool same = claimHash == entry.Entry.ClaimHash || Entry.SameClaim(stored.Span, entry.Claim, log.Origin, _personalKeyById);
            return new AppendedEvent(
                same ? AppendStatus.Repeated : AppendStatus.Conflict, id, index, TreeHasher.Leaf(stored.Span), claimHash, facts.ReceivedAt);
        }

        return null;
    }

    private void Apply(Group group, long record, List<PayloadRange> ranges)
    {
        int at = 0;
        foreach (PendingLog pending in group.Logs)
        {
            LogState log = pending.Log;
            using (log.Sources.Enter())
            {
                foreach (PendingEntry entry in pending.Entries)
                {
                    BuiltEntry built = entry.Prepared.Entry;
                    DateTimeOffset receivedAt = Instant.Parse(entry.Event.ReceivedAt);
                    log.Tail.Append(entry.Event.LeafHash, EntryLocation.InJournal(record, ranges[at++]));
                    log.Window.Add(IdempotencyWindow.HashOf(log.IdSeed, built.Principal, built.Id), entry.Event.Index, receivedAt);
                    log.Sources.Apply(receivedAt.UtcTicks, built.Principal, entry.Prepared.Producer, built.Bytes.Span);
                }
            }

            log.LastReceivedAt = pending.LastReceivedAt;
            foreach (PendingEntry entry in pending.Entries)
            {
                _applied(log, entry.Event.Index, entry.Prepared.Entry.Bytes);
            }

            log.PublishTail();
            Grown(log);
        }
    }

    /// <summary>One tree and one signature for everything that this group promises, then the answers.</summary>
    private void SignReceipts(List<(AppendRequest Request, AppendResult Result)> decided)
    {
        var promised = new List<(string Origin, AppendedEvent Event)>();
        foreach ((AppendRequest request, AppendResult result) in decided)
        {
            if (!result.Refused)
            {
                promised.AddRange(result.Events.Where(e => e.IsLogged).Select(e => (e.Holder?.Origin ?? request.Log.Origin, e)));
            }
        }

        promised.Sort(static (a, b) => a.Origin == b.Origin ? a.Event.Index.CompareTo(b.Event.Index) : string.CompareOrdinal(a.Origin, b.Origin));
        var receipts = new ReceiptGroup();
        foreach ((string origin, AppendedEvent e) in promised)
        {
            e.ReceiptPosition = receipts.Add(origin, e.Index, e.LeafHash, e.ReceivedAt, e.Id);
        }

        SignedReceiptGroup? signed = receipts.Count == 0 ? null : receipts.Sign(_receiptsSigner);
        foreach ((AppendRequest request, AppendResult result) in decided)
        {
            request.Done.TrySetResult(result.Refused ? result : result with { Receipts = signed });
        }
    }

    private void Fail(Exception failure)
    {
        lock (_queueLock)
        {
            _failure = failure;
            while (TryTake(out AppendRequest? request))
            {
                request.Done.TrySetException(new NodeStoppedException("The node stopped before this request had its turn; nothing of it was appended.", failure) { OutcomeUnknown = false });
            }

            while (_work.TryDequeue(out (Action Work, TaskCompletionSource Done) item))
            {
                item.Done.TrySetException(StoppedBy(failure));
            }
        }
    }

    private static NodeStoppedException StoppedBy(Exception failure) => new(
        failure is StorageException { Outcome: StorageOutcome.Unknown }
            ? "The node stopped while it wrote this: whether it is in the log is not known. Send it again under the same ids when the node is back."
            : "The node stopped: " + failure.Message,
        failure);

    private void ThrowIfStopped()
    {
        if (_failure is not null)
        {
            throw new NodeStoppedException("The node has stopped and takes nothing until it is started anew; nothing of this was appended.", _failure) { OutcomeUnknown = false };
        }

        if (_stopping)
        {
            throw new NodeStoppedException("The node is stopping and takes nothing more.");
        }
    }

    [LoggerMessage(1102, LogLevel.Error, "A group was refused: the journal could not take it, and nothing was changed")]
    private partial void LogNotWritten(Exception why);

    [LoggerMessage(1101, LogLevel.Critical, "The sequencer stopped; the node appends nothing more until it is started anew")]
    private partial void LogStopped(Exception failure);

    /// <summary>The entries of a group, log by log.</summary>
    private sealed class Group
    {
        private readonly Dictionary<LogState, PendingLog> _byLog = [];

        public IReadOnlyList<PendingLog> Logs => [.. _byLog.Values.Where(log => log.Entries.Count > 0)];

        public int Count => _byLog.Values.Sum(log => log.Entries.Count);

        public PendingLog For(LogState log)
        {
            if (!_byLog.TryGetValue(log, out PendingLog? pending))
            {
                _byLog.Add(log, pending = new PendingLog(log));
            }

            return pending;
        }

        public IReadOnlyList<JournalBatch> Batches() =>
            [.. Logs.Select(log => new JournalBatch(log.Log.Name, log.FirstIndex, [.. log.Entries.Select(entry => (ReadOnlyMemory<byte>)entry.Prepared.Entry.Bytes)]))];
    }

    /// <summary>An entry with its index, not durable yet.</summary>
    private readonly record struct PendingEntry(PreparedEntry Prepared, AppendedEvent Event);

    /// <summary>What a group adds to one log.</summary>
    private sealed class PendingLog(LogState log)
    {
        private readonly Dictionary<(string Principal, string Id), int> _byId = [];
        private readonly Dictionary<string, (string Principal, int Entry)> _streams = new(StringComparer.Ordinal);   // those that begin in this group

        public LogState Log { get; } = log;

        public long FirstIndex { get; } = log.DurableSize;

        public List<PendingEntry> Entries { get; } = [];

        public string LastReceivedAt { get; private set; } = log.LastReceivedAt;

        public PendingEntry? Find(string principal, string id) =>
            _byId.TryGetValue((principal, id), out int at) ? Entries[at] : null;

        /// <summary>Refuses an event whose stream belongs to another principal, by what is in the log or stands before it in this group.</summary>
        public AppendedEvent? RefuseStream(in PreparedEntry prepared)
        {
            string stream = prepared.Producer.StreamId;
            string principal = prepared.Entry.Principal;
            if (stream.Length == 0)
            {
                return null;
            }

            string? owner = Log.Sources.OwnerOf(stream);
            if (owner is null)
            {
                if (_streams.TryAdd(stream, (principal, Entries.Count)))
                {
                    return null;
                }

                owner = _streams[stream].Principal;
            }

            return owner == principal
                ? null
                : new AppendedEvent(AppendStatus.StreamTaken, prepared.Entry.Id, -1, prepared.LeafHash, prepared.Entry.ClaimHash, prepared.ReceivedAt);
        }

        public AppendedEvent Add(in PreparedEntry prepared)
        {
            BuiltEntry entry = prepared.Entry;
            Hash leaf = prepared.LeafHash;
            string receivedAt = prepared.ReceivedAt;
            if (string.CompareOrdinal(receivedAt, LastReceivedAt) < 0)
            {
                // Requests are stamped when they arrive and may overtake each other; within a log, time never goes back.
                receivedAt = LastReceivedAt;
                entry.RaiseReceivedAt(Encoding.ASCII.GetBytes(receivedAt));
                leaf = TreeHasher.Leaf(entry.Bytes.Span);
            }

            LastReceivedAt = receivedAt;
            var added = new AppendedEvent(AppendStatus.Appended, entry.Id, FirstIndex + Entries.Count, leaf, entry.ClaimHash, receivedAt);
            _byId.Add((entry.Principal, entry.Id), Entries.Count);
            Entries.Add(new PendingEntry(prepared, added));
            return added;
        }

        /// <summary>Forgets what a request that is refused as a whole had added.</summary>
        public void CutBack(int count)
        {
            foreach (PendingEntry entry in Entries.Skip(count))
            {
                _byId.Remove((entry.Prepared.Entry.Principal, entry.Prepared.Entry.Id));
                if (_streams.TryGetValue(entry.Prepared.Producer.StreamId, out (string, int Entry) begun) && begun.Entry >= count)
                {
                    _streams.Remove(entry.Prepared.Producer.StreamId);
                }
            }

            Entries.RemoveRange(count, Entries.Count - count);
        }
    }
}
