using System.Collections.Immutable;
using System.Text.Json;
using Indelible.Detection;
using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Engine.Configuration;
using Indelible.Events;

namespace Indelible.Server.Alerts;

/// <summary>How alerts stand: a fold of <c>_alerts</c>, kept in memory, brought up to date whenever it is asked.</summary>
/// <remarks>
/// <para>
/// An alert that is raised while another of the same rule, log and group is not closed, and was raised or repeated in the last 24 hours, belongs to that one. What is sealed in an alert cannot be compared: such an alert
/// stands alone. All times are those of receipt, so that the same entries come to the same whenever they are read.
/// </para>
/// <para>A step that does not fit how the alert stands when its turn comes changes nothing: of two who close it, the first does.</para>
/// </remarks>
public sealed class AlertBoard(LogEngine engine)
{
    private const string SealedMark = "sealed";

    private readonly Lock _lock = new();
    private readonly LinkedList<Alert> _alerts = [];   // in the order in which they were raised
    private readonly Dictionary<string, LinkedListNode<Alert>> _byId = new(StringComparer.Ordinal);
    private readonly Dictionary<string, LinkedListNode<Alert>> _byGroup = new(StringComparer.Ordinal);   // the newest of each
    private readonly Dictionary<string, Suppression> _suppressions = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _read = new(StringComparer.Ordinal);
    private long _numbers;

    /// <summary>The log that alerts are entered in now.</summary>
    internal LogReader Log => engine.FindCurrent(LogName.Alerts) ?? throw new InvalidOperationException("There is no log of alerts.");

    /// <summary>One step at a time: what is decided by how an alert stands is entered before it can stand otherwise.</summary>
    internal SemaphoreSlim Steps { get; } = new(1, 1);

    /// <summary>How an alert stands now.</summary>
    /// <param name="id">Its id, or that of one which belongs to it.</param>
    /// <returns>Null where there is none, or it is none of the newest <see cref="ServerLimits.Alerts"/>.</returns>
    public AlertState? StateOf(string id) => Find(id)?.State;

    /// <summary>An alert as it stands now.</summary>
    /// <param name="id">Its id, or that of one which belongs to it.</param>
    internal Alert? Find(string id)
    {
        lock (_lock)
        {
            Follow();
            return _byId.GetValueOrDefault(id)?.Value;
        }
    }

    /// <summary>The alert that a raised one is, or belongs to, as it stands now; also where it is none of the repeats that are still named.</summary>
    /// <param name="at">Where the raised one stands.</param>
    /// <param name="entry">The entry.</param>
    /// <returns>Null where too many came after it.</returns>
    internal Alert? FindStory(AlertEntry at, JsonElement entry)
    {
        lock (_lock)
        {
            Follow();
            Alert raised = Read(at, entry);
            if (_byId.TryGetValue(raised.Id, out LinkedListNode<Alert>? known))
            {
                return known.Value;
            }

            // The newest of those before it.
            LinkedListNode<Alert>? node = raised.GroupKey is { } key ? _byGroup.GetValueOrDefault(key) : null;
            while (node is not null && (node.Value.GroupKey != raised.GroupKey || !IsBefore(node.Value, raised)))
            {
                node = node.Previous;
            }

            return node?.Value;
        }
    }

    /// <summary>Every alert as it stands now, the newest first, how many older ones are forgotten, and the size of <see cref="Log"/> that all this covers.</summary>
    internal (IReadOnlyList<Alert> Alerts, long Forgotten, long AsOf) All()
    {
        lock (_lock)
        {
            long asOf = Follow();
            var all = new List<Alert>(_alerts.Count);
            for (LinkedListNode<Alert>? node = _alerts.Last; node is not null; node = node.Previous)
            {
                all.Add(node.Value);
            }

            return (all, _alerts.First?.Value.Number ?? 0, asOf);
        }
    }

