using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Indelible.Verification.Tests;

/// <summary>A segment taken apart and put together again with every hash made anew, as somebody with root would.</summary>
internal sealed class ForgedSegment
{
    private const int SlotBytes = 48;

    private ForgedSegment(byte[] header, byte[][] blocks, byte[] index, byte[] root)
    {
        Header = header;
        Blocks = blocks;
        Index = index;
        Root = root;
    }

    public byte[] Header { get; }

    /// <summary>The compressed blocks; those behind a changed one are moved.</summary>
    public byte[][] Blocks { get; }

    /// <summary>Slots of the blocks, then the id hashes.</summary>
    public byte[] Index { get; }

    public byte[] Root { get; }

    public static ForgedSegment Of(byte[] segment)
    {
        byte[] trailer = segment[^120..];
        int indexAt = (int)BinaryPrimitives.ReadInt64BigEndian(trailer);
        byte[] index = segment[indexAt..^120];
        int count = BinaryPrimitives.ReadInt32BigEndian(segment.AsSpan(28));
        var blocks = new byte[count][];
        int headerBytes = (int)BinaryPrimitives.ReadInt64BigEndian(index);
        for (int i = 0; i < count; i++)
        {
            int offset = (int)BinaryPrimitives.ReadInt64BigEndian(index.AsSpan(i * SlotBytes));
            blocks[i] = segment.AsSpan(offset, BinaryPrimitives.ReadInt32BigEndian(index.AsSpan((i * SlotBytes) + 8))).ToArray();
        }

        return new ForgedSegment(segment[..headerBytes], blocks, index, trailer[16..48]);
    }

    public byte[] ToBytes()
    {
        long at = Header.Length;
        for (int i = 0; i < Blocks.Length; i++)
        {
            BinaryPrimitives.WriteInt64BigEndian(Index.AsSpan(i * SlotBytes), at);
            BinaryPrimitives.WriteInt32BigEndian(Index.AsSpan((i * SlotBytes) + 8), Blocks[i].Length);
            at += Blocks[i].Length;
        }

        byte[] trailer = new byte[88];
        BinaryPrimitives.WriteInt64BigEndian(trailer, at);
        BinaryPrimitives.WriteInt64BigEndian(trailer.AsSpan(8), Index.Length);
        Root.CopyTo(trailer, 16);
        "INDSEGEN"u8.CopyTo(trailer.AsSpan(48));
        SHA256.HashData([.. Header, .. Index, .. trailer.AsSpan(0, 56)]).CopyTo(trailer, 56);
        byte[] all = [.. Header, .. Blocks.SelectMany(block => block), .. Index, .. trailer];
        return [.. all, .. SHA256.HashData(all)];
    }
}
