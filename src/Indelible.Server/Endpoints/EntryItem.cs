using System.Text.Json;
using Indelible.Engine;

namespace Indelible.Server.Endpoints;

/// <summary>An entry as search and tail show it: its exact form, and its personal values beside it for those who may see them.</summary>
/// <remarks><c>entry</c> hashes to <c>leaf_hash</c>; <c>personal</c> maps JSON Pointers to values, or to null where they were erased or are damaged.</remarks>
internal static class EntryItem
{
    public static byte[] ToJson(LogReader log, long index, ReadOnlyMemory<byte> entry, ReadOnlyMemory<byte> clear)
    {
        using var buffer = new MemoryStream();
        using (Utf8JsonWriter json = JsonText.Writer(buffer))
        {
            Write(json, log, index, entry, clear);
        }

        return buffer.ToArray();
    }

    public static void Write(Utf8JsonWriter json, LogReader log, long index, ReadOnlyMemory<byte> entry, ReadOnlyMemory<byte> clear)
    {
        json.WriteStartObject();
        json.WriteNumber("index", index);
        json.WriteBase64String("leaf_hash", log.ReadLeafHash(index).Bytes);
        json.WritePropertyName("entry");
        json.WriteRawValue(entry.Span, skipInputValidation: true);
        IReadOnlyList<string> pointers = Events.Entry.PersonalPointers(entry.Span);
        if (pointers.Count > 0)
        {
            using JsonDocument document = JsonDocument.Parse(clear);
            json.WriteStartObject("personal");
            foreach (string pointer in pointers)
            {
                json.WritePropertyName(pointer);
                WriteValue(json, document.RootElement, pointer);
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteValue(Utf8JsonWriter json, JsonElement value, string pointer)
    {
        foreach (string token in pointer.Split('/').Skip(1))
        {
            value = value.ValueKind == JsonValueKind.Array
                ? value[int.Parse(token, System.Globalization.CultureInfo.InvariantCulture)]
                : value.GetProperty(token.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal));
        }

        if (value.ValueKind == JsonValueKind.Object && (value.TryGetProperty("$erased", out _) || value.TryGetProperty("$damaged", out _)))
        {
            json.WriteNullValue();
            return;
        }

        value.WriteTo(json);
    }
}