    /// <summary>The suppressions that hold, in the order in which they were asked for.</summary>
    /// <param name="now">When.</param>
    internal IReadOnlyList<Suppression> Suppressions(DateTimeOffset now)
    {
        lock (_lock)
        {
            Follow();
            return [.. _suppressions.Values.Where(suppression => suppression.Until > now).OrderBy(suppression => suppression.Entry.Index)];
        }
    }

    /// <summary>Reads what was entered since; under the lock.</summary>
    /// <returns>The size of the last log of alerts.</returns>
    private long Follow()
    {
        string? name = LogName.Alerts;
        long size = 0;
        while (name is not null && engine.Find(name) is { } log)
        {
            size = log.Size;
            Follow(log, size);
            name = log.Frozen?.Successor;
        }

        return size;
    }

    private void Follow(LogReader log, long size)
    {
        string name = log.Settings.Name;
        foreach ((long index, ReadOnlyMemory<byte> entry) in log.ReadUnaltered(_read.GetValueOrDefault(name), size))
        {
            // Where a disk fails in the middle, what was taken is not taken again.
            _read[name] = index + 1;
            Take(new AlertEntry(name, index), entry);
        }

        _read[name] = size;
    }

    private void Take(AlertEntry at, ReadOnlyMemory<byte> bytes)
    {
        using var document = JsonDocument.Parse(bytes);
        JsonElement entry = document.RootElement;
        string action = entry.GetProperty("action").GetString()!;
        if (AlertSteps.OfAction(action) is { } step)
        {
            Step(step, at, entry);
        }
        else if (AlertSteps.IsAlert(action))
        {
            Raise(Read(at, entry));
        }
    }

    private static bool IsBefore(Alert one, Alert other) => one.Entry.Log == other.Entry.Log ? one.Entry.Index < other.Entry.Index : one.Raised <= other.Raised;

    /// <summary>What an entry says that raises an alert.</summary>
    private Alert Read(AlertEntry at, JsonElement entry)
    {
        JsonElement data = entry.GetProperty("data");
        bool isFound = data.TryGetProperty("rule", out JsonElement rule);
        JsonElement target = entry.GetProperty("targets")[0];
        string? log = target.GetProperty("type").GetString() == "log" ? target.GetProperty("id").GetString() : null;
        return new Alert(
            _numbers,
            entry.GetProperty("id").GetString()!,
            at,
            ReceivedOf(entry),
            isFound ? rule.GetProperty("id").GetString()! : entry.GetProperty("action").GetString()!,
            data.TryGetProperty("severity", out JsonElement severity) && Enum.TryParse(severity.GetString(), ignoreCase: true, out RuleLevel level) ? level : RuleLevel.Critical,
            log,
            TextOf(entry, "labels", "tenant"),
            data.TryGetProperty("group", out JsonElement group) ? GroupOf(group) : log is null ? [(target.GetProperty("type").GetString()!, target.GetProperty("id").GetString()!)] : []);
    }

    private void Raise(Alert alert)
    {
        string? suppressedBy = _suppressions.Values.FirstOrDefault(suppression => suppression.Covers(alert))?.Id;
        string? key = alert.GroupKey;
        if (key is not null && _byGroup.TryGetValue(key, out LinkedListNode<Alert>? earlier)
            && earlier.Value is { State: not AlertState.Closed } open && (open.State == AlertState.Suppressed) == (suppressedBy is not null)
            && alert.Raised - open.LastRaised <= ServerLimits.AlertRepeats)
        {
            ImmutableArray<AlertRepeat> repeats = open.Repeats;
            if (repeats.Length == ServerLimits.AlertRepeatsNamed)
            {
                _byId.Remove(repeats[0].Id);
                repeats = repeats.RemoveAt(0);
            }

            earlier.Value = open with { RepeatCount = open.RepeatCount + 1, Repeats = repeats.Add(new AlertRepeat(alert.Id, alert.Entry)), LastRaised = alert.Raised };
            _byId[alert.Id] = earlier;
            return;
        }

        _numbers++;
        LinkedListNode<Alert> node = _alerts.AddLast(suppressedBy is null ? alert : alert with { State = AlertState.Suppressed, SuppressedBy = suppressedBy });
        _byId[alert.Id] = node;
        if (key is not null)
        {
            _byGroup[key] = node;
        }

        Forget();
    }

