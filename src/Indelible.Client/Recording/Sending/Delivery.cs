using Indelible.Client.Recording.Spooling;

namespace Indelible.Client.Recording.Sending;

/// <summary>Sends what waits: one loop for the spool and what is in memory, one for events whose callers wait.</summary>
/// <remarks>
/// <para>
/// A stream's events leave in the order of their numbers: one request at a time, whichever loop sends it (<see cref="_turn"/>), and the
/// loop of guaranteed events lets what was recorded before them go first. It does so only for a part of their budget: behind a slow
/// request or an outage's backlog they go ahead, and the server sees a jump that closes later.
/// </para>
/// <para>
/// An event leaves the spool in three durable steps: its verified receipt is kept, or it is a dead letter; then the place is noted; then
/// its file may go. A crash in between sends it again, under its id.
/// </para>
/// </remarks>
internal sealed class Delivery : IAsyncDisposable
{
    private const double ShareOfBudget = 0.4;
    private static readonly TimeSpan s_takeOverEvery = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan s_forbiddenPause = TimeSpan.FromSeconds(2);

    private readonly AuditClientOptions _options;
    private readonly LogConnection _connection;
    private readonly SpoolRoot _root;
    private readonly SpoolFolder _own;
    private readonly SpoolWriter _writer;
    private readonly ReceiptStore _receipts;
    private readonly DeadLetters _deadLetters;
    private readonly BestEffortBuffer _bestEffort;
    private readonly ClientTelemetry _telemetry;
    private readonly IDeliveryEvents _events;
    private readonly TimeProvider _time;
    private readonly RetryPause _pause;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly SemaphoreSlim _wake = new(0, 1);
    private readonly SemaphoreSlim _express = new(0, 1);
    private readonly Lock _gate = new();
    private readonly List<GuaranteedEvent> _guaranteed = [];
    private readonly List<SpoolFolder> _adopted = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _stopAhead = new();
    private Task _main = Task.CompletedTask;
    private Task _ahead = Task.CompletedTask;
    private long _lookedForOthers;
    private bool _hasLooked;
    private volatile bool _troubled;
    private volatile bool _flushing;
    private volatile TaskCompletionSource _moved = NewSignal();

    public Delivery(
        AuditClientOptions options, LogConnection connection, SpoolRoot root, SpoolFolder own, SpoolWriter writer, ReceiptStore receipts,
        BestEffortBuffer bestEffort, ClientTelemetry telemetry, IDeliveryEvents events, TimeProvider time, int seed)
    {
        _options = options;
        _connection = connection;
        _root = root;
        _own = own;
        _writer = writer;
        _receipts = receipts;
        _deadLetters = new DeadLetters(root.DeadLettersPath, options.DeadLetterBytes, time);
        _bestEffort = bestEffort;
        _telemetry = telemetry;
        _events = events;
        _time = time;
        _pause = new RetryPause(options.FirstRetry, options.LongestRetry, seed);
    }

    /// <summary>Begins.</summary>
    public void Start()
    {
        _main = RunAsync();
        _ahead = RunAheadAsync();
    }

    /// <summary>Says that something waits.</summary>
    public void Wake() => Signal(_wake);

    /// <summary>Sends an event whose caller waits.</summary>
    public void Enqueue(GuaranteedEvent one)
    {
        lock (_gate)
        {
            _guaranteed.Add(one);
        }

        Signal(_express);
    }

    /// <summary>Completes when everything that waits now has been sent, or <paramref name="limit"/> is over.</summary>
    /// <returns>Whether nothing waits.</returns>
    public Task<bool> FlushAsync(TimeSpan limit, CancellationToken cancellationToken) => FlushAsync(limit, whileTroubled: true, cancellationToken);

    /// <summary>Sends no more events whose callers wait: those that do are told that they are not recorded.</summary>
    public async Task EndGuaranteedAsync()
    {
        await _stopAhead.CancelAsync().ConfigureAwait(false);
        await _ahead.ConfigureAwait(false);
    }

    /// <summary>Ends both loops. What is not settled stays in the spool.</summary>
    public async ValueTask DisposeAsync()
    {
        await EndGuaranteedAsync().ConfigureAwait(false);
        await _stop.CancelAsync().ConfigureAwait(false);
        await _main.ConfigureAwait(false);
        foreach (SpoolFolder folder in _adopted)
        {
            folder.Dispose();
        }

        _stop.Dispose();
        _stopAhead.Dispose();
        _turn.Dispose();
        _wake.Dispose();
        _express.Dispose();
    }

