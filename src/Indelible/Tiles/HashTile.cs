using Indelible.Merkle;

namespace Indelible.Tiles;

/// <summary>The bytes of a hash tile: its hashes, one behind the other, and nothing else. c2sp.org/tlog-tiles.</summary>
public static class HashTile
{
    /// <summary>Reads a tile.</summary>
    /// <param name="bytes">Untrusted; exactly <paramref name="width"/> · 32 bytes.</param>
    /// <param name="width">The width that the tile must have.</param>
    /// <param name="hashes">Receives <paramref name="width"/> hashes.</param>
    public static bool TryParse(ReadOnlySpan<byte> bytes, int width, Span<Hash> hashes)
    {
        if (width is < 1 or > TileLayout.Width || bytes.Length != width * Hash.Size || hashes.Length < width)
        {
            return false;
        }

        for (int i = 0; i < width; i++)
        {
            hashes[i] = new Hash(bytes.Slice(i * Hash.Size, Hash.Size));
        }

        return true;
    }

    /// <summary>The root of a full tile: the one hash that stands for it in the level above.</summary>
    /// <param name="hashes">Exactly 256 hashes.</param>
    public static Hash Root(ReadOnlySpan<Hash> hashes)
    {
        if (hashes.Length != TileLayout.Width)
        {
            throw new ArgumentException($"Only a full tile of {TileLayout.Width} hashes has a root, not one of {hashes.Length}.", nameof(hashes));
        }

        Span<Hash> level = stackalloc Hash[TileLayout.Width];
        hashes.CopyTo(level);
        for (int count = TileLayout.Width / 2; count >= 1; count /= 2)
        {
            for (int i = 0; i < count; i++)
            {
                level[i] = TreeHasher.Node(level[2 * i], level[(2 * i) + 1]);
            }
        }

        return level[0];
    }
}
