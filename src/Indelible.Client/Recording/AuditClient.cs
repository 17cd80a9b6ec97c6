using System.Security.Cryptography;
using Indelible.Client.Recording.Composing;
using Indelible.Client.Recording.Sending;
using Indelible.Client.Recording.Spooling;
using Indelible.Events.Producing;
using Indelible.Notes;
using Indelible.Proofs;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Indelible.Client.Recording;

/// <summary>Records an application's events in a log of an Indelible server, as <see cref="DeliveryMode"/> promises. One for a process. Thread-safe.</summary>
/// <remarks>
/// <para>
/// An event is filled in, checked and, where it is too large, cut on the caller's thread; numbered; and then, by its mode, spooled and
/// synced, sent and receipted, or held in memory. Two loops send in the background. A third compares the log's checkpoints with what
/// was signed and promised before (<see cref="LogContradiction"/>).
/// </para>
/// <para>
/// What the server says is believed only under the two keys of the options. An event leaves the spool when its signed receipt is kept,
/// or when the server has refused it for ever and it lies among the dead letters. See <c>docs/client.md</c> and <c>docs/delivery.md</c>.
/// </para>
/// </remarks>
public sealed class AuditClient : IAuditRecorder, IAsyncDisposable
{
    // Our own events, of losses above all, may take this much where the spool is full.
    private const int Reserve = 128 * 1024;
    private static readonly TimeSpan s_tellEvery = TimeSpan.FromSeconds(1);

    private readonly AuditClientOptions _options;
    private readonly TimeProvider _time;
    private readonly ModeTable _modes;
    private readonly EventComposer _composer;
    private readonly EventComposer _ownComposer;
    private readonly Actor _self;
    private readonly ClientTelemetry _telemetry;
    private readonly LogConnection _connection;
    private readonly SpoolRoot _root;
    private readonly SpoolFolder _own;
    private readonly SpoolWriter _writer;
    private readonly ReceiptStore _receipts;
    private readonly BestEffortBuffer _bestEffort;
    private readonly Delivery _delivery;
    private readonly ClientState _state;
    private readonly CancellationTokenSource _stop = new();
    private readonly LogWatch _watch;
    private readonly Task _heartbeats;
    private readonly Task _watching;
    private readonly string _stream;
    private readonly Lock _lossGate = new();
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private DroppedRange _notSpooled;
    private long _told;
    private int _alarm;
    private int _active;
    private int _ending;

    /// <summary>Opens the spool and begins to deliver what waits in it.</summary>
    /// <param name="options">What to do; read once.</param>
    /// <param name="enrichers">What adds the surroundings to each event, in this order.</param>
    /// <param name="logger">Receives what an operator should know; never an event's content.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="ArgumentException">The options cannot be used; the message has a line for each fault.</exception>
    /// <exception cref="IOException">The spool's folder cannot be used.</exception>
    public AuditClient(AuditClientOptions options, IEnumerable<IAuditEnricher>? enrichers = null, ILogger<AuditClient>? logger = null, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Faults() is { Count: > 0 } faults)
        {
            throw new ArgumentException("The audit client cannot start:\n  " + string.Join("\n  ", faults), nameof(options));
        }