    private async Task<bool> FlushAsync(TimeSpan limit, bool whileTroubled, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(limit, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        _flushing = true;
        try
        {
            await _writer.Pending.WaitAsync(either.Token).ConfigureAwait(false);
            SpoolPosition until = _writer.Durable;
            while (true)
            {
                Task moved = _moved.Task;
                if (IsSettled(until))
                {
                    return true;
                }

                if (_troubled && !whileTroubled)
                {
                    return false;
                }

                Wake();
                await moved.WaitAsync(either.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
        finally
        {
            _flushing = false;
        }
    }

    private bool IsSettled(SpoolPosition until)
    {
        lock (_gate)
        {
            return _own.Next >= until && _bestEffort.IsEmpty;
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static void Signal(SemaphoreSlim semaphore)
    {
        try
        {
            if (semaphore.CurrentCount == 0)
            {
                semaphore.Release();
            }
        }
        catch (Exception e) when (e is SemaphoreFullException or ObjectDisposedException)
        {
            // Signalled already, or the end has come.
        }
    }

    private async Task RunAsync()
    {
        await Task.Yield();
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                if (!await SendNextAsync().ConfigureAwait(false))
                {
                    await _wake.WaitAsync(s_takeOverEvery, _stop.Token).ConfigureAwait(false);
                    if (!_flushing && _options.Linger > TimeSpan.Zero)
                    {
                        await Task.Delay(_options.Linger, _time, _stop.Token).ConfigureAwait(false);
                    }
                }
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // The spool's own disk, most likely. Whatever it is: a loop that ends in silence would deliver nothing more.
                _telemetry.LogFault(e.Message, e);
                _events.OnDelayed("The spool cannot be read or noted: " + e.Message);
                await PauseAsync(_pause.Next(null)).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Sends one batch of what waits, if anything does.</summary>
    private async Task<bool> SendNextAsync()
    {
        TakeOver();
        bool any = false;
        foreach (SpoolFolder folder in _adopted.ToArray())
        {
            List<SpooledEvent> spooled = folder.Read(null, _options.BatchEvents, _options.BatchBytes, out SpoolPosition end);
            if (await SendBatchAsync(folder, spooled, end, []).ConfigureAwait(false))
            {
                any = true;
            }
            else
            {
                Finish(folder);
            }
        }

        return await SendOwnAsync().ConfigureAwait(false) || any;
    }

    private Task<bool> SendOwnAsync()
    {
        SpoolPosition durable = _writer.Durable;
        List<SpooledEvent> spooled = _own.Read(durable, _options.BatchEvents, _options.BatchBytes, out SpoolPosition end);

        // Best-effort events stand between the spooled ones by their numbers.
        long upTo = end < durable && spooled.Count > 0 ? spooled[^1].Sequence : long.MaxValue;
        List<OutgoingEvent> light = _bestEffort.Take(_options.BatchEvents, _options.BatchBytes, upTo);
        long lowest = _bestEffort.Lowest;
        int before = spooled.FindIndex(one => one.Sequence > lowest);
        if (before >= 0)
        {
            // More waits in memory than fits: the batch ends where the first of it stands.
            spooled = _own.Read(durable, before, _options.BatchBytes, out end);
        }

        return SendBatchAsync(_own, spooled, end, light);
    }

    /// <summary>Sends events of a folder up to <paramref name="end"/>, with <paramref name="light"/> among them.</summary>
    /// <returns>Whether there was anything to send.</returns>
    private async Task<bool> SendBatchAsync(SpoolFolder folder, List<SpooledEvent> spooled, SpoolPosition end, List<OutgoingEvent> light)
    {
        if (spooled.Count == 0 && light.Count == 0)
        {
            if (end > folder.Next)
            {
                Settle(folder, [], end);   // Over the end of a file, or over damage.
            }

            return false;
        }

        OutgoingEvent[] all =
        [
            .. spooled.Select(one => new OutgoingEvent(one.Sequence, one.Id, one.Json)).Concat(light).OrderBy(one => one.Sequence),
        ];
        SendResult result;
        try
        {
            result = await SendInTurnAsync(all).ConfigureAwait(false);
            if (result.Kind == SendKind.BodyRefused)
            {
                result = await SendInPartsAsync(all, result).ConfigureAwait(false);
            }
        }
        catch
        {
            PutBack(light);   // At the end, what memory holds goes to the spool.
            throw;
        }

        if (result.Kind != SendKind.Answered)
        {
            PutBack(light);
            _events.OnFailed(result);
            await PauseAsync(result.Kind == SendKind.Forbidden ? _pause.Next(s_forbiddenPause) : _pause.Next(result.RetryAfter)).ConfigureAwait(false);
            return true;
        }

        _bestEffort.Settle(light.Count);
        Keep(all, result);
        Settle(folder, spooled, end);
        _pause.Reset();
        _troubled = false;
        _events.OnDelivered(result.Items.LastOrDefault(item => item.Receipt is not null).Receipt);
        return true;
    }

    private void PutBack(List<OutgoingEvent> light)
    {
        int dropped = _bestEffort.PutBack(light);
        if (dropped > 0)
        {
            _telemetry.Dropped(DeliveryMode.BestEffort, dropped);
            _events.OnDropped(dropped);
        }
    }

    private async Task<SendResult> SendInTurnAsync(OutgoingEvent[] events)
    {
        await _turn.WaitAsync(_stop.Token).ConfigureAwait(false);
        try
        {
            return await SendAsync(events, _options.RequestTimeout, null, _stop.Token).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task<SendResult> SendAsync(IReadOnlyList<OutgoingEvent> events, TimeSpan limit, Action? onBegin, CancellationToken stopping)
    {
        using System.Diagnostics.Activity? activity = ClientTelemetry.Activities.StartActivity("indelible.send", System.Diagnostics.ActivityKind.Client);
        activity?.SetTag("indelible.events", events.Count);
        long started = _time.GetTimestamp();
        SendResult result = await _connection.SendAsync(events, limit, onBegin, stopping).ConfigureAwait(false);
        if (result.Kind == SendKind.Answered)
        {
            _telemetry.Delivered(result.Items.Count(item => item.Receipt is not null), _time.GetElapsedTime(started).TotalSeconds);
        }
        else
        {
            _telemetry.Failed(result.Kind.ToString());
            activity?.SetStatus(System.Diagnostics.ActivityStatusCode.Error, result.Kind.ToString());
        }

        if (result.Kind == SendKind.Untrusted && !stopping.IsCancellationRequested)
        {
            _events.OnContradiction(ContradictionKind.FalseSignature, result.Detail, [("answer.json", result.Evidence)]);
        }

        return result;
    }

    /// <summary>Finds out which events of a refused body are to blame: halves, down to one.</summary>
    private async Task<SendResult> SendInPartsAsync(OutgoingEvent[] events, SendResult refused)
    {
        if (events.Length == 1)
        {
            return new SendResult(SendKind.Answered, "") { Items = [new ItemResult(null, refused.Detail)] };
        }

        var items = new List<ItemResult>(events.Length);
        var receipts = new List<byte>();
        foreach (OutgoingEvent[] half in new[] { events[..(events.Length / 2)], events[(events.Length / 2)..] })
        {
            SendResult part = await SendInTurnAsync(half).ConfigureAwait(false);
            part = part.Kind == SendKind.BodyRefused ? await SendInPartsAsync(half, part).ConfigureAwait(false) : part;
            if (part.Kind != SendKind.Answered)
            {
                return part;   // The other half is sent again: the server knows its ids.
            }

            items.AddRange(part.Items);
            receipts.AddRange(part.ReceiptLine);
        }

        return new SendResult(SendKind.Answered, "") { Items = items, ReceiptLine = [.. receipts] };
    }

    /// <summary>Keeps the receipts, and what was refused.</summary>
    private void Keep(OutgoingEvent[] events, SendResult result)
    {
        KeepReceipts(result.ReceiptLine);

        (OutgoingEvent Event, string Reason)[] refused =
        [
            .. events.Zip(result.Items).Where(pair => pair.Second.Refusal is not null).Select(pair => (pair.First, pair.Second.Refusal!)),
        ];
        if (refused.Length > 0)
        {
            int lost = _deadLetters.Add(refused);
            if (lost > 0)
            {
                _telemetry.LogDeadLettersFull(lost);
            }

            _telemetry.Refused(refused.Length, refused[0].Reason);
            _events.OnRefused(refused);
        }
    }

    private void KeepReceipts(byte[] line)
    {
        if (line.Length == 0)
        {
            return;
        }

        try
        {
            if (_receipts.Add(line) is > 0 and var gone)
            {
                _telemetry.LogReceiptsGone(gone);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A full disk: that the events are logged is verified, and to hold them back would fill it further.
            _telemetry.LogReceiptsGone(line.Length);
        }
    }

    private void Settle(SpoolFolder folder, List<SpooledEvent> spooled, SpoolPosition end)
    {
        long damaged = folder.DamagedBytes;
        lock (_gate)
        {
            folder.Settle(end, folder == _own ? _writer.Highest : folder.HighestKnown);
        }

        _writer.Release(folder.CountSettled(spooled), settledAll: folder == _own && end >= _writer.Durable);
        _events.OnSettled(damaged, folder.Path);
        Move();
    }

    /// <summary>Lets those look again who wait for what waits to be settled.</summary>
    private void Move()
    {
        TaskCompletionSource moved = _moved;
        _moved = NewSignal();
        moved.TrySetResult();
    }

    /// <summary>Takes over the folders of processes that are gone.</summary>
    private void TakeOver()
    {
        if (_hasLooked && _time.GetElapsedTime(_lookedForOthers) < s_takeOverEvery)
        {
            return;
        }

        _hasLooked = true;
        _lookedForOthers = _time.GetTimestamp();
        foreach (string path in Directory.EnumerateDirectories(_root.StreamsPath).Order(StringComparer.Ordinal).ToArray())
        {
            if (path == _own.Path || _adopted.Any(folder => folder.Path == path) || SpoolFolder.TryTake(path) is not { } folder)
            {
                continue;
            }

            _adopted.Add(folder);
            _writer.Adopt(folder.Size);
            _receipts.Adopt(path);
            if (folder.Size > 0)
            {
                _telemetry.LogTakenOver(folder.Stream, folder.Size);
            }
        }
    }

    private void Finish(SpoolFolder folder)
    {
        _adopted.Remove(folder);
        _root.NoteFinished(folder.Stream, folder.HighestLeft());
        _writer.Release(folder.Remainder, settledAll: false);
        folder.Delete();
    }

    private async Task PauseAsync(TimeSpan pause)
    {
        _troubled = true;
        Move();
        await Task.Delay(pause, _time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task RunAheadAsync()
    {
        await Task.Yield();
        while (!_stopAhead.IsCancellationRequested)
        {
            try
            {
                await _express.WaitAsync(_stopAhead.Token).ConfigureAwait(false);
                while (TakeGuaranteed() is { Count: > 0 } waiting)
                {
                    await SendAheadAsync(waiting).ConfigureAwait(false);
                }
            }
            catch (OperationCanceledException) when (_stopAhead.IsCancellationRequested)
            {
                break;
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                _telemetry.LogFault(e.Message, e);
            }
        }

        lock (_gate)
        {
            _guaranteed.ForEach(one => one.Fail("the client has ended"));
            _guaranteed.Clear();
        }
    }

    private List<GuaranteedEvent> TakeGuaranteed()
    {
        lock (_gate)
        {
            _guaranteed.RemoveAll(one => one.IsGivenUp);
            return [.. _guaranteed.Take(_options.BatchEvents)];
        }
    }

    private async Task SendAheadAsync(List<GuaranteedEvent> waiting)
    {
        TimeSpan left = _time.GetElapsedTime(_time.GetTimestamp(), waiting.Max(one => one.Deadline));
        if (left <= TimeSpan.Zero)
        {
            await Task.Yield();   // Their callers are about to give them up.
            return;
        }

        bool inTurn = false;
        if (!_troubled)
        {
            TimeSpan patience = left * ShareOfBudget;
            await FlushAsync(patience, whileTroubled: false, _stopAhead.Token).ConfigureAwait(false);
            inTurn = await _turn.WaitAsync(patience / 2, _stopAhead.Token).ConfigureAwait(false);
        }

        SendResult result;
        try
        {
            left = _time.GetElapsedTime(_time.GetTimestamp(), waiting.Max(one => one.Deadline));
            result = await SendAsync(
                [.. waiting.Select(one => one.Outgoing)],
                left > TimeSpan.Zero ? left : TimeSpan.FromMilliseconds(1),
                () => waiting.ForEach(one => one.IsUnderWay = true),
                _stopAhead.Token).ConfigureAwait(false);
        }
        finally
        {
            if (inTurn)
            {
                _turn.Release();
            }
        }

        if (result.Kind == SendKind.Answered)
        {
            Answer(waiting, result);
            return;
        }

        _events.OnFailed(result);
        waiting.ForEach(one =>
        {
            one.Detail = result.Detail;
            one.IsUnderWay = false;
            one.MayBeLogged |= result.Kind is SendKind.Unknown or SendKind.Untrusted;
        });
        if (result.Kind is SendKind.Forbidden or SendKind.BodyRefused or SendKind.Untrusted || result.RetryAfter > left)
        {
            waiting.ForEach(one => one.Fail(result.Detail));
            return;
        }

        var pause = new RetryPause(TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(50), waiting[0].Outgoing.Id.GetHashCode(StringComparison.Ordinal));
        await Task.Delay(pause.Next(result.RetryAfter), _time, _stopAhead.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void Answer(List<GuaranteedEvent> waiting, SendResult result)
    {
        KeepReceipts(result.ReceiptLine);
        for (int i = 0; i < waiting.Count; i++)
        {
            if (result.Items[i].Receipt is { } receipt)
            {
                waiting[i].Receive(receipt);
            }
            else
            {
                waiting[i].Fail(result.Items[i].Refusal!);
            }
        }

        _events.OnDelivered(result.Items.LastOrDefault(item => item.Receipt is not null).Receipt);
    }
}
