using System.Buffers.Text;
using System.Security.Cryptography;
using Indelible.Events;
using Indelible.Merkle;

namespace Indelible.Privacy;

/// <summary>The key of one data subject in one log: seals and opens that subject's personal values (construction A).</summary>
/// <remarks>
/// <para>
/// Sealing is a function of its inputs alone: equal inputs give equal bytes, so a retried event gives the same entry; different ones
/// give different nonces, because the nonce is the start of a commitment to everything. Destroying the 32 bytes destroys the values and
/// leaves entries, hashes and proofs as they are.
/// </para>
/// <para>Thread-safe. Holds secrets until it is disposed of; whoever asks for more then gets <see cref="ObjectDisposedException"/>.</para>
/// </remarks>
public sealed class PersonalKey : IDisposable
{
    /// <summary>Bytes of a subject's key.</summary>
    public const int Size = 32;

    /// <summary>Bytes of a key's id.</summary>
    public const int IdSize = 16;

    private const int NonceSize = 12;

    private readonly byte[] _openingKey = new byte[32];
    private readonly byte[] _encryptionKey = new byte[32];

    // One cipher is kept for whoever comes next: setting one up costs more than using it, and it serves one thread at a time.
    private AesGcm? _spareCipher;
    private volatile bool _disposed;

    /// <summary>Derives what sealing needs from a subject's key.</summary>
    /// <param name="key">Exactly <see cref="Size"/> secret random bytes; not kept.</param>
    /// <exception cref="ArgumentException">The key has another length.</exception>
    public PersonalKey(ReadOnlySpan<byte> key)
    {
        if (key.Length != Size)
        {
            throw new ArgumentException($"A subject's key is {Size} bytes, not {key.Length}.", nameof(key));
        }

        Span<byte> id = stackalloc byte[IdSize];
        HKDF.Expand(HashAlgorithmName.SHA256, key, id, "indelible.dev/pii/v1 kid"u8);
        HKDF.Expand(HashAlgorithmName.SHA256, key, _openingKey, "indelible.dev/pii/v1 open"u8);
        HKDF.Expand(HashAlgorithmName.SHA256, key, _encryptionKey, "indelible.dev/pii/v1 enc"u8);
        Id = Base64Url.EncodeToString(id);
    }

    /// <summary>The key's id (<c>kid</c>), 22 characters of base64url: an identifier, nothing more.</summary>
    public string Id { get; }

    /// <summary>Seals one value for one place.</summary>
    /// <param name="origin">The log's origin.</param>
    /// <param name="eventId">The event's <c>id</c>.</param>
    /// <param name="pointer">The JSON Pointer of the value in the claim (or in the entry, for envelope members).</param>
    /// <param name="canonicalValue">The value as canonical JSON; trusted to be that.</param>
    /// <exception cref="ArgumentException">Origin, id or pointer is longer than 65,535 bytes.</exception>
    /// <exception cref="ObjectDisposedException">The key was disposed of.</exception>
    public SealedValue Seal(string origin, string eventId, string pointer, ReadOnlySpan<byte> canonicalValue)
    {
        byte[] context = SealedContext.Encode(origin, eventId, pointer);
        byte[] padded = SealedContext.Pad(canonicalValue);
        Span<byte> opening = stackalloc byte[Opening.Size];
        Span<byte> commitment = stackalloc byte[Hash.Size];
        Derive(context, padded, opening, commitment);

        byte[] ciphertext = new byte[padded.Length + SealedValue.TagSize];
        AesGcm cipher = TakeCipher();
        cipher.Encrypt(commitment[..NonceSize], padded, ciphertext.AsSpan(0, padded.Length), ciphertext.AsSpan(padded.Length), commitment);
        GiveBack(cipher);
        CryptographicOperations.ZeroMemory(padded);
        return new SealedValue(new Hash(commitment), ciphertext, Id);
    }

