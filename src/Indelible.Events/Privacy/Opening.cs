using System.Buffers.Text;
using System.Security.Cryptography;
using Indelible.Merkle;

namespace Indelible.Privacy;

/// <summary>Discloses one sealed value to somebody who may see it and nothing else: construction A, "Disclose".</summary>
/// <remarks>
/// The auditor checks it against the commitment in the entry with SHA-256 alone (<see cref="VerifyCommitment"/>). It reveals no key. Its
/// bytes are foreign until they verify. Immutable, thread-safe.
/// </remarks>
public sealed class Opening
{
    /// <summary>Bytes of <see cref="R"/>.</summary>
    public const int Size = 32;

    /// <summary>Makes an opening from its parts, as received or as derived.</summary>
    /// <param name="pointer">The JSON Pointer of the value in the entry.</param>
    /// <param name="value">The value, canonical JSON.</param>
    /// <param name="r">The opening's <see cref="Size"/> bytes.</param>
    /// <exception cref="ArgumentException"><paramref name="r"/> has another length.</exception>
    public Opening(string pointer, ReadOnlyMemory<byte> value, ReadOnlyMemory<byte> r)
    {
        ArgumentNullException.ThrowIfNull(pointer);
        if (r.Length != Size)
        {
            throw new ArgumentException($"An opening is {Size} bytes, not {r.Length}.", nameof(r));
        }

        Pointer = pointer;
        Value = value;
        R = r;
    }

    /// <summary>The JSON Pointer of the value in the entry.</summary>
    public string Pointer { get; }

    /// <summary>The value, canonical JSON without padding.</summary>
    public ReadOnlyMemory<byte> Value { get; }

    /// <summary>The secret part of the commitment, <see cref="Size"/> bytes.</summary>
    public ReadOnlyMemory<byte> R { get; }

    /// <summary><see cref="R"/> in base64url without padding.</summary>
    public string RText => Base64Url.EncodeToString(R.Span);

    /// <summary>Whether this opening is the one that the commitment was made of.</summary>
    /// <param name="origin">The log's origin, as pinned by the verifier.</param>
    /// <param name="eventId">The event's <c>id</c>, out of the proven entry.</param>
    /// <param name="commitment">The bytes of <c>com</c>, out of the proven entry at <see cref="Pointer"/>.</param>
    /// <returns>False too for a value that is not canonical JSON: it would have two spellings.</returns>
    public bool VerifyCommitment(string origin, string eventId, in Hash commitment)
    {
        if (!Events.CanonicalJson.IsCanonical(Value.Span) || !SealedContext.Fits(origin, eventId, Pointer))
        {
            return false;
        }

        byte[] context = SealedContext.Encode(origin, eventId, Pointer);
        byte[] padded = SealedContext.Pad(Value.Span);
        Span<byte> computed = stackalloc byte[Hash.Size];
        SealedContext.Commit(context, R.Span, padded, computed);
        return CryptographicOperations.FixedTimeEquals(computed, commitment.Bytes);
    }
}
