using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Indelible.Engine.Reading;
using Indelible.Engine.Storage;
using Indelible.Merkle;
using Indelible.Tiles;

namespace Indelible.Engine.Sealing;

/// <summary>Reads a segment, trusting nothing of it: names, lengths and every block are checked.</summary>
/// <remarks>
/// Opening checks header, index and their hash; a block or a frame is hashed when it is read and compared with the index; the index is worth
/// as much as the root that it folds to, which the caller compares with a signed head. Thread-safe.
/// </remarks>
internal sealed class SegmentReader : IDisposable
{
    private const int MaxFrameBundleBytes = SegmentFormat.EntriesPerFrame * (EntryBundle.MaxEntryBytes + 2);
    private const int MaxBundleBytes = SegmentFormat.FramesPerBlock * MaxFrameBundleBytes;

    private readonly ISegmentContent _content;
    private readonly string _name;
    private readonly BlockSlot[] _blocks;
    private readonly PerfectTree _tree;   // over the blocks' roots
    private readonly long _idHashesOffset;
    private readonly Lazy<FrameDecompressor> _decompressor;

    private SegmentReader(ISegmentContent content, string name, long firstIndex, BlockSlot[] blocks, PerfectTree tree, long idHashesOffset, (int Offset, int Bytes) dictionary)
    {
        _content = content;
        _name = name;
        _blocks = blocks;
        _idHashesOffset = idHashesOffset;
        _tree = tree;
        FirstIndex = firstIndex;
        _decompressor = new Lazy<FrameDecompressor>(
            () =>
            {
                byte[] bytes = new byte[dictionary.Bytes];
                content.Read(dictionary.Offset, bytes);
                return new FrameDecompressor(bytes);
            },
            LazyThreadSafetyMode.PublicationOnly);   // What failed to be read is read again.
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
        (int count, int dictionaryBytes) = CheckHeader(header, origin, log, firstIndex, name);
        long indexOffset = BinaryPrimitives.ReadInt64BigEndian(trailer);
        long indexBytes = BinaryPrimitives.ReadInt64BigEndian(trailer.AsSpan(8));
        if (!trailer.AsSpan(48, 8).SequenceEqual(SegmentFormat.EndMagic) || indexBytes != SegmentFormat.IndexBytes(count)
            || indexOffset != content.Length - trailer.Length - indexBytes || indexOffset < headerBytes + dictionaryBytes)
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

        BlockSlot[] blocks = ReadBlockSlots(index, count, headerBytes + dictionaryBytes, indexOffset, name);
        var root = new Hash(trailer.AsSpan(16, 32));
        var tree = new PerfectTree([.. blocks.Select(block => block.Root)]);
        return tree.Root == root
            ? new SegmentReader(content, name, firstIndex, blocks, tree, indexOffset + ((long)blocks.Length * SegmentFormat.BlockIndexBytes), (headerBytes, dictionaryBytes))
            : throw Damaged(name, $"has block roots that fold to {tree.Root}, not to its root {root}");
    }

    /// <summary>A node of the segment's tree, at the height of a frame (2) or above, counted from the segment's start.</summary>
    /// <exception cref="StorageException">It lies within a block, whose nodes are not what was sealed.</exception>
    public Hash ReadNode(int height, int index)
    {
        if (height >= SegmentFormat.BlockHeight)
        {
            return _tree.Node(height - SegmentFormat.BlockHeight, index);
        }

        int block = index >> (SegmentFormat.BlockHeight - height);
        Span<byte> head = stackalloc byte[SegmentFormat.BlockHeadBytes];
        _content.Read(_blocks[block].Offset, head);
        var tree = new PerfectTree(BlockHead.Frames(head));
        return BlockHead.IsOf(tree, head, _blocks[block].Root)
            ? tree.Node(height - SegmentFormat.FrameHeight, index & ((1 << (SegmentFormat.BlockHeight - height)) - 1))
            : throw Altered(block, $"has nodes that fold to {tree.Root}, not to {_blocks[block].Root}");
    }

