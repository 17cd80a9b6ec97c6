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

    [Fact]
    public void The_largest_index_and_level_have_a_path_and_the_next_ones_have_none()
    {
        const string Largest = "/x009/x223/x372/x036/x854/x775/807";
        Assert.True(TileId.TryParse("tile/63" + Largest + ".p/255", out TileId tile));
        Assert.Equal(new TileId(63, long.MaxValue, 255), tile);
        Assert.True(BundleId.TryParse("tile/entries" + Largest, out BundleId bundle));
        Assert.Equal(new BundleId(long.MaxValue, 256), bundle);
        foreach (string rest in new[] { "/x009/x223/x372/x036/x854/x775/808", "/x009/x223/x372/x036/x854/x776/000", "/x018/x446/x744/x073/x709/x551/616" })
        {
            Assert.False(TileId.TryParse("tile/0" + rest, out _), rest);
            Assert.False(BundleId.TryParse("tile/entries" + rest, out _), rest);
        }

        Assert.False(TileId.TryParse("tile/0/000.p/257", out _));
        Assert.False(TileId.TryParse("tile/0/000.p/2147483648", out _));
        Assert.False(TileId.TryParse("tile/2147483648/000", out _));
    }

    [Fact]
    public void What_is_refused_as_a_path_names_nothing()
    {
        Assert.False(TileId.TryParse("tile/0/000.p/0", out TileId ofNothing));
        Assert.Equal(default, ofNothing);
        Assert.False(BundleId.TryParse("tile/0/000", out BundleId ofNoBundle));
        Assert.Equal(default, ofNoBundle);
        Assert.False(BundleId.TryParse("tile/entriez/000", out _));
        foreach (string path in new[] { "", "t", "tile", "tile/entrie" })
        {
            Assert.False(TileId.TryParse(path, out _), path);
            Assert.False(BundleId.TryParse(path, out _), path);
        }
    }

    [Fact]
    public void A_bundle_of_no_entries_is_no_bytes()
    {
        Assert.True(EntryBundle.TryParse(default, 0, out ReadOnlyMemory<byte>[]? entries));
        Assert.Empty(entries);
        Assert.False(EntryBundle.TryParse(new byte[1], 0, out entries));
        Assert.Null(entries);
        Assert.False(EntryBundle.TryParse(new byte[] { 0, 3, 1, 2 }, 1, out _));
        Assert.False(EntryBundle.TryParse(new byte[] { 0, 2, 1, 2, 0 }, 2, out _));
        Assert.Throws<ArgumentNullException>("bundle", () => EntryBundle.WriteEntry(null!, default));
    }

    [Fact]
    public void A_tile_is_read_only_to_where_all_of_it_fits_and_is_never_wider_than_256()
    {
        var hashes = new Hash[300];
        Assert.True(HashTile.TryParse(new byte[2 * Hash.Size], 2, hashes.AsSpan(0, 2)));
        Assert.False(HashTile.TryParse(new byte[2 * Hash.Size], 2, hashes.AsSpan(0, 1)));
        Assert.False(HashTile.TryParse(new byte[257 * Hash.Size], 257, hashes));
        Assert.False(HashTile.TryParse([], -1, hashes));
        Assert.True(HashTile.TryParse(new byte[Hash.Size], 1, hashes));
    }

    [Fact]
    public void Below_the_leaves_there_are_no_tiles()
    {
        Assert.Equal(0, TileLayout.TileWidth(-1, 0, 1_000));
        Assert.Equal(0, TileLayout.TileWidth(-8, 0, 1_000));
        Assert.Equal(0, TileLayout.TileWidth(0, 4, 1_000));
        Assert.Equal(1_000 % 256, TileLayout.TileWidth(0, 3, 1_000));
        Assert.Equal(127, TileLayout.TileWidth(7, 0, long.MaxValue));
        Assert.Equal([0L, 1, 2, 3], TileLayout.Bundles(1_000).Select(bundle => bundle.Index));
        Assert.Equal([256, 256, 256, 232], TileLayout.Bundles(1_000).Select(bundle => bundle.Width));
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
