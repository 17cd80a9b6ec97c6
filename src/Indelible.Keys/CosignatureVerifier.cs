using System.Buffers.Binary;
using Indelible.Notes;
using NSec.Cryptography;

namespace Indelible.Keys;

/// <summary>Verifies timestamped Ed25519 cosignatures of checkpoints (signature type 0x04). c2sp.org/tlog-cosignature. Thread-safe.</summary>
public sealed class CosignatureVerifier : NoteVerifier
{
    private readonly PublicKey _key;

    private CosignatureVerifier(VerifierKey verifierKey, PublicKey key)
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
    public static CosignatureVerifier FromVkey(VerifierKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return key.Type == VerifierKey.Cosignature
            && PublicKey.TryImport(SignatureAlgorithm.Ed25519, key.PublicKey.Span, KeyBlobFormat.RawPublicKey, out PublicKey? publicKey)
            ? new CosignatureVerifier(key, publicKey!)
            : throw new TlogFormatException($"{key} is not a cosigner's key of type 0x04.");
    }

    /// <inheritdoc/>
    public override bool Verify(ReadOnlySpan<byte> text, ReadOnlySpan<byte> signature)
    {
        if (signature.Length != Cosignature.TimeBytes + SignatureAlgorithm.Ed25519.SignatureSize)
        {
            return false;
        }

        // Time is at least 1: a cosigner that does not know the time makes no claim.
        long seconds = BinaryPrimitives.ReadInt64BigEndian(signature);
        return seconds > 0 && SignatureAlgorithm.Ed25519.Verify(_key, Cosignature.Message(seconds, text), signature[Cosignature.TimeBytes..]);
    }
}
