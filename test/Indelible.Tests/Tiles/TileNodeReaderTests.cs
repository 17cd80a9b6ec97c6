using Indelible.Merkle;
using Indelible.Proofs;
using Indelible.Tiles;
using Xunit;

namespace Indelible.Tests.Tiles;

public sealed class TileNodeReaderTests
{
    private static readonly MemoryTree s_tree = MemoryTree.OfEntries(70_000);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(65_535)]
    [InlineData(65_536)]
    [InlineData(65_537)]
    [InlineData(70_000)]
    public void Proofs_made_from_tiles_are_those_made_from_the_tree(long size)
    {
        var reader = new TileNodeReader(new TileStore(s_tree, size), s_tree.HeadAt(size));
        var random = new Random(42);
        Assert.Equal(s_tree.HeadAt(size).Root, TreeMath.Root(reader, size));
        for (int round = 0; round < 50 && size > 0; round++)
        {
            long index = random.NextInt64(size);
            long from = random.NextInt64(1, size + 1);
            Assert.Equal(InclusionProof.Create(s_tree, index, size), InclusionProof.Create(reader, index, size));
            Assert.Equal(ConsistencyProof.Create(s_tree, from, size), ConsistencyProof.Create(reader, from, size));
        }
    }

    [Fact]
    public void A_changed_byte_in_any_tile_on_the_way_is_refused_before_a_hash_of_it_is_given_out()
    {
        const long Size = 66_000;
        var random = new Random(43);
        foreach (TileId tile in TileLayout.Tiles(Size).Where(tile => tile.Level > 0 || tile.Index % 40 == 0 || tile.Width < 256))
        {
            var altered = new TileStore(s_tree, Size) { Altered = tile, AlteredByte = random.Next(tile.Width * Hash.Size) };
            Assert.Throws<VerificationException>(() => new TileNodeReader(altered, s_tree.HeadAt(Size)).ReadNode(
                TileLayout.Height * tile.Level, tile.Index * TileLayout.Width));
        }
    }

    [Fact]
    public void Tiles_of_another_tree_length_or_head_are_refused()
    {
        Assert.Throws<VerificationException>(() => new TileNodeReader(new TileStore(s_tree, 300), s_tree.HeadAt(300) with { Root = default }));
        Assert.Throws<VerificationException>(() => new TileNodeReader(new TileStore(s_tree, 300) { Cut = 1 }, s_tree.HeadAt(300)));
        var reader = new TileNodeReader(new TileStore(s_tree, 300), s_tree.HeadAt(300));
        Assert.Throws<ArgumentOutOfRangeException>(() => reader.ReadNode(0, 300));
        Assert.Throws<ArgumentOutOfRangeException>(() => reader.ReadNode(8, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => reader.ReadNode(63, 0));
    }

    [Fact]
    public void A_node_that_is_not_in_the_tree_is_the_callers_mistake()
    {
        var reader = new TileNodeReader(new TileStore(s_tree, 300), s_tree.HeadAt(300));
        Assert.Throws<ArgumentOutOfRangeException>("index", () => reader.ReadNode(0, -1));
        Assert.Throws<ArgumentOutOfRangeException>("index", () => reader.ReadNode(-1, 0));
        Assert.Throws<ArgumentOutOfRangeException>("index", () => reader.ReadNode(0, 300));
        Assert.Throws<ArgumentOutOfRangeException>("index", () => reader.ReadNode(8, 1));
        Assert.Throws<ArgumentOutOfRangeException>("index", () => reader.ReadNode(9, 0));
        Assert.Throws<ArgumentOutOfRangeException>("index", () => reader.ReadNode(64, 0));
        Assert.Equal(s_tree.ReadNode(0, 299), reader.ReadNode(0, 299));
        Assert.Equal(s_tree.ReadNode(8, 0), reader.ReadNode(8, 0));
        Assert.Throws<ArgumentNullException>("tiles", () => new TileNodeReader(null!, s_tree.HeadAt(300)));
        Assert.Throws<ArgumentOutOfRangeException>("head", () => new TileNodeReader(new TileStore(s_tree, 300), new TreeHead(-1, default)));
    }

    [Fact]
    public void The_highest_node_of_the_largest_whole_tree_is_its_root()
    {
        // 2^62 leaves are 64 nodes of height 56, the hashes of one partial tile.
        Hash[] hashes = [.. Enumerable.Range(0, 64).Select(i => TreeHasher.Leaf([(byte)i]))];
        var range = new CompactRange();
        foreach (Hash hash in hashes)
        {
            range.AppendSubtree(56, hash);
        }

        var reader = new TileNodeReader(new OneTile(new TileId(7, 0, 64), hashes), range.Head());
        Assert.Equal(1L << 62, range.Size);
        Assert.Equal(range.Root(), reader.ReadNode(62, 0));
        Assert.Equal(hashes[63], reader.ReadNode(56, 63));
        Assert.Throws<ArgumentOutOfRangeException>("index", () => reader.ReadNode(63, 0));
    }

    [Fact]
    public void Each_tile_is_read_once()
    {
        var tiles = new TileStore(s_tree, 66_000);
        var reader = new TileNodeReader(tiles, s_tree.HeadAt(66_000));
        int edge = tiles.Reads;
        Assert.Equal(3, edge);
        for (int i = 0; i < 256; i++)
        {
            Assert.Equal(s_tree.ReadNode(0, i), reader.ReadNode(0, i));
        }

        // The tile of the leaves, and the full one above it, which the edge's tile of level 2 names.
        Assert.Equal(edge + 2, tiles.Reads);
    }

    private sealed class OneTile(TileId known, Hash[] hashes) : ITileReader
    {
        public ReadOnlyMemory<byte> ReadTile(TileId id)
        {
            Assert.Equal(known, id);
            return hashes.SelectMany(hash => hash.Bytes.ToArray()).ToArray();
        }
    }

    private sealed class TileStore(MemoryTree tree, long size) : ITileReader
    {
        public TileId? Altered { get; init; }

        public int AlteredByte { get; init; }

        public int Cut { get; init; }

        public int Reads { get; private set; }

        public ReadOnlyMemory<byte> ReadTile(TileId id)
        {
            Reads++;
            Assert.Equal(id.Width, TileLayout.TileWidth(id.Level, id.Index, size));
            byte[] bytes = new byte[id.Width * Hash.Size];
            for (int i = 0; i < id.Width; i++)
            {
                tree.ReadNode(TileLayout.Height * id.Level, (id.Index * TileLayout.Width) + i).CopyTo(bytes.AsSpan(i * Hash.Size));
            }

            if (id == Altered)
            {
                bytes[AlteredByte] ^= 1;
            }

            return bytes.AsMemory(0, bytes.Length - Cut);
        }
    }
}
