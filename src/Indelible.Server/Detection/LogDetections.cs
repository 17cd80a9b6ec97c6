using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text.Json;
using Indelible.Detection;
using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Engine.Configuration;
using Indelible.Server.Indexing;

namespace Indelible.Server.Detection;

/// <summary>Asks rules of the entries of every log as they become durable, and enters in <c>_alerts</c> what is found.</summary>
/// <remarks>
/// <para>
/// One thread reads from the logs, not from a queue: appending never waits for it, nothing is lost where it falls behind, and how far it is behind is a metric. What it finds is a function of the logs
/// and the rules. After a start it goes on from what it kept of each log (<see cref="DetectionCache"/>); where it kept nothing, or of other rules, it goes over the last of the log again, as far back as its rules look, and
/// enters again what it found: the same finding has the same id, so it is entered once.
/// </para>
/// <para>
/// It sees personal values in clear, as the index does, and writes none: an alert names the events by their index, and of what they have in common only what stands in the entry for everybody.
/// <c>_alerts</c> itself is not followed: an alert raises no alert.
/// </para>
/// </remarks>
public sealed partial class LogDetections : IHostedService, IDisposable
{
    private readonly LogEngine _engine;
    private readonly LogIndexes _indexes;
    private readonly ILogger<LogDetections> _logger;
    private readonly ServerOptions _options;
    private readonly SemaphoreSlim _loads = new(1, 1);
    private readonly ConcurrentQueue<LogDetection> _changed = new();
    private readonly StepThread _thread;
    private readonly Counter<long> _alerts;
    private readonly Counter<long> _failures;
    private volatile Running _running;

    /// <summary>Makes the service; it begins when the server starts, where there are rules.</summary>
    /// <exception cref="IOException">A file of rules cannot be read.</exception>
    public LogDetections(LogEngine engine, LogIndexes indexes, ServerOptions options, IMeterFactory meters, ILogger<LogDetections> logger)
    {
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(indexes);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(meters);
        (_engine, _indexes, _options, _logger) = (engine, indexes, options, logger);
        _running = NewRunning(RuleSet.Load(options.Rules, [], options.HasIndex));
        _thread = new StepThread(engine.Time, "indelible detection", TimeSpan.FromMilliseconds(ServerLimits.DetectionPauseMilliseconds));
        Meter meter = meters.Create(ServerMetrics.MeterName);
        _alerts = meter.CreateCounter<long>("indelible.detection.alerts", "{alert}", "Alerts that were entered");
        _failures = meter.CreateCounter<long>("indelible.detection.failures", "{failure}", "Times that a log could not be followed, which is tried again, and entries that could not be read");
        meter.CreateObservableGauge("indelible.detection.rules", () => Set.Rules.Rules.Count + Set.Rules.CorrelationCount, "{rule}", "Rules that are asked");
        meter.CreateObservableGauge("indelible.detection.refused_rules", () => Set.Faults.Count(), "{rule}", "Rules that were refused when they were loaded; the log says why");
        Observe("indelible.detection.lag", log => log.Lag, "{entry}", "Entries that rules have not been asked of yet");
        Observe("indelible.detection.forgotten_groups", log => log.Forgotten, "{group}", "Groups of correlations that were forgotten since there were too many");
        Observe("indelible.detection.late", log => log.Late, "{event}", "Events that came too late for a correlation");
        Observe("indelible.detection.cut", log => log.Cut, "{event}", "Events that a correlation forgot since a window had too many: what it came to is not exact");
        Observe("indelible.detection.unanswered", log => log.Unanswered, "{question}", "Questions for what was before an event that took too long to answer: nothing was found then");

        void Observe(string name, Func<LogDetection, long> value, string unit, string what) =>
            meter.CreateObservableGauge(name, () => _running.Logs.Values.Select(log => new Measurement<long>(value(log), new KeyValuePair<string, object?>("log", log.Name))), unit, what);
    }

    /// <summary>The rules that are asked.</summary>
    public RuleSet Set => _running.Set;

    /// <summary>Since when they are.</summary>
    public DateTimeOffset Since => _running.Since;

    /// <summary>Entries of all logs that they have not been asked of.</summary>
    public long Lag => _running.Logs.Values.Sum(log => log.Lag);

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (RuleFault fault in Set.Faults)
        {
            LogRefused(fault.ToString());
        }

