using System.Text.Json;

namespace Indelible.Events.Producing;

/// <summary>One value that changed.</summary>
public sealed record Change
{
    /// <summary><c>path</c>. Its JSON Pointer in the target.</summary>
    public required string Path { get; init; }

    /// <summary><c>op</c>. What was done to it.</summary>
    public required ChangeOperation Operation { get; init; }

    /// <summary><c>old</c>. The value before, as JSON. Never a secret: send <c>{"$redacted":"secret"}</c>.</summary>
    public JsonElement? Old { get; init; }

    /// <summary><c>new</c>. The value after, as JSON.</summary>
    public JsonElement? New { get; init; }

    internal void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("path"u8, Path);
        writer.WriteOptional("op"u8, EventWords.ChangeOperations, (int)Operation);
        writer.WriteOptional("old"u8, Old);
        writer.WriteOptional("new"u8, New);
        writer.WriteEndObject();
    }
}
