using System.Buffers.Binary;
using System.Security.Cryptography;
using Indelible.Merkle;

namespace Indelible.Verification.Tests;

/// <summary>A segment taken apart and put together again with every hash made anew, as somebody with root would.</summary>
internal sealed class ForgedSegment
{
    private const int SlotBytes = 48;
    private const int LengthsOffset = (8 + 64) * 32;
    private const int HeadBytes = LengthsOffset + (64 * 4);

    private ForgedSegment(byte[] header, byte[] dictionary, byte[][] blocks, byte[] index, byte[] root)
    {
        Header = header;
        Dictionary = dictionary;
        Blocks = blocks;
        Index = index;
        Root = root;
    }

    public byte[] Header { get; }

    /// <summary>What all frames are compressed with.</summary>
    public byte[] Dictionary { get; }

    /// <summary>The blocks as they are stored; those behind a changed one are moved.</summary>
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
        int headerBytes = (int)BinaryPrimitives.ReadInt64BigEndian(index) - BinaryPrimitives.ReadInt32BigEndian(segment.AsSpan(36));
        for (int i = 0; i < count; i++)
        {
            int offset = (int)BinaryPrimitives.ReadInt64BigEndian(index.AsSpan(i * SlotBytes));
            blocks[i] = segment.AsSpan(offset, BinaryPrimitives.ReadInt32BigEndian(index.AsSpan((i * SlotBytes) + 8))).ToArray();
        }

        return new ForgedSegment(segment[..headerBytes], segment[headerBytes..(int)BinaryPrimitives.ReadInt64BigEndian(index)], blocks, index, trailer[16..48]);
    }

    /// <summary>The first frame of a block.</summary>
    public byte[] FirstFrame(int block) => Blocks[block].AsSpan(HeadBytes, BinaryPrimitives.ReadInt32BigEndian(Blocks[block].AsSpan(LengthsOffset))).ToArray();

    /// <summary>Puts other bytes in place of the first frame of a block.</summary>
    public void ReplaceFirstFrame(int block, byte[] bytes)
    {
        byte[] head = Blocks[block][..HeadBytes];
        byte[] others = Blocks[block][(HeadBytes + FirstFrame(block).Length)..];
        BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(LengthsOffset), bytes.Length);
        Blocks[block] = [.. head, .. bytes, .. others];
    }

    /// <summary>Puts another hash in place of a node that a block begins with.</summary>
    /// <param name="block">The block.</param>
    /// <param name="node">Its place: from 0 those of height 5, from 8 those of height 2.</param>
    /// <param name="hash">The hash.</param>
    public void ReplaceNode(int block, int node, Hash hash) => hash.CopyTo(Blocks[block].AsSpan(node * Hash.Size));

    /// <summary>A node that a block begins with; see <see cref="ReplaceNode"/>.</summary>
    public Hash NodeAt(int block, int node) => new(Blocks[block].AsSpan(node * Hash.Size, Hash.Size));

    public byte[] ToBytes()
    {
        long at = Header.Length + Dictionary.Length;
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
        byte[] all = [.. Header, .. Dictionary, .. Blocks.SelectMany(block => block), .. Index, .. trailer];
        return [.. all, .. SHA256.HashData(all)];
    }
}
