using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Indelible.Engine.Reading;
using Indelible.Engine.Storage;
using Indelible.Merkle;
using Indelible.Tiles;
using ZstdSharp;

namespace Indelible.Engine.Sealing;

/// <summary>Reads a segment, trusting nothing of it: names, lengths and every block are checked.</summary>
/// <remarks>
/// Opening checks header, index and their hash; a block is hashed when it is read and compared with the index; the index is worth
/// as much as the root that it folds to, which the caller compares with a signed head. Thread-safe.
/// </remarks>
internal sealed class SegmentReader : IDisposable
{
    private const int MaxBundleBytes = SegmentFormat.EntriesPerBlock * (EntryBundle.MaxEntryBytes + 2);

    private readonly ISegmentContent _content;
    private readonly string _name;
    private readonly BlockSlot[] _blocks;
    private readonly PerfectTree _tree;   // over the blocks' roots
    private readonly long _idHashesOffset;

    private SegmentReader(ISegmentContent content, string name, long firstIndex, BlockSlot[] blocks, PerfectTree tree, long idHashesOffset)
    {
        _content = content;
        _name = name;
        _blocks = blocks;
        _idHashesOffset = idHashesOffset;
        _tree = tree;
        FirstIndex = firstIndex;
    }

    /// <summary>The first leaf index.</summary>
    public long FirstIndex { get; }

    /// <summary>The number of entries.</summary>
    public int Count => _blocks.Length * SegmentFormat.EntriesPerBlock;

    /// <summary>The root of the subtree over the entries, which the blocks' roots fold to.</summary>
    public Hash Root => _tree.Root;

    /// <summary>The file's length in bytes.</summary>
    public long FileBytes => _content.Length;

    /// <summary>Opens a segment and checks everything but its blocks.</summary>
    /// <param name="content">Untrusted; owned by the reader from now on.</param>
    /// <param name="origin">The origin that it must name.</param>
    /// <param name="log">The log that it must name.</param>
    /// <param name="firstIndex">The index that it must begin at.</param>
    /// <exception cref="StorageException">It is not that segment, or damaged.</exception>
    public static SegmentReader Open(ISegmentContent content, string origin, string log, long firstIndex)
    {
        string name = $"Segment {firstIndex} of log {log}";
        int headerBytes = SegmentFormat.HeaderBytes(origin, log);
        if (content.Length < headerBytes + SegmentFormat.TrailerBytes)
        {
            throw Damaged(name, $"has {content.Length} bytes, fewer than a segment can have");
        }

        byte[] header = new byte[headerBytes];
        byte[] trailer = new byte[SegmentFormat.TrailerBytes];
        content.Read(0, header);
        content.Read(content.Length - trailer.Length, trailer);
        int count = CheckHeader(header, origin, log, firstIndex, name);
        long indexOffset = BinaryPrimitives.ReadInt64BigEndian(trailer);
        long indexBytes = BinaryPrimitives.ReadInt64BigEndian(trailer.AsSpan(8));
        if (!trailer.AsSpan(48, 8).SequenceEqual(SegmentFormat.EndMagic) || indexBytes != SegmentFormat.IndexBytes(count)
            || indexOffset != content.Length - trailer.Length - indexBytes || indexOffset < headerBytes)
        {
            throw Damaged(name, "has a trailer that does not fit it");
        }

        byte[] index = new byte[indexBytes];
        content.Read(indexOffset, index);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(header);
        hash.AppendData(index);
        hash.AppendData(trailer, 0, SegmentFormat.IndexHashOffset);
        if (!hash.GetHashAndReset().AsSpan().SequenceEqual(trailer.AsSpan(SegmentFormat.IndexHashOffset, 32)))
        {
            throw Damaged(name, "has an index of another hash than its trailer says");
        }

        BlockSlot[] blocks = ReadBlockSlots(index, count, headerBytes, indexOffset, name);
        var root = new Hash(trailer.AsSpan(16, 32));
        var tree = new PerfectTree([.. blocks.Select(block => block.Root)]);
        return tree.Root == root
            ? new SegmentReader(content, name, firstIndex, blocks, tree, indexOffset + ((long)blocks.Length * SegmentFormat.BlockIndexBytes))
            : throw Damaged(name, $"has block roots that fold to {tree.Root}, not to its root {root}");
    }

