using System.Buffers.Binary;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Indelible.Search;

/// <summary>Opens the files that <see cref="ChunkIndexBuilder"/> and <see cref="PersonalIndexBuilder"/> write.</summary>
public static class IndexFile
{
    /// <summary>Opens the index of a chunk.</summary>
    /// <param name="path">The public index: mapped, so it is never written to or cut while it is open, only replaced by renaming another file to its name.</param>
    /// <param name="identity">What it must be made of.</param>
    /// <param name="personalPath">The index of what stands in sealed values, or null; read into memory and decrypted.</param>
    /// <param name="personalKey">Its key, 32 bytes.</param>
    /// <exception cref="IndexDamagedException">A file is of another version, made of something else, or damaged. Says nothing of blocks that were not used yet.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static ChunkIndex Open(string path, ChunkIdentity identity, string? personalPath, ReadOnlySpan<byte> personalKey)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(identity);
        IndexContent content = OpenPublic(path, identity);
        if (personalPath is null)
        {
            return new ChunkIndex(identity.First, new FileIndex(content), null, content.Memory);
        }

        try
        {
            IndexContent personal = ReadPersonal(personalPath, identity, personalKey);
            return new ChunkIndex(identity.First, new FileIndex(content), new FileIndex(personal), content.Memory, personal.Memory);
        }
        catch
        {
            content.Memory.Dispose();
            throw;
        }
    }

    /// <summary>Opens the index of a chunk, and that of what stands in sealed values only when a search asks for it.</summary>
    /// <param name="path">The public index, as above.</param>
    /// <param name="identity">What it must be made of.</param>
    /// <param name="personal">Gives the index of what stands in sealed values, or null where there is none (now). Called by searches, again and again.</param>
    /// <exception cref="IndexDamagedException">The file is of another version, made of something else, or damaged. Says nothing of blocks that were not used yet.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static ChunkIndex Open(string path, ChunkIdentity identity, Func<PersonalIndex?> personal)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(identity);
        ArgumentNullException.ThrowIfNull(personal);
        IndexContent content = OpenPublic(path, identity);
        return new ChunkIndex(identity.First, new FileIndex(content), null, content.Memory) { OpensPersonal = personal };
    }

    /// <summary>Opens the index of what stands in sealed values: read into memory and decrypted.</summary>
    /// <param name="path">The file.</param>
    /// <param name="identity">What it must be made of.</param>
    /// <param name="key">Its key, 32 bytes.</param>
    /// <exception cref="IndexDamagedException">The file is of another version, made of something else, damaged, or its key is another.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static PersonalIndex OpenPersonal(string path, ChunkIdentity identity, ReadOnlySpan<byte> key)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(identity);
        IndexContent content = ReadPersonal(path, identity, key);
        return new PersonalIndex(new FileIndex(content), content.Memory.Bytes.Length + content.ResidentBytes);
    }

    private static IndexContent OpenPublic(string path, ChunkIdentity identity)
    {
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.RandomAccess);
        long length = RandomAccess.GetLength(file);
        byte[] header = new byte[IndexFormat.BlockBytes];
        byte[] trailer = new byte[IndexFormat.TrailerBytes];
        Require(length is >= IndexFormat.BlockBytes + IndexFormat.TrailerBytes and <= IndexFormat.MaxFileBytes, "no index has its length");
        ReadAll(file, header, 0);
        ReadAll(file, trailer, length - trailer.Length);
        byte[] resident = new byte[length - trailer.Length - ResidentAt(trailer, length)];
        ReadAll(file, resident, ResidentAt(trailer, length));
        Verify(header, resident, trailer, identity);
        return Read(new MappedMemory(file, (int)length), resident, trailer, identity);
    }

    private static IndexContent ReadPersonal(string path, ChunkIdentity identity, ReadOnlySpan<byte> key)
    {
        using SafeFileHandle handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        long length = RandomAccess.GetLength(handle);
        Require(length <= IndexFormat.MaxFileBytes, "no index has its length");
        byte[] encrypted = new byte[length];
        ReadAll(handle, encrypted, 0);
        return Read(IndexCipher.Decrypt(encrypted, identity, key), identity);
    }

    /// <summary>Reads an index that is in memory; wiped when it is let go.</summary>
    internal static IndexContent Read(byte[] file, ChunkIdentity identity)
    {
        Require(file.Length >= IndexFormat.BlockBytes + IndexFormat.TrailerBytes, "no index has its length");
        ReadOnlySpan<byte> trailer = file.AsSpan(file.Length - IndexFormat.TrailerBytes);
        byte[] resident = file[ResidentAt(trailer, file.Length)..^IndexFormat.TrailerBytes];
        Verify(file.AsSpan(0, IndexFormat.BlockBytes), resident, trailer, identity);
        return Read(new ArrayMemory(file), resident, trailer, identity);
    }

    private static IndexContent Read(IndexMemory memory, byte[] resident, ReadOnlySpan<byte> trailer, ChunkIdentity identity)
    {
        try
        {
            long blocks = (BinaryPrimitives.ReadInt64LittleEndian(trailer) / IndexFormat.BlockBytes) - 1;
            return new IndexContent(memory, resident, identity.Rows, (int)blocks);
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    private static int ResidentAt(ReadOnlySpan<byte> trailer, long length)
    {
        long at = BinaryPrimitives.ReadInt64LittleEndian(trailer);
        Require(at >= IndexFormat.BlockBytes && at % IndexFormat.BlockBytes == 0 && at <= length - IndexFormat.TrailerBytes, "its end does not say where its directory is");
        return (int)at;
    }

    private static void Verify(ReadOnlySpan<byte> header, ReadOnlySpan<byte> resident, ReadOnlySpan<byte> trailer, ChunkIdentity identity)
    {
        using (var sum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256))
        {
            sum.AppendData(header);
            sum.AppendData(resident);
            sum.AppendData(trailer[..8]);
            Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
            sum.GetHashAndReset(hash);
            Require(hash.SequenceEqual(trailer[8..]), "its directory is not what was written");
        }

        using var expected = new ByteBuffer();
        IndexFormat.WriteHeader(expected, identity);
        Require(header.SequenceEqual(expected.Written), "it is of another version, or made of other entries");
    }

    private static void ReadAll(SafeFileHandle file, Span<byte> into, long at)
    {
        while (!into.IsEmpty)
        {
            int read = RandomAccess.Read(file, into, at);
            Require(read > 0, "it became shorter while it was opened");
            into = into[read..];
            at += read;
        }
    }

    private static void Require(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw IndexCursor.Damaged(otherwise);
        }
    }
}
