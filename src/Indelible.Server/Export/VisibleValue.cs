using System.Text.Json;

namespace Indelible.Server.Export;

/// <summary>Values of an entry for readers who take them for what they are: personal ones that are not shown, and removed ones, are a word.</summary>
internal static class VisibleValue
{
    /// <summary>The word for a value that is not there to be seen; null where it is.</summary>
    /// <remarks>These members are reserved: no producer's object begins with another name in <c>$</c>.</remarks>
    public static string? WordFor(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        foreach (JsonProperty member in value.EnumerateObject())
        {
            return member.Name switch
            {
                "$pii" => "[masked]",
                "$erased" => "[erased]",
                "$damaged" => "[damaged]",
                "$redacted" => "[redacted]",
                _ => null,
            };
        }

        return null;
    }

    /// <summary>Writes a value with such words in it.</summary>
    public static void Write(Utf8JsonWriter json, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object when WordFor(value) is { } word:
                json.WriteStringValue(word);
                break;
            case JsonValueKind.Object:
                json.WriteStartObject();
                foreach (JsonProperty member in value.EnumerateObject())
                {
                    json.WritePropertyName(member.Name);
                    Write(json, member.Value);
                }

                json.WriteEndObject();
                break;
            case JsonValueKind.Array:
                json.WriteStartArray();
                foreach (JsonElement item in value.EnumerateArray())
                {
                    Write(json, item);
                }

                json.WriteEndArray();
                break;
            default:
                json.WriteRawValue(value.GetRawText(), skipInputValidation: true);
                break;
        }
    }

    /// <summary>A value as JSON with such words in it.</summary>
    public static string ToJson(JsonElement value)
    {
        using var buffer = new MemoryStream();
        using (Utf8JsonWriter json = JsonText.Writer(buffer))
        {
            Write(json, value);
        }

        return System.Text.Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }
}
