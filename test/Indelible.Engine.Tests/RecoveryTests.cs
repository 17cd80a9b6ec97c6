using Indelible.Engine.Sequencing;
using Indelible.Engine.Storage;
using Indelible.Merkle;
using Indelible.Notes;
using Indelible.Proofs;
using Xunit;

namespace Indelible.Engine.Tests;

public sealed class RecoveryTests
{
    [Fact]
    public async Task A_restart_at_every_size_around_the_borders_of_bundles_and_segments_changes_nothing()
    {
        await using Node node = await Node.CreateAsync();
        long size = 0;
        var heads = new List<TreeHead>();
        foreach (int next in new[] { 1, 2, 3, 254, 255, 256, 257, 258, 300, 510, 511, 512, 513, 514, 767, 768, 769, 1024, 1025 })
        {
            await node.AppendAsync("main", size, (int)(next - size));
            size = next;
            heads.Add((await node.Log().WaitForCheckpointAsync(size, CancellationToken.None)).Head);
            await node.ReopenAsync();
            await node.CheckAsync("main", size);
            foreach (TreeHead head in heads)
            {
                Assert.Equal(head, node.Log().HeadAt(head.Size));
                Assert.True(ConsistencyProof.Verify(head, heads[^1], node.Log().ProveConsistency(head.Size, size)));
            }

            AppendResult repeated = await node.AppendAsync("main", 0, (int)size);
            Assert.All(repeated.Events, e => Assert.Equal(AppendStatus.Repeated, e.Status));
            Assert.Equal(Enumerable.Range(0, (int)size).Select(i => (long)i), repeated.Events.Select(e => e.Index));
            Assert.Equal(size, node.Log().Size);
        }

        await node.WaitUntilAsync(() => node.Log().SealedSize == 1024, "four segments are sealed");
    }

    [Fact]
    public async Task A_slow_log_leaves_the_journal_by_its_tail_file_and_stays_readable()
    {
        await using Node node = await Node.CreateAsync(null, "busy", "slow");
        for (int round = 0; round < 30; round++)
        {
            await node.AppendAsync("slow", round, 1);
            await node.AppendAsync("busy", round * 200, 200);
        }

        string journal = Path.Combine(node.Data, "journal");
        await node.WaitUntilAsync(() => node.Log("busy").SealedSize == 5888 && Directory.EnumerateFiles(journal, "*.journal").Count() <= 3, "the journal is trimmed");
        Assert.True(Directory.EnumerateFiles(Path.Combine(node.Data, "logs", "slow", "tail")).Any());
        await node.CheckAsync("slow", 30);
        await node.ReopenAsync();
        await node.CheckAsync("slow", 30);
        await node.CheckAsync("busy", 6000);
        await node.AppendAsync("slow", 30, 300);
        await node.WaitUntilAsync(() => node.Log("slow").SealedSize == 256, "the slow log's first segment is sealed");
        await node.ReopenAsync();
        await node.CheckAsync("slow", 330);
    }

    [Fact]
    public async Task Random_work_over_several_logs_and_restarts_matches_a_simple_model()
    {
        foreach (int seed in new[] { 1, 2, 3 })
        {
            await using Node node = await Node.CreateAsync(null, "a", "b", "c");
            var random = new Random(seed);
            var model = new Dictionary<string, List<Hash>> { ["a"] = [], ["b"] = [], ["c"] = [] };
            for (int step = 0; step < 60; step++)
            {
                string log = "abc"[random.Next(3)].ToString();
                List<Hash> expected = model[log];
                switch (random.Next(8))
                {
                    case 0:
                        await node.ReopenAsync();
                        break;
                    case 1 when expected.Count > 0:
                        long at = random.NextInt64(expected.Count);
                        AppendedEvent repeated = (await node.AppendAsync(log, [Node.ClaimOf(Node.IdOf(at))])).Events[0];
                        Assert.Equal((AppendStatus.Repeated, at, expected[(int)at]), (repeated.Status, repeated.Index, repeated.LeafHash));
                        break;
                    case 2 when expected.Count > 0:
                        long size = random.NextInt64(1, expected.Count + 1);
                        long index = random.NextInt64(size);
                        var tree = new CompactRange();
                        expected.Take((int)size).ToList().ForEach(leaf => tree.Append(leaf));
                        Assert.True(InclusionProof.Verify(expected[(int)index], index, tree.Head(), node.Log(log).ProveInclusion(index, size)), $"seed {seed}, step {step}");
                        break;
                    default:
                        AppendResult result = await node.AppendAsync(log, expected.Count, random.Next(1, 120));
                        expected.AddRange(result.Events.Select(e => e.LeafHash));
                        break;
                }
            }

            await node.ReopenAsync();
            foreach ((string log, List<Hash> expected) in model)
            {
                Assert.Equal(expected, Enumerable.Range(0, expected.Count).Select(i => node.Log(log).ReadLeafHash(i)));
                await node.CheckAsync(log, expected.Count);
            }
        }
    }

