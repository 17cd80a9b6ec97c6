using System.Globalization;
using System.Text.Json;
using Indelible.Events;
using Indelible.Server.Alerts;

namespace Indelible.Server.Notifications;

/// <summary>What a template's names stand for, of one notification.</summary>
/// <remarks>All of it stands in the alert's entry, which says nothing that its events keep to themselves.</remarks>
internal sealed class NotifyValues
{
    private const int EventsNamed = 10;

    private readonly Dictionary<string, string> _values;
    private readonly Dictionary<string, string> _group = new(StringComparer.Ordinal);

    /// <param name="destination">Whom it is told.</param>
    /// <param name="node">The node's name.</param>
    /// <param name="reason">Why he is told.</param>
    /// <param name="alert">The alert as it stands; null of a test.</param>
    /// <param name="entry">Its entry.</param>
    /// <param name="url">Where it is shown; null where nothing is known of that.</param>
    public NotifyValues(string destination, string node, string reason, Alert? alert, JsonElement entry, string? url)
    {
        JsonElement data = alert is null ? default : entry.GetProperty("data");
        if (alert is not null && data.TryGetProperty("group", out JsonElement group))
        {
            foreach (JsonElement part in group.EnumerateArray())
            {
                _group[part.GetProperty("field").GetString()!] = part.TryGetProperty("value", out JsonElement value) ? value.GetString()! : "(sealed)";
            }
        }

        _values = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["alert.id"] = alert?.Id ?? "",
            ["alert.index"] = alert?.Entry.Index.ToString(CultureInfo.InvariantCulture) ?? "",
            ["count"] = TextOf(data, "count"),
            ["destination"] = destination,
            ["events"] = EventsOf(data),
            ["from"] = TextOf(data, "from"),
            ["group"] = string.Join(", ", _group.Select(part => $"{part.Key} {part.Value}")),
            ["log"] = alert?.Log ?? "",
            ["message"] = alert is null ? "This destination can be reached." : AlertJson.MessageOf(alert, entry),
            ["node"] = node,
            ["raised_at"] = alert is null ? "" : Instant.Format(alert.Raised),
            ["reason"] = reason,
            ["repeats"] = alert?.RepeatCount.ToString(CultureInfo.InvariantCulture) ?? "",
            ["rule.id"] = alert?.Rule ?? "",
            ["rule.title"] = alert is null ? "Indelible" : AlertJson.TitleOf(alert, data),
            ["severity"] = alert?.Severity.ToString().ToLowerInvariant() ?? "informational",
            ["state"] = alert is null ? "" : AlertJson.WordOf(alert.State),
            ["time"] = TextOf(entry, "time"),
            ["to"] = TextOf(data, "to"),
            ["url"] = url ?? "",
        };
    }

    /// <summary>The names that there are, besides <c>group.FIELD</c>.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "alert.id", "alert.index", "count", "destination", "events", "from", "group", "log", "message", "node", "raised_at", "reason", "repeats", "rule.id", "rule.title", "severity", "state", "time", "to", "url",
    ];

    /// <summary>The value of a name; empty where the alert says nothing of it.</summary>
    public string Of(string name) => name.StartsWith(MessageTemplate.GroupPrefix, StringComparison.Ordinal)
        ? _group.GetValueOrDefault(name[MessageTemplate.GroupPrefix.Length..], "")
        : _values[name];

    private static string TextOf(JsonElement parent, string name) => parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out JsonElement value) ? value.ToString() : "";

    private static string EventsOf(JsonElement data)
    {
        if (data.ValueKind != JsonValueKind.Object || !data.TryGetProperty("events", out JsonElement events))
        {
            return "";
        }

        string named = string.Join(", ", events.EnumerateArray().TakeLast(EventsNamed));
        return events.GetArrayLength() <= EventsNamed ? named : "…, " + named;
    }
}
