namespace Indelible.Tiles;

/// <summary>Gives the bytes of hash tiles, from wherever they lie. Trusted in nothing.</summary>
public interface ITileReader
{
    /// <summary>The bytes of a tile.</summary>
    /// <param name="id">A tile that a tree of the size in question has.</param>
    ReadOnlyMemory<byte> ReadTile(TileId id);
}
