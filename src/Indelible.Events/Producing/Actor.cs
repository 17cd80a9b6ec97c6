using System.Text.Json;

namespace Indelible.Events.Producing;

/// <summary>Who did it.</summary>
public sealed record Actor
{
    /// <summary><c>id</c>. The stable internal id, not an e-mail address; <c>anonymous</c> or <c>unknown</c> where there is none.</summary>
    public required string Id { get; init; }

    /// <summary><c>type</c>. What sort of actor.</summary>
    public required ActorType Type { get; init; }

    /// <summary><c>name</c>. The name at the time. Personal.</summary>
    public string? Name { get; init; }

    /// <summary><c>email</c>. The address at the time. Personal.</summary>
    public string? Email { get; init; }

    /// <summary><c>roles</c>. Roles held at the time.</summary>
    public IReadOnlyList<string>? Roles { get; init; }

    /// <summary><c>groups</c>. Groups at the time.</summary>
    public IReadOnlyList<string>? Groups { get; init; }

    /// <summary><c>privileged</c>. Whether the actor acts with administrative rights.</summary>
    public bool? Privileged { get; init; }

    /// <summary><c>issuer</c>. Who issued the identity.</summary>
    public string? Issuer { get; init; }

    /// <summary><c>on_behalf_of</c>. For whom, outermost first.</summary>
    public IReadOnlyList<OnBehalfOf>? OnBehalfOf { get; init; }

    /// <summary><c>agent</c>. Required of an actor of type <see cref="ActorType.AiAgent"/>.</summary>
    public Agent? Agent { get; init; }

    internal void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("id"u8, Id);
        writer.WriteOptional("type"u8, EventWords.ActorTypes, (int)Type);
        writer.WriteOptional("name"u8, Name);
        writer.WriteOptional("email"u8, Email);
        writer.WriteOptional("roles"u8, Roles);
        writer.WriteOptional("groups"u8, Groups);
        writer.WriteOptional("privileged"u8, Privileged);
        writer.WriteOptional("issuer"u8, Issuer);
        writer.WriteOptional("on_behalf_of"u8, OnBehalfOf, static (to, item) => item.WriteTo(to));
        if (Agent is not null)
        {
            writer.WritePropertyName("agent"u8);
            Agent.WriteTo(writer);
        }

        writer.WriteEndObject();
    }
}
