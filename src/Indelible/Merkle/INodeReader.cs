namespace Indelible.Merkle;

/// <summary>Gives the roots of complete subtrees, from which every root and every proof is made.</summary>
public interface INodeReader
{
    /// <summary>The root of the complete subtree over the leaves [index · 2^height, (index + 1) · 2^height).</summary>
    /// <param name="height">0 for a leaf hash.</param>
    /// <param name="index">Counted from the left at that height.</param>
    Hash ReadNode(int height, long index);
}