    /// <summary>The bytes in the file that hold a block, for a report.</summary>
    public (long Offset, int Length) BlockRange(int block) => (_blocks[block].Offset, _blocks[block].StoredBytes);

    /// <summary>Reads a block, decompresses it, and checks its leaves against the index.</summary>
    /// <exception cref="StorageException">The bytes are not what was sealed; the message names the byte range.</exception>
    public SegmentPart ReadBlock(int block)
    {
        BlockSlot slot = _blocks[block];
        byte[] stored = ArrayPool<byte>.Shared.Rent(slot.StoredBytes);
        byte[] bundle = new byte[slot.BundleBytes];
        try
        {
            _content.Read(slot.Offset, stored.AsSpan(0, slot.StoredBytes));
            ReadOnlySpan<byte> head = stored.AsSpan(0, SegmentFormat.BlockHeadBytes);
            Unpack(block, head, stored.AsSpan(SegmentFormat.BlockHeadBytes, slot.StoredBytes - SegmentFormat.BlockHeadBytes), bundle);
            SegmentPart part = Parse(block, bundle, SegmentFormat.EntriesPerBlock);
            return BlockHead.IsOf(part.Tree, head, slot.Root)
                ? part
                : throw Altered(block, $"has entries that hash to {part.Tree.Root}, not to {slot.Root}, or other nodes between");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(stored);
        }
    }

    /// <summary>Reads a frame of a block, decompresses it, and checks its leaves against the index.</summary>
    /// <param name="block">The block, counted from the segment's start.</param>
    /// <param name="frame">The frame, counted from the block's.</param>
    /// <exception cref="StorageException">The bytes are not what was sealed; the message names the byte range.</exception>
    public SegmentPart ReadFrame(int block, int frame)
    {
        BlockSlot slot = _blocks[block];
        Span<byte> head = stackalloc byte[SegmentFormat.BlockHeadBytes];
        _content.Read(slot.Offset, head);
        if (!BlockHead.TryProve(head, frame, slot.Root, out Hash root))
        {
            throw Altered(block, $"has nodes that do not fold to {slot.Root}");
        }

        if (!BlockHead.TryLocate(head, frame, slot.StoredBytes - SegmentFormat.BlockHeadBytes, out int offset, out int length))
        {
            throw Altered(block, "has frames of lengths that do not fit");
        }

        byte[] compressed = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            _content.Read(slot.Offset + SegmentFormat.BlockHeadBytes + offset, compressed.AsSpan(0, length));
            byte[] bundle = new byte[ContentBytes(block, compressed.AsSpan(0, length))];
            UnpackFrame(block, compressed.AsSpan(0, length), bundle);
            SegmentPart part = Parse(block, bundle, SegmentFormat.EntriesPerFrame);
            return part.Tree.Root == root ? part : throw Altered(block, $"has a frame {frame} with entries that hash to {part.Tree.Root}, not to {root}");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(compressed);
        }
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

