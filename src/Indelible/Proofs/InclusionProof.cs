using System.Numerics;
using Indelible.Merkle;

namespace Indelible.Proofs;

/// <summary>Proofs that a leaf is in a tree. RFC 6962, section 2.1.1. Thread-safe.</summary>
/// <remarks>
/// The hashes are the siblings on the way up, the leaf's first. On the lower part of the way, <i>inner</i>, the sibling may be to the
/// left or the right; above the fork with the tree's right edge, <i>border</i>, it is always to the left. Index and size fix both
/// lengths, so that a proof has exactly one possible length.
/// </remarks>
public static class InclusionProof
{
    /// <summary>Makes a proof.</summary>
    /// <param name="nodes">Complete subtrees of a tree of at least <paramref name="size"/> leaves.</param>
    /// <param name="index">The leaf index, below <paramref name="size"/>.</param>
    /// <param name="size">The size of the tree to prove it in.</param>
    public static Hash[] Create(INodeReader nodes, long index, long size)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, size);
        int inner = InnerLength(index, size);
        var proof = new Hash[inner + BorderLength(index, inner)];
        int at = 0;
        for (; at < inner; at++)
        {
            long sibling = (index >> at) ^ 1;
            proof[at] = (sibling + 1) << at <= size
                ? nodes.ReadNode(at, sibling)
                : TreeMath.RightEdge(nodes, sibling << at, size);
        }

        for (int height = inner; at < proof.Length; height++)
        {
            if (((index >> height) & 1) == 1)
            {
                proof[at++] = nodes.ReadNode(height, (index >> height) - 1);
            }
        }

        return proof;
    }

    /// <summary>Whether <paramref name="proof"/> leads from the leaf to the root.</summary>
    /// <param name="leafHash">The leaf's hash, computed by the verifier from the entry.</param>
    /// <param name="index">The claimed leaf index; untrusted.</param>
    /// <param name="head">A head that the verifier trusts, or is about to check.</param>
    /// <param name="proof">Untrusted.</param>
    public static bool Verify(in Hash leafHash, long index, in TreeHead head, ReadOnlySpan<Hash> proof)
    {
        if (index < 0 || index >= head.Size)
        {
            return false;
        }

        int inner = InnerLength(index, head.Size);
        if (proof.Length != inner + BorderLength(index, inner))
        {
            return false;
        }

        Hash node = leafHash;
        for (int i = 0; i < inner; i++)
        {
            node = ((index >> i) & 1) == 0 ? TreeHasher.Node(node, proof[i]) : TreeHasher.Node(proof[i], node);
        }

        foreach (ref readonly Hash sibling in proof[inner..])
        {
            node = TreeHasher.Node(sibling, node);
        }

        return node == head.Root;
    }

    private static int InnerLength(long index, long size) => TreeMath.BitLength(index ^ (size - 1));

    private static int BorderLength(long index, int inner) => BitOperations.PopCount((ulong)index >> inner);
}
