using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Indelible.Engine.Reading;
using Indelible.Engine.Storage;
using Indelible.Merkle;
using Indelible.Tiles;
using ZstdSharp;
using ZstdSharp.Unsafe;

namespace Indelible.Engine.Sealing;

/// <summary>An entry as a segment stores it.</summary>
/// <param name="Bytes">The entry.</param>
/// <param name="IdHash">The hash of its principal and id.</param>
internal readonly record struct SegmentEntry(ReadOnlyMemory<byte> Bytes, uint IdHash);

/// <summary>Writes a segment from its entries, one after the other.</summary>
internal static class SegmentWriter
{
    // Levels 1 to 9 differ by 10 % in size on audit events; 3 is where the time per event still disappears beside hashing.
    private const int CompressionLevel = 3;

    /// <summary>Writes the segment [<paramref name="firstIndex"/>, + <paramref name="count"/>) and returns the root of its subtree.</summary>
    /// <param name="stream">Receives the file.</param>
    /// <param name="origin">The log's origin.</param>
    /// <param name="log">The log's name.</param>
    /// <param name="firstIndex">A multiple of <paramref name="count"/>.</param>
    /// <param name="count">A power of two, at least 256.</param>
    /// <param name="samples">Some of the entries, from all parts of the segment: see <see cref="FrameDictionary.Samples"/>.</param>
    /// <param name="entries">Exactly <paramref name="count"/> entries in index order.</param>
    public static Hash Write(Stream stream, string origin, string log, long firstIndex, int count, IEnumerable<ReadOnlyMemory<byte>> samples, IEnumerable<SegmentEntry> entries)
    {
        if (count < SegmentFormat.EntriesPerBlock || !int.IsPow2(count) || firstIndex % count != 0)
        {
            throw new ArgumentException($"A segment of {count} entries cannot begin at {firstIndex}.", nameof(count));
        }

        using var output = new HashingWriter(stream);
        byte[] dictionary = FrameDictionary.Train(samples, count);
        byte[] header = Header(origin, log, firstIndex, count, dictionary.Length);
        output.Write(header);
        output.Write(dictionary);
        byte[] index = new byte[SegmentFormat.IndexBytes(count)];
        Hash root = WriteBlocks(output, index, count, dictionary, entries);
        byte[] trailer = Trailer(header, index, output.Written, root);
        output.Write(index);
        output.Write(trailer.AsSpan(0, SegmentFormat.FileHashOffset));
        output.Finish();
        return root;
    }

