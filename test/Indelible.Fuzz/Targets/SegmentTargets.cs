using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using Indelible.Engine.Sealing;
using Indelible.Engine.Storage;
using Indelible.Fuzz.Driving;
using Indelible.Merkle;
using Indelible.Tests;

namespace Indelible.Fuzz.Targets;

/// <summary>Sealed segments.</summary>
internal static class SegmentTargets
{
    private const string Origin = "o.example/logs/main";
    private const string Log = "main";
    private const int First = 512;

    public static IEnumerable<FuzzTarget> All { get; } =
    [
        new("segment", "A segment opens to blocks that hash to its root, or is damaged; a file whose hash fits is read the same by both checks.", SegmentOf, Segments)
        {
            Words = ["INDSEG01", "INDSEGEN", "\u0028\uFFFD", "\0\0\u0001\0", "\0\0\u0002\0", "\0\0\0\0\0\0\0\0", Origin],
            Mend = Mend,
            MaxBytes = 6000,
            MemoryBytes = 64 << 20,
            Slowness = 20,
        },
    ];

    private static IEnumerable<byte[]> Segments()
    {
        foreach (int count in (int[])[256, 512])
        {
            using var stream = new MemoryStream();
            SegmentWriter.Write(stream, Origin, Log, First, count, Enumerable.Range(0, count).Select(i => new SegmentEntry(Vectors.EntryAt(First + i), (uint)i)));
            yield return stream.ToArray();
        }
    }

    private static bool SegmentOf(byte[] input)
    {
        SegmentReader reader;
        try
        {
            reader = SegmentReader.Open(new Bytes(input), Origin, Log, First);
        }
        catch (StorageException e) when (e.Outcome == StorageOutcome.Damaged)
        {
            return false;
        }

        using (reader)
        {
            var tree = new CompactRange();
            bool isWhole = true;
            for (int block = 0; block < reader.Count / SegmentFormat.EntriesPerBlock; block++)
            {
                try
                {
                    SegmentBlock read = reader.ReadBlock(block);
                    var leaves = new CompactRange();
                    foreach (ReadOnlyMemory<byte> entry in read.Entries)
                    {
                        leaves.Append(TreeHasher.Leaf(entry.Span));
                    }

                    Must.Hold(leaves.Root() == read.Tree.Root && leaves.Root() == reader.Node(SegmentFormat.BlockHeight, block), "A block's entries hash to its node");
                }
                catch (StorageException e) when (e.Outcome == StorageOutcome.Damaged)
                {
                    isWhole = false;
                }

                tree.AppendSubtree(SegmentFormat.BlockHeight, reader.Node(SegmentFormat.BlockHeight, block));
            }

            Must.Hold(tree.Root() == reader.Root, "A segment's blocks fold to its root");
            Must.Hold(reader.ReadIdHashes(0, reader.Count).Length == reader.Count, "A segment has a hash of each id");
            try
            {
                reader.VerifyWhole();
                Must.Hold(isWhole, "A segment that is verified whole has whole blocks");
            }
            catch (StorageException e) when (e.Outcome == StorageOutcome.Damaged)
            {
                return false;
            }

            return isWhole;
        }
    }

    /// <summary>Lays the blocks where the index says and lets trailer, folded root and both hashes fit.</summary>
    private static byte[] Mend(byte[] file)
    {
        int headerBytes = SegmentFormat.HeaderBytes(Origin, Log);
        if (file.Length < headerBytes + SegmentFormat.TrailerBytes)
        {
            return file;
        }

        int count = BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(24));
        Span<byte> trailer = file.AsSpan(file.Length - SegmentFormat.TrailerBytes);
        long indexAt = file.Length - SegmentFormat.TrailerBytes - SegmentFormat.IndexBytes(count);
        if (count < SegmentFormat.EntriesPerBlock || !int.IsPow2(count) || indexAt < headerBytes)
        {
            return file;
        }

        BinaryPrimitives.WriteInt64BigEndian(trailer, indexAt);
        BinaryPrimitives.WriteInt64BigEndian(trailer[8..], SegmentFormat.IndexBytes(count));
        Span<byte> index = file.AsSpan((int)indexAt, (int)SegmentFormat.IndexBytes(count));
        var tree = new CompactRange();
        long at = headerBytes;
        int blocks = count / SegmentFormat.EntriesPerBlock;
        for (int i = 0; i < blocks; i++)
        {
            Span<byte> slot = index[(i * SegmentFormat.BlockIndexBytes)..];
            BinaryPrimitives.WriteInt64BigEndian(slot, at);
            if (i == blocks - 1)
            {
                BinaryPrimitives.WriteInt32BigEndian(slot[8..], (int)(indexAt - at));
            }

            at += BinaryPrimitives.ReadInt32BigEndian(slot[8..]);
            tree.AppendSubtree(SegmentFormat.BlockHeight, new Hash(slot.Slice(16, Hash.Size)));
        }

        tree.Root().CopyTo(trailer[16..]);
        SHA256.HashData([.. file.AsSpan(0, headerBytes), .. index, .. trailer[..SegmentFormat.IndexHashOffset]], trailer[SegmentFormat.IndexHashOffset..]);
        SHA256.HashData(file.AsSpan(0, file.Length - Hash.Size), trailer[SegmentFormat.FileHashOffset..]);
        return file;
    }

    private sealed class Bytes(byte[] content) : ISegmentContent
    {
        public long Length => content.Length;

        public void Read(long offset, Span<byte> destination)
        {
            if (offset < 0 || offset + destination.Length > content.Length)
            {
                throw new StorageException(string.Create(CultureInfo.InvariantCulture, $"The object ends before byte {offset + destination.Length}."), StorageOutcome.Damaged);
            }

            content.AsSpan((int)offset, destination.Length).CopyTo(destination);
        }

        public void Dispose()
        {
        }
    }
}
