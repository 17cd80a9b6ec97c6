using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Indelible.Merkle;
using Indelible.Tiles;
using Xunit;

namespace Indelible.Tests.Tiles;

public sealed class TileTests
{
    [Fact]
    public void Paths_are_those_of_the_vectors_and_read_back()
    {
        foreach (JsonProperty vector in Vectors.Root.GetProperty("paths").EnumerateObject())
        {
            long index = long.Parse(vector.Name, CultureInfo.InvariantCulture);
            string path = "tile/0/" + vector.Value.GetString();
            Assert.Equal(path, new TileId(0, index, 256).Path);
            Assert.True(TileId.TryParse(path, out TileId tile));
            Assert.Equal(new TileId(0, index, 256), tile);
            Assert.True(BundleId.TryParse("tile/entries/" + vector.Value.GetString() + ".p/7", out BundleId bundle));
            Assert.Equal(new BundleId(index, 7), bundle);
        }
    }

    [Theory]
    [InlineData("tile/0/x001/x234/67")]
    [InlineData("tile/0/000.p/0")]
    [InlineData("tile/0/000.p/256")]
    [InlineData("tile/0/000.p/07")]
    [InlineData("tile/0/000.p/+7")]
    [InlineData("tile/0/000.p/")]
    [InlineData("tile/64/000")]
    [InlineData("tile/00/000")]
    [InlineData("tile/-1/000")]
    [InlineData("tile/0/x000/001")]
    [InlineData("tile/0/001/234")]
    [InlineData("tile/0/x001")]
    [InlineData("tile/0/x001/x234")]
    [InlineData("tile/0/0")]
    [InlineData("tile/0/0001")]
    [InlineData("tile/0/ 01")]
    [InlineData("tile/0/")]
    [InlineData("tile/0")]
    [InlineData("tile//000")]
    [InlineData("tile/0/../000")]
    [InlineData("tile/0/x999/x999/x999/x999/x999/x999/999")]
    [InlineData("tile/0/x999/x999/x999/x999/x999/x999/x999/999")]
    [InlineData("/tile/0/000")]
    [InlineData("tile/0/000/")]
    [InlineData("tile/entries/000.p/256")]
    [InlineData("tile/entries/x000/000")]
    [InlineData("tile/entries")]
    public void Paths_that_are_not_canonical_are_refused(string path)
    {
        Assert.False(TileId.TryParse(path, out _));
        Assert.False(BundleId.TryParse(path, out _));
    }

    [Fact]
    public void A_tree_of_70000_has_the_tiles_of_the_vectors_byte_for_byte()
    {
        MemoryTree tree = MemoryTree.OfEntries(70_000);
        TileId[] tiles = [.. TileLayout.Tiles(70_000)];
        Assert.Equal(274, tiles.Count(tile => tile.Level == 0));
        Assert.Equal(2, tiles.Count(tile => tile.Level == 1));
        Assert.Equal(1, tiles.Count(tile => tile.Level == 2));
        Assert.Equal(274, TileLayout.Bundles(70_000).Count());
        foreach (JsonElement path in Vectors.Root.GetProperty("tile_paths_70000_edge").EnumerateArray())
        {
            Assert.Contains(tiles, tile => tile.Path == path.GetString());
        }

        foreach (JsonProperty vector in Vectors.Root.GetProperty("tile_sha256_70000").EnumerateObject())
        {
            Assert.True(TileId.TryParse(vector.Name, out TileId tile));
            byte[] bytes = new byte[tile.Width * Hash.Size];
            for (int i = 0; i < tile.Width; i++)
            {
                tree.ReadNode(TileLayout.Height * tile.Level, (tile.Index * TileLayout.Width) + i).CopyTo(bytes.AsSpan(i * Hash.Size));
            }

            Assert.Equal(vector.Value[0].GetInt32(), bytes.Length);
            Assert.Equal(vector.Value[1].GetString(), Convert.ToHexStringLower(SHA256.HashData(bytes)));
        }
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(255, 1)]
    [InlineData(256, 2)]
    [InlineData(257, 3)]
    [InlineData(65_536, 258)]
    public void Tree_sizes_have_just_the_tiles_they_need(long size, int tiles) => Assert.Equal(tiles, TileLayout.Tiles(size).Count());

