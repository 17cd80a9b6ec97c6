using System.Text.Json;

namespace Indelible.Events.Producing;

/// <summary>Why it was done.</summary>
public sealed record Reason
{
    /// <summary><c>text</c>. For people.</summary>
    public string? Text { get; init; }

    /// <summary><c>ticket</c>. The ticket that asks for it.</summary>
    public string? Ticket { get; init; }

    /// <summary><c>break_glass</c>. Whether an emergency access was used.</summary>
    public bool? BreakGlass { get; init; }

    internal void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteOptional("text"u8, Text);
        writer.WriteOptional("ticket"u8, Ticket);
        writer.WriteOptional("break_glass"u8, BreakGlass);
        writer.WriteEndObject();
    }
}
