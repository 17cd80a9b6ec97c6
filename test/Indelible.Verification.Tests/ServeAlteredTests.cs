using Indelible.Engine;
using Indelible.Engine.Storage;
using Indelible.Merkle;
using Indelible.Notes;
using Indelible.Proofs;
using Indelible.Tiles;
using Xunit;
using ZstdSharp;

namespace Indelible.Verification.Tests;

/// <summary>A node on an altered folder: it refuses to start, or refuses to give what was altered, and never gives other bytes as the log's.</summary>
public sealed class ServeAlteredTests(SmallLog log) : IClassFixture<SmallLog>
{
    [Theory]
    [InlineData("logs/main/segments/0000000000000000.segment", 300)]
    [InlineData("logs/main/tail/", 60)]
    [InlineData("journal/0", 100)]
    [InlineData("checkpoints/heads", 60)]
    public async Task Altered_bytes_are_never_given_as_an_entry_under_a_signed_head(string prefix, int alterations)
    {
        string path = log.Disk.Content.Keys.Order(StringComparer.Ordinal).First(path => path.StartsWith($"{SmallLog.Root}/{prefix}", StringComparison.Ordinal));
        byte[] intact = log.Disk.Content[path];
        var random = new Random(5);
        int refusedToStart = 0;
        int refusedToRead = 0;
        for (int i = 0; i < alterations; i++)
        {
            byte[] altered = [.. intact];
            altered[random.Next(altered.Length)] ^= (byte)(1 << random.Next(8));
            MemoryDisk disk = log.Disk.Copy();
            disk.Put(path, altered);
            LogEngine engine;
            try
            {
                engine = await log.OpenAsync(disk);
            }
            catch (IOException)
            {
                refusedToStart++;
                continue;
            }

            await using (engine)
            {
                refusedToRead += ReadAll(engine.Find("main")!) ? 0 : 1;
            }
        }

        Assert.True(refusedToStart + refusedToRead > alterations / 10, $"{refusedToStart} and {refusedToRead} of {alterations}");
    }

    [Theory]
    [InlineData(false)]   // the node of its frame
    [InlineData(true)]    // and the one above, so that only the block's root contradicts
    public async Task An_altered_entry_is_not_believed_for_nodes_beside_it_that_were_altered_with_it(bool isMiddleAltered)
    {
        const string Path = SmallLog.Root + "/logs/main/segments/0000000000000000.segment";
        const int Middles = 8;
        const int Block = 1;   // A start reads entries of the first.
        var forged = ForgedSegment.Of(log.Disk.Content[Path]);
        using var decompressor = new Decompressor();
        using var compressor = new Compressor();
        decompressor.LoadDictionary(forged.Dictionary);
        compressor.LoadDictionary(forged.Dictionary);
        byte[] bundle = decompressor.Unwrap(forged.FirstFrame(Block)).ToArray();
        bundle[bundle.AsSpan().IndexOf("test.run"u8)] ^= 1;
        forged.ReplaceFirstFrame(Block, compressor.Wrap(bundle).ToArray());
        Assert.True(EntryBundle.TryParse(bundle, 4, out ReadOnlyMemory<byte>[]? entries));
        forged.ReplaceNode(Block, Middles, RootOf([.. entries.Select(entry => TreeHasher.Leaf(entry.Span))]));
        if (isMiddleAltered)
        {
            forged.ReplaceNode(Block, 0, RootOf([.. Enumerable.Range(Middles, 8).Select(node => forged.NodeAt(Block, node))]));
        }

        MemoryDisk disk = log.Disk.Copy();
        disk.Put(Path, forged.ToBytes());
        await using LogEngine engine = await log.OpenAsync(disk);
        LogReader reader = engine.Find("main")!;
        Assert.Throws<StorageException>(() => reader.ReadEntry(256));
        Assert.Throws<StorageException>(() => reader.ReadEntries(256, 260));
        Assert.Throws<StorageException>(() => reader.ReadEntries(256, 512));
        Assert.Throws<StorageException>(() => reader.ReadLeafHash(256));
        Assert.Throws<StorageException>(() => reader.ProveInclusion(400, reader.Size));
        Assert.False(ReadAll(reader));
    }

    private static Hash RootOf(Hash[] nodes) => nodes.Length == 1 ? nodes[0] : TreeHasher.Node(RootOf(nodes[..(nodes.Length / 2)]), RootOf(nodes[(nodes.Length / 2)..]));

    /// <summary>Reads every entry and compares it with what was appended.</summary>
    /// <returns>Whether all could be read.</returns>
    private bool ReadAll(LogReader reader)
    {
        var checkpoint = VerifiedCheckpoint.Verify(reader.Checkpoint.Note.Span, log.KeyOf("main").Name, log.KeyOf("main"));
        bool all = true;
        for (long index = 0; index < checkpoint.Head.Size; index++)
        {
            try
            {
                ReadOnlyMemory<byte> entry = reader.ReadEntry(index);
                Assert.True(entry.Span.SequenceEqual(log.Entries[(int)index]), $"Entry {index} is another one.");
                if (index % 64 == 0)
                {
                    IReadOnlyList<ReadOnlyMemory<byte>> row = reader.ReadEntries(index, Math.Min(checkpoint.Head.Size, index + 128));
                    Assert.All(row, (one, i) => Assert.True(one.Span.SequenceEqual(log.Entries[(int)index + i]), $"Entry {index + i} is another one."));
                }

                if (index % 97 == 0)
                {
                    Assert.True(InclusionProof.Verify(TreeHasher.Leaf(entry.Span), index, checkpoint.Head, reader.ProveInclusion(index, checkpoint.Head.Size)));
                }
            }
            catch (IOException)
            {
                all = false;
            }
        }

        return all;
    }
}
