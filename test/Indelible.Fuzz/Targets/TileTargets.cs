using System.Buffers;
using System.Buffers.Binary;
using Indelible.Fuzz.Driving;
using Indelible.Merkle;
using Indelible.Tests;
using Indelible.Tiles;

namespace Indelible.Fuzz.Targets;

/// <summary>Paths and bytes of tiles and entry bundles.</summary>
internal static class TileTargets
{
    public static IEnumerable<FuzzTarget> All { get; } =
    [
        new("tile-path", "What parses, as a tile or as a bundle, formats back to the same path.", PathOf, Paths)
        {
            Words = ["tile/", "tile/entries", "/", "x", "/x", ".p/", ".p/255", ".p/256", "000", "x999", "63", "64", "/x009/x223/x372/x036/x854/x775/807"],
            MaxBytes = 200,
        },
        new("entry-bundle", "What parses into the count asked for is written back to the same bytes.", BundleOf, Bundles),
        new("hash-tile", "What parses is the hashes' bytes; never more than were given.", TileOf, Tiles) { MaxBytes = 9000 },
    ];

    private static IEnumerable<byte[]> Paths() =>
    [
        .. Vectors.Root.GetProperty("tile_paths_70000_edge").EnumerateArray().Select(path => Foreign.OfText(path.GetString()!)),
        .. Vectors.Root.GetProperty("paths").EnumerateObject().Select(path => Foreign.OfText("tile/entries/" + path.Value.GetString())),
        Foreign.OfText(new TileId(63, long.MaxValue, 255).Path),
        Foreign.OfText(new BundleId(long.MaxValue, 1).Path),
    ];

    private static bool PathOf(byte[] input)
    {
        string path = Foreign.Text(input);
        bool isTile = TileId.TryParse(path, out TileId tile);
        bool isBundle = BundleId.TryParse(path, out BundleId bundle);
        Must.Hold(!isTile || (tile.Path == path && tile.Level is >= 0 and <= 63 && tile.Index >= 0 && tile.Width is >= 1 and <= 256), "A tile's path formats back");
        Must.Hold(!isBundle || (bundle.Path == path && bundle.Index >= 0 && bundle.Width is >= 1 and <= 256), "A bundle's path formats back");
        Must.Hold(!isTile || !isBundle, "No path is a tile's and a bundle's");
        return isTile || isBundle;
    }

    // The count asked for in 16 bits, then the bundle.
    private static IEnumerable<byte[]> Bundles() =>
    [
        [0, 3, .. Convert.FromHexString(Vectors.Text("bundle_3"))],
        [0, 0],
        [0, 2, 0, 0, 0, 0],
        [0, 1, 1, 0, .. new byte[256]],
    ];

    private static bool BundleOf(byte[] input)
    {
        if (input.Length < 2)
        {
            return false;
        }

        int count = BinaryPrimitives.ReadInt16BigEndian(input);
        if (!EntryBundle.TryParse(input.AsMemory(2), count, out ReadOnlyMemory<byte>[]? entries))
        {
            return false;
        }

        var written = new ArrayBufferWriter<byte>(input.Length);
        foreach (ReadOnlyMemory<byte> entry in entries)
        {
            EntryBundle.WriteEntry(written, entry.Span);
        }

        Must.Hold(entries.Length == count, "A bundle holds the count asked for");
        Must.BeSame(written.WrittenSpan, input.AsSpan(2), "A bundle is written back");
        return true;
    }

    // The width asked for in 16 bits, then the tile.
    private static IEnumerable<byte[]> Tiles() =>
    [
        [0, 1, .. TreeHasher.EmptyRoot.Bytes],
        [0, 3, .. TreeHasher.EmptyRoot.Bytes, .. TreeHasher.EmptyRoot.Bytes, .. TreeHasher.EmptyRoot.Bytes],
        [1, 0, .. new byte[256 * Hash.Size]],
    ];

    private static bool TileOf(byte[] input)
    {
        if (input.Length < 2)
        {
            return false;
        }

        int width = BinaryPrimitives.ReadInt16BigEndian(input);
        Span<Hash> hashes = stackalloc Hash[TileLayout.Width];
        if (!HashTile.TryParse(input.AsSpan(2), width, hashes))
        {
            return false;
        }

        Must.Hold(input.Length - 2 == width * Hash.Size, "A tile has its width's bytes");
        for (int i = 0; i < width; i++)
        {
            Must.BeSame(hashes[i].Bytes, input.AsSpan(2 + (i * Hash.Size), Hash.Size), "A tile's hashes are its bytes");
        }

        return true;
    }
}
