using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Indelible.Notes;

/// <summary>A public key as text, the <i>vkey</i>: <c>name+id+base64(type ‖ key)</c>. c2sp.org/signed-note. Immutable.</summary>
public sealed record VerifierKey
{
    /// <summary>The signature type of Ed25519 over the note's text.</summary>
    public const byte Ed25519 = 0x01;

    /// <summary>The signature type of timestamped Ed25519 cosignatures of checkpoints.</summary>
    public const byte Cosignature = 0x04;

    /// <summary>The signature type of timestamped ML-DSA-44 cosignatures of checkpoints, with which logs sign as well.</summary>
    public const byte MlDsa44 = 0x06;

    /// <summary>The key of this name, type and bytes.</summary>
    /// <exception cref="ArgumentException">The name cannot be one.</exception>
    public VerifierKey(string name, byte type, ReadOnlyMemory<byte> publicKey)
    {
        if (!KeyName.IsValid(name))
        {
            throw new ArgumentException($"'{name}' cannot be a key's name.", nameof(name));
        }

        Name = name;
        Type = type;
        PublicKey = publicKey.ToArray();
        KeyId = KeyName.IdOf(name, type, publicKey.Span);
    }

    /// <summary>The name; a log's is its origin.</summary>
    public string Name { get; }

    /// <summary>The id that signature lines carry.</summary>
    public uint KeyId { get; }

    /// <summary>The signature type.</summary>
    public byte Type { get; }

    /// <summary>The key's bytes.</summary>
    public ReadOnlyMemory<byte> PublicKey { get; }

    /// <summary>Reads a vkey in its one canonical spelling; the id is computed and compared.</summary>
    /// <param name="text">Untrusted.</param>
    /// <param name="key">The key, or null.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out VerifierKey? key)
    {
        ArgumentNullException.ThrowIfNull(text);
        key = null;

        // On the first two + only: base64 has some of its own.
        string[] parts = text.Split('+', 3);
        if (parts.Length != 3 || !KeyName.IsValid(parts[0]) || !CanonicalText.TryParseBase64(parts[2], out byte[] bytes) || bytes.Length < 2)
        {
            return false;
        }

        key = new VerifierKey(parts[0], bytes[0], bytes.AsMemory(1));
        if (key.ToString() == text)
        {
            return true;
        }

        key = null;
        return false;
    }

    /// <summary>Reads a vkey.</summary>
    /// <exception cref="TlogFormatException">It is not one.</exception>
    public static VerifierKey Parse(string text) => TryParse(text, out VerifierKey? key)
        ? key
        : throw new TlogFormatException($"'{text}' is not a vkey: name+8 hex digits of the key id+base64, where the id follows from the rest.");

    /// <summary>The vkey.</summary>
    public override string ToString()
    {
        byte[] typed = [Type, .. PublicKey.Span];
        return string.Create(CultureInfo.InvariantCulture, $"{Name}+{KeyId:x8}+{Convert.ToBase64String(typed)}");
    }

    /// <inheritdoc/>
    public bool Equals(VerifierKey? other) => other is not null && Name == other.Name && Type == other.Type && PublicKey.Span.SequenceEqual(other.PublicKey.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, KeyId);
}
