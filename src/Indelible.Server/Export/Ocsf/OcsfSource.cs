using System.Globalization;
using System.Text.Json;

namespace Indelible.Server.Export.Ocsf;

/// <summary>An event whose members are taken one by one; what nobody takes is what is not mapped.</summary>
/// <param name="entry">The event as whoever exports sees it.</param>
internal sealed class OcsfSource(JsonElement entry)
{
    // Of our own making: known from elsewhere, and of no meaning to a reader of events.
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal) { "salt", "schema" };
    private readonly HashSet<string> _touched = new(StringComparer.Ordinal) { "" };   // every place that something was taken from

    /// <summary>Takes a text, if it is there to be seen.</summary>
    /// <param name="path">Member names with dots between; no list on the way.</param>
    public string? Text(string path) => Find(path) is { ValueKind: JsonValueKind.String } value ? Take(path, value.GetString()!) : null;

    /// <summary>Takes a whole number.</summary>
    public long? Integer(string path) => Find(path) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt64(out long number) ? Take<long?>(path, number) : null;

    /// <summary>Takes <c>true</c> or <c>false</c>.</summary>
    public bool? Boolean(string path) => Find(path) is { ValueKind: JsonValueKind.True or JsonValueKind.False } value ? Take<bool?>(path, value.GetBoolean()) : null;

    /// <summary>Takes a list of texts, whole.</summary>
    public IReadOnlyList<string> Texts(string path) =>
        Find(path) is { ValueKind: JsonValueKind.Array } list && list.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String) ? Take(path, list.EnumerateArray().Select(item => item.GetString()!).ToArray()) : [];

    /// <summary>The places of a list's objects, each to be followed by a member's name.</summary>
    public IReadOnlyList<string> Places(string path) =>
        Find(path) is { ValueKind: JsonValueKind.Array } list ? [.. Enumerable.Range(0, list.GetArrayLength()).Select(i => string.Create(CultureInfo.InvariantCulture, $"{path}.{i}"))] : [];

    /// <summary>Takes a member as it is.</summary>
    public JsonElement? Any(string path) => Find(path) is { } value ? Take<JsonElement?>(path, value) : null;

    /// <summary>Looks at a text that is left to be taken.</summary>
    public string? Peek(string path) => Find(path) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    /// <summary>Whether a member is there that nobody has taken.</summary>
    public bool IsLeft(string path) => !_taken.Contains(path) && Find(path) is not null;

    /// <summary>Writes what was not taken, under its own names.</summary>
    public void WriteRest(Utf8JsonWriter json, string name)
    {
        if (HasRest(entry, ""))
        {
            json.WritePropertyName(name);
            WriteRest(json, entry, "");
        }
    }

    private static string Below(string path, string name) => path.Length == 0 ? name : path + "." + name;

    private static string Below(string path, int item) => Below(path, item.ToString(CultureInfo.InvariantCulture));

    private void WriteRest(Utf8JsonWriter json, JsonElement value, string path)
    {
        if (!_touched.Contains(path))
        {
            VisibleValue.Write(json, value);
        }
        else if (value.ValueKind == JsonValueKind.Array)
        {
            // An item of which nothing is left keeps its place, so that the others keep theirs.
            json.WriteStartArray();
            for (int i = 0; i < value.GetArrayLength(); i++)
            {
                WriteRest(json, value[i], Below(path, i));
            }

            json.WriteEndArray();
        }
        else
        {
            json.WriteStartObject();
            foreach (JsonProperty member in value.EnumerateObject().Where(member => HasRest(member.Value, Below(path, member.Name))))
            {
                json.WritePropertyName(member.Name);
                WriteRest(json, member.Value, Below(path, member.Name));
            }

            json.WriteEndObject();
        }
    }

    private bool HasRest(JsonElement value, string path) => !_taken.Contains(path) && (!_touched.Contains(path) || value.ValueKind switch
    {
        JsonValueKind.Object => value.EnumerateObject().Any(member => HasRest(member.Value, Below(path, member.Name))),
        JsonValueKind.Array => value.EnumerateArray().Select((item, i) => (item, i)).Any(item => HasRest(item.item, Below(path, item.i))),
        _ => false,
    });

    private JsonElement? Find(string path)
    {
        JsonElement value = entry;
        foreach (string step in path.Split('.'))
        {
            if (value.ValueKind == JsonValueKind.Array)
            {
                int item = int.Parse(step, CultureInfo.InvariantCulture);
                if (item >= value.GetArrayLength())
                {
                    return null;
                }

                value = value[item];
            }
            else if (value.ValueKind != JsonValueKind.Object || VisibleValue.WordFor(value) is not null || !value.TryGetProperty(step, out value))
            {
                return null;
            }
        }

        return VisibleValue.WordFor(value) is null ? value : null;
    }

    private T Take<T>(string path, T value)
    {
        _taken.Add(path);
        for (int dot = path.LastIndexOf('.'); dot > 0; dot = path.LastIndexOf('.', dot - 1))
        {
            _touched.Add(path[..dot]);
        }

        return value;
    }
}
