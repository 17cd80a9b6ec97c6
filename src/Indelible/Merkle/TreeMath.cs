using System.Numerics;

namespace Indelible.Merkle;

/// <summary>Roots and parts of trees made from complete subtrees. RFC 6962, section 2.1.</summary>
public static class TreeMath
{
    /// <summary>The root of the tree of <paramref name="size"/> leaves.</summary>
    /// <param name="nodes">Gives complete subtrees; trusted or verified by the caller.</param>
    /// <param name="size">The number of leaves, 0 or more.</param>
    public static Hash Root(INodeReader nodes, long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        return size == 0 ? TreeHasher.EmptyRoot : RightEdge(nodes, 0, size);
    }

    /// <summary>The hash over the leaves [start, end), which must be a node of the tree of <c>end</c> leaves.</summary>
    /// <remarks>
    /// The range is cut into complete subtrees by the set bits of its length, large ones to the left, and folded from the right:
    /// the right edge of a tree is the only place where a node is not complete.
    /// </remarks>
    internal static Hash RightEdge(INodeReader nodes, long start, long end)
    {
        Hash? folded = null;
        long at = end;
        for (long rest = end - start; rest != 0; rest &= rest - 1)
        {
            int height = BitOperations.TrailingZeroCount(rest);
            at -= 1L << height;
            Hash node = nodes.ReadNode(height, at >> height);
            folded = folded is { } right ? TreeHasher.Node(node, right) : node;
        }

        return folded!.Value;
    }

    /// <summary>The number of bits of a value that is not negative; 0 for 0.</summary>
    internal static int BitLength(long value) => 64 - BitOperations.LeadingZeroCount((ulong)value);
}
