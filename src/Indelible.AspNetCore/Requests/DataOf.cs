using System.Buffers;
using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Indelible.AspNetCore.Requests;

/// <summary>Makes members of an event's <c>data</c>.</summary>
internal static class DataOf
{
    public static ImmutableDictionary<string, JsonElement> Number(string name, long value)
    {
        JsonElement element = Written(writer => writer.WriteNumberValue(value));
        return ImmutableDictionary<string, JsonElement>.Empty.Add(name, element);
    }

    /// <summary>The value that <paramref name="write"/> writes.</summary>
    public static JsonElement Written(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            write(writer);
        }

        using JsonDocument document = JsonDocument.Parse(buffer.WrittenMemory);
        return document.RootElement.Clone();
    }
}
