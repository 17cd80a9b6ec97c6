using System.Text;
using Indelible.Keys;
using Indelible.Merkle;
using Indelible.Notes;
using Indelible.Proofs;
using Indelible.Tiles;
using Xunit;

namespace Indelible.Verification.Tests;

/// <summary>What a verification can be asked besides: receipts, going on from an earlier run, and what it says of each.</summary>
public sealed class RequestTests(SmallLog log) : IClassFixture<SmallLog>
{
    private static readonly Ed25519NoteSigner s_receiptsSigner = Ed25519NoteSigner.FromSeed("test.example/receipts", [.. Enumerable.Range(7, 32).Select(i => (byte)i)]);
    private static readonly VerifierKey s_receiptsKey = s_receiptsSigner.VerifierKey;

    [Theory]
    [InlineData(0)]
    [InlineData(256)]
    [InlineData(300)]
    [InlineData(512)]
    [InlineData(1_049)]
    [InlineData(1_050)]
    public async Task A_run_that_goes_on_from_an_earlier_one_hashes_the_rest_and_comes_to_the_same(int before)
    {
        VerificationResult first = await VerifyAsync(log.Entries.Take(before), new VerificationRequest());
        Assert.Equal(before / 256 * 256, first.Frontier!.Size);
        Assert.True(TreeFrontier.TryParse(first.Frontier.Format(), SigningKey.Verifier.Name, out TreeFrontier? frontier));
        VerificationResult second = await VerifyAsync(log.Entries, new VerificationRequest { Remembered = first.Checkpoint, Frontier = frontier });
        Assert.Equal(Verdict.Valid, second.Report.Verdict);
        Assert.Equal(log.Size - frontier.Size, second.Report.Entries);
        Assert.Equal((await VerifyAsync(log.Entries, new VerificationRequest())).Frontier!.Format(), second.Frontier!.Format());
        Assert.Equal(before >= 256, second.Report.NotChecked.Any(line => line.Contains("which earlier runs have hashed", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Going_on_from_the_frontier_of_another_tree_is_never_valid()
    {
        List<byte[]> others = [.. log.Entries];
        others.Reverse(1, 2);
        VerificationResult first = await VerifyAsync(others.Take(600), new VerificationRequest());
        VerificationResult result = await VerifyAsync(log.Entries, new VerificationRequest { Remembered = first.Checkpoint, Frontier = first.Frontier });
        Assert.Equal("root", Assert.Single(result.Report.Faults).What);
        VerificationResult shorter = await VerifyAsync(log.Entries.Take(300), new VerificationRequest { Remembered = first.Checkpoint, Frontier = first.Frontier });
        Assert.Contains("set back", Assert.Single(shorter.Report.Faults).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_time_that_goes_back_behind_the_frontier_is_found()
    {
        VerificationResult first = await VerifyAsync(log.Entries.Take(512), new VerificationRequest());
        List<byte[]> entries = [.. log.Entries];
        entries[512] = Encoding.UTF8.GetBytes(System.Text.RegularExpressions.Regex.Replace(Encoding.UTF8.GetString(entries[512]), "\"received_at\":\"2[0-9]{3}", "\"received_at\":\"2001"));
        VerificationResult result = await VerifyAsync(entries, new VerificationRequest { Remembered = first.Checkpoint, Frontier = first.Frontier });
        Assert.StartsWith("index 512 ", Assert.Single(result.Report.Faults).Where, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_frontier_with_any_byte_altered_is_no_frontier()
    {
        byte[] text = (await VerifyAsync(log.Entries, new VerificationRequest())).Frontier!.Format();
        for (int at = 0; at < text.Length; at++)
        {
            byte[] altered = [.. text];
            altered[at] ^= 1;
            Assert.False(TreeFrontier.TryParse(altered, SigningKey.Verifier.Name, out _));
            Assert.False(TreeFrontier.TryParse(text.AsSpan(0, at), SigningKey.Verifier.Name, out _));
        }

        Assert.False(TreeFrontier.TryParse(text, "another", out _));
        Assert.True(TreeFrontier.TryParse(text, SigningKey.Verifier.Name, out _));
    }

    [Fact]
    public async Task Stored_tiles_are_compared_behind_a_frontier_too()
    {
        VerificationResult first = await VerifyAsync(log.Entries.Take(600), new VerificationRequest());
        var goingOn = new VerificationRequest { Remembered = first.Checkpoint, Frontier = first.Frontier };
        var source = new TiledSource(log.Entries);
        Assert.Equal(Verdict.Valid, (await new LogVerifier(SigningKey.Verifier, source, goingOn).VerifyAsync(CancellationToken.None)).Report.Verdict);
        Assert.NotEmpty(source.Read);
        foreach (TileId tile in source.Read.ToArray())
        {
            var altered = new TiledSource(log.Entries) { Altered = tile };
            VerificationReport report = (await new LogVerifier(SigningKey.Verifier, altered, goingOn).VerifyAsync(CancellationToken.None)).Report;
            Assert.Equal(Verdict.NotValid, report.Verdict);
            Assert.Contains(report.Faults, fault => (fault.Where + fault.Detail).Contains(tile.Path, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Promises_that_were_kept_are_counted()
    {
        DurableReceipt[] receipts = Receipts(log.Entries.Select((entry, index) => ((long)index, entry)).Where(entry => entry.Item1 % 100 == 0));
        VerificationReport report = (await VerifyAsync(log.Entries, Asking(receipts))).Report;
        Assert.Equal(Verdict.Valid, report.Verdict);
        Assert.Contains(report.Checked, line => line.StartsWith("11 of 11 receipts", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_receipt_for_another_entry_at_its_index_convicts_the_log()
    {
        DurableReceipt[] receipts = Receipts([(3, log.Entries[4])]);
        VerificationFault fault = Assert.Single((await VerifyAsync(log.Entries, Asking(receipts))).Report.Faults);
        Assert.Equal("receipt", fault.What);
        Assert.Contains("broke its promise", fault.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_entry_promised_before_the_last_one_under_the_head_but_not_under_it_convicts_the_log()
    {
        DurableReceipt[] receipts = Receipts([(1_050, log.Entries[4])]);
        Assert.Contains("broke its promise", Assert.Single((await VerifyAsync(log.Entries, Asking(receipts))).Report.Faults).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_entry_promised_after_the_last_one_under_the_head_cannot_be_judged_yet()
    {
        DurableReceipt[] receipts = Receipts([(1_049, log.Entries[1_049])]);
        VerificationReport report = (await VerifyAsync(log.Entries.Take(1_000), Asking(receipts))).Report;
        Assert.Equal(Verdict.CouldNotTell, report.Verdict);
        Assert.Equal("receipt", Assert.Single(report.Unclear).What);
    }

    [Fact]
    public async Task A_receipt_that_the_key_has_not_signed_is_no_receipt()
    {
        DurableReceipt[] receipts = Receipts([(3, log.Entries[3])]);
        Assert.Equal("receipt", Assert.Single((await VerifyAsync(log.Entries, Asking([receipts[0] with { Index = 4 }]))).Report.Faults).What);
        Assert.Equal("receipt", Assert.Single((await VerifyAsync(log.Entries, new VerificationRequest { Receipts = receipts })).Report.Faults).What);
        Assert.Equal("receipt", Assert.Single((await VerifyAsync(log.Entries, new VerificationRequest { Receipts = receipts, ReceiptsKey = SigningKey.Signer.VerifierKey })).Report.Faults).What);
    }

    [Fact]
    public async Task Receipts_that_cannot_be_judged_leave_the_verdict_open()
    {
        DurableReceipt[] receipts = Receipts([(3, log.Entries[3]), (900, log.Entries[900])]);
        VerificationReport other = (await VerifyAsync(log.Entries, Asking([receipts[0], receipts[1] with { Origin = "test.example/logs/another" }]))).Report;
        Assert.Equal(Verdict.CouldNotTell, other.Verdict);
        Assert.Contains("test.example/logs/another", Assert.Single(other.Unclear).Detail, StringComparison.Ordinal);

        VerificationResult first = await VerifyAsync(log.Entries.Take(512), new VerificationRequest());
        VerificationReport later = (await VerifyAsync(
            log.Entries, new VerificationRequest { Remembered = first.Checkpoint, Frontier = first.Frontier, Receipts = receipts, ReceiptsKey = s_receiptsKey })).Report;
        Assert.Equal(Verdict.CouldNotTell, later.Verdict);
        Assert.Contains("index 3", Assert.Single(later.Unclear).Where, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_signed_promise_of_an_index_below_zero_is_none()
    {
        DurableReceipt[] receipts = Receipts([(-1, log.Entries[3])]);
        Assert.Equal("receipt", Assert.Single((await VerifyAsync(log.Entries, Asking(receipts))).Report.Faults).What);
    }

    [Theory]
    [InlineData("e4", null)]
    [InlineData(null, "2001-01-01T00:00:00.0000000Z")]
    public async Task A_promise_to_another_event_or_of_another_time_is_not_kept_by_the_entry_there(string? id, string? receivedAt)
    {
        Assert.True(Events.Entry.TryRead(log.Entries[3], out Events.EntryFacts facts));
        Assert.NotEqual("e4", facts.Id);
        DurableReceipt[] receipts = Receipts([(3, log.Entries[3])], facts with { Id = id ?? facts.Id, ReceivedAt = receivedAt ?? facts.ReceivedAt });
        Assert.Contains("broke its promise", Assert.Single((await VerifyAsync(log.Entries, Asking(receipts))).Report.Faults).Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("nonsense")]
    [InlineData("""{"receipts":[{"id":"a"}],"receipt_note":"x"}""")]
    [InlineData("""{"receipts":[],"results":[],"receipt_note":"x"}""")]
    [InlineData("""{"receipts":[],"receipts":[],"receipt_note":"x"}""")]
    [InlineData("""{"receipts":[{"id":"a","origin":"o","index":-1,"leaf_hash":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","received_at":"","position":0,"path":[]}],"receipt_note":"x"}""")]
    [InlineData("""{"receipts":[{"id":"a","origin":"o","index":1.5,"leaf_hash":"x","received_at":"","position":0,"path":[]}],"receipt_note":"x"}""")]
    public void A_line_that_is_no_answer_is_named(string line) =>
        Assert.StartsWith("Line 2 ", Assert.Throws<TlogFormatException>(() => ReceiptFile.Read(["", line]).ToArray()).Message, StringComparison.Ordinal);

    [Fact]
    public async Task What_lies_beyond_the_signed_head_is_counted_and_bundles_of_one_missing_file_are_one_fault()
    {
        MemoryDisk altered = log.Disk.Copy();
        altered.Delete("/data/logs/main/segments/0000000000000000.segment");
        VerificationReport report = await log.VerifyAsync(altered);
        VerificationFault fault = Assert.Single(report.Faults);
        Assert.Equal("tile/entries/000 to tile/entries/001", fault.Where);
    }

    private static VerificationRequest Asking(DurableReceipt[] receipts) => new() { Receipts = receipts, ReceiptsKey = s_receiptsKey };

    private static Task<VerificationResult> VerifyAsync(IEnumerable<byte[]> entries, VerificationRequest request) =>
        new LogVerifier(SigningKey.Verifier, new ListSource(SigningKey.Signer, [.. entries]), request).VerifyAsync(CancellationToken.None);

    private static DurableReceipt[] Receipts(IEnumerable<(long Index, byte[] Entry)> entries, Events.EntryFacts? said = null)
    {
        var group = new ReceiptGroup();
        var receipts = new List<DurableReceipt>();
        foreach ((long index, byte[] entry) in entries)
        {
            Assert.True(Events.Entry.TryRead(entry, out Events.EntryFacts facts));
            facts = said ?? facts;
            Hash leaf = TreeHasher.Leaf(entry);
            long position = group.Add(SigningKey.Verifier.Name, index, leaf, facts.ReceivedAt, facts.Id);
            receipts.Add(new DurableReceipt(SigningKey.Verifier.Name, index, leaf, facts.ReceivedAt, facts.Id, position, [], default));
        }

        SignedReceiptGroup signed = group.Sign(s_receiptsSigner);
        return [.. receipts.Select(receipt => receipt with { Path = [.. signed.PathOf((int)receipt.Position)], Note = Encoding.UTF8.GetBytes(signed.Note) })];
    }

    /// <summary>A list of entries that has its hash tiles stored as well.</summary>
    private sealed class TiledSource(IReadOnlyList<byte[]> entries) : ILogSource
    {
        private readonly ListSource _list = new(SigningKey.Signer, entries);

        public TileId? Altered { get; init; }

        public List<TileId> Read { get; } = [];

        public string Description => "a list with tiles";

        public Task<ReadOnlyMemory<byte>> ReadCheckpointAsync(CancellationToken cancellationToken) => _list.ReadCheckpointAsync(cancellationToken);

        public Task<IReadOnlyList<ReadOnlyMemory<byte>>> ReadBundleAsync(BundleId id, CancellationToken cancellationToken) => _list.ReadBundleAsync(id, cancellationToken);

        public Task<ReadOnlyMemory<byte>?> ReadTileAsync(TileId id, CancellationToken cancellationToken)
        {
            lock (Read)
            {
                Read.Add(id);
            }

            byte[] tile = new byte[id.Width * Hash.Size];
            int span = 1 << (8 * id.Level);
            for (int i = 0; i < id.Width; i++)
            {
                var node = new CompactRange();
                foreach (byte[] entry in entries.Skip((((int)id.Index * TileLayout.Width) + i) * span).Take(span))
                {
                    node.Append(TreeHasher.Leaf(entry));
                }

                node.Root().CopyTo(tile.AsSpan(i * Hash.Size));
            }

            if (id == Altered)
            {
                tile[^1] ^= 1;
            }

            return Task.FromResult<ReadOnlyMemory<byte>?>(tile);
        }

        public Task<StorageFindings> CheckStorageAsync(long headSize, CancellationToken cancellationToken) => Task.FromResult(StorageFindings.None);

        public string Locate(long index) => "the list";
    }
}
