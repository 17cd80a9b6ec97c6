using System.Collections.Immutable;
using Indelible.Engine;
using Indelible.Engine.Sequencing;
using Indelible.Engine.Sources;
using Indelible.Engine.Storage;
using Indelible.Server.Problems;

namespace Indelible.Server.Sources;

/// <summary>Counts the events that the doors refuse, which are in no log: of whom, and why.</summary>
/// <remarks>
/// <para>
/// Every door of ingestion counts here. What was counted is entered in <c>_access</c> once in <see cref="ServerLimits.RefusalInterval"/> at most, and when the
/// server stops; the totals are those entries added up, and what is not entered yet. A crash loses what was counted since the last entry.
/// </para>
/// <para>
/// Bounded: <see cref="EngineLimits.RefusedCounters"/> pairs of log and principal wait at a time, the events of others are counted together;
/// an entry holds <see cref="EngineLimits.RefusedInEntry"/> of them, the rest wait for the next. Thread-safe.
/// </para>
/// </remarks>
public sealed partial class RefusalCounter : BackgroundService
{
    private const string OtherReasons = "other";

    private readonly LogEngine _engine;
    private readonly ILogger<RefusalCounter> _logger;
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Log, string Principal), RefusedEvents> _waiting = [];   // under _lock
    private List<RefusedEvents> _beingEntered = [];                                             // under _lock

    /// <summary>Makes the counter; entries are made while the server runs.</summary>
    public RefusalCounter(LogEngine engine, ILogger<RefusalCounter> logger)
    {
        ArgumentNullException.ThrowIfNull(engine);
        _engine = engine;
        _logger = logger;
    }

    /// <summary>Counts refused events.</summary>
    /// <param name="log">The log that they were for.</param>
    /// <param name="principal">Whose they were.</param>
    /// <param name="reason">A short stable word of ours: a fault's code or a problem's name; never text of the caller's.</param>
    /// <param name="events">How many.</param>
    public void Count(string log, string principal, string reason, long events = 1)
    {
        lock (_lock)
        {
            (string Log, string Principal) key = (log, principal);
            if (!_waiting.TryGetValue(key, out RefusedEvents? counted) && _waiting.Count >= EngineLimits.RefusedCounters)
            {
                key = ("", "");
                _waiting.TryGetValue(key, out counted);
            }

            counted ??= new RefusedEvents(key.Log, key.Principal, ImmutableSortedDictionary.Create<string, long>(StringComparer.Ordinal));
            string kept = counted.Reasons.ContainsKey(reason) || counted.Reasons.Count < EngineLimits.RefusedReasons - 1 ? reason : OtherReasons;
            _waiting[key] = counted with { Reasons = counted.Reasons.SetItem(kept, counted.Reasons.GetValueOrDefault(kept) + events) };
        }
    }

    /// <summary>Counts events that do not fit the schema, each by its first fault.</summary>
    public void Count(string log, string principal, IReadOnlyList<RefusedEvent> refused)
    {
        ArgumentNullException.ThrowIfNull(refused);
        foreach (IGrouping<string, RefusedEvent> reason in refused.GroupBy(item => item.Faults.Count > 0 ? item.Faults[0].Code : OtherReasons))
        {
            Count(log, principal, reason.Key, reason.Count());
        }
    }

    /// <summary>Counts events that the sequencer refused: conflicts, and streams of other principals.</summary>
    public void Count(string log, string principal, AppendResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        foreach (IGrouping<AppendStatus, AppendedEvent> reason in result.Events.Where(e => !e.IsLogged).GroupBy(e => e.Status))
        {
            Count(log, principal, reason.Key == AppendStatus.StreamTaken ? Problem.StreamTakenName : Problem.IdConflictName, reason.Count());
        }
    }

    /// <summary>What was refused for a log, ever: entered in <c>_access</c> or not yet.</summary>
    public IReadOnlyList<RefusedEvents> Of(string log)
    {
        IReadOnlyList<RefusedEvents> entered = _engine.ReadRefused();
        var sum = new SortedDictionary<string, RefusedEvents>(StringComparer.Ordinal);
        lock (_lock)
        {
            foreach (RefusedEvents count in entered.Concat(_beingEntered).Concat(_waiting.Values).Where(count => count.Log == log))
            {
                sum[count.Principal] = sum.TryGetValue(count.Principal, out RefusedEvents? before) ? before.With(count) : count;
            }
        }

        return [.. sum.Values];
    }

    /// <summary>Enters what was counted: as many pairs as one entry holds.</summary>
    /// <returns>Whether more is waiting.</returns>
    public async Task<bool> EnterAsync()
    {
        List<RefusedEvents> taken;
        lock (_lock)
        {
            taken = [.. _waiting.Take(EngineLimits.RefusedInEntry).Select(pair => pair.Value)];
            foreach (RefusedEvents count in taken)
            {
                _waiting.Remove((count.Log, count.Principal));
            }

            _beingEntered = taken;
        }

        if (taken.Count == 0)
        {
            return false;
        }

        try
        {
            await _engine.NoteRefusedAsync(taken);
            taken = [];
        }
        catch (Exception e) when (e is NodeStoppedException or StorageException or QueueFullException)
        {
            LogNotEntered(e);
        }

        lock (_lock)
        {
            // What could not be entered waits on, beside what came meanwhile.
            _beingEntered = [];
            foreach (RefusedEvents count in taken)
            {
                _waiting[(count.Log, count.Principal)] = _waiting.TryGetValue((count.Log, count.Principal), out RefusedEvents? since) ? count.With(since) : count;
            }

            return _waiting.Count > 0 && taken.Count == 0;
        }
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        while (await EnterAsync() && !cancellationToken.IsCancellationRequested)
        {
            // All that waits, entry by entry.
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            using var timer = new PeriodicTimer(ServerLimits.RefusalInterval, _engine.Time);
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await EnterAsync();
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    [LoggerMessage(2201, LogLevel.Warning, "Counts of refused events could not be entered in _access; they wait")]
    private partial void LogNotEntered(Exception why);
}
