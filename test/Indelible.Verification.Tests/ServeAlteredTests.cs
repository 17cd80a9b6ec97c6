using Indelible.Engine;
using Indelible.Merkle;
using Indelible.Notes;
using Indelible.Proofs;
using Xunit;

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
