using System.Text.Json;

namespace Indelible.Events.Producing;

/// <summary>The agent behind an actor of type <see cref="ActorType.AiAgent"/>.</summary>
public sealed record Agent
{
    /// <summary><c>name</c>. Its product name.</summary>
    public string? Name { get; init; }

    /// <summary><c>model</c>. The model it decides by.</summary>
    public string? Model { get; init; }

    /// <summary><c>version</c>. Its version.</summary>
    public string? Version { get; init; }

    /// <summary><c>run_id</c>. The run this belongs to.</summary>
    public string? RunId { get; init; }

    internal void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteOptional("name"u8, Name);
        writer.WriteOptional("model"u8, Model);
        writer.WriteOptional("version"u8, Version);
        writer.WriteOptional("run_id"u8, RunId);
        writer.WriteEndObject();
    }
}
