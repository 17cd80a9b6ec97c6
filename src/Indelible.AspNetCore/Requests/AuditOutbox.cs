using System.Diagnostics.Metrics;
using Indelible.Client.Recording;
using Indelible.Events.Producing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Indelible.AspNetCore.Requests;

/// <summary>Hands events to the recorder without letting a request wait for it or fall with it.</summary>
/// <remarks>
/// An event is given to the recorder on the request's own thread, when its response is complete; what the recorder then waits for, the request does not. How many may wait is bounded, what fails or is
/// too much is counted, logged and, for the latter, recorded when the recorder goes on. A stop of the host waits for those on their way. Thread-safe.
/// </remarks>
internal sealed partial class AuditOutbox : IHostedService, IDisposable
{
    private readonly IAuditRecorder _recorder;
    private readonly ILogger<AuditOutbox> _logger;
    private readonly int _most;
    private readonly Meter _meter;
    private readonly Counter<long> _recorded;
    private readonly Counter<long> _failed;
    private readonly Counter<long> _lostEver;
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _pending;
    private long _lost;
    private long _failures;
    private volatile bool _stopping;

    public AuditOutbox(IAuditRecorder recorder, IOptions<AuditOptions> options, IMeterFactory meters, ILogger<AuditOutbox> logger)
    {
        _recorder = recorder;
        _logger = logger;
        _most = options.Value.MostPending;
        _meter = meters.Create("Indelible.AspNetCore");
        _recorded = _meter.CreateCounter<long>("indelible.capture.recorded", "{event}", "Events that the recorder took.");
        _failed = _meter.CreateCounter<long>("indelible.capture.failed", "{event}", "Events that the recorder refused.");
        _lostEver = _meter.CreateCounter<long>("indelible.capture.lost", "{event}", "Events lost because too many were on their way.");
        _meter.CreateObservableUpDownCounter("indelible.capture.pending", () => Volatile.Read(ref _pending), "{event}", "Events on their way to the recorder.");
    }

    /// <summary>Records an event. Never throws and never waits.</summary>
    /// <param name="draft">The event.</param>
    /// <param name="mode">How it is delivered; null for what is configured for its action.</param>
    public void Record(EventDraft draft, DeliveryMode? mode)
    {
        if (Interlocked.Increment(ref _pending) > _most)
        {
            Left();
            _lostEver.Add(1);
            if (Interlocked.Increment(ref _lost) == 1)
            {
                LogLosing(_most);
            }

            return;
        }

        Hand(draft, mode);
    }

    /// <summary>Records an event and waits for what its mode promises.</summary>
    public async ValueTask<RecordResult> RecordAsync(EventDraft draft, DeliveryMode mode, CancellationToken cancellationToken)
    {
        RecordResult result = await _recorder.RecordAsync(draft, mode, cancellationToken).ConfigureAwait(false);
        _recorded.Add(1);
        return result;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Waits until every event on its way was taken or refused, for as long as the host grants.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _stopping = true;
        if (Volatile.Read(ref _pending) == 0)
        {
            return;
        }

        try
        {
            await _drained.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            LogLeft(Volatile.Read(ref _pending));
        }
    }

    public void Dispose() => _meter.Dispose();

    private void Hand(EventDraft draft, DeliveryMode? mode)
    {
        try
        {
            ValueTask<RecordResult> recording = mode is { } chosen ? _recorder.RecordAsync(draft, chosen) : _recorder.RecordAsync(draft);
            if (!recording.IsCompletedSuccessfully)
            {
                _ = ObserveAsync(recording, draft.Action);
                return;
            }

            _ = recording.Result;
            Taken();
        }
        catch (Exception fault)
        {
            Failed(fault, draft.Action);
        }
    }

    /// <summary>Counted in <see cref="_pending"/> until it ends, and waited for at a stop.</summary>
    private async Task ObserveAsync(ValueTask<RecordResult> recording, string action)
    {
        try
        {
            await recording.ConfigureAwait(false);
            Taken();
        }
        catch (Exception fault)
        {
            Failed(fault, action);
        }
    }

    private void Taken()
    {
        _recorded.Add(1);
        Left();
        if (Volatile.Read(ref _lost) > 0 && Volatile.Read(ref _pending) < Math.Max(1, _most / 2))
        {
            TellLosses();
        }
    }

    private void TellLosses()
    {
        long lost = Interlocked.Exchange(ref _lost, 0);
        if (lost == 0)
        {
            return;
        }

        LogLost(lost);
        Interlocked.Increment(ref _pending);
        Hand(
            new EventDraft
            {
                Action = "audit.capture.lost",
                Category = Category.Audit,
                Operation = Operation.Other,
                Outcome = Outcome.Failure,
                OutcomeReason = "too many events were on their way to the recorder",
                Actor = new Actor { Id = "indelible.aspnetcore", Type = ActorType.System },
                Data = DataOf.Number("lost", lost),
            },
            mode: null);
    }

    private void Failed(Exception fault, string action)
    {
        _failed.Add(1);
        Left();

        // The first, and then every thousandth: a recorder that is down must not flood the application's log.
        long failures = Interlocked.Increment(ref _failures);
        if (failures == 1 || failures % 1000 == 0)
        {
            LogFailed(fault, action, failures);
        }
    }

    private void Left()
    {
        if (Interlocked.Decrement(ref _pending) == 0 && _stopping)
        {
            _drained.TrySetResult();
        }
    }

    [LoggerMessage(5101, LogLevel.Error, "An event for {Action} could not be recorded; the request went on. {Failures} so far (this is logged once in a thousand)")]
    private partial void LogFailed(Exception fault, string action, long failures);

    [LoggerMessage(5102, LogLevel.Critical, "Events are being lost: {Most} are on their way to the recorder, which takes none")]
    private partial void LogLosing(int most);

    [LoggerMessage(5103, LogLevel.Error, "{Lost} events were lost while the recorder took none; it goes on, and their number is recorded")]
    private partial void LogLost(long lost);

    [LoggerMessage(5104, LogLevel.Error, "The application stops with {Pending} events that the recorder has not taken")]
    private partial void LogLeft(int pending);
}
