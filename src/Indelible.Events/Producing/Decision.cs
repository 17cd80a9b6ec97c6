using System.Text.Json;

namespace Indelible.Events.Producing;

/// <summary>Whether it was allowed, and by which rule.</summary>
public sealed record Decision
{
    /// <summary><c>effect</c>. Allowed or not.</summary>
    public DecisionEffect? Effect { get; init; }

    /// <summary><c>reason</c>. Why, for people.</summary>
    public string? Reason { get; init; }

    /// <summary><c>policy</c>. The policy.</summary>
    public string? Policy { get; init; }

    /// <summary><c>rule</c>. The rule in it.</summary>
    public string? Rule { get; init; }

    /// <summary><c>version</c>. The version of the policy.</summary>
    public string? Version { get; init; }

    internal void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteOptional("effect"u8, EventWords.DecisionEffects, (int?)Effect);
        writer.WriteOptional("reason"u8, Reason);
        writer.WriteOptional("policy"u8, Policy);
        writer.WriteOptional("rule"u8, Rule);
        writer.WriteOptional("version"u8, Version);
        writer.WriteEndObject();
    }
}
