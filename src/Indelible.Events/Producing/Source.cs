using System.Text.Json;

namespace Indelible.Events.Producing;

/// <summary>From where.</summary>
public sealed record Source
{
    /// <summary><c>ip</c>. The address, IPv4 or IPv6 in canonical form. Personal.</summary>
    public string? Ip { get; init; }

    /// <summary><c>forwarded_for</c>. The chain of proxies, raw. Personal.</summary>
    public IReadOnlyList<string>? ForwardedFor { get; init; }

    /// <summary><c>port</c>. The port.</summary>
    public long? Port { get; init; }

    /// <summary><c>hostname</c>. The name of the host.</summary>
    public string? Hostname { get; init; }

    /// <summary><c>device_id</c>. The device.</summary>
    public string? DeviceId { get; init; }

    /// <summary><c>user_agent</c>. The user agent.</summary>
    public string? UserAgent { get; init; }

    internal void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteOptional("ip"u8, Ip);
        writer.WriteOptional("forwarded_for"u8, ForwardedFor);
        writer.WriteOptional("port"u8, Port);
        writer.WriteOptional("hostname"u8, Hostname);
        writer.WriteOptional("device_id"u8, DeviceId);
        writer.WriteOptional("user_agent"u8, UserAgent);
        writer.WriteEndObject();
    }
}