    /// <summary>A node of the segment's tree, at the height of a block (8) or above, counted from the segment's start.</summary>
    public Hash Node(int height, int index) => _tree.Node(height - SegmentFormat.BlockHeight, index);

    /// <summary>The bytes in the file that hold a block, for a report.</summary>
    public (long Offset, int Length) BlockRange(int block) => (_blocks[block].Offset, _blocks[block].CompressedBytes);

    /// <summary>Reads a block, decompresses it, and checks its leaves against the index.</summary>
    /// <exception cref="StorageException">The bytes are not what was sealed; the message names the byte range.</exception>
    public SegmentBlock ReadBlock(int block)
    {
        BlockSlot slot = _blocks[block];
        byte[] compressed = ArrayPool<byte>.Shared.Rent(slot.CompressedBytes);
        byte[] bundle = new byte[slot.BundleBytes];
        try
        {
            _content.Read(slot.Offset, compressed.AsSpan(0, slot.CompressedBytes));
            if (!IsOneFrame(compressed.AsSpan(0, slot.CompressedBytes)) || !TryDecompress(compressed.AsSpan(0, slot.CompressedBytes), bundle))
            {
                throw Altered(block, "is not one zstd frame of the announced length");
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(compressed);
        }

        if (!EntryBundle.TryParse(bundle, SegmentFormat.EntriesPerBlock, out ReadOnlyMemory<byte>[]? entries))
        {
            throw Altered(block, "is not an entry bundle of 256 entries");
        }

        var leaves = new Hash[entries.Length];
        for (int i = 0; i < leaves.Length; i++)
        {
            leaves[i] = TreeHasher.Leaf(entries[i].Span);
        }

        var tree = new PerfectTree(leaves);
        return tree.Root == slot.Root
            ? new SegmentBlock(entries, tree, bundle)
            : throw Altered(block, $"has entries that hash to {tree.Root}, not to {slot.Root}");
    }

    /// <summary>The id hashes of consecutive entries. The tree does not prove them.</summary>
    /// <param name="first">Counted from the segment's first entry.</param>
    /// <param name="count">How many.</param>
    public uint[] ReadIdHashes(int first, int count)
    {
        byte[] bytes = new byte[4 * count];
        _content.Read(_idHashesOffset + (4L * first), bytes);
        uint[] hashes = new uint[count];
        for (int i = 0; i < hashes.Length; i++)
        {
            hashes[i] = BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(4 * i));
        }

        return hashes;
    }

    /// <summary>Checks the hash that the file ends in, and every block.</summary>
    /// <exception cref="StorageException">A byte is not what was written.</exception>
    public void VerifyWhole()
    {
        VerifyFileHash();
        for (int block = 0; block < _blocks.Length; block++)
        {
            _ = ReadBlock(block);
        }
    }

