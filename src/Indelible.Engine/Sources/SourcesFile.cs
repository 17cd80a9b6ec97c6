using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Indelible.Engine.Reading;
using Indelible.Engine.Storage.Files;
using Indelible.Merkle;

namespace Indelible.Engine.Sources;

/// <summary>Keeps the folds of the sources in <c>logs/NAME/sources.cache</c>, so that a start need not read whole logs for them.</summary>
/// <remarks>
/// <code>
///  0  "INDSRC01"
///  8  u32 version of the state, u32 zero
/// 16  u64 size: how many entries were folded
/// 24  32 bytes: the root of those entries
/// 56  u16 length and bytes of the origin, then the state
///     32 bytes: SHA-256 of everything before
/// </code>
/// A cache and nothing else: it is taken where it is of this log (the log's own root of that size is the one named), and otherwise
/// ignored and made anew. It is not synced, for a torn one is noticed. Whoever can write the folder can make this view say what he
/// likes until the file is taken away; no entry, no proof and no permission rests on it.
/// </remarks>
internal sealed class SourcesFile(Disk disk, string logsFolder)
{
    private const int FixedBytes = 56;
    private static readonly byte[] s_magic = "INDSRC01"u8.ToArray();

    /// <summary>Where a log's file lies.</summary>
    public string PathOf(string log) => Path.Combine(logsFolder, log, "sources.cache");

    /// <summary>Keeps a state.</summary>
    /// <param name="log">The log.</param>
    /// <param name="state">What <see cref="LogSources.Save"/> gave.</param>
    /// <exception cref="IOException">It could not be written; another is as good later.</exception>
    public void Write(LogState log, in SavedSources state)
    {
        string path = PathOf(log.Name);
        string folder = Path.GetDirectoryName(path)!;
        if (!disk.FolderExists(folder))
        {
            disk.CreateFolder(folder);
        }

        byte[] origin = Encoding.UTF8.GetBytes(log.Origin);
        byte[] file = new byte[FixedBytes + 2 + origin.Length + state.Bytes.Length + SHA256.HashSizeInBytes];
        s_magic.CopyTo(file, 0);
        BinaryPrimitives.WriteInt32BigEndian(file.AsSpan(8), SourcesState.Version);
        BinaryPrimitives.WriteInt64BigEndian(file.AsSpan(16), state.Size);
        log.HeadAt(state.Size).Root.CopyTo(file.AsSpan(24));
        BinaryPrimitives.WriteUInt16BigEndian(file.AsSpan(FixedBytes), (ushort)origin.Length);
        origin.CopyTo(file, FixedBytes + 2);
        state.Bytes.Span.CopyTo(file.AsSpan(FixedBytes + 2 + origin.Length));
        SHA256.HashData(file.AsSpan(0, file.Length - SHA256.HashSizeInBytes), file.AsSpan(file.Length - SHA256.HashSizeInBytes));
        string temporary = path + ".new";
        disk.Delete(temporary);
        using (DiskFile written = disk.Create(temporary))
        {
            written.Write(0, file);
        }

        disk.Move(temporary, path, overwrite: true);
    }

    /// <summary>The state that was kept, where it is of this log; null otherwise.</summary>
    /// <param name="log">The log, compared with what was signed of it.</param>
    /// <param name="into">Makes an empty fold of the log.</param>
    public LogSources? Read(LogState log, Func<LogSources> into)
    {
        string path = PathOf(log.Name);
        try
        {
            return disk.Exists(path) ? Read(disk.ReadWhole(path, EngineLimits.SourcesCacheBytes), log, into()) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException or FormatException or ArgumentException)
        {
            return null;
        }
    }

    private static LogSources? Read(byte[] file, LogState log, LogSources into)
    {
        byte[] origin = Encoding.UTF8.GetBytes(log.Origin);
        int begin = FixedBytes + 2 + origin.Length;
        int end = file.Length - SHA256.HashSizeInBytes;
        if (end < begin || !SHA256.HashData(file.AsSpan(0, end)).AsSpan().SequenceEqual(file.AsSpan(end))
            || !file.AsSpan(0, 8).SequenceEqual(s_magic)
            || BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(8)) != SourcesState.Version
            || BinaryPrimitives.ReadUInt16BigEndian(file.AsSpan(FixedBytes)) != origin.Length
            || !file.AsSpan(FixedBytes + 2, origin.Length).SequenceEqual(origin))
        {
            return null;
        }

        long size = BinaryPrimitives.ReadInt64BigEndian(file.AsSpan(16));
        if (size < 0 || size > log.DurableSize || log.HeadAt(size).Root != new Hash(file.AsSpan(24, Hash.Size)))
        {
            return null;
        }

        using var state = new MemoryStream(file, begin, end - begin, writable: false);
        using var reader = new BinaryReader(state);
        SourcesState.Read(reader, into);
        return state.Position == state.Length && into.Size == size ? into : null;
    }
}

/// <summary>A state of a log's sources, in bytes.</summary>
/// <param name="Size">How many entries it is the fold of.</param>
/// <param name="Bytes">The state.</param>
internal readonly record struct SavedSources(long Size, ReadOnlyMemory<byte> Bytes);