        _options = options;
        _time = time ?? TimeProvider.System;
        _modes = new ModeTable(options.Modes);
        var logKey = VerifierKey.Parse(options.LogVkey!);
        Origin = logKey.Name;
        _root = SpoolRoot.Open(options.SpoolFolder!, Origin, options.InstanceId ?? Environment.MachineName);
        var service = new Service
        {
            Name = options.ServiceName!,
            Version = options.ServiceVersion,
            Environment = options.ServiceEnvironment,
            InstanceId = _root.Instance,
            Host = Environment.MachineName,
        };
        _self = new Actor { Id = options.ServiceName!, Type = ActorType.Service };
        _composer = new EventComposer(service, enrichers ?? [], _time);
        _ownComposer = new EventComposer(service, [], _time);
        _stream = Guid.CreateVersion7(_time.GetUtcNow()).ToString();
        PreviousStream? previous = _root.ReadPrevious();
        _own = SpoolFolder.Create(_root.StreamsPath, _stream);
        _root.WritePrevious(new PreviousStream(_stream, 0, Ended: false));
        _writer = new SpoolWriter(
            _own.Path, _stream, options.SpoolBytes, 0, options.WhenSpoolFull == WhenSpoolFull.Block ? options.SpoolFullWait : TimeSpan.Zero, _time);
        _receipts = new ReceiptStore(_own.Path, options.ReceiptBytes);
        _bestEffort = new BestEffortBuffer(options.BestEffortBytes);
        _telemetry = new ClientTelemetry(
            logger ?? NullLogger<AuditClient>.Instance, () => _writer.Used, () => (double)_writer.Used / options.SpoolBytes, () => _receipts.Bytes);
        _state = new ClientState(this);
        _connection = new LogConnection(options, Origin, VerifierKey.Parse(options.ReceiptsVkey!), _time);
        _delivery = new Delivery(
            options, _connection, _root, _own, _writer, _receipts, _bestEffort, _telemetry, _state, _time, RandomNumberGenerator.GetInt32(int.MaxValue));
        _writer.OnDurable = _delivery.Wake;
        _writer.OnFailure = _state.OnDiskFailed;
        _writer.OnLost = group => Lose(new DroppedRange(group.Count, group.First, group.Last));
        _watch = new LogWatch(options, _connection, _root, _receipts, logKey, _telemetry, _state, _time);
        _telemetry.LogStarted(Origin, _root.Instance, _stream, _root.Path);
        RecordStart(previous);
        _delivery.Start();
        _heartbeats = HeartbeatsAsync();
        _watching = _watch.RunAsync(_stop.Token);
    }

    /// <summary>The log's origin: the name of the pinned key.</summary>
    public string Origin { get; }

    /// <summary>This process's stream: what <c>producer.stream_id</c> of its events is.</summary>
    public string StreamId => _stream;

    /// <summary>How the client does, at this moment.</summary>
    public AuditClientHealth Health => _state.Health;

    /// <inheritdoc/>
    public ValueTask<RecordResult> RecordAsync(EventDraft draft, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(draft);
        DeliveryMode mode = _modes.Of(draft.Action ?? "") ?? draft.Mode ?? _options.DefaultMode;
        return RecordAsync(draft, mode, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask<RecordResult> RecordAsync(EventDraft draft, DeliveryMode mode, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(draft);
        Interlocked.Increment(ref _active);
        try
        {
            ObjectDisposedException.ThrowIf(Volatile.Read(ref _ending) != 0, this);
            cancellationToken.ThrowIfCancellationRequested();
            long started = _telemetry.WantsDurations ? _time.GetTimestamp() : 0;
            ComposedEvent composed = _composer.Compose(draft);
            RecordResult result = mode switch
            {
                DeliveryMode.Guaranteed => await RecordGuaranteedAsync(composed, draft.Action!, cancellationToken).ConfigureAwait(false),
                DeliveryMode.BestEffort => RecordBestEffort(composed),
                DeliveryMode.Durable => await RecordDurableAsync(composed, cancellationToken).ConfigureAwait(false),
                _ => throw new ArgumentOutOfRangeException(nameof(mode), mode, "There is no such mode."),
            };
            if (started != 0)
            {
                _telemetry.Recorded(mode, _time.GetElapsedTime(started).TotalSeconds);
            }

            return result;
        }
        catch (AuditNotRecordedException)
        {
            _telemetry.Unrecorded(mode);
            throw;
        }
        finally
        {
            if (Interlocked.Decrement(ref _active) == 0 && Volatile.Read(ref _ending) != 0)
            {
                _idle.TrySetResult();
            }
        }
    }

    /// <summary>Waits until everything that was recorded before has been delivered.</summary>
    /// <param name="limit">The longest to wait.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>Whether nothing waits any more.</returns>
    public Task<bool> FlushAsync(TimeSpan limit, CancellationToken cancellationToken = default) => _delivery.FlushAsync(limit, cancellationToken);

    /// <summary>Ends the stream on purpose: sends what waits within <see cref="AuditClientOptions.ShutdownWait"/>, leaves the rest in the spool, and says how far it came.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _ending, 1) != 0)
        {
            return;
        }

        long started = _time.GetTimestamp();
        await CallersAsync(_options.ShutdownWait).ConfigureAwait(false);
        await _delivery.EndGuaranteedAsync().ConfigureAwait(false);
        await CallersAsync(_options.ShutdownWait).ConfigureAwait(false);   // What was not recorded is being said.

        await _stop.CancelAsync().ConfigureAwait(false);
        await _heartbeats.ConfigureAwait(false);
        await _watching.ConfigureAwait(false);
        await _delivery.FlushAsync(Left(started) / 2, CancellationToken.None).ConfigureAwait(false);

        TellLosses(now: true);
        if (RecordOwn(Own("audit.producer.stopped", EventKind.Lifecycle), new StreamMark(IsLast: true)) is { } ended)
        {
            await ended.Done.ConfigureAwait(false);
        }

        await _delivery.FlushAsync(Left(started), CancellationToken.None).ConfigureAwait(false);
        await _delivery.DisposeAsync().ConfigureAwait(false);

        // What memory still holds waits on in the spool, under the numbers it has.
        foreach (OutgoingEvent one in _bestEffort.Take(int.MaxValue, long.MaxValue, long.MaxValue))
        {
            _writer.TryAddNumbered(one.Id, one.Json.Span, one.Sequence, _options.BestEffortBytes);
        }

        _writer.Dispose();
        Close();
    }

    private void Close()
    {
        long waiting = _writer.Used;
        try
        {
            _root.WritePrevious(new PreviousStream(_stream, _writer.Highest, Ended: true));
            _receipts.Dispose();
            if (_own.Next >= _writer.Durable && ReceiptStore.Files(_own.Path).Length == 0)
            {
                _own.Delete();
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _telemetry.LogFault(e.Message, e);
        }

        _own.Dispose();
        _root.Dispose();
        _connection.Dispose();
        _watch.Dispose();
        _telemetry.LogStopped(waiting);
        _telemetry.Dispose();
        _stop.Dispose();
    }

    /// <summary>Waits for the callers that are still inside.</summary>
    private async Task CallersAsync(TimeSpan limit)
    {
        if (Volatile.Read(ref _active) > 0)
        {
            await _idle.Task.WaitAsync(limit, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private TimeSpan Left(long started)
    {
        TimeSpan left = _options.ShutdownWait - _time.GetElapsedTime(started);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private async ValueTask<RecordResult> RecordDurableAsync(ComposedEvent composed, CancellationToken cancellationToken)
    {
        long started = 0;
        while (true)
        {
            while (!_writer.HasMemory(out Task ahead))
            {
                await ahead.WaitAsync(cancellationToken).ConfigureAwait(false);
            }

            // Asked for before the try, so that room made in between is not missed.
            Task room = _writer.Room;
            if (_writer.TryAdd(composed.Id, composed.Json.Span, default, reserve: 0) is { } group)
            {
                CheckFill();
                SpoolOutcome outcome = await group.Done.WaitAsync(cancellationToken).ConfigureAwait(false);
                if (outcome != SpoolOutcome.Durable && _options.WhenSpoolFull != WhenSpoolFull.DropAndCount)
                {
                    throw new AuditNotRecordedException(
                        composed.Id, outcome == SpoolOutcome.Unknown, $"The event {composed.Id} is not recorded: the spool's disk does not take it: {group.Failure?.Message}", group.Failure);
                }

                return new RecordResult(composed.Id, DeliveryMode.Durable, null);
            }

            _state.OnFull();
            if (_options.WhenSpoolFull == WhenSpoolFull.DropAndCount)
            {
                long number = _writer.NextSequence();
                Lose(new DroppedRange(1, number, number));
                return new RecordResult(composed.Id, DeliveryMode.Durable, null);
            }

            started = started == 0 ? _time.GetTimestamp() : started;
            TimeSpan left = _options.WhenSpoolFull == WhenSpoolFull.Block ? _options.SpoolFullWait - _time.GetElapsedTime(started) : TimeSpan.Zero;
            if (left <= TimeSpan.Zero || !await ComesAsync(room, left, cancellationToken).ConfigureAwait(false))
            {
                throw new AuditNotRecordedException(
                    composed.Id, mayBeLogged: false, $"The event {composed.Id} is not recorded: the spool is full, {_writer.Used} of {_options.SpoolBytes} bytes.");
            }
        }
    }

    private async Task<bool> ComesAsync(Task room, TimeSpan limit, CancellationToken cancellationToken)
    {
        try
        {
            await room.WaitAsync(limit, _time, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private RecordResult RecordBestEffort(ComposedEvent composed)
    {
        int dropped = _bestEffort.Add(() => Number(composed));
        if (dropped > 0)
        {
            _telemetry.Dropped(DeliveryMode.BestEffort, dropped);
            _state.OnDropped(dropped);
        }

        _delivery.Wake();
        return new RecordResult(composed.Id, DeliveryMode.BestEffort, null);
    }

    private OutgoingEvent Number(ComposedEvent composed)
    {
        long sequence = _writer.NextSequence();
        return new OutgoingEvent(sequence, composed.Id, _writer.WithProducer(composed.Json.Span, sequence));
    }

    private async ValueTask<RecordResult> RecordGuaranteedAsync(ComposedEvent composed, string action, CancellationToken cancellationToken)
    {
        long deadline = _time.GetTimestamp() + (long)(_options.GuaranteedBudget.TotalSeconds * _time.TimestampFrequency);
        var waiting = new GuaranteedEvent(Number(composed), deadline);
        _delivery.Enqueue(waiting);
        try
        {
            DurableReceipt receipt = await waiting.Done.WaitAsync(_options.GuaranteedBudget, _time, cancellationToken).ConfigureAwait(false);
            return new RecordResult(composed.Id, DeliveryMode.Guaranteed, receipt);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Taken, and so delivered all the same: by way of the spool, under its number.
            waiting.GiveUp();
            if (!waiting.Done.IsCompletedSuccessfully)
            {
                _writer.TryAddNumbered(composed.Id, waiting.Outgoing.Json.Span, waiting.Outgoing.Sequence);
            }

            throw;
        }
        catch (TimeoutException)
        {
            waiting.GiveUp();
            if (waiting.Done.IsCompletedSuccessfully)
            {
                return new RecordResult(composed.Id, DeliveryMode.Guaranteed, await waiting.Done.ConfigureAwait(false));
            }

            TellUnconfirmed(waiting, action);
            throw new AuditNotRecordedException(
                composed.Id,
                waiting.MayBeLogged || waiting.IsUnderWay,
                $"The event {composed.Id} is not recorded: no receipt within {_options.GuaranteedBudget.TotalMilliseconds} ms; {waiting.Detail}.");
        }
        catch (AuditNotRecordedException)
        {
            TellUnconfirmed(waiting, action);
            throw;
        }
    }

    /// <summary>
    /// The caller was told that an event is not recorded, and does not do what it states. Whether or not the server has it: that is said,
    /// in an event that refers to it. It is not sent again, for then the log would state what did not happen.
    /// </summary>
    private void TellUnconfirmed(GuaranteedEvent waiting, string action) => RecordOwn(
        Own("audit.event.unconfirmed", EventKind.Annotation)
            .With("action", action)
            .With("seq", waiting.Outgoing.Sequence)
            .With("may_be_logged", waiting.MayBeLogged || waiting.IsUnderWay)
            .Failed(waiting.Detail.Length <= 500 ? waiting.Detail : waiting.Detail[..500]) with
        {
            RelatesTo = waiting.Outgoing.Id,
            Message = "The application was told that this event is not recorded; what it states should not have been done.",
        });

    private void Lose(DroppedRange lost)
    {
        lock (_lossGate)
        {
            _notSpooled = _notSpooled.With(lost.From, lost.To, lost.Count);
        }

        _telemetry.Dropped(DeliveryMode.Durable, lost.Count);
        _state.OnDropped(lost.Count);
    }

    /// <summary>Records what was dropped, once there is room for it.</summary>
    private void TellLosses(bool now)
    {
        if (!now && _told != 0 && _time.GetElapsedTime(_told) < s_tellEvery)
        {
            return;
        }

        DroppedRange fromMemory = _bestEffort.TakeDropped();
        DroppedRange fromSpool;
        lock (_lossGate)
        {
            (fromSpool, _notSpooled) = (_notSpooled, default);
        }

        if (!Tell(fromSpool, "spool") && fromSpool.Count > 0)
        {
            lock (_lossGate)
            {
                _notSpooled = _notSpooled.With(fromSpool.From, fromSpool.To, fromSpool.Count);
            }
        }

        if (!Tell(fromMemory, "memory") && fromMemory.Count > 0)
        {
            lock (_lossGate)
            {
                _notSpooled = _notSpooled.With(fromMemory.From, fromMemory.To, fromMemory.Count);
            }
        }
    }

    private bool Tell(DroppedRange dropped, string where)
    {
        if (dropped.Count == 0)
        {
            return true;
        }

        _told = _time.GetTimestamp();
        _telemetry.LogDropped(dropped.Count, dropped.From, dropped.To);
        return RecordOwn(
            Own("audit.events.dropped", null).With("count", dropped.Count).With("from", dropped.From).With("to", dropped.To).With("where", where).Failed("There was no room.")) is not null;
    }

    private void RecordStart(PreviousStream? previous)
    {
        EventDraft draft = Own("audit.producer.started", EventKind.Lifecycle);
        if (previous is { Stream.Length: > 0 })
        {
            draft = draft.With("previous_ended", previous.Ended);
        }

        RecordOwn(draft, new StreamMark(Previous: previous));
    }

    private EventDraft Own(string action, EventKind? kind) => new() { Action = action, Kind = kind, Category = Category.Audit, Actor = _self };

    /// <summary>Spools an event of the client's own, without waiting for it.</summary>
    private SyncGroup? RecordOwn(EventDraft draft, StreamMark mark = default)
    {
        ComposedEvent composed = _ownComposer.Compose(draft);
        return _writer.TryAdd(composed.Id, composed.Json.Span, in mark, Reserve);
    }

    /// <summary>Raises the alarm when the spool passes half and four fifths, and takes it back ten points below.</summary>
    private void CheckFill()
    {
        int percent = (int)(_writer.Used * 100 / _options.SpoolBytes);
        int known = Volatile.Read(ref _alarm);
        int reached = percent >= 80 ? 80 : percent >= 50 ? 50 : 0;
        if (reached > known)
        {
            if (Interlocked.CompareExchange(ref _alarm, reached, known) == known)
            {
                _telemetry.LogFilling(percent, _writer.Used, _options.SpoolBytes);
                RecordOwn(Own("audit.spool.filling", null).With("percent", percent).With("bytes", _writer.Used).With("limit", _options.SpoolBytes));
            }
        }
        else if (known > 0 && percent < known - 10)
        {
            Interlocked.CompareExchange(ref _alarm, reached, known);
        }
    }

    private async Task HeartbeatsAsync()
    {
        if (_options.HeartbeatInterval is not { } interval)
        {
            return;
        }

        while (!_stop.IsCancellationRequested)
        {
            await Task.Delay(interval, _time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!_stop.IsCancellationRequested)
            {
                RecordOwn(Own("audit.producer.heartbeat", EventKind.Heartbeat), new StreamMark(StatesHighest: true));
            }
        }
    }

    /// <summary>What the loops report, and the health that follows from it.</summary>
    private sealed class ClientState(AuditClient client) : IDeliveryEvents
    {
        private readonly Lock _gate = new();
        private AuditClientState _delivering = AuditClientState.Healthy;
        private string _detail = "";
        private readonly HashSet<string> _contradictions = [];
        private string? _contradiction = EvidenceFolder.Earlier(client._root.EvidencePath) is [var earlier, ..]
            ? $"The log contradicted itself in an earlier run; the evidence is in {earlier}. Move it away when it has been dealt with."
            : null;
        private string? _full;
        private long _dropped;
        private long _refused;
        private long _damaged;
        private DateTimeOffset? _lastReceipt;

        public AuditClientHealth Health
        {
            get
            {
                lock (_gate)
                {
                    (AuditClientState state, string detail) = _contradiction is not null ? (AuditClientState.Contradicted, _contradiction)
                        : _full is not null ? (AuditClientState.Full, _full)
                        : Volatile.Read(ref client._ending) != 0 ? (AuditClientState.Stopped, "")
                        : (_delivering, _detail);
                    return new AuditClientHealth
                    {
                        State = state,
                        Detail = detail,
                        SpoolBytes = client._writer.Used,
                        SpoolLimit = client._options.SpoolBytes,
                        Dropped = _dropped,
                        Refused = _refused,
                        LastReceipt = _lastReceipt,
                        VerifiedSize = client._watch.VerifiedSize,
                    };
                }
            }
        }

        public void OnDelivered(DurableReceipt? last)
        {
            lock (_gate)
            {
                if (_delivering != AuditClientState.Healthy)
                {
                    client._telemetry.LogDelivering();
                }

                (_delivering, _detail, _full) = (AuditClientState.Healthy, "", null);
                _lastReceipt = last is null ? _lastReceipt : client._time.GetUtcNow();
            }

            if (client._receipts.Bytes > client._options.ReceiptBytes / 4)
            {
                client._watch.Wake();
            }

            client.TellLosses(now: false);
        }

        public void OnFailed(SendResult result)
        {
            AuditClientState state = result.Kind == SendKind.Forbidden ? AuditClientState.Refused : AuditClientState.Delayed;
            lock (_gate)
            {
                // Said once for each state, not for each attempt.
                bool isNew = _delivering != state;
                (_delivering, _detail) = (state, result.Detail);
                if (isNew && state == AuditClientState.Refused)
                {
                    client._telemetry.LogForbidden(result.Detail);
                }
                else if (isNew)
                {
                    client._telemetry.LogDelayed(result.Detail);
                }
            }
        }

        public void OnDelayed(string detail) => OnFailed(new SendResult(SendKind.Unknown, detail));

        public void OnRefused(IReadOnlyList<(OutgoingEvent Event, string Reason)> refused)
        {
            lock (_gate)
            {
                _refused += refused.Count;
            }

            // Were ours refused too, saying so would be refused in turn, for ever.
            (OutgoingEvent Event, string Reason)[] theirs = [.. refused.Where(one => one.Event.Json.Span.IndexOf("\"action\":\"audit.events.refused\""u8) < 0)];
            if (theirs.Length > 0)
            {
                client.RecordOwn(client.Own("audit.events.refused", null)
                    .With("count", theirs.Length)
                    .With("from", theirs.Min(one => one.Event.Sequence))
                    .With("to", theirs.Max(one => one.Event.Sequence))
                    .With("first_id", theirs[0].Event.Id)
                    .Failed(theirs[0].Reason));
            }
        }

        public void OnSettled(long damagedBytes, string folder)
        {
            bool isNew;
            lock (_gate)
            {
                isNew = damagedBytes > _damaged;
                _damaged = Math.Max(_damaged, damagedBytes);
            }

            if (isNew)
            {
                client._telemetry.LogDamaged(damagedBytes, folder);
                client.RecordOwn(client.Own("audit.spool.damaged", null).With("bytes", damagedBytes).Failed("Bytes of the spool are not what was written."));
            }
        }

        public void OnContradiction(ContradictionKind kind, string message, IReadOnlyList<(string Name, byte[] Content)> evidence)
        {
            lock (_gate)
            {
                if (!_contradictions.Add(message))
                {
                    return;
                }

                _contradiction = message;
            }

            var contradiction = new LogContradiction(kind, message, EvidenceFolder.Keep(client._root.EvidencePath, kind, evidence));
            client._telemetry.Contradicted(contradiction);
            client.RecordOwn(client.Own("audit.log.contradicted", null).With("kind", kind.ToString()).Failed(message.Length <= 500 ? message : message[..500]));
            client._options.OnContradiction?.Invoke(contradiction);
        }

        public void OnFull()
        {
            lock (_gate)
            {
                _full = "The spool is full.";
            }
        }

        public void OnDiskFailed(IOException failure)
        {
            lock (_gate)
            {
                if (_full is null)
                {
                    client._telemetry.LogDiskFailed(failure.Message);
                }

                _full = "The spool's disk does not take events: " + failure.Message;
            }
        }

        public void OnDropped(long events)
        {
            lock (_gate)
            {
                _dropped += events;
            }
        }
    }
}