    [Fact]
    public async Task A_log_that_was_set_back_is_refused_and_both_sizes_are_named()
    {
        await using Node node = await Node.CreateAsync();
        await node.AppendAsync("main", 0, 10);
        await node.Log().WaitForCheckpointAsync(10, CancellationToken.None);
        await node.CloseAsync();
        string copy = Path.Combine(node.Folder, "copy");
        CopyFolder(Path.Combine(node.Data, "journal"), copy);
        await node.OpenAsync();
        await node.AppendAsync("main", 10, 5);
        await node.Log().WaitForCheckpointAsync(15, CancellationToken.None);
        await node.CloseAsync();
        Directory.Delete(Path.Combine(node.Data, "journal"), recursive: true);
        CopyFolder(copy, Path.Combine(node.Data, "journal"));
        StorageException refused = await Assert.ThrowsAsync<StorageException>(node.OpenAsync);
        Assert.Contains("was signed", refused.Message, StringComparison.Ordinal);
        Assert.Matches("has 1?[0-9] entries.*a head of 1?[0-9] entries", refused.Message);
    }

    [Fact]
    public async Task An_entry_changed_with_all_checksums_made_anew_is_refused_by_its_signed_root()
    {
        await using Node node = await Node.CreateAsync();
        await node.AppendAsync("main", 0, 10);
        await node.Log().WaitForCheckpointAsync(10, CancellationToken.None);
        await node.CloseAsync();
        string path = Directory.EnumerateFiles(Path.Combine(node.Data, "journal"), "*.journal").Single();
        byte[] bytes = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        int at = bytes.AsSpan().IndexOf("\"outcome\":\"success\""u8);
        Assert.True(at > 0);

        // In the last entry of _access or main, whichever lies first: the records are framed anew, as an attacker with root would.
        "\"outcome\":\"unknown\""u8.CopyTo(bytes.AsSpan(at));
        ForgedJournal.Reseal(bytes);
        await File.WriteAllBytesAsync(path, bytes, TestContext.Current.CancellationToken);
        StorageException refused = await Assert.ThrowsAsync<StorageException>(node.OpenAsync);
        Assert.Contains("An entry was changed", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_changed_byte_in_a_segment_is_never_served()
    {
        await using Node node = await Node.CreateAsync();
        await node.AppendAsync("main", 0, 300);
        await node.WaitUntilAsync(() => node.Log().SealedSize == 256, "a segment is sealed");
        await node.CloseAsync();
        string path = Directory.EnumerateFiles(node.Data, "*.segment", SearchOption.AllDirectories).Single(file => file.Contains("main", StringComparison.Ordinal));
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        byte[] intact = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        var random = new Random(5);
        for (int round = 0; round < 40; round++)
        {
            byte[] altered = [.. intact];
            altered[random.Next(altered.Length - 32)] ^= (byte)(1 << random.Next(8));
            await File.WriteAllBytesAsync(path, altered, TestContext.Current.CancellationToken);
            await Assert.ThrowsAsync<StorageException>(async () =>
            {
                await node.OpenAsync();
                for (int i = 0; i < 256; i++)
                {
                    node.Log().ReadEntry(i);
                }
            });
            await CloseIfOpenAsync(node);
        }

        await File.WriteAllBytesAsync(path, intact, TestContext.Current.CancellationToken);
        await node.OpenAsync();
        await node.CheckAsync("main", 300);
    }

    [Theory]
    [InlineData("master.key")]
    [InlineData("vault.db")]
    [InlineData("checkpoints/heads")]
    [InlineData("keys/_receipts.key")]
    [InlineData("keys/main.key")]
    [InlineData("indelible.json")]
    [InlineData("journal")]
    [InlineData("logs/main/segments")]
    public async Task A_folder_that_misses_a_piece_is_refused_and_the_message_says_which(string piece)
    {
        await using Node node = await Node.CreateAsync();
        await node.AppendAsync("main", 0, 300);
        await node.WaitUntilAsync(() => node.Log().SealedSize == 256, "a segment is sealed");
        for (int i = 0; i < 8; i++)
        {
            await node.AppendAsync("main", 300 + (i * 200), 200);
        }

        await node.WaitUntilAsync(() => node.Log().SealedSize == 1792, "the journal has been trimmed");
        await node.CloseAsync();
        string path = Path.Combine(node.Data, piece);
        string aside = Path.Combine(node.Folder, "aside");
        Directory.Move(path, aside);
        Exception refused = await Assert.ThrowsAnyAsync<IOException>(node.OpenAsync);
        Assert.NotEmpty(refused.Message);
        Assert.False(File.Exists(path) && piece != "indelible.json");
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }

        Directory.Move(aside, path);
        await node.OpenAsync();
        await node.CheckAsync("main", 1900);
    }

    [Fact]
    public async Task A_folder_is_one_nodes_at_a_time_and_never_made_over_another()
    {
        await using Node node = await Node.CreateAsync();
        StorageException inUse = await Assert.ThrowsAsync<StorageException>(() => LogEngine.OpenAsync(
            new DataFolder(node.Data), Node.Options, node.Time, RandomSource.System, Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance));
        Assert.Contains("in use", inUse.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<StorageException>(() => LogEngine.InitialiseAsync(
            new DataFolder(node.Data), "h", ["main"], 256, Node.Options, node.Time, RandomSource.System, Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance));
        await node.AppendAsync("main", 0, 1);
        StorageException never = await Assert.ThrowsAsync<StorageException>(() => LogEngine.OpenAsync(
            new DataFolder(Path.Combine(node.Folder, "none")), Node.Options, node.Time, RandomSource.System, Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance));
        Assert.Contains("indelible init", never.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_checkpoint_shown_is_consistent_with_every_other()
    {
        await using Node node = await Node.CreateAsync();
        var shown = new List<VerifiedCheckpoint>();
        for (int i = 0; i < 40; i++)
        {
            await node.AppendAsync("main", i * 17, 17);
            shown.Add(VerifiedCheckpoint.Verify((await node.Log().WaitForCheckpointAsync((i + 1) * 17, CancellationToken.None)).Note.Span, node.Log().Settings.Origin, node.KeyOf("main")));
            if (i % 10 == 9)
            {
                await node.ReopenAsync();
            }
        }

        foreach (VerifiedCheckpoint older in shown)
        {
            foreach (VerifiedCheckpoint newer in shown.Where(newer => newer.Head.Size >= older.Head.Size))
            {
                Assert.True(ConsistencyProof.Verify(older.Head, newer.Head, node.Log().ProveConsistency(older.Head.Size, newer.Head.Size)));
            }
        }
    }

    private static async Task CloseIfOpenAsync(Node node)
    {
        try
        {
            await node.CloseAsync();
        }
        catch (InvalidOperationException)
        {
            // It did not open, which is as good.
        }
    }

    private static void CopyFolder(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string file in Directory.EnumerateFiles(from))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }
    }
}
