using System.Text.Json;

namespace Indelible.Events.Producing;

/// <summary>The producer's own signature of the claim; not beside personal fields.</summary>
public sealed record ProducerSignature
{
    /// <summary><c>alg</c>. <c>EdDSA</c> or <c>ES256</c>.</summary>
    public required string Algorithm { get; init; }

    /// <summary><c>key_id</c>. By which key.</summary>
    public required string KeyId { get; init; }

    /// <summary><c>value</c>. The signature.</summary>
    public required string Value { get; init; }

    internal void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("alg"u8, Algorithm);
        writer.WriteString("key_id"u8, KeyId);
        writer.WriteString("value"u8, Value);
        writer.WriteString("canon"u8, "jcs"u8);
        writer.WriteEndObject();
    }
}
