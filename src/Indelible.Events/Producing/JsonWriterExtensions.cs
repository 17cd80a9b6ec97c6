using System.Text.Json;

namespace Indelible.Events.Producing;

/// <summary>Writes members that may be absent: what is null is left out, never written as null.</summary>
internal static class JsonWriterExtensions
{
    public static void WriteOptional(this Utf8JsonWriter writer, ReadOnlySpan<byte> name, string? value)
    {
        if (value is not null)
        {
            writer.WriteString(name, value);
        }
    }

    public static void WriteOptional(this Utf8JsonWriter writer, ReadOnlySpan<byte> name, bool? value)
    {
        if (value is not null)
        {
            writer.WriteBoolean(name, value.Value);
        }
    }

    public static void WriteOptional(this Utf8JsonWriter writer, ReadOnlySpan<byte> name, long? value)
    {
        if (value is not null)
        {
            writer.WriteNumber(name, value.Value);
        }
    }

    public static void WriteOptional(this Utf8JsonWriter writer, ReadOnlySpan<byte> name, string[] words, int? value)
    {
        if (value is not null)
        {
            writer.WriteString(name, words[value.Value]);
        }
    }

    public static void WriteOptional(this Utf8JsonWriter writer, ReadOnlySpan<byte> name, JsonElement? value)
    {
        if (value is not null)
        {
            writer.WritePropertyName(name);
            value.Value.WriteTo(writer);
        }
    }

    public static void WriteOptional(this Utf8JsonWriter writer, ReadOnlySpan<byte> name, IReadOnlyList<string>? value) =>
        writer.WriteOptional(name, value, static (to, item) => to.WriteStringValue(item));

    public static void WriteOptional<T>(
        this Utf8JsonWriter writer,
        ReadOnlySpan<byte> name,
        IReadOnlyList<T>? value,
        Action<Utf8JsonWriter, T> writeItem)
    {
        if (value is null)
        {
            return;
        }

        writer.WriteStartArray(name);
        foreach (T item in value)
        {
            writeItem(writer, item);
        }

        writer.WriteEndArray();
    }

    public static void WriteOptional(this Utf8JsonWriter writer, ReadOnlySpan<byte> name, IReadOnlyDictionary<string, string>? value)
    {
        if (value is null)
        {
            return;
        }

        writer.WriteStartObject(name);
        foreach ((string key, string text) in value)
        {
            writer.WriteString(key, text);
        }

        writer.WriteEndObject();
    }
}
