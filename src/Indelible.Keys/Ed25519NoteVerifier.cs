using Indelible.Notes;
using NSec.Cryptography;

namespace Indelible.Keys;

/// <summary>Verifies Ed25519 signatures of notes (signature type 0x01), on libsodium. c2sp.org/signed-note. Thread-safe.</summary>
public sealed class Ed25519NoteVerifier : NoteVerifier
{
    private readonly PublicKey _key;

    private Ed25519NoteVerifier(VerifierKey verifierKey, PublicKey key)
    {
        VerifierKey = verifierKey;
        _key = key;
    }

    /// <summary>The public key.</summary>
    public VerifierKey VerifierKey { get; }

    /// <inheritdoc/>
    public override string Name => VerifierKey.Name;

    /// <inheritdoc/>
    public override uint KeyId => VerifierKey.KeyId;

    /// <summary>A verifier of a key.</summary>
    /// <exception cref="TlogFormatException">The key is of another type, or no point of the curve.</exception>
    public static Ed25519NoteVerifier FromVkey(VerifierKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return key.Type == VerifierKey.Ed25519
            && PublicKey.TryImport(SignatureAlgorithm.Ed25519, key.PublicKey.Span, KeyBlobFormat.RawPublicKey, out PublicKey? publicKey)
            ? new Ed25519NoteVerifier(key, publicKey!)
            : throw new TlogFormatException($"{key} is not an Ed25519 key of type 0x01.");
    }

    /// <summary>A verifier of a vkey.</summary>
    /// <exception cref="TlogFormatException">The text is not a vkey of this type.</exception>
    public static Ed25519NoteVerifier FromVkey(string vkey) => FromVkey(VerifierKey.Parse(vkey));

    /// <inheritdoc/>
    public override bool Verify(ReadOnlySpan<byte> text, ReadOnlySpan<byte> signature) =>
        signature.Length == SignatureAlgorithm.Ed25519.SignatureSize && SignatureAlgorithm.Ed25519.Verify(_key, text, signature);
}