    /// <summary>Forgets the oldest alerts beyond what is kept.</summary>
    private void Forget()
    {
        while (_alerts.Count > ServerLimits.Alerts)
        {
            LinkedListNode<Alert> oldest = _alerts.First!;
            _alerts.RemoveFirst();
            _byId.Remove(oldest.Value.Id);
            foreach (AlertRepeat repeat in oldest.Value.Repeats)
            {
                _byId.Remove(repeat.Id);
            }

            if (oldest.Value.GroupKey is { } key && _byGroup.GetValueOrDefault(key) == oldest)
            {
                _byGroup.Remove(key);
            }
        }
    }

    private void Step(AlertStep step, AlertEntry at, JsonElement entry)
    {
        string by = entry.GetProperty("actor").GetProperty("id").GetString()!;
        JsonElement data = entry.GetProperty("data");
        string id = entry.GetProperty("id").GetString()!;
        if (step == AlertStep.Suppress)
        {
            foreach (Suppression over in _suppressions.Values.Where(suppression => suppression.Until <= ReceivedOf(entry)).ToArray())
            {
                _suppressions.Remove(over.Id);
            }

            _suppressions[id] = new Suppression(
                id, at, data.GetProperty("rule").GetString()!, TextOf(data, "log"), TextOf(entry, "labels", "tenant"),
                data.TryGetProperty("group", out JsonElement group) ? GroupOf(group) : null, Instant.Parse(data.GetProperty("until").GetString()!), by);
        }
        else if (step == AlertStep.Unsuppress)
        {
            _suppressions.Remove(data.GetProperty("suppression").GetString()!);
            return;
        }

        if (TextOf(data, "alert") is { } named && _byId.TryGetValue(named, out LinkedListNode<Alert>? node) && Fits(step, node.Value.State))
        {
            Alert alert = node.Value with { Changed = (ReceivedOf(entry), by), Steps = node.Value.Steps.Add(at) };
            node.Value = step switch
            {
                AlertStep.Acknowledge => alert with { State = AlertState.Acknowledged },
                AlertStep.Assign => alert with { Assignee = TextOf(data, "assignee") },
                AlertStep.Close => alert with { State = AlertState.Closed, Reason = TextOf(data, "reason") },
                AlertStep.Reopen => alert with { State = AlertState.Open, Reason = null, SuppressedBy = null },
                AlertStep.Suppress => alert with { State = AlertState.Suppressed, SuppressedBy = id },
                _ => alert,
            };
        }
    }

    /// <summary>Whether a step can be made where an alert stands.</summary>
    internal static bool Fits(AlertStep step, AlertState state) => step switch
    {
        AlertStep.Acknowledge => state == AlertState.Open,
        AlertStep.Reopen => state is AlertState.Closed or AlertState.Suppressed,
        AlertStep.Assign or AlertStep.Close => state != AlertState.Closed,
        AlertStep.Suppress => state is AlertState.Open or AlertState.Acknowledged,
        _ => true,
    };

    /// <summary>What the events of an alert have in common; null where a part of it is sealed.</summary>
    private static ImmutableArray<(string Field, string Value)>? GroupOf(JsonElement group) => group.EnumerateArray().Any(part => part.TryGetProperty(SealedMark, out _))
        ? null
        : [.. group.EnumerateArray().Select(part => (part.GetProperty("field").GetString()!, part.GetProperty("value").GetString()!))];

    private static string? TextOf(JsonElement parent, params ReadOnlySpan<string> path)
    {
        foreach (string name in path)
        {
            if (parent.ValueKind != JsonValueKind.Object || !parent.TryGetProperty(name, out parent))
            {
                return null;
            }
        }

        return parent.ValueKind == JsonValueKind.String ? parent.GetString() : null;
    }

    private static DateTimeOffset ReceivedOf(JsonElement entry) => Instant.Parse(entry.GetProperty("received_at").GetString()!);
}
