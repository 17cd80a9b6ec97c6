using System.Text.Json;

namespace Indelible.Events.Producing;

/// <summary>What it was done to.</summary>
public sealed record Target
{
    /// <summary><c>type</c>. What sort of thing, lower snake case.</summary>
    public required string Type { get; init; }

    /// <summary><c>id</c>. Which one.</summary>
    public required string Id { get; init; }

    /// <summary><c>name</c>. Its name at the time.</summary>
    public string? Name { get; init; }

    /// <summary><c>parent</c>. What it belongs to.</summary>
    public string? Parent { get; init; }

    /// <summary><c>owner</c>. Whose it is.</summary>
    public string? Owner { get; init; }

    /// <summary><c>classification</c>. How sensitive it is.</summary>
    public Classification? Classification { get; init; }

    /// <summary><c>fields</c>. Which parts were touched.</summary>
    public IReadOnlyList<string>? Fields { get; init; }

    /// <summary><c>count</c>. How many rows or files.</summary>
    public long? Count { get; init; }

    /// <summary><c>href</c>. A link back to it, http or https.</summary>
    public string? Href { get; init; }

    internal void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("type"u8, Type);
        writer.WriteString("id"u8, Id);
        writer.WriteOptional("name"u8, Name);
        writer.WriteOptional("parent"u8, Parent);
        writer.WriteOptional("owner"u8, Owner);
        writer.WriteOptional("classification"u8, EventWords.Classifications, (int?)Classification);
        writer.WriteOptional("fields"u8, Fields);
        writer.WriteOptional("count"u8, Count);
        writer.WriteOptional("href"u8, Href);
        writer.WriteEndObject();
    }
}
