using System.Buffers.Binary;
using Indelible.Engine.Reading;
using Indelible.Merkle;

namespace Indelible.Engine.Sealing;

/// <summary>Reads and writes what a block of a segment begins with: nodes that prove a frame alone, and the lengths of the frames. Untrusted until it is folded.</summary>
internal static class BlockHead
{
    private const int FramesOffset = SegmentFormat.MiddleNodes * Hash.Size;
    private const int LengthsOffset = FramesOffset + (SegmentFormat.FramesPerBlock * Hash.Size);

    /// <summary>The nodes over the frames.</summary>
    public static Hash[] Frames(ReadOnlySpan<byte> head) => Nodes(head[FramesOffset..LengthsOffset]);

    /// <summary>Proves the node over a frame by the block's root.</summary>
    /// <param name="head">The head.</param>
    /// <param name="frame">The frame, counted from the block's start.</param>
    /// <param name="root">The root of the block's leaves.</param>
    /// <param name="node">The node over the frame's leaves.</param>
    /// <returns>Whether the head's nodes that lead from one to the other fold.</returns>
    public static bool TryProve(ReadOnlySpan<byte> head, int frame, in Hash root, out Hash node)
    {
        (int middle, int inMiddle) = Math.DivRem(frame, SegmentFormat.FramesPerMiddle);
        Hash[] siblings = Nodes(head.Slice(FramesOffset + (middle * SegmentFormat.FramesPerMiddle * Hash.Size), SegmentFormat.FramesPerMiddle * Hash.Size));
        Hash[] middles = Nodes(head[..FramesOffset]);
        node = siblings[inMiddle];
        return new PerfectTree(siblings).Root == middles[middle] && new PerfectTree(middles).Root == root;
    }

    /// <summary>Whether a tree is the block's, and the head says of its nodes what they are.</summary>
    /// <param name="tree">The tree over the block's leaves, or over the nodes of its frames.</param>
    /// <param name="head">The head.</param>
    /// <param name="root">The root of the block's leaves.</param>
    public static bool IsOf(PerfectTree tree, ReadOnlySpan<byte> head, in Hash root) =>
        tree.Root == root
        && tree.LevelBelowRoot(SegmentFormat.BlockHeight - SegmentFormat.MiddleHeight).SequenceEqual(Nodes(head[..FramesOffset]))
        && tree.LevelBelowRoot(SegmentFormat.BlockHeight - SegmentFormat.FrameHeight).SequenceEqual(Frames(head));

    /// <summary>Where a frame lies behind the head.</summary>
    /// <param name="head">The head.</param>
    /// <param name="frame">The frame, counted from the block's start.</param>
    /// <param name="available">The bytes behind the head.</param>
    /// <param name="offset">Of its first byte, counted from the end of the head.</param>
    /// <param name="length">How many bytes.</param>
    /// <returns>Whether it has bytes and all of them are there.</returns>
    public static bool TryLocate(ReadOnlySpan<byte> head, int frame, int available, out int offset, out int length)
    {
        long at = 0;
        for (int i = 0; i < frame; i++)
        {
            at += LengthOf(head, i);
        }

        uint bytes = LengthOf(head, frame);
        bool fits = bytes > 0 && at + bytes <= available;
        (offset, length) = fits ? ((int)at, (int)bytes) : (0, 0);
        return fits;
    }

    /// <summary>Writes a head.</summary>
    /// <param name="tree">The tree over the block's leaves.</param>
    /// <param name="lengths">The bytes of each frame.</param>
    /// <param name="head">Receives it.</param>
    public static void Write(PerfectTree tree, ReadOnlySpan<int> lengths, Span<byte> head)
    {
        int at = 0;
        foreach (int height in (ReadOnlySpan<int>)[SegmentFormat.MiddleHeight, SegmentFormat.FrameHeight])
        {
            foreach (ref readonly Hash node in tree.LevelBelowRoot(SegmentFormat.BlockHeight - height))
            {
                node.CopyTo(head[at..]);
                at += Hash.Size;
            }
        }

        foreach (int length in lengths)
        {
            BinaryPrimitives.WriteInt32BigEndian(head[at..], length);
            at += sizeof(int);
        }
    }

    private static uint LengthOf(ReadOnlySpan<byte> head, int frame) => BinaryPrimitives.ReadUInt32BigEndian(head[(LengthsOffset + (frame * sizeof(int)))..]);

    private static Hash[] Nodes(ReadOnlySpan<byte> bytes)
    {
        var nodes = new Hash[bytes.Length / Hash.Size];
        for (int i = 0; i < nodes.Length; i++)
        {
            nodes[i] = new Hash(bytes.Slice(i * Hash.Size, Hash.Size));
        }

        return nodes;
    }
}
