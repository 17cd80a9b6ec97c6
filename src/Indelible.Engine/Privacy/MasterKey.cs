using System.Security.Cryptography;
using System.Text;
using Indelible.Engine.Storage;
using Indelible.Engine.Storage.Files;

namespace Indelible.Engine.Privacy;

/// <summary>The key that wraps all other keys of a data folder: signing keys and persons' data keys.</summary>
/// <remarks>
/// 32 random bytes in a file that only its owner may read. Wrapping is AES-256-GCM with a random nonce; the context (what the key
/// is for) is authenticated, so that one wrapped key cannot be put in another's place. Thread-safe.
/// </remarks>
internal sealed class MasterKey : IDisposable
{
    private const int KeyBytes = 32;
    private const int MaxFileBytes = 1024;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private readonly byte[] _key;
    private readonly RandomSource _random;

    private MasterKey(byte[] key, RandomSource random)
    {
        _key = key;
        _random = random;
    }

    /// <summary>Makes a new key and its file.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="path">A file that does not exist yet.</param>
    /// <param name="random">Draws the key and the nonces.</param>
    /// <exception cref="StorageException">The file exists: nothing was changed.</exception>
    public static MasterKey Create(Disk disk, string path, RandomSource random)
    {
        if (disk.Exists(path))
        {
            throw new StorageException($"There is a master key at {path} already.", StorageOutcome.NothingChanged);
        }

        byte[] key = new byte[KeyBytes];
        random.Fill(key);
        disk.WriteWhole(path, key);
        return new MasterKey(key, random);
    }

    /// <summary>Reads the key.</summary>
    /// <exception cref="StorageException">The file is missing, of another length, or readable by others than its owner.</exception>
    public static MasterKey Open(Disk disk, string path, RandomSource random)
    {
        if (!disk.Exists(path))
        {
            throw new StorageException($"The master key {path} is missing: no signing key and no personal data can be read without it.", StorageOutcome.Damaged);
        }

        if (disk.IsOpenToOthers(path))
        {
            throw new StorageException($"The master key {path} can be read by others than its owner; make it 'chmod 600'.", StorageOutcome.NothingChanged);
        }

        byte[] key = disk.ReadWhole(path, MaxFileBytes);
        return key.Length == KeyBytes
            ? new MasterKey(key, random)
            : throw new StorageException($"The master key {path} has {key.Length} bytes, not {KeyBytes}.", StorageOutcome.Damaged);
    }

    /// <summary>Takes a key that is kept elsewhere.</summary>
    /// <param name="key">Its bytes; copied.</param>
    /// <param name="disk">The disk.</param>
    /// <param name="path">The file where it would be kept otherwise.</param>
    /// <param name="random">Draws the nonces.</param>
    /// <exception cref="StorageException">It has another length, or there is a file as well: then it is not kept elsewhere.</exception>
    public static MasterKey Take(ReadOnlySpan<byte> key, Disk disk, string path, RandomSource random)
    {
        if (key.Length != KeyBytes)
        {
            throw new StorageException($"The master key that was given has {key.Length} bytes, not {KeyBytes}.", StorageOutcome.NothingChanged);
        }

        return disk.Exists(path)
            ? throw new StorageException($"A master key was given, and there is one at {path} as well. Move that away once you know that the other is the same.", StorageOutcome.NothingChanged)
            : new MasterKey(key.ToArray(), random);
    }

    /// <summary>Encrypts a secret for storage: nonce ‖ ciphertext ‖ tag.</summary>
    /// <param name="secret">At most a few hundred bytes.</param>
    /// <param name="context">What it is for; the same bytes must be given to unwrap it.</param>
    public byte[] Wrap(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> context)
    {
        byte[] wrapped = new byte[NonceBytes + secret.Length + TagBytes];
        _random.Fill(wrapped.AsSpan(0, NonceBytes));
        using var aes = new AesGcm(_key, TagBytes);
        aes.Encrypt(
            wrapped.AsSpan(0, NonceBytes), secret, wrapped.AsSpan(NonceBytes, secret.Length), wrapped.AsSpan(NonceBytes + secret.Length), context);
        return wrapped;
    }

    /// <summary>Decrypts what <see cref="Wrap"/> made.</summary>
    /// <exception cref="StorageException">It was altered, wrapped by another key, or for another context.</exception>
    public byte[] Unwrap(ReadOnlySpan<byte> wrapped, ReadOnlySpan<byte> context)
    {
        if (wrapped.Length < NonceBytes + TagBytes)
        {
            throw new StorageException($"A wrapped key has {wrapped.Length} bytes, too few.", StorageOutcome.Damaged);
        }

        byte[] secret = new byte[wrapped.Length - NonceBytes - TagBytes];
        using var aes = new AesGcm(_key, TagBytes);
        try
        {
            aes.Decrypt(
                wrapped[..NonceBytes], wrapped.Slice(NonceBytes, secret.Length), wrapped[^TagBytes..], secret, context);
        }
        catch (CryptographicException e)
        {
            throw new StorageException("A wrapped key does not open: it was altered, or wrapped by another master key.", StorageOutcome.Damaged, e);
        }

        return secret;
    }

    /// <summary>A key of its own for one purpose, which says nothing about this one or any other: HKDF-SHA256 (RFC 5869) without salt.</summary>
    /// <param name="purpose">A name that nothing else uses.</param>
    public byte[] Derive(string purpose) => HKDF.DeriveKey(HashAlgorithmName.SHA256, _key, KeyBytes, [], Encoding.UTF8.GetBytes("indelible.dev/derived-key/v1 " + purpose));

    /// <summary>Overwrites the key in memory.</summary>
    public void Dispose() => CryptographicOperations.ZeroMemory(_key);
}
