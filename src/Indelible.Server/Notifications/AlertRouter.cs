using System.Text.Json;
using Indelible.Engine.Access;
using Indelible.Server.Alerts;

namespace Indelible.Server.Notifications;

/// <summary>Who is told of an alert.</summary>
/// <param name="board">How alerts stand.</param>
/// <param name="settings">Who wants to be told of what.</param>
/// <param name="tags">Gives the tags of a rule that is asked, by its id.</param>
/// <param name="forgotten">Told of alerts that nobody is told of, since there were too many after them.</param>
internal sealed class AlertRouter(AlertBoard board, NotifySettings settings, Func<string, IReadOnlyList<string>?> tags, Action<AlertEntry> forgotten)
{
    private readonly Dictionary<string, Destination> _byName = settings.Destinations.ToDictionary(destination => destination.Name, StringComparer.Ordinal);

    /// <summary>The deliveries that an entry of <c>_alerts</c> comes to; none of what is no alert, of one that is suppressed, closed or acknowledged already, and, but for who wants repeats, of one that belongs to another.</summary>
    /// <param name="at">Where the entry stands.</param>
    /// <param name="bytes">The entry.</param>
    /// <param name="now">When it is looked at.</param>
    /// <exception cref="JsonException">It is none.</exception>
    public IReadOnlyList<Delivery> Route(AlertEntry at, ReadOnlyMemory<byte> bytes, DateTimeOffset now)
    {
        using var document = JsonDocument.Parse(bytes);
        JsonElement entry = document.RootElement;
        if (!AlertSteps.IsAlert(entry.GetProperty("action").GetString()!))
        {
            return [];
        }

        string id = entry.GetProperty("id").GetString()!;
        if (entry.GetProperty("data").TryGetProperty(DeliveryMaker.OfFailureMember, out _))
        {
            return [];
        }

        // The board may know more by now than this entry: who has acknowledged what he saw on the list need not be told of it.
        if (board.FindStory(at, entry) is not { } alert)
        {
            forgotten(at);
            return [];
        }

        bool isRepeat = alert.Id != id;
        if (!(alert.State == AlertState.Open || (isRepeat && alert.State == AlertState.Acknowledged)))
        {
            return [];
        }

        // Nobody is told that he could not be told; and of what nobody could be told of, once is enough.
        bool isFailure = alert.Rule == DeliveryMaker.FailedRule;
        string? unreachable = isFailure && alert.Group is [(DeliveryMaker.DestinationField, var name)] ? name : null;
        if (isFailure && isRepeat)
        {
            return [];
        }

        // Times of receipt never go back: where a clock was ahead once, they are until that time has come. Nobody waits for it.
        DateTimeOffset raised = entry.GetProperty("received_at").GetDateTimeOffset();
        DateTimeOffset since = raised < now ? raised : now;
        var deliveries = new List<Delivery>();
        foreach (Destination destination in settings.Destinations.Where(destination => destination.Name != unreachable && (destination.HasRepeats || !isRepeat) && Wants(destination, alert, bytes)))
        {
            deliveries.Add(Of(destination.Name, isRepeat ? NotifyReason.Repeated : NotifyReason.Raised, since));
            if (!isRepeat)
            {
                Escalate(destination, since);
            }
        }

        // Of two that pass it on to the same third, the earlier one counts.
        return [.. deliveries.OrderBy(delivery => delivery.Due).DistinctBy(delivery => delivery.Id)];

        void Escalate(Destination from, DateTimeOffset told)
        {
            foreach (Escalation escalation in from.Escalations)
            {
                if (escalation.To != unreachable && deliveries.Count < ServerLimits.NotifyFanOut)
                {
                    deliveries.Add(Of(escalation.To, NotifyReason.Escalated, told + escalation.After));
                    Escalate(_byName[escalation.To], told + escalation.After);
                }
            }
        }

        Delivery Of(string destination, NotifyReason reason, DateTimeOffset due) => new(Delivery.IdOf(id, destination, reason), destination, reason, alert.Id, at.Log, at.Index, raised) { Due = due, Since = due };
    }

    private bool Wants(Destination destination, Alert alert, ReadOnlyMemory<byte> entry) => destination.Alerts is { } wanted
        && alert.Severity >= wanted.Severity
        && (wanted.Rules.Count == 0 || wanted.Rules.Contains(alert.Rule))
        && (wanted.Tags.Count == 0 || tags(alert.Rule)?.Intersect(wanted.Tags).Any() == true)
        && (wanted.Logs.Count == 0 || (alert.Log is { } log && wanted.Logs.Any(pattern => LogPattern.Covers(pattern, log))))
        && (wanted.Query is not { } query || query.Matches(entry.Span));
}
