namespace Indelible.Search;

/// <summary>The form of an index file. All numbers have their lowest byte first.</summary>
/// <remarks>
/// <code>
/// header    block 0: "INDXIDX1"  version (4)  rows (4)  first leaf index (8)  root (32)  length of the origin (2)  origin, zeros
/// blocks    of 4,096 bytes: pages of the dictionary | lists of rows | hashed columns | times, zeros
/// resident  what is kept in memory while the file is open: checksums of the blocks, the filter, what leads to the pages, paths, columns
/// trailer   offset of the resident part (8)  SHA-256 of header, resident part and that offset (32)
/// </code>
/// The checksum of a block is XxHash3 of 64 bits, looked at once, before the block's first use. Only what is resident is looked at when a file is opened. The sums are against disks, not
/// against people: who can write the file can make them. What such a file makes the reader do is bounded, and it reads nothing but the file.
/// In a personal file all of this is encrypted (<see cref="IndexCipher"/>).
/// </remarks>
internal static class IndexFormat
{
    /// <summary>Changes with every change of form or of what terms mean; files of another version are made again.</summary>
    public const uint Version = 3;

    /// <summary>Bytes that have one checksum.</summary>
    public const int BlockBytes = 4096;

    /// <summary>Bytes behind the resident part.</summary>
    public const int TrailerBytes = 40;

    /// <summary>The largest file that is opened: far more than a chunk's memory is bounded to.</summary>
    public const long MaxFileBytes = 1L << 30;

    /// <summary>The tag of words, which belong to no path: node 1 is none.</summary>
    public static readonly uint WordTag = TermTable.Tag(1, (int)TermKind.String);

    /// <summary>What a file begins with.</summary>
    public static ReadOnlySpan<byte> Magic => "INDXIDX1"u8;

    /// <summary>Writes the first block.</summary>
    public static void WriteHeader(ByteBuffer into, ChunkIdentity identity)
    {
        byte[] origin = System.Text.Encoding.UTF8.GetBytes(identity.Origin);
        if (identity.Root.Length != 32 || origin.Length > 1024)
        {
            throw new ArgumentException($"A root has 32 bytes and an origin at most 1,024, not {identity.Root.Length} and {origin.Length}.", nameof(identity));
        }

        into.Write(Magic);
        into.WriteUInt32(Version);
        into.WriteUInt32((uint)identity.Rows);
        into.WriteUInt64((ulong)identity.First);
        into.Write(identity.Root.Span);
        into.WriteUInt16((ushort)origin.Length);
        into.Write(origin);
        into.Align(BlockBytes);
    }
}