    private static byte[] Header(string origin, string log, long firstIndex, int count, int dictionaryBytes)
    {
        byte[] header = new byte[SegmentFormat.HeaderBytes(origin, log)];
        SegmentFormat.Magic.CopyTo(header, 0);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(8), SegmentFormat.Version);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(12), SegmentFormat.EntriesPerBlock);
        BinaryPrimitives.WriteInt64BigEndian(header.AsSpan(16), firstIndex);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(24), count);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(28), count / SegmentFormat.EntriesPerBlock);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(32), SegmentFormat.EntriesPerFrame);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(36), dictionaryBytes);
        int at = SegmentFormat.FixedHeaderBytes;
        foreach (string name in (ReadOnlySpan<string>)[origin, log])
        {
            int length = Encoding.UTF8.GetBytes(name, header.AsSpan(at + 2));
            BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(at), (ushort)length);
            at += 2 + length;
        }

        return header;
    }

    private static Hash WriteBlocks(HashingWriter output, byte[] index, int count, byte[] dictionary, IEnumerable<SegmentEntry> entries)
    {
        using var blocks = new BlockWriter(dictionary);
        var tree = new CompactRange();
        Span<byte> idHashes = index.AsSpan(count / SegmentFormat.EntriesPerBlock * SegmentFormat.BlockIndexBytes);
        int written = 0;
        foreach (SegmentEntry entry in entries)
        {
            blocks.Add(entry.Bytes.Span);
            BinaryPrimitives.WriteUInt32BigEndian(idHashes[(4 * written)..], entry.IdHash);
            written++;
            if (written % SegmentFormat.EntriesPerBlock == 0)
            {
                Span<byte> slot = index.AsSpan(((written / SegmentFormat.EntriesPerBlock) - 1) * SegmentFormat.BlockIndexBytes);
                tree.AppendSubtree(SegmentFormat.BlockHeight, blocks.Finish(output, slot));
            }
        }

        return written == count ? tree.Root() : throw new ArgumentException($"{written} entries were given for a segment of {count}.", nameof(entries));
    }

    private static byte[] Trailer(byte[] header, byte[] index, long indexOffset, in Hash root)
    {
        byte[] trailer = new byte[SegmentFormat.TrailerBytes];
        BinaryPrimitives.WriteInt64BigEndian(trailer, indexOffset);
        BinaryPrimitives.WriteInt64BigEndian(trailer.AsSpan(8), index.Length);
        root.CopyTo(trailer.AsSpan(16));
        SegmentFormat.EndMagic.CopyTo(trailer, 48);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(header);
        hash.AppendData(index);
        hash.AppendData(trailer, 0, SegmentFormat.IndexHashOffset);
        hash.GetHashAndReset(trailer.AsSpan(SegmentFormat.IndexHashOffset));
        return trailer;
    }

    /// <summary>Writes through to a stream and hashes what passes, to end the file with it.</summary>
    private sealed class HashingWriter(Stream stream) : IDisposable
    {
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

        public long Written { get; private set; }

        public void Write(ReadOnlySpan<byte> bytes)
        {
            stream.Write(bytes);
            _hash.AppendData(bytes);
            Written += bytes.Length;
        }

        public void Finish()
        {
            Span<byte> hash = stackalloc byte[Hash.Size];
            _hash.GetHashAndReset(hash);
            stream.Write(hash);
        }

        public void Dispose() => _hash.Dispose();
    }

    /// <summary>Packs entries into frames, and gives a block of them at a time.</summary>
    private sealed class BlockWriter : IDisposable
    {
        private readonly Compressor _compressor = new(CompressionLevel);
        private readonly FrameBuffer _bundle = new();
        private readonly FrameBuffer _frames = new();
        private readonly int[] _lengths = new int[SegmentFormat.FramesPerBlock];
        private readonly byte[] _head = new byte[SegmentFormat.BlockHeadBytes];
        private Hash[] _leaves = new Hash[SegmentFormat.EntriesPerBlock];
        private int _entries;
        private int _bundleBytes;

        public BlockWriter(byte[] dictionary)
        {
            // Every frame has the one dictionary of its segment; to name it in each would cost a byte an entry.
            _compressor.SetParameter(ZSTD_cParameter.ZSTD_c_dictIDFlag, 0);
            if (dictionary.Length > 0)
            {
                _compressor.LoadDictionary(dictionary);
            }
        }

        public void Add(ReadOnlySpan<byte> entry)
        {
            EntryBundle.WriteEntry(_bundle, entry);
            _leaves[_entries++] = TreeHasher.Leaf(entry);
            if (_entries % SegmentFormat.EntriesPerFrame == 0)
            {
                Span<byte> frame = _frames.GetSpan(Compressor.GetCompressBound(_bundle.Count));
                int length = _compressor.Wrap(_bundle.Written, frame);
                _frames.Advance(length);
                _lengths[(_entries / SegmentFormat.EntriesPerFrame) - 1] = length;
                _bundleBytes += _bundle.Count;
                _bundle.Clear();
            }
        }

        /// <summary>Writes the block of the 256 entries that were added, and what the index says of it; gives its root.</summary>
        public Hash Finish(HashingWriter output, Span<byte> slot)
        {
            var tree = new PerfectTree(_leaves);
            BlockHead.Write(tree, _lengths, _head);
            BinaryPrimitives.WriteInt64BigEndian(slot, output.Written);
            BinaryPrimitives.WriteInt32BigEndian(slot[8..], _head.Length + _frames.Count);
            BinaryPrimitives.WriteInt32BigEndian(slot[12..], _bundleBytes);
            tree.Root.CopyTo(slot[16..]);
            output.Write(_head);
            output.Write(_frames.Written);
            _frames.Clear();
            _leaves = new Hash[SegmentFormat.EntriesPerBlock];   // The tree keeps the others.
            (_entries, _bundleBytes) = (0, 0);
            return tree.Root;
        }

        public void Dispose() => _compressor.Dispose();
    }
}
