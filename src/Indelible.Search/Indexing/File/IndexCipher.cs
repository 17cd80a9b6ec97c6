using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Indelible.Search;

/// <summary>Encrypts a personal index: the form of its file.</summary>
/// <remarks>
/// <code>
/// "INDXPER1"  version (4)  length of the index in clear (4)  salt (32)  { block of at most 65,536 bytes, encrypted  tag (16) }
/// </code>
/// AES-256-GCM under a key of this file alone: HKDF-SHA256 of the given key with the random salt, and what the index is made of as context, so that no file opens in another's place. The
/// nonce is the block's number, and the header is bound into each tag: blocks cannot change places, and none can be taken away.
/// </remarks>
internal static class IndexCipher
{
    private const int HeaderBytes = 48;
    private const int BlockBytes = 65_536;
    private const int TagBytes = 16;
    private const int KeyBytes = 32;

    private static ReadOnlySpan<byte> Magic => "INDXPER1"u8;

    /// <summary>Writes an index encrypted.</summary>
    /// <param name="index">The index in clear.</param>
    /// <param name="identity">What it is made of.</param>
    /// <param name="key">32 bytes.</param>
    /// <param name="into">Receives the file.</param>
    public static void Encrypt(ReadOnlySpan<byte> index, ChunkIdentity identity, ReadOnlySpan<byte> key, Stream into)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        Magic.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], IndexFormat.Version);
        BinaryPrimitives.WriteInt32LittleEndian(header[12..], index.Length);
        RandomNumberGenerator.Fill(header[16..]);
        into.Write(header);
        using AesGcm cipher = Cipher(header, identity, key);
        Span<byte> nonce = stackalloc byte[12];
        Span<byte> tag = stackalloc byte[TagBytes];
        byte[] block = new byte[BlockBytes];
        for (int at = 0, number = 0; at < index.Length; at += BlockBytes, number++)
        {
            int count = Math.Min(BlockBytes, index.Length - at);
            BinaryPrimitives.WriteInt32BigEndian(nonce[8..], number);
            cipher.Encrypt(nonce, index.Slice(at, count), block.AsSpan(0, count), tag, header);
            into.Write(block.AsSpan(0, count));
            into.Write(tag);
        }
    }

    /// <summary>Reads an index that was encrypted.</summary>
    /// <exception cref="IndexDamagedException">It is no such file, damaged, of something else, or the key is another.</exception>
    public static byte[] Decrypt(ReadOnlySpan<byte> file, ChunkIdentity identity, ReadOnlySpan<byte> key)
    {
        if (file.Length < HeaderBytes || !file.StartsWith(Magic) || BinaryPrimitives.ReadUInt32LittleEndian(file[8..]) != IndexFormat.Version)
        {
            throw IndexCursor.Damaged("it is no personal index of this version");
        }

        ReadOnlySpan<byte> header = file[..HeaderBytes];
        long length = BinaryPrimitives.ReadUInt32LittleEndian(file[12..]);
        if (file.Length != HeaderBytes + length + ((length + BlockBytes - 1) / BlockBytes * TagBytes))
        {
            throw IndexCursor.Damaged($"a personal index of {length} bytes does not take {file.Length}");
        }

        byte[] index = new byte[length];
        using AesGcm cipher = Cipher(header, identity, key);
        Span<byte> nonce = stackalloc byte[12];
        file = file[HeaderBytes..];
        try
        {
            for (int at = 0, number = 0; at < index.Length; at += BlockBytes, number++)
            {
                int count = Math.Min(BlockBytes, index.Length - at);
                BinaryPrimitives.WriteInt32BigEndian(nonce[8..], number);
                cipher.Decrypt(nonce, file[..count], file.Slice(count, TagBytes), index.AsSpan(at, count), header);
                file = file[(count + TagBytes)..];
            }
        }
        catch (AuthenticationTagMismatchException e)
        {
            CryptographicOperations.ZeroMemory(index);
            throw new IndexDamagedException("The personal index does not open: it is damaged, of another chunk, or its key is another.", e);
        }

        return index;
    }

    private static AesGcm Cipher(ReadOnlySpan<byte> header, ChunkIdentity identity, ReadOnlySpan<byte> key)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, KeyBytes, nameof(key));
        byte[] context = Encoding.UTF8.GetBytes($"indelible personal index 1\n{identity.Origin}\n{identity.First}\n{identity.Rows}\n{Convert.ToHexStringLower(identity.Root.Span)}");
        Span<byte> own = stackalloc byte[KeyBytes];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, key, own, header[16..], context);
        var cipher = new AesGcm(own, TagBytes);
        CryptographicOperations.ZeroMemory(own);
        return cipher;
    }
}
