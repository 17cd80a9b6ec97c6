using System.Text.Json;
using Indelible.Events;

namespace Indelible.Server.Alerts;

/// <summary>Alerts as the API tells of them: what their entry says, and how they stand.</summary>
internal static class AlertJson
{
    private static readonly string[] s_told = ["from", "to", "count", "events", "group", "context"];

    /// <summary>The word for a state.</summary>
    public static string WordOf(AlertState state) => state.ToString().ToLowerInvariant();

    /// <summary>Writes the members of an alert.</summary>
    /// <param name="json">Inside of an object.</param>
    /// <param name="alert">The alert.</param>
    /// <param name="bytes">Its entry.</param>
    public static void Write(Utf8JsonWriter json, Alert alert, ReadOnlyMemory<byte> bytes)
    {
        using var document = JsonDocument.Parse(bytes);
        JsonElement entry = document.RootElement;
        JsonElement data = entry.GetProperty("data");
        json.WriteString("id", alert.Id);
        WriteEntry(json, "entry", alert.Entry);
        json.WriteString("state", WordOf(alert.State));
        json.WriteString("severity", alert.Severity.ToString().ToLowerInvariant());
        json.WriteStartObject("rule");
        json.WriteString("id", alert.Rule);
        json.WriteString("title", TitleOf(alert, data));
        json.WriteEndObject();
        json.WriteString("log", alert.Log);
        json.WriteString("time", entry.GetProperty("time").GetString());
        json.WriteString("raised_at", Instant.Format(alert.Raised));
        json.WriteString("message", MessageOf(alert, entry));
        foreach (string name in s_told)
        {
            if (data.TryGetProperty(name, out JsonElement told))
            {
                json.WritePropertyName(name);
                told.WriteTo(json);
            }
        }

        json.WriteString("assignee", alert.Assignee);
        json.WriteString("reason", alert.Reason);
        json.WriteString("suppressed_by", alert.SuppressedBy);
        json.WriteNumber("repeats", alert.RepeatCount);
        json.WriteString("last_raised_at", Instant.Format(alert.LastRaised));
        json.WriteString("changed_at", alert.Changed is { } changed ? Instant.Format(changed.At) : null);
        json.WriteString("changed_by", alert.Changed?.By);
    }

    /// <summary>Writes the members of an alert, with what was done with it, and the alerts that belong to it.</summary>
    /// <param name="json">Inside of an object.</param>
    /// <param name="alert">The alert.</param>
    /// <param name="read">Reads an entry.</param>
    public static void WriteWhole(Utf8JsonWriter json, Alert alert, Func<AlertEntry, ReadOnlyMemory<byte>> read)
    {
        Write(json, alert, read(alert.Entry));
        json.WriteStartArray("steps");
        foreach (AlertEntry at in alert.Steps)
        {
            using var document = JsonDocument.Parse(read(at));
            WriteStep(json, at, document.RootElement);
        }

        json.WriteEndArray();
        json.WriteStartArray("repeated");
        foreach (AlertRepeat repeat in alert.Repeats)
        {
            using var document = JsonDocument.Parse(read(repeat.Entry));
            json.WriteStartObject();
            json.WriteString("id", repeat.Id);
            WriteEntry(json, "entry", repeat.Entry);
            json.WriteString("time", document.RootElement.GetProperty("time").GetString());
            json.WriteString("raised_at", document.RootElement.GetProperty("received_at").GetString());
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteStep(Utf8JsonWriter json, AlertEntry at, JsonElement entry)
    {
        json.WriteStartObject();
        json.WriteString("step", entry.GetProperty("action").GetString()!.Split('.')[^1]);
        WriteEntry(json, "entry", at);
        json.WriteString("at", entry.GetProperty("received_at").GetString());
        json.WriteString("by", entry.GetProperty("actor").GetProperty("id").GetString());
        if (entry.TryGetProperty("reason", out JsonElement comment))
        {
            json.WriteString("comment", comment.GetProperty("text").GetString());
        }

        foreach (string name in (ReadOnlySpan<string>)["assignee", "reason", "until"])
        {
            if (entry.GetProperty("data").TryGetProperty(name, out JsonElement said))
            {
                json.WritePropertyName(name);
                said.WriteTo(json);
            }
        }

        json.WriteEndObject();
    }

    /// <summary>An alert in a sentence.</summary>
    /// <param name="alert">The alert.</param>
    /// <param name="entry">Its entry.</param>
    public static string MessageOf(Alert alert, JsonElement entry) => entry.TryGetProperty("message", out JsonElement message) ? message.GetString()! : TitleOf(alert, entry.GetProperty("data"));

    /// <summary>The title of an alert's rule.</summary>
    /// <param name="alert">The alert.</param>
    /// <param name="data">What its entry says of it.</param>
    public static string TitleOf(Alert alert, JsonElement data) => data.TryGetProperty("rule", out JsonElement rule) ? rule.GetProperty("title").GetString()!
        : alert.Rule.EndsWith(".break_glass", StringComparison.Ordinal) ? "Somebody breaks the glass"
        : "A verification found a fault";

    private static void WriteEntry(Utf8JsonWriter json, string name, AlertEntry entry)
    {
        json.WriteStartObject(name);
        json.WriteString("log", entry.Log);
        json.WriteNumber("index", entry.Index);
        json.WriteEndObject();
    }
}
