using System.Text.Json;
using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Merkle;
using Indelible.Server.Access;

namespace Indelible.Server.Endpoints;

/// <summary>An entry as search and tail show it: its exact form, and its personal values beside it for those who may see them.</summary>
/// <remarks>
/// <c>entry</c> hashes to <c>leaf_hash</c>; <c>personal</c> maps JSON Pointers to values, or to null where they were erased or are damaged. Where they are
/// not shown there is <c>masked</c> instead: <c>pointers</c>, and whether they are <c>revealed</c> <c>on_request</c> or <c>never</c>.
/// </remarks>
internal static class EntryItem
{
    /// <summary>Writes an entry.</summary>
    /// <param name="json">Where to.</param>
    /// <param name="log">Its log.</param>
    /// <param name="entries">How its reader sees the log.</param>
    /// <param name="index">Its index.</param>
    /// <param name="entry">Its bytes.</param>
    /// <param name="view">It as its reader sees it.</param>
    /// <param name="proof">Its inclusion proof, to be beside it as <c>proof</c>; null for none.</param>
    public static void Write(Utf8JsonWriter json, LogReader log, VisibleEntries entries, long index, ReadOnlyMemory<byte> entry, ReadOnlyMemory<byte> view, Hash[]? proof = null)
    {
        json.WriteStartObject();
        WriteMembers(json, log, entries, index, entry, view, proof);
        json.WriteEndObject();
    }

    /// <summary>Writes what <see cref="Write"/> writes, into an object that has other members as well.</summary>
    public static void WriteMembers(Utf8JsonWriter json, LogReader log, VisibleEntries entries, long index, ReadOnlyMemory<byte> entry, ReadOnlyMemory<byte> view, Hash[]? proof = null)
    {
        json.WriteNumber("index", index);
        json.WriteBase64String("leaf_hash", log.ReadLeafHash(index).Bytes);
        json.WritePropertyName("entry");
        json.WriteRawValue(entry.Span, skipInputValidation: true);
        IReadOnlyList<string> pointers = Events.Entry.PersonalPointers(entry.Span);
        if (pointers.Count > 0 && Events.Entry.PersonalPointers(view.Span).Count > 0)
        {
            json.WriteStartObject("masked");
            json.WriteStartArray("pointers");
            foreach (string pointer in pointers)
            {
                json.WriteStringValue(pointer);
            }

            json.WriteEndArray();
            json.WriteString("revealed", entries.PersonalOf(entry) == PersonalView.OnRequest ? "on_request" : "never");
            json.WriteEndObject();
        }
        else if (pointers.Count > 0)
        {
            using JsonDocument document = JsonDocument.Parse(view);
            json.WriteStartObject("personal");
            foreach (string pointer in pointers)
            {
                json.WritePropertyName(pointer);
                WriteValue(json, document.RootElement, pointer);
            }

            json.WriteEndObject();
        }

        if (proof is not null)
        {
            json.WriteStartArray("proof");
            foreach (ref readonly Hash hash in proof.AsSpan())
            {
                json.WriteBase64StringValue(hash.Bytes);
            }

            json.WriteEndArray();
        }
    }

    /// <summary>An entry as text; as <see cref="Write"/>.</summary>
    public static byte[] ToJson(LogReader log, VisibleEntries entries, long index, ReadOnlyMemory<byte> entry, ReadOnlyMemory<byte> view)
    {
        using var buffer = new MemoryStream();
        using (Utf8JsonWriter json = JsonText.Writer(buffer))
        {
            Write(json, log, entries, index, entry, view);
        }

        return buffer.ToArray();
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