        if (_options.Rules.Count == 0)
        {
            return;
        }

        await _engine.NoteRulesAsync(Set.Sha256, data => Write(data, Set, null), null);
        LogRules(Set.Rules.Rules.Count, Set.Rules.CorrelationCount);
        _engine.Changed += Enqueue;
        EnqueueAll();
        _thread.Start(Step, LogEnded);
    }

    /// <summary>Reads the rules again and asks them from here on in place of those before: of what has just happened too, as after a start. What was found before is not forgotten, and is raised once.</summary>
    /// <param name="caller">Who wants it.</param>
    /// <returns>How they differ from those before.</returns>
    /// <exception cref="RulesRefusedException">Something is wrong that was not wrong before; those before stay.</exception>
    /// <exception cref="IOException">A file cannot be read; those before stay.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not read it; those before stay.</exception>
    public async Task<RuleSetChange> ReloadAsync(AppendCaller caller)
    {
        ArgumentNullException.ThrowIfNull(caller);
        await _loads.WaitAsync();
        try
        {
            var next = RuleSet.Load(_options.Rules, [], _options.HasIndex);
            if (next.Faults.Except(Set.Faults).ToList() is { Count: > 0 } faults)
            {
                throw new RulesRefusedException(faults);
            }

            var change = RuleSetChange.Between(Set, next);
            await _engine.NoteRulesAsync(next.Sha256, data => Write(data, next, change), caller);
            _running = NewRunning(next);
            LogRules(next.Rules.Rules.Count, next.Rules.CorrelationCount);
            EnqueueAll();
            return change;
        }
        finally
        {
            _loads.Release();
        }
    }

    /// <summary>Ends the thread at the end of its step, and keeps what correlations remember.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _engine.Changed -= Enqueue;
        await _thread.StopAsync();
        foreach (LogDetection log in _running.Logs.Values)
        {
            Keep(log, ServerLimits.DetectionKeptEntriesAtStop);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _loads.Dispose();

    /// <summary>Completes when rules were asked of every entry that there is: for tests.</summary>
    internal Task SettleAsync() => _thread.SettleAsync();

    private Running NewRunning(RuleSet set) => new(set, _engine.Time.GetUtcNow(), new DetectionCache(_engine, set, (log, why) => LogKeptDamaged(why, log)));

    private void EnqueueAll()
    {
        foreach (LogReader log in _engine.Logs.OrderBy(log => log.Settings.Name, StringComparer.Ordinal))
        {
            Enqueue(log);
        }
    }

    private void Enqueue(LogReader log)
    {
        Running running = _running;
        if (LogName.LineOf(log.Settings.Name) != LogName.Alerts && log.Size > 0 && running.Set.Rules.Rules.Count > 0)
        {
            Enqueue(running.Logs.GetOrAdd(log.Settings.Name, static (_, made) => new LogDetection(made.log, made.running.Set.Rules, made.running.Matcher, made.indexes, made.time, cache: made.running.Cache), (log, running, indexes: _indexes, time: _engine.Time)));
        }
    }

    private void Enqueue(LogDetection log)
    {
        if (log.EntersQueue())
        {
            _changed.Enqueue(log);
            _thread.Wake();
        }
    }

    private bool Step()
    {
        if (!_changed.TryDequeue(out LogDetection? log))
        {
            return false;
        }

        log.LeaveQueue();
        try
        {
            // One of rules that are asked no more enters what it has found, and ends.
            bool isAsked = _running.Logs.TryGetValue(log.Name, out LogDetection? current) && ReferenceEquals(current, log);
            if (isAsked)
            {
                log.Follow(Unreadable);
            }

            while (log.Found.TryPeek(out AlertNote? alert))
            {
                if (Enter(alert))
                {
                    _alerts.Add(1);
                }

                log.Found.Dequeue();
            }

            if (isAsked)
            {
                Keep(log, ServerLimits.DetectionKeptEntries);
            }

            if (isAsked && log.WaitsForIndex)
            {
                _thread.Later(_engine.Time.GetUtcNow() + ServerLimits.DetectionIndexRetry, () => Enqueue(log));
            }
            else if (isAsked && log.Lag > 0)
            {
                Enqueue(log);
            }
        }
        catch (Exception e)
        {
            // A disk that is full, a queue that is: nothing was passed over, and what was found waits.
            _failures.Add(1);
            LogNotFollowed(e, log.Name);
            _thread.Later(_engine.Time.GetUtcNow() + ServerLimits.DetectionRetry, () => Enqueue(log));
        }

        return true;
    }

    /// <summary>Enters an alert. One that can be no entry must not hold up those behind it: then as much of it as always can.</summary>
    internal bool Enter(AlertNote alert)
    {
        try
        {
            // This thread is its own, and the sequencer is another: waiting for it here holds up nobody.
            return _engine.NoteAlertAsync(alert).GetAwaiter().GetResult();
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException && alert.Least is { } least)
        {
            _failures.Add(1);
            LogNotWhole(e, alert.Id, alert.Log);
            return _engine.NoteAlertAsync(least).GetAwaiter().GetResult();
        }
    }

    private void Keep(LogDetection log, long entries)
    {
        try
        {
            log.Keep(entries);
        }
        catch (Exception e)
        {
            // A start goes over more of the log again, and nothing else.
            LogNotKept(e, log.Name);
        }
    }

    private static void Write(Utf8JsonWriter data, RuleSet set, RuleSetChange? change)
    {
        data.WriteString("sha256", set.Sha256);
        data.WriteNumber("rules", set.Rules.Rules.Count);
        data.WriteNumber("correlations", set.Rules.CorrelationCount);
        data.WriteNumber("refused", set.Faults.Count());
        if (change is not null)
        {
            Write(data, "added", change.Added);
            Write(data, "removed", change.Removed);
            Write(data, "changed", change.Changed);
        }
    }

    private static void Write(Utf8JsonWriter data, string name, IReadOnlyList<RuleHead> heads)
    {
        data.WriteNumber(name, heads.Count);
        data.WriteStartArray(name + "_rules");
        foreach (RuleHead head in heads.Take(ServerLimits.NotedRules))
        {
            data.WriteStartObject();
            data.WriteString("id", head.Key);
            data.WriteString("version", head.Version);
            data.WriteEndObject();
        }

        data.WriteEndArray();
    }

    private void Unreadable(LogDetection log, long index, Exception why)
    {
        _failures.Add(1);
        LogUnreadable(why, index, log.Name);
    }

    [LoggerMessage(3201, LogLevel.Information, "{Rules} rules and {Correlations} correlations are asked of entries as they arrive")]
    private partial void LogRules(int rules, int correlations);

    [LoggerMessage(3202, LogLevel.Warning, "A rule is refused: {Fault}")]
    private partial void LogRefused(string fault);

    [LoggerMessage(3203, LogLevel.Warning, "Rules could not be asked of log {Log}; tried again later")]
    private partial void LogNotFollowed(Exception why, string log);

    [LoggerMessage(3205, LogLevel.Warning, "Entry {Index} of log {Log} cannot be read: no rule was asked of it")]
    private partial void LogUnreadable(Exception why, long index, string log);

    [LoggerMessage(3206, LogLevel.Warning, "What rules remember of log {Log} could not be kept: a start goes over more of it again")]
    private partial void LogNotKept(Exception why, string log);

    [LoggerMessage(3208, LogLevel.Warning, "What rules remembered of log {Log} does not open: it was altered, torn, or of another master key. The log is gone over again")]
    private partial void LogKeptDamaged(Exception why, string log);

    [LoggerMessage(3207, LogLevel.Error, "Alert {Alert} of log {Log} can be no entry as it is: it is entered without what its events have in common")]
    private partial void LogNotWhole(Exception why, string alert, string log);

    [LoggerMessage(3204, LogLevel.Error, "Rules are asked no more: start the server anew")]
    private partial void LogEnded(Exception why);

    /// <summary>Rules that are asked, and how far of each log.</summary>
    private sealed class Running(RuleSet set, DateTimeOffset since, DetectionCache cache)
    {
        public DetectionCache Cache => cache;

        public RuleSet Set { get; } = set;

        public DateTimeOffset Since { get; } = since;

        public RuleMatcher Matcher { get; } = new(set.Rules);

        public ConcurrentDictionary<string, LogDetection> Logs { get; } = new(StringComparer.Ordinal);
    }
}
