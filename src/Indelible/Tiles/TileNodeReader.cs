using Indelible.Merkle;

namespace Indelible.Tiles;

/// <summary>Nodes of a tree from its hash tiles, each authenticated before a hash of it is given out. c2sp.org/tlog-tiles.</summary>
/// <remarks>
/// <para>
/// The partial tiles, one a level at most, hold exactly the complete subtrees that the tree's size is made of: folded, they are the
/// root, and one comparison with the trusted head authenticates them all. Every full tile is one hash of a tile of the level above,
/// so the rest follows from there downwards. Nothing is kept or returned before its comparison.
/// </para>
/// <para>Keeps the tiles that it has authenticated. Not thread-safe.</para>
/// </remarks>
public sealed class TileNodeReader : INodeReader
{
    private readonly ITileReader _tiles;
    private readonly TreeHead _head;
    private readonly Dictionary<(int Level, long Index), Hash[]> _authentic = [];

    /// <summary>Reads and authenticates the right edge of the tree.</summary>
    /// <param name="tiles">Untrusted.</param>
    /// <param name="head">Trusted: from a verified checkpoint.</param>
    /// <exception cref="VerificationException">The partial tiles do not make the root.</exception>
    public TileNodeReader(ITileReader tiles, in TreeHead head)
    {
        ArgumentNullException.ThrowIfNull(tiles);
        ArgumentOutOfRangeException.ThrowIfNegative(head.Size, nameof(head));
        _tiles = tiles;
        _head = head;
        var edge = new Dictionary<(int Level, long Index), Hash[]>();
        for (int level = 0; TileLayout.TileWidth(level, 0, head.Size) > 0; level++)
        {
            long last = (head.Size >> (level * TileLayout.Height)) / TileLayout.Width;
            if (TileLayout.TileWidth(level, last, head.Size) is var width and > 0)
            {
                edge.Add((level, last), Read(new TileId(level, last, width)));
            }
        }

        Hash root = TreeMath.Root(new EdgeReader(edge), head.Size);
        if (root != head.Root)
        {
            throw new VerificationException($"The partial tiles of the tree of {head.Size} entries make the root {root}, not {head.Root}.");
        }

        foreach (((int, long) place, Hash[] hashes) in edge)
        {
            _authentic.Add(place, hashes);
        }
    }

    /// <inheritdoc/>
    /// <exception cref="VerificationException">A tile on the way is not the one that its parent names.</exception>
    public Hash ReadNode(int height, long index)
    {
        if (height is < 0 or > 62 || index < 0 || index + 1 > _head.Size >> height)
        {
            throw new ArgumentOutOfRangeException(nameof(index), $"Node ({height}, {index}) is not complete in a tree of {_head.Size} entries.");
        }

        return NodeOf(height, index, Authentic);
    }

    /// <summary>A node from the tile that its lowest stored hashes lie in.</summary>
    private static Hash NodeOf(int height, long index, Func<int, long, Hash[]> tile)
    {
        int level = height / TileLayout.Height;
        int above = height % TileLayout.Height;
        long first = index << above;
        Span<Hash> nodes = stackalloc Hash[1 << above];
        tile(level, first / TileLayout.Width).AsSpan((int)(first % TileLayout.Width), nodes.Length).CopyTo(nodes);
        for (int count = nodes.Length / 2; count >= 1; count /= 2)
        {
            for (int i = 0; i < count; i++)
            {
                nodes[i] = TreeHasher.Node(nodes[2 * i], nodes[(2 * i) + 1]);
            }
        }

        return nodes[0];
    }

    private Hash[] Authentic(int level, long index)
    {
        if (_authentic.TryGetValue((level, index), out Hash[]? known))
        {
            return known;
        }

        // Not on the right edge, so it is full, and one hash of the level above stands for it.
        var id = new TileId(level, index, TileLayout.Width);
        Hash[] hashes = Read(id);
        Hash expected = Authentic(level + 1, index / TileLayout.Width)[(int)(index % TileLayout.Width)];
        Hash root = HashTile.Root(hashes);
        if (root != expected)
        {
            throw new VerificationException($"{id.Path} has the root {root}, but the tile above it names {expected}.");
        }

        _authentic.Add((level, index), hashes);
        return hashes;
    }

    private Hash[] Read(TileId id)
    {
        ReadOnlyMemory<byte> bytes = _tiles.ReadTile(id);
        var hashes = new Hash[id.Width];
        return HashTile.TryParse(bytes.Span, id.Width, hashes)
            ? hashes
            : throw new VerificationException($"{id.Path} has {bytes.Length} bytes, not {id.Width * Hash.Size}.");
    }

    /// <summary>The nodes of the right edge, not authenticated: only to compute the root from.</summary>
    private sealed class EdgeReader(Dictionary<(int Level, long Index), Hash[]> edge) : INodeReader
    {
        public Hash ReadNode(int height, long index) => NodeOf(height, index, (level, tile) => edge[(level, tile)]);
    }
}