    /// <summary>Opens a sealed value in its place, and checks that it was made there, by this key, of exactly this value.</summary>
    /// <param name="origin">The log's origin.</param>
    /// <param name="eventId">The event's <c>id</c>.</param>
    /// <param name="pointer">The JSON Pointer of the sealed value.</param>
    /// <param name="value">Untrusted.</param>
    /// <param name="opening">The value and its opening where the result is <see cref="OpenResult.Opened"/>, else null.</param>
    /// <exception cref="ObjectDisposedException">The key was disposed of.</exception>
    public OpenResult TryOpen(string origin, string eventId, string pointer, SealedValue value, out Opening? opening)
    {
        ArgumentNullException.ThrowIfNull(value);
        opening = null;
        if (!string.Equals(value.KeyId, Id, StringComparison.Ordinal))
        {
            return OpenResult.OtherKey;
        }

        if (!SealedContext.Fits(origin, eventId, pointer))
        {
            return OpenResult.Damaged;
        }

        ReadOnlySpan<byte> ciphertext = value.Ciphertext;
        byte[] padded = new byte[ciphertext.Length - SealedValue.TagSize];
        Hash claimed = value.Commitment;
        AesGcm cipher = TakeCipher();
        try
        {
            cipher.Decrypt(claimed.Bytes[..NonceSize], ciphertext[..padded.Length], ciphertext[padded.Length..], padded, claimed.Bytes);
        }
        catch (AuthenticationTagMismatchException)
        {
            return OpenResult.Damaged;
        }
        finally
        {
            GiveBack(cipher);
        }

        // GCM alone does not say that the nonce was derived as it must be, nor from which place: the commitment does.
        byte[] r = new byte[Opening.Size];
        Span<byte> commitment = stackalloc byte[Hash.Size];
        Derive(SealedContext.Encode(origin, eventId, pointer), padded, r, commitment);
        ReadOnlySpan<byte> plain = padded.AsSpan().TrimEnd((byte)' ');
        if (!CryptographicOperations.FixedTimeEquals(commitment, claimed.Bytes)
            || SealedContext.PaddedLength(plain.Length) != padded.Length
            || !CanonicalJson.IsCanonical(plain))
        {
            return OpenResult.Damaged;
        }

        opening = new Opening(pointer, plain.ToArray(), r);
        return OpenResult.Opened;
    }

    /// <summary>Overwrites the derived keys. The 32 bytes that they came of are their owner's to destroy.</summary>
    public void Dispose()
    {
        _disposed = true;

        // Whoever read zeros must then see that it is disposed of, on processors that reorder stores too.
        Interlocked.MemoryBarrier();
        CryptographicOperations.ZeroMemory(_openingKey);
        CryptographicOperations.ZeroMemory(_encryptionKey);
        Interlocked.Exchange(ref _spareCipher, null)?.Dispose();
    }

    // r = HMACSHA256(Ko, ctx ‖ P); com = SHA256(T"com" ‖ 0x00 ‖ ctx ‖ r ‖ P)
    private void Derive(ReadOnlySpan<byte> context, ReadOnlySpan<byte> padded, Span<byte> opening, Span<byte> commitment)
    {
        byte[] input = new byte[context.Length + padded.Length];
        context.CopyTo(input);
        padded.CopyTo(input.AsSpan(context.Length));
        HMACSHA256.HashData(_openingKey, input, opening);
        CryptographicOperations.ZeroMemory(input);
        SealedContext.Commit(context, opening, padded, commitment);

        // After the use, not before: a key that is disposed of meanwhile must not have sealed under zeros.
        ObjectDisposedException.ThrowIf(_disposed, this);
    }

    private AesGcm TakeCipher()
    {
        AesGcm cipher = Interlocked.Exchange(ref _spareCipher, null) ?? new AesGcm(_encryptionKey, SealedValue.TagSize);
        if (_disposed)
        {
            cipher.Dispose();
            throw new ObjectDisposedException(nameof(PersonalKey));
        }

        return cipher;
    }

    private void GiveBack(AesGcm cipher)
    {
        if (_disposed || Interlocked.CompareExchange(ref _spareCipher, cipher, null) is not null)
        {
            cipher.Dispose();
        }
    }
}
