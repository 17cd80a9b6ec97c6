using System.Diagnostics.Metrics;
using System.Text.Json;
using Indelible.Engine;
using Indelible.Engine.Configuration;
using Indelible.Engine.Storage;
using Indelible.Server.Alerts;
using Indelible.Server.Detection;
using Indelible.Server.Indexing;
using Microsoft.Data.Sqlite;

namespace Indelible.Server.Notifications;

/// <summary>Tells people and programs of alerts: reads <c>_alerts</c> as it grows, and queues on disk what is to be told to whom.</summary>
/// <remarks>
/// <para>
/// It reads from the log, as detection does, and how far it has read is kept together with what came of it: neither appending nor detection ever waits for it, and a crash loses nothing and tells nothing
/// twice, but for what was under way. Each destination has a worker of its own, so that a slow one holds up no other.
/// </para>
/// <para>What cannot be told is given up after some time and entered in <c>_alerts</c>, for the other destinations; nobody is told that such an alert could not be told.</para>
/// </remarks>
public sealed partial class Notifier : IHostedService, IAsyncDisposable
{
    private readonly LogEngine _engine;
    private readonly NotifySettings? _settings;
    private readonly AlertRouter? _router;
    private readonly DeliveryMaker? _maker;
    private readonly StepThread _thread;
    private readonly ILogger<Notifier> _logger;
    private readonly Reports _reports;
    private readonly Meter _meter;
    private readonly IReadOnlyList<string> _unknownRules;
    private NotifyStore? _store;
    private IReadOnlyList<DestinationWorker> _workers = [];
    private int _isQueued;

    /// <summary>Makes the service; it begins when the server starts, where there are destinations.</summary>
    public Notifier(LogEngine engine, ServerOptions options, AlertBoard board, LogDetections detections, IMeterFactory meters, ILogger<Notifier> logger)
    {
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(detections);
        ArgumentNullException.ThrowIfNull(meters);
        (_engine, _settings, _logger) = (engine, options.Notify, logger);
        _thread = new StepThread(engine.Time, "indelible notifications", TimeSpan.FromMilliseconds(ServerLimits.DetectionPauseMilliseconds));
        _meter = meters.Create(ServerMetrics.MeterName);
        _reports = new Reports(_meter, this);
        _unknownRules = _settings is null ? [] : [.. _settings.Destinations.SelectMany(destination => destination.Alerts?.Rules ?? []).Where(rule => detections.Set.TagsOf(rule) is null && !rule.StartsWith("indelible", StringComparison.Ordinal)).Distinct()];
        if (_settings is not null)
        {
            _router = new AlertRouter(board, _settings, rule => detections.Set.TagsOf(rule), PassOver);
            _maker = new DeliveryMaker(engine, board, _settings);
        }
    }

    /// <summary>The destinations, in the file's order.</summary>
    internal IEnumerable<Destination> Destinations => _settings?.Destinations ?? [];

    /// <summary>What is queued; null where there are no destinations.</summary>
    internal NotifyStore? Store => _store;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (_settings is null)
        {
            return Task.CompletedTask;
        }

        _store = NotifyStore.Open(_engine.Folder.NotifyFile);
        DateTimeOffset now = _engine.Time.GetUtcNow();
        try
        {
            Prepare(_store, now);
        }
        catch (SqliteException e)
        {
            throw new StorageException($"The notifications' file {_engine.Folder.NotifyFile} cannot be written: {e.Message}", StorageOutcome.NothingChanged, e);
        }

        _workers = [.. _settings.Destinations.Select(destination => new DestinationWorker(destination, _store, _maker!, _engine.Time, _engine.Random, _reports))];
        _reports.Observe(_store, _settings.Destinations);
        LogDestinations(_settings.Count, _settings.Path);
        foreach (string rule in _unknownRules)
        {
            LogUnknownRule(VisibleText.Clean(rule));
        }

        foreach (DestinationWorker worker in _workers)
        {
            worker.Start();
        }

