using Indelible.Merkle;

namespace Indelible.Engine.Reading;

/// <summary>All nodes of a complete subtree: twice its leaves, so that any node is a look-up. Immutable, thread-safe.</summary>
internal sealed class PerfectTree
{
    private readonly Hash[][] _levels;

    /// <summary>Hashes the tree over <paramref name="leaves"/>, a power of two of them.</summary>
    public PerfectTree(Hash[] leaves)
    {
        if (!int.IsPow2(leaves.Length))
        {
            throw new ArgumentException($"{leaves.Length} leaves are not a complete subtree.", nameof(leaves));
        }

        _levels = new Hash[int.Log2(leaves.Length) + 1][];
        _levels[0] = leaves;
        for (int height = 1; height < _levels.Length; height++)
        {
            Hash[] below = _levels[height - 1];
            var level = new Hash[below.Length / 2];
            for (int i = 0; i < level.Length; i++)
            {
                level[i] = TreeHasher.Node(below[2 * i], below[(2 * i) + 1]);
            }

            _levels[height] = level;
        }
    }

    /// <summary>The hash of the whole.</summary>
    public Hash Root => _levels[^1][0];

    /// <summary>The nodes at <paramref name="depth"/> below the root, from the left.</summary>
    public ReadOnlySpan<Hash> LevelBelowRoot(int depth) => _levels[^(depth + 1)];

    /// <summary>The node at <paramref name="height"/> above the leaves, counted from the left.</summary>
    public Hash Node(int height, int index) => _levels[height][index];
}
