using System.Text.Json;

namespace Indelible.Events.Producing;

/// <summary>Somebody for whom the actor acts.</summary>
public sealed record OnBehalfOf
{
    /// <summary><c>id</c>. The stable id, not an e-mail address.</summary>
    public required string Id { get; init; }

    /// <summary><c>type</c>. What sort.</summary>
    public ActorType? Type { get; init; }

    /// <summary><c>name</c>. The name at the time. Personal: sealed under the key of <see cref="Id"/>.</summary>
    public string? Name { get; init; }

    internal void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("id"u8, Id);
        writer.WriteOptional("type"u8, EventWords.ActorTypes, (int?)Type);
        writer.WriteOptional("name"u8, Name);
        writer.WriteEndObject();
    }
}
