using Indelible.Engine.Reading;
using Indelible.Engine.Rotation;
using Indelible.Engine.Sequencing;
using Indelible.Engine.Storage;
using Indelible.Keys;
using Indelible.Merkle;
using Indelible.Notes;
using Indelible.Proofs;
using Indelible.Rotation;
using Microsoft.Extensions.Logging;

namespace Indelible.Engine.Publishing;

/// <summary>Signs the heads of growing logs, and shows a head only when the checkpoint store holds it.</summary>
/// <remarks>
/// <para>
/// A round, for all logs that have grown: compute the head; make the consistency proof from the recorded head and check it with the
/// verifier that everybody uses; sign; swap all of them into the checkpoint store at once; then show. A log never signs a smaller
/// head, or another root for the same size; a note that was not swapped never leaves memory.
/// </para>
/// <para>
/// Where a log's key is rotated (construction C), one head is signed by both keys and swapped in together with the list of handovers: the
/// point of no return. From then on the next key signs, and the old one nothing.
/// </para>
/// <para>
/// A round begins when somebody waits, else at an interval, but never sooner than twice the last round's duration after the one
/// before: signing must not crowd out appending.
/// </para>
/// </remarks>
internal sealed partial class Publisher(ICheckpointStore store, TimeSpan interval, TimeProvider time, ILogger<Publisher> logger) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly List<PublishedLog> _logs = [];            // under _lock
    private readonly SemaphoreSlim _awaited = new(0, 1);
    private readonly SemaphoreSlim _turn = new(1, 1);          // held by a round
    private readonly ILogger _logger = logger;
    private TimeSpan _lastRound;

    /// <summary>What stopped the publisher, if it failed.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Publishes this log from now on; its recorded head must have been shown already, and it has a signer.</summary>
    public void Add(PublishedLog log)
    {
        lock (_lock)
        {
            _logs.Add(log);
        }
    }

    /// <summary>Begins a round soon.</summary>
    public void Wake()
    {
        lock (_lock)
        {
            if (_awaited.CurrentCount == 0)
            {
                _awaited.Release();
            }
        }
    }

    /// <summary>Publishes until cancelled; a last round then covers what has been appended.</summary>
    public async Task RunAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await WaitAsync(stoppingToken).ConfigureAwait(false);
            if (!await TurnAsync().ConfigureAwait(false))
            {
                return;
            }
        }

        await TurnAsync().ConfigureAwait(false);
    }

    /// <summary>One turn of the loop: a round. A failure stops publishing, unless nothing was changed: the next turn then tries again.</summary>
    /// <returns><see langword="false"/> when it has failed.</returns>
    public async Task<bool> TurnAsync()
    {
        if (Failure is not null)
        {
            return false;
        }

        try
        {
            await RoundAsync().ConfigureAwait(false);
            return true;
        }
        catch (StorageException e) when (e.Outcome == StorageOutcome.NothingChanged && e is not CheckpointConflictException)
        {
            // The disk is full, most likely. Nothing was shown, and whoever waits for a head goes on waiting.
            LogPutOff(e);
            return true;
        }
        catch (Exception e)
        {
            LogStopped(e);
            Failure = e;
            foreach (PublishedLog log in Logs())
            {
                log.Checkpoints.Fail(e);
                log.Handover?.Fail(e);
            }

            return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _awaited.Dispose();
        _turn.Dispose();
    }

    /// <summary>Shows no head of a log from here on before the one that hands over. No round is under way when it returns.</summary>
    /// <exception cref="NodeStoppedException">Publishing has stopped.</exception>
    public async Task HoldAsync(PublishedLog log, PendingHandover handover)
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        log.Handover = handover;
        _turn.Release();
        if (Failure is { } failure)
        {
            throw new NodeStoppedException("Publishing has stopped: no head is signed until the node is started anew.", failure);
        }
    }

    /// <summary>One round over all logs that have grown.</summary>
    /// <exception cref="VerificationException">A log's new head does not extend its recorded one: nothing was signed.</exception>
    /// <exception cref="CheckpointConflictException">The store holds another head: somebody else writes this log.</exception>
    public async Task RoundAsync()
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            await PublishAllAsync().ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task PublishAllAsync()
    {
        long started = time.GetTimestamp();
        var swaps = new List<CheckpointSwap>();
        var shown = new List<(PublishedLog Log, PublishedCheckpoint Checkpoint)>();
        var handedOver = new List<(PublishedLog Log, PendingHandover Pending, VerifiedHandover Handover, byte[] List)>();
        foreach (PublishedLog log in Logs())
        {
            PublishedCheckpoint recorded = log.Checkpoints.Latest!;
            PendingHandover? handover = log.Handover;
            if (handover is { Index: null })
            {
                continue;   // Its next head is the one that hands over, and the entry that this takes is not there yet.
            }

            long size = log.State.DurableSize;
            if (size == recorded.Head.Size)
            {
                continue;
            }

            TreeHead head = log.State.HeadAt(size);
            Check(log.State, recorded.Head, head);
            byte[] text = new Checkpoint(log.State.Origin, head.Size, head.Root).Format();
            byte[] note = (handover is null ? SignedNote.Sign(text, log.Signer!) : SignedNote.Sign(text, log.Signer!, handover.Next!)).ToBytes();
            swaps.Add(new CheckpointSwap(log.State.Origin, recorded.Note, note));
            shown.Add((log, new PublishedCheckpoint(head, note)));
            if (handover is not null)
            {
                (VerifiedHandover verified, byte[] list) = Prove(log, handover.Index!.Value, head, note);
                swaps.Add(new CheckpointSwap(CheckpointSwap.HandoversOf(log.State.Origin), log.Handovers is { } known ? known : default(ReadOnlyMemory<byte>?), list));
                handedOver.Add((log, handover, verified, list));
            }
        }

        if (swaps.Count > 0)
        {
            await store.SwapAsync(swaps).ConfigureAwait(false);
            foreach ((PublishedLog log, _, VerifiedHandover handover, byte[] list) in handedOver)
            {
                log.HandOver(handover.New.ToString(), list);
            }

            foreach ((PublishedLog log, PublishedCheckpoint checkpoint) in shown)
            {
                log.Checkpoints.Add(checkpoint);
            }

            foreach ((_, PendingHandover pending, VerifiedHandover handover, _) in handedOver)
            {
                pending.Complete(handover);
            }
        }

        _lastRound = time.GetElapsedTime(started);
    }

    /// <summary>Makes the handover of a head that both keys have signed, and goes the way from the first key to the next as every verifier will.</summary>
    private static (VerifiedHandover Handover, byte[] List) Prove(PublishedLog log, long index, in TreeHead head, byte[] note)
    {
        TlogProof proof = VerifiedHandover.Make(index, log.State.ReadEntry(index), InclusionProof.Create(log.State, index, head.Size), note);
        byte[] list = HandoverList.Format([.. HandoverList.Parse(log.Handovers), proof]);
        KeyChain chain = KeyChain.Of(VerifierKey.Parse(log.Vkey), NoteVerifiers.OfLog).With(list);
        return chain.Handovers[^1] is var handover && handover.Head == head && handover.Index == index
            ? (handover, list)
            : throw new VerificationException($"The handover of log {log.State.Origin} at {head.Size} entries does not lead from {log.Vkey} on. Nothing was signed over.");
    }

    private PublishedLog[] Logs()
    {
        lock (_lock)
        {
            return [.. _logs];
        }
    }

    private static void Check(LogState log, in TreeHead recorded, in TreeHead head)
    {
        Hash[] proof = recorded.Size == 0 ? [] : ConsistencyProof.Create(log, recorded.Size, head.Size);
        if (head.Size < recorded.Size || !ConsistencyProof.Verify(recorded, head, proof))
        {
            throw new VerificationException(
                $"Log {log.Origin} at size {head.Size}, root {head.Root}, does not extend what was signed at size {recorded.Size}, root {recorded.Root}. Nothing was signed.");
        }
    }

    private async Task WaitAsync(CancellationToken stoppingToken)
    {
        TimeSpan pause = interval > 2 * _lastRound ? interval : 2 * _lastRound;
        try
        {
            await _awaited.WaitAsync(pause, stoppingToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The loop ends, and the last round follows it.
        }
    }

    [LoggerMessage(1202, LogLevel.Error, "Publishing is put off: nothing was changed, and it is tried again")]
    private partial void LogPutOff(Exception failure);

    [LoggerMessage(1201, LogLevel.Critical, "Publishing stopped: no further checkpoint is signed until the node is started anew")]
    private partial void LogStopped(Exception failure);
}
