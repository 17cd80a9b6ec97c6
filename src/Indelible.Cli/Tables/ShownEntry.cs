using System.Text.Json;
using System.Text.Json.Nodes;
using Indelible.Server.Export;

namespace Indelible.Cli.Tables;

/// <summary>An item of a search or a tail as people read it: personal values that came beside the entry are in their places.</summary>
internal sealed class ShownEntry
{
    private readonly JsonElement _view;

    /// <param name="item">From a server; its shape is not trusted.</param>
    public ShownEntry(JsonElement item)
    {
        Index = item.TryGetProperty("index", out JsonElement index) ? index.ToString() : "";
        JsonElement entry = item.GetProperty("entry");
        _view = item.TryGetProperty("personal", out JsonElement personal) && personal.ValueKind == JsonValueKind.Object ? Reveal(entry, personal) : entry;
    }

    /// <summary>Its leaf index.</summary>
    public string Index { get; }

    /// <summary>The value of a field, or several beside each other; empty where it has none.</summary>
    /// <param name="names">The member names that lead to it.</param>
    public string Text(params IReadOnlyList<string> names) => ExportColumn.Read(_view, names) ?? "";

    /// <summary>The first target, and how many more there are.</summary>
    public string Target
    {
        get
        {
            if (!_view.TryGetProperty("targets", out JsonElement targets) || targets.ValueKind != JsonValueKind.Array || targets.GetArrayLength() == 0)
            {
                return "";
            }

            int more = targets.GetArrayLength() - 1;
            return $"{ExportColumn.Read(targets[0], ["type"])} {ExportColumn.Read(targets[0], ["id"])}{(more > 0 ? $" +{more}" : "")}";
        }
    }

    private static JsonElement Reveal(JsonElement entry, JsonElement personal)
    {
        JsonNode view = JsonNode.Parse(entry.GetRawText())!;
        foreach (JsonProperty value in personal.EnumerateObject())
        {
            string[] steps = [.. value.Name.Split('/').Skip(1).Select(step => step.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal))];
            JsonNode? parent = steps.Length == 0 ? null : steps[..^1].Aggregate((JsonNode?)view, Below);

            // Erased or damaged: the server knows no value.
            JsonNode shown = value.Value.ValueKind == JsonValueKind.Null ? new JsonObject { ["$erased"] = true } : JsonNode.Parse(value.Value.GetRawText())!;
            if (parent is JsonObject members && members.ContainsKey(steps[^1]))
            {
                members[steps[^1]] = shown;
            }
            else if (parent is JsonArray items && int.TryParse(steps[^1], out int at) && at >= 0 && at < items.Count)
            {
                items[at] = shown;
            }
        }

        return JsonElement.Parse(view.ToJsonString());
    }

    private static JsonNode? Below(JsonNode? parent, string step) => parent switch
    {
        JsonObject members => members.TryGetPropertyValue(step, out JsonNode? member) ? member : null,
        JsonArray items => int.TryParse(step, out int at) && at >= 0 && at < items.Count ? items[at] : null,
        _ => null,
    };
}
