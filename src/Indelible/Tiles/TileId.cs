using System.Globalization;

namespace Indelible.Tiles;

/// <summary>A hash tile: up to 256 consecutive nodes of one of the stored tree levels. c2sp.org/tlog-tiles.</summary>
/// <param name="Level">0 for leaf hashes; level L holds nodes of height 8·L. 0 to 63.</param>
/// <param name="Index">The tile's place in its level.</param>
/// <param name="Width">How many hashes: 256, or 1 to 255 of a partial tile.</param>
public readonly record struct TileId(int Level, long Index, int Width)
{
    private const int MaxLevel = 63;

    /// <summary>The path below the log's prefix: <c>tile/0/x001/234</c>, <c>tile/0/273.p/112</c>.</summary>
    public string Path => TilePath.Format(string.Create(CultureInfo.InvariantCulture, $"tile/{Level}"), Index, Width);

    /// <summary>Reads a path in its one canonical spelling.</summary>
    /// <param name="path">Untrusted.</param>
    /// <param name="id">The tile.</param>
    public static bool TryParse(ReadOnlySpan<char> path, out TileId id)
    {
        id = default;
        if (!path.StartsWith("tile/", StringComparison.Ordinal))
        {
            return false;
        }

        ReadOnlySpan<char> rest = path["tile/".Length..];
        int slash = rest.IndexOf('/');
        if (slash < 1 || !int.TryParse(rest[..slash], NumberStyles.None, CultureInfo.InvariantCulture, out int level) || level > MaxLevel
            || !TilePath.TryParse(rest[slash..], out long index, out int width))
        {
            return false;
        }

        id = new TileId(level, index, width);
        return path.SequenceEqual(id.Path);
    }
}