    [Fact]
    public void No_tile_is_empty_and_widths_at_far_levels_are_zero()
    {
        Assert.Equal(0, TileLayout.TileWidth(8, 0, long.MaxValue));
        Assert.Equal(0, TileLayout.TileWidth(63, 0, long.MaxValue));
        Assert.Equal(0, TileLayout.TileWidth(0, 1, 256));
        Assert.Equal(256, TileLayout.TileWidth(0, 0, 256));
        Assert.Equal(0, TileLayout.TileWidth(0, -1, 256));
        Assert.All(TileLayout.Tiles(66_000), tile => Assert.InRange(tile.Width, 1, 256));
    }

    [Fact]
    public void Bundles_are_those_of_the_vectors()
    {
        Assert.Equal(Vectors.Text("bundle_3"), Convert.ToHexStringLower(Bundle(0, 3)));
        JsonElement shas = Vectors.Root.GetProperty("bundle_sha");
        Assert.Equal(shas.GetProperty("tile/entries/000 (256 entries)")[1].GetString(), Convert.ToHexStringLower(SHA256.HashData(Bundle(0, 256))));
        Assert.Equal(shas.GetProperty("tile/entries/001.p/44 (size 300)")[1].GetString(), Convert.ToHexStringLower(SHA256.HashData(Bundle(256, 44))));
    }

    [Fact]
    public void A_bundle_divides_into_its_entries_and_refuses_a_byte_or_an_entry_too_many_or_few()
    {
        byte[] bundle = Bundle(0, 5);
        Assert.True(EntryBundle.TryParse(bundle, 5, out ReadOnlyMemory<byte>[]? entries));
        Assert.Equal(Vectors.EntryAt(4), entries[4].ToArray());
        Assert.False(EntryBundle.TryParse(bundle, 4, out _));
        Assert.False(EntryBundle.TryParse(bundle, 6, out _));
        Assert.False(EntryBundle.TryParse(bundle.AsMemory()[..^1], 5, out _));
        Assert.False(EntryBundle.TryParse((byte[])[.. bundle, 0], 5, out _));
        Assert.False(EntryBundle.TryParse(bundle, int.MaxValue, out _));
        Assert.False(EntryBundle.TryParse(bundle, -1, out _));
        Assert.True(EntryBundle.TryParse(new byte[2], 1, out entries));
        Assert.Equal(0, entries[0].Length);
    }

    [Fact]
    public void An_entry_of_65535_bytes_fits_and_one_more_does_not()
    {
        var bundle = new ArrayBufferWriter<byte>();
        EntryBundle.WriteEntry(bundle, new byte[65_535]);
        Assert.True(EntryBundle.TryParse(bundle.WrittenMemory, 1, out _));
        Assert.Throws<ArgumentException>(() => EntryBundle.WriteEntry(bundle, new byte[65_536]));
    }

    [Fact]
    public void A_tile_of_8191_bytes_is_refused_and_a_full_tiles_root_is_the_node_above()
    {
        MemoryTree tree = MemoryTree.OfEntries(256);
        var hashes = new Hash[256];
        byte[] bytes = new byte[8192];
        for (int i = 0; i < 256; i++)
        {
            tree.ReadNode(0, i).CopyTo(bytes.AsSpan(i * 32));
        }

        Assert.True(HashTile.TryParse(bytes, 256, hashes));
        Assert.Equal(tree.ReadNode(8, 0), HashTile.Root(hashes));
        Assert.False(HashTile.TryParse(bytes.AsSpan()[..8191], 256, hashes));
        Assert.False(HashTile.TryParse(bytes, 255, hashes));
        Assert.False(HashTile.TryParse([], 0, hashes));
        Assert.Throws<ArgumentException>(() => HashTile.Root(hashes.AsSpan()[..255]));
    }

    private static byte[] Bundle(long first, int count)
    {
        var bundle = new ArrayBufferWriter<byte>();
        for (int i = 0; i < count; i++)
        {
            EntryBundle.WriteEntry(bundle, Vectors.EntryAt(first + i));
        }

        return bundle.WrittenSpan.ToArray();
    }
}
