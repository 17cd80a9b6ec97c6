using System.Text.Json;

namespace Indelible.Events.Producing;

/// <summary>The application that tells of it.</summary>
public sealed record Service
{
    /// <summary><c>name</c>. Its name.</summary>
    public required string Name { get; init; }

    /// <summary><c>version</c>. Its version.</summary>
    public string? Version { get; init; }

    /// <summary><c>instance_id</c>. Which instance.</summary>
    public string? InstanceId { get; init; }

    /// <summary><c>environment</c>. <c>prod</c>, <c>test</c>…</summary>
    public string? Environment { get; init; }

    /// <summary><c>host</c>. On which host.</summary>
    public string? Host { get; init; }

    internal void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("name"u8, Name);
        writer.WriteOptional("version"u8, Version);
        writer.WriteOptional("instance_id"u8, InstanceId);
        writer.WriteOptional("environment"u8, Environment);
        writer.WriteOptional("host"u8, Host);
        writer.WriteEndObject();
    }
}