    private static (int Count, int DictionaryBytes) CheckHeader(byte[] header, string origin, string log, long firstIndex, string name)
    {
        int count = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(24));
        if (!header.AsSpan(0, 8).SequenceEqual(SegmentFormat.Magic) || BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(8)) != SegmentFormat.Version)
        {
            throw Damaged(name, $"is no segment of version {SegmentFormat.Version}");
        }

        if (count < SegmentFormat.EntriesPerBlock || !int.IsPow2(count)
            || BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(12)) != SegmentFormat.EntriesPerBlock
            || BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(28)) != count / SegmentFormat.EntriesPerBlock
            || BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(32)) != SegmentFormat.EntriesPerFrame)
        {
            throw Damaged(name, $"announces {count} entries in blocks or frames that do not fit");
        }

        int dictionaryBytes = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(36));
        if (dictionaryBytes is < 0 or > SegmentFormat.MaxDictionaryBytes)
        {
            throw Damaged(name, $"announces a dictionary of {dictionaryBytes} bytes");
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

        return header.AsSpan(at).ContainsAnyExcept((byte)0) ? throw Damaged(name, "has bytes in its header's padding") : (count, dictionaryBytes);
    }

    private static BlockSlot[] ReadBlockSlots(byte[] index, int count, int blocksOffset, long indexOffset, string name)
    {
        var blocks = new BlockSlot[count / SegmentFormat.EntriesPerBlock];
        long at = blocksOffset;
        for (int i = 0; i < blocks.Length; i++)
        {
            ReadOnlySpan<byte> slot = index.AsSpan(i * SegmentFormat.BlockIndexBytes, SegmentFormat.BlockIndexBytes);
            blocks[i] = new BlockSlot(
                BinaryPrimitives.ReadInt64BigEndian(slot),
                BinaryPrimitives.ReadInt32BigEndian(slot[8..]),
                BinaryPrimitives.ReadInt32BigEndian(slot[12..]),
                new Hash(slot[16..]));
            if (blocks[i].Offset != at || blocks[i].StoredBytes <= SegmentFormat.BlockHeadBytes || blocks[i].BundleBytes is < 512 or > MaxBundleBytes)
            {
                throw Damaged(name, $"has block {i} at byte {blocks[i].Offset} where {at} was expected, or of an impossible length");
            }

            at += blocks[i].StoredBytes;
        }

        return at == indexOffset ? blocks : throw Damaged(name, $"has blocks up to byte {at} and its index at {indexOffset}");
    }

    /// <summary>Unpacks all frames of a block, one behind the other.</summary>
    private void Unpack(int block, ReadOnlySpan<byte> head, ReadOnlySpan<byte> frames, Span<byte> bundle)
    {
        for (int i = 0; i < SegmentFormat.FramesPerBlock; i++)
        {
            if (!BlockHead.TryLocate(head, i, frames.Length, out int offset, out int length) || (i == SegmentFormat.FramesPerBlock - 1 && offset + length != frames.Length))
            {
                throw Altered(block, "has frames of lengths that do not fit");
            }

            ReadOnlySpan<byte> frame = frames.Slice(offset, length);
            int bytes = ContentBytes(block, frame);
            if (bytes > bundle.Length)
            {
                throw Altered(block, "has frames that unpack to more than announced");
            }

            UnpackFrame(block, frame, bundle[..bytes]);
            bundle = bundle[bytes..];
        }

        if (bundle.Length != 0)
        {
            throw Altered(block, "has frames that unpack to less than announced");
        }
    }

    private int ContentBytes(int block, ReadOnlySpan<byte> frame) => FrameDecompressor.ContentBytes(frame) is { } bytes and <= MaxFrameBundleBytes
        ? (int)bytes
        : throw Altered(block, $"has a frame that is not one of zstd, or not of at most {MaxFrameBundleBytes} bytes");

    private void UnpackFrame(int block, ReadOnlySpan<byte> frame, Span<byte> bundle)
    {
        if (!_decompressor.Value.TryDecompress(frame, bundle))
        {
            throw Altered(block, "has a frame that does not unpack to the length that it announces");
        }
    }

    private SegmentPart Parse(int block, byte[] bundle, int count)
    {
        if (!EntryBundle.TryParse(bundle, count, out ReadOnlyMemory<byte>[]? entries))
        {
            throw Altered(block, $"is not an entry bundle of {count} entries");
        }

        var leaves = new Hash[count];
        for (int i = 0; i < leaves.Length; i++)
        {
            leaves[i] = TreeHasher.Leaf(entries[i].Span);
        }

        return new SegmentPart(entries, new PerfectTree(leaves), bundle);
    }

    private static StorageException Damaged(string name, string what) => new($"{name} {what}.", StorageOutcome.Damaged);

    private StorageException Altered(int block, string what)
    {
        BlockSlot slot = _blocks[block];
        long first = FirstIndex + ((long)block * SegmentFormat.EntriesPerBlock);
        return Damaged(_name, $"block {block} (entries {first} to {first + SegmentFormat.EntriesPerBlock - 1}, bytes {slot.Offset} to {slot.Offset + slot.StoredBytes - 1}) {what}");
    }

    private readonly record struct BlockSlot(long Offset, int StoredBytes, int BundleBytes, Hash Root);
}
