namespace Indelible.Tiles;

/// <summary>An entry bundle: the up to 256 entries whose leaf hashes the level-0 tile of the same index and width holds. c2sp.org/tlog-tiles.</summary>
/// <param name="Index">The bundle's place; its first entry has the leaf index 256 · Index.</param>
/// <param name="Width">How many entries: 256, or 1 to 255 of a partial bundle.</param>
public readonly record struct BundleId(long Index, int Width)
{
    private const string Prefix = "tile/entries";

    /// <summary>The path below the log's prefix: <c>tile/entries/x001/234</c>, <c>tile/entries/273.p/112</c>.</summary>
    public string Path => TilePath.Format(Prefix, Index, Width);

    /// <summary>Reads a path in its one canonical spelling.</summary>
    /// <param name="path">Untrusted.</param>
    /// <param name="id">The bundle.</param>
    public static bool TryParse(ReadOnlySpan<char> path, out BundleId id)
    {
        id = default;
        if (!path.StartsWith(Prefix, StringComparison.Ordinal) || !TilePath.TryParse(path[Prefix.Length..], out long index, out int width))
        {
            return false;
        }

        id = new BundleId(index, width);
        return path.SequenceEqual(id.Path);
    }
}
