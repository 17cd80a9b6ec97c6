using Indelible.Notes;

namespace Indelible.Keys;

/// <summary>Verifiers of keys of any type.</summary>
public static class NoteVerifiers
{
    /// <summary>The verifier of a key that a log signs with.</summary>
    /// <returns>Null where the type is another: a witness's key signs nothing for a log.</returns>
    /// <exception cref="TlogFormatException">The key is no point of the curve.</exception>
    public static NoteVerifier? OfLog(VerifierKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return key.Type == VerifierKey.Ed25519 ? Ed25519NoteVerifier.FromVkey(key) : null;
    }

    /// <summary>The verifier of a key.</summary>
    /// <param name="key">A log's key (type 0x01) or a witness's (0x04).</param>
    /// <returns>Null where the type is another: its signatures cannot be verified here. ML-DSA-44 (0x06) is one of them.</returns>
    /// <exception cref="TlogFormatException">The key is no point of the curve.</exception>
    public static NoteVerifier? Of(VerifierKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return key.Type switch
        {
            VerifierKey.Ed25519 => Ed25519NoteVerifier.FromVkey(key),
            VerifierKey.Cosignature => CosignatureVerifier.FromVkey(key),
            _ => null,
        };
    }
}
