namespace Indelible.Tiles;

/// <summary>Which tiles and bundles a tree of a given size has. c2sp.org/tlog-tiles.</summary>
public static class TileLayout
{
    /// <summary>Hashes in a full tile, entries in a full bundle.</summary>
    public const int Width = 256;

    /// <summary>Tree levels that one tile spans: 2^8 hashes.</summary>
    public const int Height = 8;

    /// <summary>Hashes that the tile at this place holds in a tree of <paramref name="size"/> leaves: 256, fewer at the right edge, 0 where there is none.</summary>
    public static int TileWidth(int level, long index, long size)
    {
        // Beyond 2^63 leaves there is nothing, and a shift by more than 63 bits would wrap around.
        long hashes = level < 0 || level * Height > 62 ? 0 : size >> (level * Height);
        long full = hashes / Width;
        return index < 0 || index > full ? 0 : index < full ? Width : (int)(hashes % Width);
    }

    /// <summary>Every hash tile of a tree of <paramref name="size"/> leaves, level by level from the leaves, left to right.</summary>
    public static IEnumerable<TileId> Tiles(long size)
    {
        for (int level = 0; TileWidth(level, 0, size) > 0; level++)
        {
            int width;
            for (long index = 0; (width = TileWidth(level, index, size)) > 0; index++)
            {
                yield return new TileId(level, index, width);
            }
        }
    }

    /// <summary>Every entry bundle of a tree of <paramref name="size"/> leaves from the bundle <paramref name="first"/> on, in order.</summary>
    public static IEnumerable<BundleId> Bundles(long size, long first = 0)
    {
        int width;
        for (long index = first; (width = TileWidth(0, index, size)) > 0; index++)
        {
            yield return new BundleId(index, width);
        }
    }
}
