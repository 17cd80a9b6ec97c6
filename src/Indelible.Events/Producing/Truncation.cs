using System.Text.Json;

namespace Indelible.Events.Producing;

/// <summary>A value that the producer cut to fit.</summary>
public sealed record Truncation
{
    /// <summary><c>path</c>. Its JSON Pointer in the event.</summary>
    public required string Path { get; init; }

    /// <summary><c>original_bytes</c>. Its size before.</summary>
    public required long OriginalBytes { get; init; }

    internal void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("path"u8, Path);
        writer.WriteNumber("original_bytes"u8, OriginalBytes);
        writer.WriteEndObject();
    }
}
