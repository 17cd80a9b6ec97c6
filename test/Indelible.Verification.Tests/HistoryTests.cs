using Indelible.Engine;
using Indelible.Engine.Reading;
using Indelible.Notes;
using Xunit;
using ZstdSharp;

namespace Indelible.Verification.Tests;

/// <summary>What somebody with root and the signing key can do to history, and what a verifier with one remembered head says.</summary>
public sealed class HistoryTests(SmallLog log) : IClassFixture<SmallLog>
{
    [Fact]
    public async Task An_old_copy_of_the_folder_is_valid_by_itself_and_set_back_for_who_remembers()
    {
        VerifiedCheckpoint latest = await HeadAsync(log.Disk);
        Assert.Equal(Verdict.Valid, (await log.VerifyAsync(log.Old)).Verdict);
        VerificationReport report = await log.VerifyAsync(log.Old, remembered: latest);
        Assert.Equal(Verdict.NotValid, report.Verdict);
        Assert.Contains("set back", Assert.Single(report.Faults).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task History_written_anew_by_the_log_itself_under_its_own_key_contradicts_a_remembered_head()
    {
        // Going on from an old copy with other entries: everything in it is consistent and signed by the right key.
        MemoryDisk fork = log.Old.Copy();
        await using (LogEngine engine = await log.OpenAsync(fork))
        {
            await SmallLog.AppendAsync(engine, "main", 520, 530, "another");
            await engine.Find("main")!.WaitForCheckpointAsync(1_050, CancellationToken.None);
        }

        VerifiedCheckpoint latest = await HeadAsync(log.Disk);
        VerifiedCheckpoint forked = await HeadAsync(fork);
        Assert.Equal(latest.Head.Size, forked.Head.Size);
        Assert.Equal(Verdict.Valid, (await log.VerifyAsync(fork)).Verdict);
        Assert.Equal(Verdict.Valid, (await log.VerifyAsync(fork, remembered: log.Earlier)).Verdict);
        VerificationReport report = await log.VerifyAsync(fork, remembered: latest);
        Assert.Contains(report.Faults, fault => fault.What == "state" && fault.Detail.Contains("history was changed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_larger_fork_contradicts_a_remembered_head_too()
    {
        MemoryDisk fork = log.Old.Copy();
        await using (LogEngine engine = await log.OpenAsync(fork))
        {
            await SmallLog.AppendAsync(engine, "main", 520, 1_000, "another");
            await engine.Find("main")!.WaitForCheckpointAsync(1_520, CancellationToken.None);
        }

        Assert.Equal(Verdict.NotValid, (await log.VerifyAsync(fork, remembered: await HeadAsync(log.Disk))).Verdict);
    }

    [Theory]
    [InlineData("swapped")]
    [InlineData("removed")]
    [InlineData("inserted")]
    [InlineData("changed")]
    [InlineData("doubled")]
    public async Task Entries_moved_with_every_hash_and_the_signature_made_anew_contradict_a_remembered_head(string how)
    {
        List<byte[]> entries = [.. log.Entries];
        switch (how)
        {
            case "swapped":
                (entries[7], entries[8]) = (entries[8], entries[7]);
                break;
            case "removed":
                entries.RemoveAt(7);
                entries.Add(entries[^1]);
                break;
            case "inserted":
                entries.Insert(7, entries[7]);
                break;
            case "doubled":
                entries[8] = entries[7];
                break;
            default:
                entries[7] = System.Text.Encoding.UTF8.GetBytes(System.Text.Encoding.UTF8.GetString(entries[7]).Replace("test.run", "test.ran", StringComparison.Ordinal));
                break;
        }

        var source = new ListSource(SigningKey.Signer, entries);
        VerifiedCheckpoint remembered = ListSource.HeadOf(SigningKey.Signer, log.Entries);
        VerificationResult result = await new LogVerifier(SigningKey.Verifier, source, new VerificationRequest { Remembered = remembered }).VerifyAsync(CancellationToken.None);
        Assert.Equal(Verdict.NotValid, result.Report.Verdict);
        Assert.Contains(result.Report.Faults, fault => fault.What == "state");
        Assert.Null(result.Checkpoint);
    }

    [Theory]
    [InlineData("{\"a\":1,\"a\":2}")]
    [InlineData("{\"b\":1,\"a\":2}")]
    [InlineData("{\"a\":1.0}")]
    [InlineData(" {\"a\":1}")]
    [InlineData("{\"a\":\"\\u0041\"}")]
    [InlineData("[]")]
    [InlineData("")]
    public async Task What_two_readers_could_read_differently_is_no_entry_though_it_is_proven(string json)
    {
        List<byte[]> entries = [.. log.Entries.Take(300)];
        entries[280] = System.Text.Encoding.UTF8.GetBytes(json);
        VerificationReport report = await VerifyAsync(entries);
        Assert.Equal("entry", Assert.Single(report.Faults).What);
        Assert.StartsWith("index 280 ", report.Faults[0].Where, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_entry_with_a_member_twice_is_no_entry_though_it_is_proven()
    {
        List<byte[]> entries = [.. log.Entries.Take(10)];
        string entry = System.Text.Encoding.UTF8.GetString(entries[4]);
        entries[4] = System.Text.Encoding.UTF8.GetBytes(entry.Replace("\"action\":\"test.run\",", "\"action\":\"test.run\",\"action\":\"test.ran\",", StringComparison.Ordinal));
        Assert.NotEqual(entry.Length, entries[4].Length);
        Assert.Equal(Verdict.NotValid, (await VerifyAsync(entries)).Verdict);
    }

    [Fact]
    public async Task A_time_of_receipt_that_goes_back_is_named()
    {
        List<byte[]> entries = [.. log.Entries.Take(300)];
        entries[270] = System.Text.RegularExpressions.Regex.Replace(
            System.Text.Encoding.UTF8.GetString(entries[270]), "\"received_at\":\"2[0-9]{3}", "\"received_at\":\"2001").Select(c => (byte)c).ToArray();
        VerificationFault fault = Assert.Single((await VerifyAsync(entries)).Faults);
        Assert.StartsWith("index 270 ", fault.Where, StringComparison.Ordinal);
        Assert.Contains("received_at", fault.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("two frames")]
    [InlineData("skippable frame before")]
    [InlineData("skippable frame behind")]
    [InlineData("bytes behind")]
    [InlineData("empty frame behind")]
    public async Task A_frame_is_one_of_zstd_and_nothing_else_though_it_decompresses_to_the_same(string how)
    {
        const string Path = "/data/logs/main/segments/0000000000000000.segment";
        var forged = ForgedSegment.Of(log.Disk.Content[Path]);
        byte[] frame = forged.FirstFrame(0);
        using var decompressor = new Decompressor();
        using var compressor = new Compressor(3);
        Assert.NotEmpty(forged.Dictionary);
        decompressor.LoadDictionary(forged.Dictionary);
        byte[] bundle = decompressor.Unwrap(frame).ToArray();
        byte[] skippable = [0x50, 0x2A, 0x4D, 0x18, 4, 0, 0, 0, 1, 2, 3, 4];
        forged.ReplaceFirstFrame(0, how switch
        {
            "two frames" => [.. compressor.Wrap(bundle.AsSpan(0, 100)), .. compressor.Wrap(bundle.AsSpan(100))],
            "skippable frame before" => [.. skippable, .. frame],
            "skippable frame behind" => [.. frame, .. skippable],
            "empty frame behind" => [.. frame, .. compressor.Wrap([])],
            _ => [.. frame, 0],
        });
        MemoryDisk altered = log.Disk.Copy();
        altered.Put(Path, forged.ToBytes());
        VerificationReport report = await log.VerifyAsync(altered);
        Assert.Contains(report.Faults, fault => fault.Detail.Contains("zstd", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Nothing_is_valid_without_a_note_of_the_pinned_key()
    {
        var source = new ListSource(SigningKey.Signer, log.Entries);
        Assert.Equal(Verdict.NotValid, (await new LogVerifier(log.KeyOf("main"), source).VerifyAsync(CancellationToken.None)).Report.Verdict);
        Assert.Equal(Verdict.NotValid, (await new LogVerifier(log.KeyOf("other"), new ListSource(SigningKey.Signer, [])).VerifyAsync(CancellationToken.None)).Report.Verdict);
    }

    private static async Task<VerificationReport> VerifyAsync(IReadOnlyList<byte[]> entries) =>
        (await new LogVerifier(SigningKey.Verifier, new ListSource(SigningKey.Signer, entries)).VerifyAsync(CancellationToken.None)).Report;

    private async Task<VerifiedCheckpoint> HeadAsync(MemoryDisk disk)
    {
        ReadOnlyMemory<byte> note = FolderLog.ReadCheckpoint(log.Folder(disk), log.KeyOf("main").Name, null);
        return await Task.FromResult(VerifiedCheckpoint.Verify(note.Span, log.KeyOf("main").Name, log.KeyOf("main")));
    }
}
