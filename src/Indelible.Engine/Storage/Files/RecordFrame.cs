using System.Buffers.Binary;
using System.IO.Hashing;

namespace Indelible.Engine.Storage.Files;

/// <summary>The frame around each record of an append-only file: journal, tail, checkpoint store.</summary>
/// <remarks>
/// <code>
///  0  u32  magic "IREC"                       all numbers big-endian
///  4  u32  payload length in bytes
///  8  u64  record number
/// 16  u64  id of the file, drawn anew each time a file is begun or recycled
/// 24  u64  XxHash3 of the payload
/// 32  u64  chain: XxHash3 of (the previous record's chain, bytes 0–31 of this header)
/// 40       payload, then zeros to a multiple of 8
/// </code>
/// The file id tells a record of this file from one left by the file's earlier life; the number, from one of another place; the
/// chain, from one whose predecessors are not those it was written behind. XxHash3 finds accidents only. Intent is found by the Merkle tree.
/// </remarks>
internal static class RecordFrame
{
    public const int HeaderBytes = 40;
    public const int Alignment = 8;
    private const uint Magic = 0x49524543;

    /// <summary>What stands at a place where a record may be.</summary>
    public enum Found
    {
        /// <summary>A whole record of this file, in its place.</summary>
        Record,

        /// <summary>Nothing that was written in this life of the file: zeros, or a record of an earlier life.</summary>
        End,

        /// <summary>The start of a record of this file whose rest does not fit it.</summary>
        Torn,
    }

    /// <summary>The bytes that a record with this payload takes.</summary>
    public static long SizeOf(long payloadBytes) => HeaderBytes + ((payloadBytes + (Alignment - 1)) & ~(long)(Alignment - 1));

    /// <summary>Writes header and padding around a payload that already lies at <see cref="HeaderBytes"/> of <paramref name="frame"/>.</summary>
    /// <param name="frame">Exactly <see cref="SizeOf"/> bytes, the payload in its place.</param>
    /// <param name="payloadBytes">The payload's length.</param>
    /// <param name="number">The record's number.</param>
    /// <param name="fileId">The file's id.</param>
    /// <param name="chain">The previous record's chain.</param>
    /// <returns>This record's chain.</returns>
    public static ulong Seal(Span<byte> frame, int payloadBytes, long number, ulong fileId, ulong chain)
    {
        Span<byte> payload = frame.Slice(HeaderBytes, payloadBytes);
        frame[(HeaderBytes + payloadBytes)..].Clear();
        BinaryPrimitives.WriteUInt32BigEndian(frame, Magic);
        BinaryPrimitives.WriteInt32BigEndian(frame[4..], payloadBytes);
        BinaryPrimitives.WriteInt64BigEndian(frame[8..], number);
        BinaryPrimitives.WriteUInt64BigEndian(frame[16..], fileId);
        BinaryPrimitives.WriteUInt64BigEndian(frame[24..], XxHash3.HashToUInt64(payload));
        ulong next = Chain(chain, frame[..32]);
        BinaryPrimitives.WriteUInt64BigEndian(frame[32..], next);
        return next;
    }

    /// <summary>Looks at <paramref name="bytes"/>, which reach from a record's place to the end of the file.</summary>
    /// <param name="bytes">Untrusted.</param>
    /// <param name="number">The number that the record must have.</param>
    /// <param name="fileId">The file's id.</param>
    /// <param name="chain">The previous record's chain; this record's on return, if there is one.</param>
    /// <param name="payloadBytes">The length of the payload found.</param>
    public static Found Read(ReadOnlySpan<byte> bytes, long number, ulong fileId, ref ulong chain, out int payloadBytes)
    {
        payloadBytes = 0;
        if (!Begins(bytes, fileId))
        {
            return Found.End;
        }

        if (!IsWhole(bytes, fileId, out payloadBytes) || BinaryPrimitives.ReadInt64BigEndian(bytes[8..]) != number)
        {
            return Found.Torn;
        }

        ulong next = Chain(chain, bytes[..32]);
        if (BinaryPrimitives.ReadUInt64BigEndian(bytes[32..]) != next)
        {
            return Found.Torn;
        }

        chain = next;
        return Found.Record;
    }

    /// <summary>Whether a whole record of this file, of any number and chain, lies anywhere at or behind <paramref name="from"/>.</summary>
    /// <remarks>Asked behind a torn record: a crash leaves nothing whole behind it, so this means damage in the middle.</remarks>
    public static bool AnyRecordBehind(ReadOnlySpan<byte> file, long from, ulong fileId, out long offset)
    {
        for (offset = (from + (Alignment - 1)) & ~(long)(Alignment - 1); offset + HeaderBytes <= file.Length; offset += Alignment)
        {
            if (IsWhole(file[(int)offset..], fileId, out _))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A whole record's number and chain, as it says them: to read on behind damage.</summary>
    /// <param name="bytes">From a place that <see cref="AnyRecordBehind"/> has found.</param>
    public static (long Number, ulong Chain, int PayloadBytes) ReadHeader(ReadOnlySpan<byte> bytes) => (
        BinaryPrimitives.ReadInt64BigEndian(bytes[8..]), BinaryPrimitives.ReadUInt64BigEndian(bytes[32..]), BinaryPrimitives.ReadInt32BigEndian(bytes[4..]));

    private static bool Begins(ReadOnlySpan<byte> bytes, ulong fileId) =>
        bytes.Length >= HeaderBytes
        && BinaryPrimitives.ReadUInt32BigEndian(bytes) == Magic
        && BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]) == fileId;

    private static bool IsWhole(ReadOnlySpan<byte> bytes, ulong fileId, out int payloadBytes)
    {
        payloadBytes = 0;
        if (!Begins(bytes, fileId))
        {
            return false;
        }

        int length = BinaryPrimitives.ReadInt32BigEndian(bytes[4..]);
        if (length < 0 || SizeOf(length) > bytes.Length)
        {
            return false;
        }

        payloadBytes = length;
        return BinaryPrimitives.ReadUInt64BigEndian(bytes[24..]) == XxHash3.HashToUInt64(bytes.Slice(HeaderBytes, length))
            && !bytes[(HeaderBytes + length)..(int)SizeOf(length)].ContainsAnyExcept((byte)0);
    }

    private static ulong Chain(ulong previous, ReadOnlySpan<byte> header)
    {
        Span<byte> input = stackalloc byte[8 + 32];
        BinaryPrimitives.WriteUInt64BigEndian(input, previous);
        header.CopyTo(input[8..]);
        return XxHash3.HashToUInt64(input);
    }
}
