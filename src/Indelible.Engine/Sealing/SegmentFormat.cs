using System.Text;

namespace Indelible.Engine.Sealing;

/// <summary>The layout of a segment file: a complete subtree's entries, compressed, with the hashes that locate a fault in them.</summary>
/// <remarks>
/// <code>
/// header      0  "INDSEG01"                                          all numbers big-endian
///             8  u32  version, 2
///            12  u32  entries per block, 256
///            16  u64  first leaf index
///            24  u32  entries: a power of two, at least 256
///            28  u32  blocks: entries / 256
///            32  u32  entries per frame, 4
///            36  u32  bytes of the dictionary; 0 for none
///            40  u16 length and bytes of the origin, u16 length and bytes of the log's name; zeros to a multiple of 64
/// dictionary     a zstd dictionary, which all frames are compressed with
/// blocks         per block: 8 nodes at height 5 | 64 nodes at height 2 | 64 times u32, the bytes of a frame | the frames, zstd, without the dictionary's id:
///                each the entry bundle (c2sp.org/tlog-tiles) of 4 entries
/// index          per block: u64 offset in the file | u32 bytes in the file | u32 bundle bytes | 32 bytes node (8, block): the root of its 256 leaves
///                per entry: u32, XxHash3 of (principal LF id), seeded with the folder's id_seed, cut to 32 bits: rebuilds the idempotency window without reading entries
/// trailer     0  u64  offset of the index
///             8  u64  bytes of the index
///            16  32 bytes  root of the segment's subtree
///            48  "INDSEGEN"
///            56  SHA-256 of header ‖ index ‖ trailer bytes 0–55: checked at every opening
///            88  SHA-256 of everything before: checked when the file is written, and by verifiers
/// </code>
/// Leaf hashes are not stored: they are remade from the entries, which proves them at the same time. A frame is proven by its four leaves, seven nodes to height 5 and
/// seven more to the block's root, so that one entry costs neither the unpacking nor the hashing of its 255 neighbours. The id hashes are the only thing here that the
/// tree does not prove; verifiers make them again from the entries. A wrong dictionary or a wrong length gives entries that do not hash to their node.
/// </remarks>
internal static class SegmentFormat
{
    public const int EntriesPerBlock = 256;
    public const int BlockHeight = 8;
    public const int EntriesPerFrame = 4;
    public const int FrameHeight = 2;
    public const int FramesPerBlock = EntriesPerBlock / EntriesPerFrame;

    /// <summary>The height of the nodes between a frame's and a block's.</summary>
    public const int MiddleHeight = 5;

    public const int MiddleNodes = 1 << (BlockHeight - MiddleHeight);
    public const int FramesPerMiddle = FramesPerBlock / MiddleNodes;

    /// <summary>What a block begins with: its nodes and the lengths of its frames.</summary>
    public const int BlockHeadBytes = ((MiddleNodes + FramesPerBlock) * 32) + (4 * FramesPerBlock);

    public const int MaxDictionaryBytes = 32 << 10;
    public const int FixedHeaderBytes = 40;
    public const int BlockIndexBytes = 8 + 4 + 4 + 32;
    public const int TrailerBytes = 120;
    public const int IndexHashOffset = 56;
    public const int FileHashOffset = 88;
    public const int Version = 2;
    public static readonly byte[] Magic = "INDSEG01"u8.ToArray();
    public static readonly byte[] EndMagic = "INDSEGEN"u8.ToArray();

    /// <summary>The header's length for these names: what <see cref="FixedHeaderBytes"/> and both names take, rounded up to 64.</summary>
    public static int HeaderBytes(string origin, string log) =>
        (FixedHeaderBytes + 4 + Encoding.UTF8.GetByteCount(origin) + Encoding.UTF8.GetByteCount(log) + 63) & ~63;

    /// <summary>The length of the index of a segment.</summary>
    public static long IndexBytes(int entries) =>
        ((long)(entries / EntriesPerBlock) * BlockIndexBytes) + (4L * entries);
}
