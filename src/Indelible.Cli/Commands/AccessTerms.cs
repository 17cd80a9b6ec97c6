using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Indelible.Cli.Commands;

/// <summary>The options in which keys and grants are told, and the bodies that they make.</summary>
internal static class AccessTerms
{
    public static Option<string[]> Logs() => new("--log") { Description = "A log: its name, prefix.* or * (all but the system's own, which are named); may be given several times", DefaultValueFactory = _ => [] };

    public static Option<string?> Rows() => new("--rows") { Description = "Show these entries alone: a query, such as 'target.type:invoice service:billing'; not about personal values" };

    public static Option<string?> Personal()
    {
        var option = new Option<string?>("--personal") { Description = "Personal values: shown; on_request, for a reason that is recorded; or hidden" };
        option.AcceptOnlyFromAmong("shown", "on_request", "hidden");
        return option;
    }

    public static Option<string?> Expires() => new("--expires") { Description = "When it ends, in UTC: 2030-01-31T00:00:00Z" };

    public static Option<string?> Role(bool required = false)
    {
        var option = new Option<string?>("--role") { Description = "writer, reader, analyst, auditor, privacy_officer, administrator or custodian", Required = required };
        option.AcceptOnlyFromAmong("writer", "reader", "analyst", "auditor", "privacy_officer", "administrator", "custodian");
        return option;
    }

    /// <summary>A JSON array of texts.</summary>
    public static JsonArray Texts(IEnumerable<string> texts) => [.. texts.Select(text => (JsonNode)text)];

    /// <summary>Adds a member, if there is something to say.</summary>
    public static JsonObject With(this JsonObject body, string name, string? text)
    {
        if (text is not null)
        {
            body[name] = text;
        }

        return body;
    }

    /// <summary>The bytes of a body.</summary>
    public static byte[] ToBytes(this JsonObject body) => System.Text.Encoding.UTF8.GetBytes(body.ToJsonString());

    /// <summary>A span of time: a number and s, m, h or d.</summary>
    /// <returns>Null where it is none.</returns>
    public static TimeSpan? ParseSpan(string text)
    {
        int seconds = text.Length > 1 ? text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3_600, 'd' => 86_400, _ => 0 } : 0;
        return seconds > 0 && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? TimeSpan.FromSeconds((long)number * seconds) : null;
    }
}