        _engine.Changed += Enqueue;
        Interlocked.Exchange(ref _isQueued, 1);
        _thread.Later(now + ServerLimits.NotifyTidying, TidyUp);
        _thread.Start(Step, LogEnded);
        return Task.CompletedTask;
    }

    private void Prepare(NotifyStore store, DateTimeOffset now)
    {
        store.TidyUp([.. Destinations.Select(destination => destination.Name)], now);
        if (!store.HasCursor)
        {
            // The first time: nobody is told of what was before.
            foreach (LogReader log in Line())
            {
                store.Advance(log.Settings.Name, log.Size, [], now);
            }
        }
    }

    /// <summary>Ends behind what is under way.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _engine.Changed -= Enqueue;
        await _thread.StopAsync();
        await Task.WhenAll(_workers.Select(worker => worker.StopAsync(cancellationToken)));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync(new CancellationToken(canceled: true));
        foreach (DestinationWorker worker in _workers)
        {
            worker.Dispose();
        }

        _store?.Dispose();
        _workers = [];
    }

    /// <summary>Completes when every alert that there is was looked at: for tests.</summary>
    internal Task SettleAsync() => _thread.SettleAsync();

    /// <summary>Has a destination look whether there is something to do.</summary>
    internal void Wake(string destination) => _workers.FirstOrDefault(worker => worker.Destination.Name == destination)?.Wake();

    /// <summary>Has a destination try what is due at once, though it failed a moment ago.</summary>
    internal void TryNow(string destination) => _workers.FirstOrDefault(worker => worker.Destination.Name == destination)?.TryNow();

    /// <summary>Sends a test now.</summary>
    /// <returns>Whether it was taken, and what was not taken of it, or why nothing was; null where there is no such destination.</returns>
    internal async Task<(bool IsSent, string? Problem)?> TestAsync(string destination, CancellationToken cancellationToken)
    {
        if (_workers.FirstOrDefault(worker => worker.Destination.Name == destination) is not { } found)
        {
            return null;
        }

        try
        {
            return (true, await found.SendAsync(_maker!.MakeTest(found.Destination), cancellationToken));
        }
        catch (NotifyFailedException e)
        {
            return (false, e.Message);
        }
    }

    private void Enqueue(LogReader log)
    {
        if (LogName.LineOf(log.Settings.Name) == LogName.Alerts && Interlocked.Exchange(ref _isQueued, 1) == 0)
        {
            _thread.Wake();
        }
    }

    private bool Step()
    {
        if (Interlocked.Exchange(ref _isQueued, 0) == 0)
        {
            return false;
        }

        try
        {
            bool hasMore = false;
            foreach (LogReader log in Line())
            {
                hasMore |= Follow(log);
            }

            if (hasMore)
            {
                Interlocked.Exchange(ref _isQueued, 1);
            }
        }
        catch (Exception e)
        {
            LogNotFollowed(e);
            _thread.Later(_engine.Time.GetUtcNow() + ServerLimits.NotifyRetry, () => Interlocked.Exchange(ref _isQueued, 1));
        }

        return true;
    }

    /// <summary>The logs of alerts, each behind the one that it goes on for.</summary>
    private IEnumerable<LogReader> Line()
    {
        for (string? name = LogName.Alerts; name is not null && _engine.Find(name) is { } log; name = log.Frozen?.Successor)
        {
            yield return log;
        }
    }

    /// <summary>Reads a bounded part of a log.</summary>
    /// <returns>Whether there is more.</returns>
    private bool Follow(LogReader log)
    {
        string name = log.Settings.Name;
        long size = log.Size;
        long next = _store!.CursorOf(name) ?? 0;
        if (next >= size)
        {
            if (next > size)
            {
                // The folder is an older one than what is kept of it here.
                LogAhead(next, size, name);
                _store.Advance(name, size, [], _engine.Time.GetUtcNow());
            }

            return false;
        }

        long end = Math.Min(size, next + ServerLimits.NotifyStepEntries);
        var deliveries = new List<Delivery>();
        for (; next < end; next++)
        {
            try
            {
                deliveries.AddRange(_router!.Route(new AlertEntry(name, next), log.ReadEntry(next), _engine.Time.GetUtcNow()));
            }
            catch (Exception e) when (e is JsonException or FormatException or KeyNotFoundException or InvalidOperationException or StorageException { Outcome: StorageOutcome.Damaged })
            {
                // What was altered tells nothing. The background verification raises an alert about it.
                LogUnreadable(e, next, name);
            }
        }

        _store.Advance(name, next, deliveries, _engine.Time.GetUtcNow());
        foreach (string destination in deliveries.Select(delivery => delivery.Destination).Distinct())
        {
            Wake(destination);
        }

        return end < size;
    }

    private void PassOver(AlertEntry alert)
    {
        _reports.PassedOver();
        LogPassedOver(alert.Index, alert.Log, ServerLimits.Alerts);
    }

    private void TidyUp()
    {
        DateTimeOffset now = _engine.Time.GetUtcNow();
        try
        {
            _store!.TidyUp([.. Destinations.Select(destination => destination.Name)], now);
        }
        catch (SqliteException e)
        {
            LogNotFollowed(e);
        }

        _thread.Later(now + ServerLimits.NotifyTidying, TidyUp);
    }

    [LoggerMessage(3401, LogLevel.Information, "{Count} destinations of {Path} are told of alerts")]
    private partial void LogDestinations(int count, string path);

    [LoggerMessage(3402, LogLevel.Warning, "Alerts could not be looked at for notifications; tried again later")]
    private partial void LogNotFollowed(Exception why);

    [LoggerMessage(3403, LogLevel.Warning, "Entry {Index} of log {Log} cannot be read: nobody is told of it")]
    private partial void LogUnreadable(Exception why, long index, string log);

    [LoggerMessage(3404, LogLevel.Error, "Nobody is told of alerts any more: start the server anew")]
    private partial void LogEnded(Exception why);

    [LoggerMessage(3405, LogLevel.Warning, "Destination {Destination} did not take delivery {Delivery}, attempt {Attempt}: {Problem}")]
    private partial void LogNotTaken(string destination, string delivery, int attempt, string problem);

    [LoggerMessage(3406, LogLevel.Error, "Destination {Destination} did not take delivery {Delivery} of alert {Alert}, which is given up: {Problem}")]
    private partial void LogGivenUp(string destination, string delivery, string alert, string problem);

    [LoggerMessage(3407, LogLevel.Warning, "Destination {Destination}: something went wrong, and is tried again")]
    private partial void LogStumbled(Exception why, string destination);

    [LoggerMessage(3410, LogLevel.Warning, "Destination {Destination} took delivery {Delivery} in part: {Problem}")]
    private partial void LogPartly(string destination, string delivery, string problem);

    [LoggerMessage(3411, LogLevel.Error, "Nobody is told of the alert that is entry {Index} of log {Log}: {Count} came after it before it was looked at")]
    private partial void LogPassedOver(long index, string log, int count);

    [LoggerMessage(3408, LogLevel.Warning, "Notifications name rule {Rule}, and no such rule is in use")]
    private partial void LogUnknownRule(string rule);

    [LoggerMessage(3409, LogLevel.Warning, "Notifications were at entry {Next} of log {Log}, which has {Size}: they go on from its end")]
    private partial void LogAhead(long next, long size, string log);

    /// <summary>Counts and logs what becomes of deliveries.</summary>
    private sealed class Reports(Meter meter, Notifier notifier) : INotifyReports
    {
        private readonly Counter<long> _sent = meter.CreateCounter<long>("indelible.notify.sent", "{notification}", "Notifications that were taken");
        private readonly Counter<long> _failed = meter.CreateCounter<long>("indelible.notify.failed", "{attempt}", "Attempts that were not taken; they are made again");
        private readonly Counter<long> _givenUp = meter.CreateCounter<long>("indelible.notify.given_up", "{notification}", "Notifications that were given up when they failed for the last time");
        private readonly Counter<long> _passedOver = meter.CreateCounter<long>("indelible.notify.passed_over", "{alert}", "Alerts that nobody was told of, since too many came after them before they were looked at");
        private readonly Histogram<double> _latency = meter.CreateHistogram<double>("indelible.notify.latency", "s", "From an alert's entry to its notification's being taken; escalations are not in it", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600, 14_400] });

        public void Observe(NotifyStore store, IReadOnlyList<Destination> destinations)
        {
            meter.CreateObservableGauge("indelible.notify.queued", () => destinations.Select(one => Of(one.Name, store.HealthOf(one.Name).Queued)), "{notification}", "Notifications that wait, escalations that are not due included");
            meter.CreateObservableGauge("indelible.notify.dead", () => destinations.Select(one => Of(one.Name, store.HealthOf(one.Name).Dead)), "{notification}", "Notifications that were given up and neither tried again nor dropped");
        }

        public void PassedOver() => _passedOver.Add(1);

        public void Sent(string destination, Delivery delivery, DateTimeOffset now)
        {
            _sent.Add(1, Tag(destination));
            if (delivery.Reason != NotifyReason.Escalated)
            {
                _latency.Record(Math.Max(0, (now - delivery.Raised).TotalSeconds), Tag(destination));
            }
        }

        public void Partly(string destination, Delivery delivery, string problem) => notifier.LogPartly(destination, delivery.Id, problem);

        public void Failed(string destination, Delivery delivery, string problem, bool isGivenUp)
        {
            _failed.Add(1, Tag(destination));
            if (isGivenUp)
            {
                _givenUp.Add(1, Tag(destination));
                notifier.LogGivenUp(destination, delivery.Id, delivery.Alert, problem);
            }
            else
            {
                notifier.LogNotTaken(destination, delivery.Id, delivery.Attempts + 1, problem);
            }
        }

        public void Stumbled(string destination, Exception why) => notifier.LogStumbled(why, destination);

        private static KeyValuePair<string, object?> Tag(string destination) => new("destination", destination);

        private static Measurement<long> Of(string destination, long value) => new(value, Tag(destination));
    }
}