    /// <summary>Checks the hash that the file ends in.</summary>
    /// <exception cref="StorageException">A byte is not what was written.</exception>
    public void VerifyFileHash()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[1 << 20];
        long hashed = _content.Length - Hash.Size;
        for (long at = 0; at < hashed; at += buffer.Length)
        {
            Span<byte> part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, hashed - at));
            _content.Read(at, part);
            hash.AppendData(part);
        }

        Span<byte> expected = stackalloc byte[Hash.Size];
        _content.Read(hashed, expected);
        if (!hash.GetHashAndReset().AsSpan().SequenceEqual(expected))
        {
            throw Damaged(_name, "has another hash than it ends in");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _content.Dispose();

    private static int CheckHeader(byte[] header, string origin, string log, long firstIndex, string name)
    {
        int count = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(24));
        if (!header.AsSpan(0, 8).SequenceEqual(SegmentFormat.Magic) || BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(8)) != SegmentFormat.Version)
        {
            throw Damaged(name, "is no segment of version 1");
        }

        if (count < SegmentFormat.EntriesPerBlock || !int.IsPow2(count)
            || BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(12)) != SegmentFormat.EntriesPerBlock
            || BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(28)) != count / SegmentFormat.EntriesPerBlock)
        {
            throw Damaged(name, $"announces {count} entries in blocks that do not fit");
        }

        long first = BinaryPrimitives.ReadInt64BigEndian(header.AsSpan(16));
        if (first != firstIndex || first % count != 0)
        {
            throw Damaged(name, $"begins at index {first}");
        }

        int at = SegmentFormat.FixedHeaderBytes;
        foreach (string expected in (ReadOnlySpan<string>)[origin, log])
        {
            byte[] bytes = Encoding.UTF8.GetBytes(expected);
            if (BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(at)) != bytes.Length || !header.AsSpan(at + 2, bytes.Length).SequenceEqual(bytes))
            {
                throw Damaged(name, $"is of another log or origin than {expected}");
            }

            at += 2 + bytes.Length;
        }

        return header.AsSpan(at).ContainsAnyExcept((byte)0) ? throw Damaged(name, "has bytes in its header's padding") : count;
    }

    private static BlockSlot[] ReadBlockSlots(byte[] index, int count, int headerBytes, long indexOffset, string name)
    {
        var blocks = new BlockSlot[count / SegmentFormat.EntriesPerBlock];
        long at = headerBytes;
        for (int i = 0; i < blocks.Length; i++)
        {
            ReadOnlySpan<byte> slot = index.AsSpan(i * SegmentFormat.BlockIndexBytes, SegmentFormat.BlockIndexBytes);
            blocks[i] = new BlockSlot(
                BinaryPrimitives.ReadInt64BigEndian(slot),
                BinaryPrimitives.ReadInt32BigEndian(slot[8..]),
                BinaryPrimitives.ReadInt32BigEndian(slot[12..]),
                new Hash(slot[16..]));
            if (blocks[i].Offset != at || blocks[i].CompressedBytes < 1 || blocks[i].BundleBytes is < 512 or > MaxBundleBytes)
            {
                throw Damaged(name, $"has block {i} at byte {blocks[i].Offset} where {at} was expected, or of an impossible length");
            }

            at += blocks[i].CompressedBytes;
        }

        return at == indexOffset ? blocks : throw Damaged(name, $"has blocks up to byte {at} and its index at {indexOffset}");
    }

    /// <summary>Whether these bytes are one zstd frame from the first to the last, and not a skippable one.</summary>
    private static unsafe bool IsOneFrame(ReadOnlySpan<byte> bytes)
    {
        const uint FrameMagic = 0xFD2FB528;
        if (bytes.Length < 4 || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != FrameMagic)
        {
            return false;
        }

        fixed (byte* start = bytes)
        {
            return (ulong)ZstdSharp.Unsafe.Methods.ZSTD_findFrameCompressedSize(start, (nuint)bytes.Length) == (ulong)bytes.Length;
        }
    }

    private static bool TryDecompress(ReadOnlySpan<byte> frame, Span<byte> bundle)
    {
        using var decompressor = new Decompressor();
        try
        {
            return decompressor.TryUnwrap(frame, bundle, out int written) && written == bundle.Length;
        }
        catch (ZstdException)
        {
            return false;
        }
    }

    private static StorageException Damaged(string name, string what) => new($"{name} {what}.", StorageOutcome.Damaged);

    private StorageException Altered(int block, string what)
    {
        BlockSlot slot = _blocks[block];
        long first = FirstIndex + ((long)block * SegmentFormat.EntriesPerBlock);
        return Damaged(_name, $"block {block} (entries {first} to {first + SegmentFormat.EntriesPerBlock - 1}, bytes {slot.Offset} to {slot.Offset + slot.CompressedBytes - 1}) {what}");
    }

    private readonly record struct BlockSlot(long Offset, int CompressedBytes, int BundleBytes, Hash Root);
}
