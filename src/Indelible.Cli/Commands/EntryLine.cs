using System.Text.Json;

namespace Indelible.Cli.Commands;

/// <summary>An entry on one line of a terminal, from an item of a search or a tail.</summary>
internal static class EntryLine
{
    public static string Of(JsonElement item)
    {
        JsonElement entry = item.GetProperty("entry");
        string target = entry.TryGetProperty("targets", out JsonElement targets) && targets.GetArrayLength() > 0
            ? $"{Text(targets[0], "type")} {Text(targets[0], "id")}"
            : "";
        string source = Personal(item, "/source/ip") ?? (entry.TryGetProperty("source", out JsonElement where) ? Text(where, "hostname") : "");
        string decision = entry.TryGetProperty("decision", out JsonElement decided) && Text(decided, "effect") is "deny" ? "DENIED" : Text(entry, "outcome");
        return $"{Terminal.Column(item.GetProperty("index").ToString().PadLeft(8), 20).TrimEnd()}  {Terminal.Column(Text(entry, "time"), 24)}  {Terminal.Column(decision, 8)} {Terminal.Column(Text(entry, "action"), 34)} {Terminal.Column(Text(entry.GetProperty("actor"), "id"), 32)} {Terminal.Column(target, 40)} {Terminal.Clean(source)}";
    }

    private static string Text(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private static string? Personal(JsonElement item, string pointer) =>
        item.TryGetProperty("personal", out JsonElement personal) && personal.TryGetProperty(pointer, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}
