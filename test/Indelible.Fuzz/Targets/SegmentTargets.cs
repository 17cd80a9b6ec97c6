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
            MaxBytes = 24_000,
            MemoryBytes = 64 << 20,
            Slowness = 20,
        },
    ];

    /// <summary>Segments with a dictionary, and one whose entries are too short for one.</summary>
    private static IEnumerable<byte[]> Segments()
    {
        byte[][] segments = [SegmentOf(256, Vectors.EntryAt), SegmentOf(512, Vectors.EntryAt), SegmentOf(256, _ => [])];
        Must.Hold(segments.Select(segment => BinaryPrimitives.ReadInt32BigEndian(segment.AsSpan(36)) > 0).SequenceEqual([true, true, false]), "Segments have a dictionary where one can be made");
        return segments;
    }

    private static byte[] SegmentOf(int count, Func<long, byte[]> entryAt)
    {
        using var stream = new MemoryStream();
        SegmentEntry[] entries = [.. Enumerable.Range(0, count).Select(i => new SegmentEntry(entryAt(First + i), (uint)i))];
        SegmentWriter.Write(stream, Origin, Log, First, count, entries.Select(entry => entry.Bytes), entries);
        return stream.ToArray();
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
                    SegmentPart read = reader.ReadBlock(block);
                    var leaves = new CompactRange();
                    foreach (ReadOnlyMemory<byte> entry in read.Entries)
                    {
                        leaves.Append(TreeHasher.Leaf(entry.Span));
                    }

                    Must.Hold(leaves.Root() == read.Tree.Root && leaves.Root() == reader.ReadNode(SegmentFormat.BlockHeight, block), "A block's entries hash to its node");
                    FramesOf(reader, block, read);
                }
                catch (StorageException e) when (e.Outcome == StorageOutcome.Damaged)
                {
                    isWhole = false;
                }

                tree.AppendSubtree(SegmentFormat.BlockHeight, reader.ReadNode(SegmentFormat.BlockHeight, block));
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

    /// <summary>Every frame of a whole block holds the block's entries, and every node is the tree's.</summary>
    private static void FramesOf(SegmentReader reader, int block, SegmentPart whole)
    {
        for (int frame = 0; frame < SegmentFormat.FramesPerBlock; frame++)
        {
            SegmentPart part = reader.ReadFrame(block, frame);
            for (int i = 0; i < SegmentFormat.EntriesPerFrame; i++)
            {
                Must.Hold(part.Entries[i].Span.SequenceEqual(whole.Entries[(frame * SegmentFormat.EntriesPerFrame) + i].Span), "A frame holds its block's entries");
            }
        }

        for (int height = SegmentFormat.FrameHeight; height < SegmentFormat.BlockHeight; height++)
        {
            int width = 1 << (SegmentFormat.BlockHeight - height);
            for (int i = 0; i < width; i++)
            {
                Must.Hold(reader.ReadNode(height, (block * width) + i) == whole.Tree.Node(height, i), "A node within a block is the tree's");
            }
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
