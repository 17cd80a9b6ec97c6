using Indelible.Merkle;
using Indelible.Tiles;

namespace Indelible.Verification;

/// <summary>The tree over the entries as they are hashed, compared on the way with stored tiles and with the remembered head.</summary>
internal sealed class TreeCheck
{
    private readonly TileReader _tiles;
    private readonly Action<VerificationFault> _fault;
    private readonly CompactRange _tree = new();
    private readonly List<List<Hash>> _rows = [];   // by level - 1: the hashes of the tile that is being filled
    private readonly TreeHead? _remembered;
    private ILookup<long, TreeHead> _shown;

    /// <param name="tiles">Gives the stored tiles.</param>
    /// <param name="remembered">The head that an earlier run verified.</param>
    /// <param name="shown">Other heads that the log has shown.</param>
    /// <param name="frontier">Where to go on; null to begin.</param>
    /// <param name="fault">Receives what is wrong.</param>
    public TreeCheck(TileReader tiles, TreeHead? remembered, IEnumerable<TreeHead> shown, TreeFrontier? frontier, Action<VerificationFault> fault)
    {
        _tiles = tiles;
        _remembered = remembered;
        _shown = shown.ToLookup(head => head.Size);
        _fault = fault;
        if (frontier is null)
        {
            return;
        }

        _rows.AddRange(frontier.Rows.Select(row => row.ToList()));
        for (int level = _rows.Count; level >= 1; level--)
        {
            foreach (Hash node in _rows[level - 1])
            {
                _tree.AppendSubtree(level * TileLayout.Height, node);
            }
        }

        CompareHeads();
    }

    /// <summary>Entries under the tree.</summary>
    public long Size => _tree.Size;

    /// <summary>The tree's root.</summary>
    public Hash Root() => _tree.Root();

    /// <summary>From where another run can go on: the tree up to the last full bundle.</summary>
    public IReadOnlyList<IReadOnlyList<Hash>> Rows => [.. _rows.Select(row => row.ToArray())];

    /// <summary>Compares further heads with the tree, when it has their size.</summary>
    public void Expect(IEnumerable<TreeHead> heads) => _shown = _shown.SelectMany(known => known).Concat(heads).ToLookup(head => head.Size);

    /// <summary>Takes the leaves of the next bundle.</summary>
    public async Task AppendAsync(Hash[] leaves, CancellationToken cancellationToken)
    {
        foreach (Hash leaf in leaves)
        {
            _tree.Append(leaf);
            CompareHeads();
        }

        if (leaves.Length == TileLayout.Width)
        {
            await AddNodeAsync(1, HashTile.Root(leaves), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Compares the tiles that the tree leaves unfilled.</summary>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        for (int level = 1; level <= _rows.Count; level++)
        {
            if (_rows[level - 1].Count > 0)
            {
                await CompareTileAsync(level, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private void CompareHeads()
    {
        foreach (TreeHead shown in _shown[_tree.Size].Where(shown => shown.Root != _tree.Root()))
        {
            _fault(new VerificationFault("head", $"size {shown.Size}", $"the first {shown.Size} entries have root {_tree.Root()}, but {shown.Root} was shown for them"));
        }

        if (_remembered is { } known && _tree.Size == known.Size && _tree.Root() != known.Root)
        {
            _fault(new VerificationFault(
                "state", $"size {known.Size}", $"the first {known.Size} entries have root {_tree.Root()}, but {known.Root} was verified before: history was changed"));
        }
    }

    private async Task AddNodeAsync(int level, Hash node, CancellationToken cancellationToken)
    {
        if (_rows.Count < level)
        {
            _rows.Add([]);
        }

        List<Hash> row = _rows[level - 1];
        row.Add(node);
        if (row.Count == TileLayout.Width)
        {
            await CompareTileAsync(level, cancellationToken).ConfigureAwait(false);
            Hash root = HashTile.Root(row.ToArray());
            row.Clear();
            await AddNodeAsync(level + 1, root, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task CompareTileAsync(int level, CancellationToken cancellationToken)
    {
        List<Hash> row = _rows[level - 1];
        long nodes = _tree.Size >> (level * TileLayout.Height);
        var tile = new TileId(level, (nodes - 1) / TileLayout.Width, row.Count);
        var faults = new List<VerificationFault>();
        Hash[]? stored = await _tiles.ReadAsync(tile, faults, cancellationToken).ConfigureAwait(false);
        faults.ForEach(_fault);
        for (int i = 0; stored is not null && i < row.Count; i++)
        {
            if (stored[i] != row[i])
            {
                _fault(new VerificationFault("tile", tile.Path, $"hash {i} is {stored[i]}, but the entries below it make {row[i]}"));
            }
        }
    }
}

/// <summary>Reads a source's stored tiles, and counts them.</summary>
internal sealed class TileReader(ILogSource source)
{
    private long _read;
    private volatile bool _none;

    /// <summary>How many were read.</summary>
    public long Count => Interlocked.Read(ref _read);

    /// <summary>Whether the source said that it stores none.</summary>
    public bool None => _none;

    /// <summary>The hashes of a tile; null where there are none to compare, with the reason among the faults if there should be.</summary>
    public async Task<Hash[]?> ReadAsync(TileId id, List<VerificationFault> faults, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte>? bytes;
        try
        {
            bytes = await source.ReadTileAsync(id, cancellationToken).ConfigureAwait(false);
        }
        catch (LogSourceException e) when (!e.IsUnreachable)
        {
            faults.Add(new VerificationFault("tile", id.Path, e.Message));
            return null;
        }

        if (bytes is null)
        {
            _none = true;
            return null;
        }

        Interlocked.Increment(ref _read);
        var hashes = new Hash[id.Width];
        if (HashTile.TryParse(bytes.Value.Span, id.Width, hashes))
        {
            return hashes;
        }

        faults.Add(new VerificationFault("tile", id.Path, $"it has {bytes.Value.Length} bytes, not {id.Width * Hash.Size}"));
        return null;
    }
}
