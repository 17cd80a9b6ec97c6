using System.Text.Json;

namespace Indelible.Events.Producing;

/// <summary>The request it happened in.</summary>
public sealed record Request
{
    /// <summary><c>id</c>. Its id.</summary>
    public string? Id { get; init; }

    /// <summary><c>protocol</c>. <c>http/2</c>, <c>grpc</c>…</summary>
    public string? Protocol { get; init; }

    /// <summary><c>method</c>. <c>GET</c>…</summary>
    public string? Method { get; init; }

    /// <summary><c>route</c>. The template, <c>/patients/{id}</c>.</summary>
    public string? Route { get; init; }

    /// <summary><c>path</c>. The path without its query. Personal.</summary>
    public string? Path { get; init; }

    /// <summary><c>status</c>. The status code.</summary>
    public long? Status { get; init; }

    /// <summary><c>duration_ms</c>. How long it took, in milliseconds.</summary>
    public long? DurationMs { get; init; }

    /// <summary><c>bytes_in</c>. Bytes received.</summary>
    public long? BytesIn { get; init; }

    /// <summary><c>bytes_out</c>. Bytes sent.</summary>
    public long? BytesOut { get; init; }

    internal void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteOptional("id"u8, Id);
        writer.WriteOptional("protocol"u8, Protocol);
        writer.WriteOptional("method"u8, Method);
        writer.WriteOptional("route"u8, Route);
        writer.WriteOptional("path"u8, Path);
        writer.WriteOptional("status"u8, Status);
        writer.WriteOptional("duration_ms"u8, DurationMs);
        writer.WriteOptional("bytes_in"u8, BytesIn);
        writer.WriteOptional("bytes_out"u8, BytesOut);
        writer.WriteEndObject();
    }
}
