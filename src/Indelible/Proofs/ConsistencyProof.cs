using System.Numerics;
using Indelible.Merkle;

namespace Indelible.Proofs;

/// <summary>Proofs that a tree is the beginning of a larger one: nothing was changed, dropped or inserted. RFC 6962, section 2.1.2. Thread-safe.</summary>
/// <remarks>
/// The old tree ends in the subtree over its last 2^shift leaves (shift: the trailing zeros of its size), which is complete in the new
/// tree as well. From there the way up goes through both trees: every left sibling belongs to both roots, every right one to the new.
/// </remarks>
public static class ConsistencyProof
{
    /// <summary>Makes a proof.</summary>
    /// <param name="nodes">Complete subtrees of a tree of at least <paramref name="to"/> leaves.</param>
    /// <param name="from">The old size, 1 or more: from nothing there is nothing to prove.</param>
    /// <param name="to">The new size, not below <paramref name="from"/>.</param>
    public static Hash[] Create(INodeReader nodes, long from, long to)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        ArgumentOutOfRangeException.ThrowIfLessThan(from, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(to, from);
        if (from == to)
        {
            return [];
        }

        // The proof is that of the old tree's last complete subtree in the new tree, seen as a leaf at that height, behind its own
        // hash, which a verifier knows by itself only where the old tree is nothing else.
        int shift = BitOperations.TrailingZeroCount(from);
        long last = (from >> shift) - 1;
        var proof = new List<Hash>();
        if (last != 0)
        {
            proof.Add(nodes.ReadNode(shift, last));
        }

        int top = TreeMath.BitLength((from - 1) ^ (to - 1));
        for (int height = shift; height < top; height++)
        {
            long sibling = ((from - 1) >> height) ^ 1;
            proof.Add((sibling + 1) << height <= to
                ? nodes.ReadNode(height, sibling)
                : TreeMath.RightEdge(nodes, sibling << height, to));
        }

        for (int height = top; (from - 1) >> height != 0; height++)
        {
            if ((((from - 1) >> height) & 1) == 1)
            {
                proof.Add(nodes.ReadNode(height, ((from - 1) >> height) - 1));
            }
        }

        return [.. proof];
    }

    /// <summary>Whether the tree of <paramref name="from"/> is the beginning of the tree of <paramref name="to"/>.</summary>
    /// <param name="from">The older head. Of no entries: only the empty proof is accepted, and it proves nothing.</param>
    /// <param name="to">The newer head.</param>
    /// <param name="proof">Untrusted.</param>
    public static bool Verify(in TreeHead from, in TreeHead to, ReadOnlySpan<Hash> proof)
    {
        if (from.Size < 0 || from.Size > to.Size)
        {
            return false;
        }

        if (from.Size == 0)
        {
            return proof.IsEmpty && from.Root == TreeHasher.EmptyRoot && (to.Size > 0 || to.Root == TreeHasher.EmptyRoot);
        }

        return from.Size == to.Size ? proof.IsEmpty && from.Root == to.Root : VerifyGrowth(from, to, proof);
    }

    private static bool VerifyGrowth(in TreeHead from, in TreeHead to, ReadOnlySpan<Hash> proof)
    {
        int shift = BitOperations.TrailingZeroCount(from.Size);
        int inner = TreeMath.BitLength((from.Size - 1) ^ (to.Size - 1)) - shift;
        int border = BitOperations.PopCount((ulong)(from.Size - 1) >> (inner + shift));
        bool isPowerOfTwo = from.Size == 1L << shift;
        if (proof.Length != (isPowerOfTwo ? 0 : 1) + inner + border)
        {
            return false;
        }

        Hash seed = isPowerOfTwo ? from.Root : proof[0];
        ReadOnlySpan<Hash> path = isPowerOfTwo ? proof : proof[1..];
        Hash older = seed;
        Hash newer = seed;
        long mask = (from.Size - 1) >> shift;
        for (int i = 0; i < inner; i++)
        {
            if (((mask >> i) & 1) == 1)
            {
                older = TreeHasher.Node(path[i], older);
                newer = TreeHasher.Node(path[i], newer);
            }
            else
            {
                newer = TreeHasher.Node(newer, path[i]);
            }
        }

        foreach (ref readonly Hash sibling in path[inner..])
        {
            older = TreeHasher.Node(sibling, older);
            newer = TreeHasher.Node(sibling, newer);
        }

        return older == from.Root && newer == to.Root;
    }
}
