using System.Text.Json;

namespace Indelible.Events.Producing;

/// <summary>Its place among other things that happened.</summary>
public sealed record Trace
{
    /// <summary><c>trace_id</c>. W3C trace id, 32 hexadecimal digits.</summary>
    public string? TraceId { get; init; }

    /// <summary><c>span_id</c>. W3C span id, 16 hexadecimal digits.</summary>
    public string? SpanId { get; init; }

    /// <summary><c>correlation_id</c>. The business transaction.</summary>
    public string? CorrelationId { get; init; }

    /// <summary><c>causation_id</c>. The event that caused this one.</summary>
    public string? CausationId { get; init; }

    internal void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteOptional("trace_id"u8, TraceId);
        writer.WriteOptional("span_id"u8, SpanId);
        writer.WriteOptional("correlation_id"u8, CorrelationId);
        writer.WriteOptional("causation_id"u8, CausationId);
        writer.WriteEndObject();
    }
}
