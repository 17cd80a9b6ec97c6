using System.Text.Json;

namespace Indelible.Events.Producing;

/// <summary>How the actor was identified.</summary>
public sealed record Authentication
{
    /// <summary><c>method</c>. <c>password</c>, <c>oidc</c>, <c>passkey</c>, <c>api_key</c>, <c>mtls</c>…</summary>
    public string? Method { get; init; }

    /// <summary><c>mfa</c>. Whether more than one factor was used.</summary>
    public bool? Mfa { get; init; }

    /// <summary><c>credential_id</c>. Which credential: its id or the start of its hash, never the secret.</summary>
    public string? CredentialId { get; init; }

    /// <summary><c>session_id</c>. The session.</summary>
    public string? SessionId { get; init; }

    internal void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteOptional("method"u8, Method);
        writer.WriteOptional("mfa"u8, Mfa);
        writer.WriteOptional("credential_id"u8, CredentialId);
        writer.WriteOptional("session_id"u8, SessionId);
        writer.WriteEndObject();
    }
}
