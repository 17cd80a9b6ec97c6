using System.Text.Encodings.Web;
using System.Text.Json;
using Indelible.Events;

namespace Indelible.Verification;

/// <summary>What a server says of an export: what was asked for, how much left, and the checkpoint that covers it. <b>Not verified</b>: nobody has signed it.</summary>
/// <remarks>What of it can be checked without believing the server, <see cref="ExportCheck"/> checks.</remarks>
public sealed record ExportManifest
{
    /// <summary>The form of the manifest, and its version.</summary>
    public const string Form = "indelible.dev/export/v1";

    /// <summary>The most bytes that a manifest has: the longest query, a checkpoint, and some.</summary>
    public const int MaxBytes = 1 << 20;

    private static readonly JsonDocumentOptions s_strict = new() { AllowDuplicateProperties = false };

    /// <summary>The export's id: by it the entries of <c>_access</c> name it.</summary>
    public required string Id { get; init; }

    /// <summary>The log's name on its server.</summary>
    public required string Log { get; init; }

    /// <summary>The log's origin.</summary>
    public required string Origin { get; init; }

    /// <summary>What was asked for, in canonical form: it means the same at any time.</summary>
    public required string Query { get; init; }

    /// <summary>The first instant of <c>time</c>; null for no lower end.</summary>
    public string? From { get; init; }

    /// <summary>The instant behind the last; null for no upper end.</summary>
    public string? To { get; init; }

    /// <summary>The tree size that the export covers: entries below it that match.</summary>
    public required long AsOf { get; init; }

    /// <summary><c>ndjson</c>, <c>csv</c>, <c>parquet</c> or <c>ocsf</c>.</summary>
    public required string Format { get; init; }

    /// <summary>The columns, where the format has any.</summary>
    public IReadOnlyList<string>? Fields { get; init; }

    /// <summary>Whether each entry has its inclusion proof beside it.</summary>
    public bool Proofs { get; init; }

    /// <summary><c>all</c>, or <c>limited</c> where a row limit may have kept entries from whoever exported.</summary>
    public required string Rows { get; init; }

    /// <summary><c>shown</c>, <c>masked</c>, or <c>mixed</c>: what whoever exported is shown of personal values.</summary>
    public required string Personal { get; init; }

    /// <summary>How many entries left.</summary>
    public required long Count { get; init; }

    /// <summary>How many bytes.</summary>
    public required long Bytes { get; init; }

    /// <summary>Their SHA-256, in lower-case hex.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Whether everything that matches has left.</summary>
    public required bool IsComplete { get; init; }

    /// <summary>Why not, in a word; null where it is complete.</summary>
    public string? Broken { get; init; }

    /// <summary>Who exported.</summary>
    public required string Principal { get; init; }

    /// <summary>When it began.</summary>
    public required DateTimeOffset Started { get; init; }

    /// <summary>When it ended.</summary>
    public required DateTimeOffset Ended { get; init; }

    /// <summary>The checkpoint that covers it, a signed note: proofs are against this one.</summary>
    public required string Checkpoint { get; init; }

    /// <summary>The manifest as JSON, with lines, for people to read as well.</summary>
    public byte[] ToJson()
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("manifest", Form);
            json.WriteString("id", Id);
            json.WriteString("log", Log);
            json.WriteString("origin", Origin);
            json.WriteString("query", Query);
            json.WriteString("from", From);
            json.WriteString("to", To);
            json.WriteNumber("as_of", AsOf);
            json.WriteString("format", Format);
            if (Fields is not null)
            {
                json.WriteStartArray("fields");
                foreach (string field in Fields)
                {
                    json.WriteStringValue(field);
                }

                json.WriteEndArray();
            }

            json.WriteBoolean("proofs", Proofs);
            json.WriteString("rows", Rows);
            json.WriteString("personal", Personal);
            json.WriteNumber("count", Count);
            json.WriteNumber("bytes", Bytes);
            json.WriteString("sha256", Sha256);
            json.WriteBoolean("complete", IsComplete);
            json.WriteString("broken", Broken);
            json.WriteString("principal", Principal);
            json.WriteString("started", Instant.Format(Started));
            json.WriteString("ended", Instant.Format(Ended));
            json.WriteString("checkpoint", Checkpoint);
            json.WriteEndObject();
        }

        buffer.WriteByte((byte)'\n');
        return buffer.ToArray();
    }

    /// <summary>Reads a manifest.</summary>
    /// <param name="utf8">Untrusted.</param>
    /// <exception cref="TlogFormatException">It is none; the message says why.</exception>
    public static ExportManifest Parse(ReadOnlyMemory<byte> utf8)
    {
        if (utf8.Length > MaxBytes)
        {
            throw new TlogFormatException($"A manifest has at most {MaxBytes} bytes; these are {utf8.Length}.");
        }

        try
        {
            // Of a member given twice two readers could take different values.
            using var document = JsonDocument.Parse(utf8, s_strict);
            return Read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new TlogFormatException($"This is not the manifest of an export: {e.Message}");
        }
    }

    private static ExportManifest Read(JsonElement root)
    {
        if (Text(root, "manifest") is var form && form != Form)
        {
            throw new FormatException($"it says {form}, and {Form} is what is read here");
        }

        return new ExportManifest
        {
            Id = Text(root, "id"),
            Log = Text(root, "log"),
            Origin = Text(root, "origin"),
            Query = Text(root, "query"),
            From = root.GetProperty("from").GetString(),
            To = root.GetProperty("to").GetString(),
            AsOf = Number(root, "as_of"),
            Format = Text(root, "format"),
            Fields = root.TryGetProperty("fields", out JsonElement fields) ? [.. fields.EnumerateArray().Select(field => field.GetString() ?? throw new FormatException("a field is null"))] : null,
            Proofs = root.GetProperty("proofs").GetBoolean(),
            Rows = Text(root, "rows"),
            Personal = Text(root, "personal"),
            Count = Number(root, "count"),
            Bytes = Number(root, "bytes"),
            Sha256 = Text(root, "sha256"),
            IsComplete = root.GetProperty("complete").GetBoolean(),
            Broken = root.GetProperty("broken").GetString(),
            Principal = Text(root, "principal"),
            Started = Time(root, "started"),
            Ended = Time(root, "ended"),
            Checkpoint = Text(root, "checkpoint"),
        };
    }

    private static string Text(JsonElement root, string name) => root.GetProperty(name).GetString() ?? throw new FormatException($"{name} is null");

    private static long Number(JsonElement root, string name) => root.GetProperty(name).GetInt64() is >= 0 and var number ? number : throw new FormatException($"{name} is negative");

    private static DateTimeOffset Time(JsonElement root, string name) =>
        Instant.TryParse(Text(root, name), out DateTimeOffset time) ? time : throw new FormatException($"{name} is no instant");
}
