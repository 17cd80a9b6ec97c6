using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Indelible.Client.Recording.Spooling;

/// <summary>One event as it lies in a spool file.</summary>
/// <param name="Sequence">Its number in its stream.</param>
/// <param name="Id">Its id.</param>
/// <param name="Json">The event as it is sent.</param>
/// <param name="End">Where in the file the next one begins.</param>
internal readonly record struct SpooledEvent(long Sequence, string Id, ReadOnlyMemory<byte> Json, long End);

/// <summary>The form of a spool file: a header, then events, each in a frame with a checksum.</summary>
/// <remarks>
/// <code>
/// header   0  8 bytes "ISPOOL1\n"
///          8  16 bytes id of the file, random                        all numbers big-endian
/// frame    0  u32 magic "ISPR"
///          4  u32 payload length in bytes
///          8  u64 number in the stream
///         16  u32 CRC-32C of (file id, bytes 4–15, payload)
///         20  payload: u16 length of the id, the id, the event as JSON
/// </code>
/// The file's id keeps a frame of one file from being taken for one of another. CRC-32C finds accidents only; what somebody with the
/// rights of the application does to its spool, nothing here can find.
/// </remarks>
internal static class SpoolFrame
{
    public const int FileHeaderBytes = 24;
    public const int HeaderBytes = 20;
    public const int MaxPayloadBytes = 128 * 1024;
    private const int FileIdBytes = 16;
    private const uint Magic = 0x49535052;

    private static ReadOnlySpan<byte> FileMagic => "ISPOOL1\n"u8;

    /// <summary>What stands at a place where a frame may be.</summary>
    public enum Found
    {
        /// <summary>A whole event.</summary>
        Event,

        /// <summary>Nothing more.</summary>
        End,

        /// <summary>More bytes are needed to tell.</summary>
        Short,

        /// <summary>Bytes that are no whole event: a torn write, or damage.</summary>
        Torn,
    }

    /// <summary>Writes a file's header.</summary>
    public static void WriteFileHeader(Span<byte> header, Guid fileId)
    {
        FileMagic.CopyTo(header);
        fileId.TryWriteBytes(header[FileMagic.Length..]);
    }

    /// <summary>Reads a file's header; its id, or null where it is none.</summary>
    public static Guid? ReadFileHeader(ReadOnlySpan<byte> header) => header.Length >= FileHeaderBytes && header.StartsWith(FileMagic)
        ? new Guid(header.Slice(FileMagic.Length, FileIdBytes))
        : null;

    /// <summary>The bytes of a frame around an event.</summary>
    public static int SizeOf(int idBytes, int jsonBytes) => HeaderBytes + 2 + idBytes + jsonBytes;

    /// <summary>Writes a frame but its checksum, which <see cref="Seal"/> adds when the file is known. The caller fills in the JSON.</summary>
    /// <returns>Where the JSON goes.</returns>
    public static Span<byte> Begin(Span<byte> frame, long sequence, ReadOnlySpan<byte> id)
    {
        BinaryPrimitives.WriteUInt32BigEndian(frame, Magic);
        BinaryPrimitives.WriteInt32BigEndian(frame[4..], frame.Length - HeaderBytes);
        BinaryPrimitives.WriteInt64BigEndian(frame[8..], sequence);
        BinaryPrimitives.WriteUInt16BigEndian(frame[HeaderBytes..], (ushort)id.Length);
        id.CopyTo(frame[(HeaderBytes + 2)..]);
        return frame[(HeaderBytes + 2 + id.Length)..];
    }

    /// <summary>Writes the checksums of all frames in <paramref name="frames"/>.</summary>
    public static void Seal(Span<byte> frames, Guid fileId)
    {
        uint seed = SeedOf(fileId);
        while (!frames.IsEmpty)
        {
            int length = HeaderBytes + BinaryPrimitives.ReadInt32BigEndian(frames[4..]);
            BinaryPrimitives.WriteUInt32BigEndian(frames[16..], Checksum(seed, frames[..length]));
            frames = frames[length..];
        }
    }

    /// <summary>Looks at a place where a frame may be.</summary>
    /// <param name="bytes">Untrusted; from that place on.</param>
    /// <param name="isAll">Whether they reach to the end of the file.</param>
    /// <param name="fileId">The file's id.</param>
    /// <param name="length">The frame's length, where there is one; else how many bytes would tell, where they are short.</param>
    public static Found Read(ReadOnlySpan<byte> bytes, bool isAll, Guid fileId, out int length)
    {
        length = HeaderBytes;
        if (bytes.IsEmpty && isAll)
        {
            return Found.End;
        }

        if (bytes.Length < HeaderBytes)
        {
            return isAll ? Found.Torn : Found.Short;
        }

        int payload = BinaryPrimitives.ReadInt32BigEndian(bytes[4..]);
        if (BinaryPrimitives.ReadUInt32BigEndian(bytes) != Magic || payload is < 2 or > MaxPayloadBytes)
        {
            return Found.Torn;
        }

        length = HeaderBytes + payload;
        if (bytes.Length < length)
        {
            return isAll ? Found.Torn : Found.Short;
        }

        return Checksum(SeedOf(fileId), bytes[..length]) == BinaryPrimitives.ReadUInt32BigEndian(bytes[16..])
            && BinaryPrimitives.ReadUInt16BigEndian(bytes[HeaderBytes..]) <= payload - 2
            ? Found.Event
            : Found.Torn;
    }

    /// <summary>The parts of a frame that <see cref="Read"/> has found whole.</summary>
    public static (long Sequence, string Id, int JsonAt) PartsOf(ReadOnlySpan<byte> frame)
    {
        int idBytes = BinaryPrimitives.ReadUInt16BigEndian(frame[HeaderBytes..]);
        string id = System.Text.Encoding.UTF8.GetString(frame.Slice(HeaderBytes + 2, idBytes));
        return (BinaryPrimitives.ReadInt64BigEndian(frame[8..]), id, HeaderBytes + 2 + idBytes);
    }

    /// <summary>Where behind torn bytes the next frame may begin: the next magic; the length of <paramref name="bytes"/> where there is none.</summary>
    public static int NextMagic(ReadOnlySpan<byte> bytes)
    {
        int at = bytes.Length <= 1 ? -1 : bytes[1..].IndexOf("ISPR"u8);
        return at < 0 ? bytes.Length : at + 1;
    }

    private static uint SeedOf(Guid fileId)
    {
        Span<byte> bytes = stackalloc byte[FileIdBytes];
        fileId.TryWriteBytes(bytes);
        return Crc(uint.MaxValue, bytes);
    }

    private static uint Checksum(uint seed, ReadOnlySpan<byte> frame) => ~Crc(Crc(seed, frame[4..16]), frame[HeaderBytes..]);

    private static uint Crc(uint crc, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (ulong word in words)
        {
            crc = BitOperations.Crc32C(crc, word);
        }

        foreach (byte rest in bytes[(words.Length * sizeof(ulong))..])
        {
            crc = BitOperations.Crc32C(crc, rest);
        }

        return crc;
    }
}
