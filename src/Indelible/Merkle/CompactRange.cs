using System.Numerics;

namespace Indelible.Merkle;

/// <summary>The fewest complete subtrees that cover [0, size): all that is needed to append and to know the root.</summary>
/// <remarks>
/// RFC 6962, section 2.1, made incremental: the set bits of the size, from high to low, are the subtrees from left to right; at most
/// 63 hashes. Not thread-safe.
/// </remarks>
public sealed class CompactRange
{
    private readonly List<Hash> _hashes = [];

    /// <summary>The range of no leaves.</summary>
    public CompactRange()
    {
    }

    /// <summary>A range as another one gave it.</summary>
    /// <param name="size">The number of leaves.</param>
    /// <param name="hashes">The subtrees' roots, largest first: as many as the size has set bits.</param>
    /// <exception cref="ArgumentException">Their number does not fit the size.</exception>
    public CompactRange(long size, ReadOnlySpan<Hash> hashes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        if (BitOperations.PopCount((ulong)size) != hashes.Length)
        {
            throw new ArgumentException($"A tree of {size} leaves is {BitOperations.PopCount((ulong)size)} complete subtrees, not {hashes.Length}.", nameof(hashes));
        }

        Size = size;
        _hashes.AddRange(hashes);
    }

    /// <summary>The number of leaves.</summary>
    public long Size { get; private set; }

    /// <summary>The subtrees' roots, largest first.</summary>
    public IReadOnlyList<Hash> Hashes => _hashes;

    /// <summary>Appends one leaf.</summary>
    /// <param name="leaf">Its leaf hash.</param>
    /// <exception cref="ArgumentException">There are 2^63 − 1 already.</exception>
    public void Append(in Hash leaf) => AppendSubtree(0, leaf);

    /// <summary>Appends a complete subtree.</summary>
    /// <param name="height">Its height; the size must be a multiple of 2^height.</param>
    /// <param name="root">Its root.</param>
    /// <exception cref="ArgumentException">The subtree would not be aligned, or the size not below 2^63.</exception>
    public void AppendSubtree(int height, in Hash root)
    {
        if (height is < 0 or > 62 || (Size & ((1L << height) - 1)) != 0 || Size > long.MaxValue - (1L << height))
        {
            throw new ArgumentException($"A subtree of height {height} cannot stand at {Size}.", nameof(height));
        }

        // As in binary addition: each subtree of the same size to the left is combined, and carries on.
        Hash node = root;
        for (long bits = Size >> height; (bits & 1) == 1; bits >>= 1)
        {
            node = TreeHasher.Node(_hashes[^1], node);
            _hashes.RemoveAt(_hashes.Count - 1);
        }

        _hashes.Add(node);
        Size += 1L << height;
    }

    /// <summary>The root of the tree of <see cref="Size"/> leaves.</summary>
    public Hash Root()
    {
        if (_hashes.Count == 0)
        {
            return TreeHasher.EmptyRoot;
        }

        Hash root = _hashes[^1];
        for (int i = _hashes.Count - 2; i >= 0; i--)
        {
            root = TreeHasher.Node(_hashes[i], root);
        }

        return root;
    }

    /// <summary>Size and root together.</summary>
    public TreeHead Head() => new(Size, Root());
}
