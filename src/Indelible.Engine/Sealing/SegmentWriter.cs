using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Indelible.Engine.Storage;
using Indelible.Merkle;
using Indelible.Tiles;
using ZstdSharp;

namespace Indelible.Engine.Sealing;

/// <summary>An entry as a segment stores it.</summary>
/// <param name="Bytes">The entry.</param>
/// <param name="IdHash">The hash of its principal and id.</param>
internal readonly record struct SegmentEntry(ReadOnlyMemory<byte> Bytes, uint IdHash);

/// <summary>Writes a segment from its entries, one after the other.</summary>
internal static class SegmentWriter
{
    // Level 1 to 9 differ by 10 % in size on audit events; 3 is where the time per event still disappears beside hashing.
    private const int CompressionLevel = 3;

    /// <summary>Writes the segment [<paramref name="firstIndex"/>, + <paramref name="count"/>) and returns the root of its subtree.</summary>
    /// <param name="stream">Receives the file.</param>
    /// <param name="origin">The log's origin.</param>
    /// <param name="log">The log's name.</param>
    /// <param name="firstIndex">A multiple of <paramref name="count"/>.</param>
    /// <param name="count">A power of two, at least 256.</param>
    /// <param name="entries">Exactly <paramref name="count"/> entries in index order.</param>
    public static Hash Write(Stream stream, string origin, string log, long firstIndex, int count, IEnumerable<SegmentEntry> entries)
    {
        if (count < SegmentFormat.EntriesPerBlock || !int.IsPow2(count) || firstIndex % count != 0)
        {
            throw new ArgumentException($"A segment of {count} entries cannot begin at {firstIndex}.", nameof(count));
        }

        using var output = new HashingWriter(stream);
        byte[] header = Header(origin, log, firstIndex, count);
        output.Write(header);
        byte[] index = new byte[SegmentFormat.IndexBytes(count)];
        Hash root = WriteBlocks(output, index, count, entries);
        byte[] trailer = Trailer(header, index, output.Written, root);
        output.Write(index);
        output.Write(trailer.AsSpan(0, SegmentFormat.FileHashOffset));
        output.Finish();
        return root;
    }

    private static byte[] Header(string origin, string log, long firstIndex, int count)
    {
        byte[] header = new byte[SegmentFormat.HeaderBytes(origin, log)];
        SegmentFormat.Magic.CopyTo(header, 0);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(8), SegmentFormat.Version);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(12), SegmentFormat.EntriesPerBlock);
        BinaryPrimitives.WriteInt64BigEndian(header.AsSpan(16), firstIndex);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(24), count);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(28), count / SegmentFormat.EntriesPerBlock);
        int at = SegmentFormat.FixedHeaderBytes;
        foreach (string name in (ReadOnlySpan<string>)[origin, log])
        {
            int length = Encoding.UTF8.GetBytes(name, header.AsSpan(at + 2));
            BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(at), (ushort)length);
            at += 2 + length;
        }

        return header;
    }

    private static Hash WriteBlocks(HashingWriter output, byte[] index, int count, IEnumerable<SegmentEntry> entries)
    {
        using var compressor = new Compressor(CompressionLevel);
        var bundle = new FrameBuffer();
        var tree = new CompactRange();
        var block = new CompactRange();
        int blocks = count / SegmentFormat.EntriesPerBlock;
        Span<byte> idHashes = index.AsSpan(blocks * SegmentFormat.BlockIndexBytes);
        int written = 0;
        foreach (SegmentEntry entry in entries)
        {
            EntryBundle.WriteEntry(bundle, entry.Bytes.Span);
            block.Append(TreeHasher.Leaf(entry.Bytes.Span));
            BinaryPrimitives.WriteUInt32BigEndian(idHashes[(4 * written)..], entry.IdHash);
            written++;
            if (written % SegmentFormat.EntriesPerBlock == 0)
            {
                Hash root = block.Root();
                Span<byte> slot = index.AsSpan(((written / SegmentFormat.EntriesPerBlock) - 1) * SegmentFormat.BlockIndexBytes);
                WriteBlock(output, compressor, bundle, root, slot);
                tree.AppendSubtree(SegmentFormat.BlockHeight, root);
                block = new CompactRange();
                bundle.Clear();
            }
        }

        return written == count ? tree.Root() : throw new ArgumentException($"{written} entries were given for a segment of {count}.", nameof(entries));
    }

    private static void WriteBlock(HashingWriter output, Compressor compressor, FrameBuffer bundle, in Hash root, Span<byte> slot)
    {
        byte[] frame = ArrayPool<byte>.Shared.Rent(Compressor.GetCompressBound(bundle.Count));
        int length = compressor.Wrap(bundle.Written, frame);
        BinaryPrimitives.WriteInt64BigEndian(slot, output.Written);
        BinaryPrimitives.WriteInt32BigEndian(slot[8..], length);
        BinaryPrimitives.WriteInt32BigEndian(slot[12..], bundle.Count);
        root.CopyTo(slot[16..]);
        output.Write(frame.AsSpan(0, length));
        ArrayPool<byte>.Shared.Return(frame);
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
}
