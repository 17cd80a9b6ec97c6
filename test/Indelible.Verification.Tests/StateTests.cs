using Xunit;

namespace Indelible.Verification.Tests;

/// <summary>What a verifier remembers: one run at a time, one head, and nothing believed that was not compared with it.</summary>
public sealed class StateTests(SmallLog log) : IClassFixture<SmallLog>, IDisposable
{
    private static readonly CheckpointTrust s_trust = CheckpointTrust.InKey(SigningKey.Verifier);
    private readonly string _folder = Directory.CreateTempSubdirectory("indelible-test-").FullName;

    private string Path => System.IO.Path.Combine(_folder, "state");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task What_a_valid_run_verified_is_there_for_the_next()
    {
        VerificationResult result = await VerifyAsync(600, new VerificationRequest());
        using (var first = VerifierState.Open(Path, s_trust))
        {
            Assert.Null(first.Remembered);
            Assert.Null(first.Frontier);
            first.Remember(result);
        }

        using var second = VerifierState.Open(Path, s_trust);
        Assert.Equal(result.Checkpoint!.Head, second.Remembered!.Head);
        Assert.True(second.Frontier!.IsVerified);
        Assert.Equal(512, second.Frontier.Size);
        VerificationResult later = await VerifyAsync(1_050, new VerificationRequest { Remembered = second.Remembered, Frontier = second.Frontier });
        second.Remember(later);
        Assert.Throws<VerificationException>(() => second.Remember(result));
    }

    [Fact]
    public async Task Two_runs_do_not_share_a_state()
    {
        using (var first = VerifierState.Open(Path, s_trust))
        {
            Assert.Throws<VerificationException>(() => VerifierState.Open(Path, s_trust));
            first.Remember(await VerifyAsync(600, new VerificationRequest()));
        }

        VerifierState.Open(Path, s_trust).Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_state_that_changed_during_the_run_is_not_replaced(bool wasThere)
    {
        if (wasThere)
        {
            using var before = VerifierState.Open(Path, s_trust);
            before.Remember(await VerifyAsync(300, new VerificationRequest()));
        }

        using var state = VerifierState.Open(Path, s_trust);
        byte[] others = ListSource.HeadOf(SigningKey.Signer, [.. log.Entries.Take(301)]).Note.ToArray();
        await File.WriteAllBytesAsync(Path, others, TestContext.Current.CancellationToken);
        VerificationResult result = await VerifyAsync(600, new VerificationRequest { Remembered = state.Remembered });
        Assert.Throws<VerificationException>(() => state.Remember(result));
        Assert.Equal(others, await File.ReadAllBytesAsync(Path, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_frontier_beside_another_head_is_not_gone_on_from()
    {
        // Two faces of one log: what was hashed of the second was never compared with the head that is remembered of the first.
        List<byte[]> others = [.. log.Entries];
        others.Reverse(1, 2);
        VerificationResult first = await VerifyAsync(300, new VerificationRequest());
        VerificationResult second = await new LogVerifier(s_trust, new ListSource(SigningKey.Signer, [.. others.Take(600)])).VerifyAsync(CancellationToken.None);
        using (var state = VerifierState.Open(Path, s_trust))
        {
            state.Remember(first);
            state.Reach(second.Frontier!);
        }

        using var next = VerifierState.Open(Path, s_trust);
        Assert.Equal(first.Checkpoint!.Head, next.Remembered!.Head);
        Assert.Null(next.Frontier);
        Assert.Throws<ArgumentException>(() => new LogVerifier(
            s_trust, new ListSource(SigningKey.Signer, others), new VerificationRequest { Remembered = next.Remembered, Frontier = second.Frontier }));
        VerificationResult whole = await new LogVerifier(s_trust, new ListSource(SigningKey.Signer, others), new VerificationRequest { Remembered = next.Remembered }).VerifyAsync(CancellationToken.None);
        Assert.Equal("state", Assert.Single(whole.Report.Faults).What);
    }

    [Fact]
    public async Task A_run_that_goes_on_still_looks_at_entry_0()
    {
        VerificationResult first = await VerifyAsync(600, new VerificationRequest());
        var goingOn = new VerificationRequest { Remembered = first.Checkpoint, Frontier = first.Frontier };
        var verifier = new LogVerifier(s_trust, new ListSource(SigningKey.Signer, log.Entries), goingOn);
        Assert.Equal(Verdict.Valid, (await verifier.VerifyAsync(CancellationToken.None)).Report.Verdict);
        Assert.Equal(log.Entries[0], verifier.FirstEntry!.Value.ToArray());

        // Its tree is the one before, as the signed head says; its first entry is another.
        List<byte[]> altered = [.. log.Entries];
        altered.Reverse(0, 2);
        VerificationReport report = (await new LogVerifier(s_trust, new HeadOf(log.Entries, altered), goingOn).VerifyAsync(CancellationToken.None)).Report;
        Assert.StartsWith("index 0 ", Assert.Single(report.Faults).Where, StringComparison.Ordinal);
    }

    private Task<VerificationResult> VerifyAsync(int size, VerificationRequest request) =>
        new LogVerifier(s_trust, new ListSource(SigningKey.Signer, [.. log.Entries.Take(size)]), request).VerifyAsync(CancellationToken.None);

    /// <summary>Shows the signed head of one list, and the entries of another.</summary>
    private sealed class HeadOf(IReadOnlyList<byte[]> shown, IReadOnlyList<byte[]> given) : ILogSource
    {
        private readonly ListSource _shown = new(SigningKey.Signer, shown);
        private readonly ListSource _given = new(SigningKey.Signer, given);

        public string Description => "a list under another's head";

        public Task<ReadOnlyMemory<byte>> ReadCheckpointAsync(CancellationToken cancellationToken) => _shown.ReadCheckpointAsync(cancellationToken);

        public Task<IReadOnlyList<ReadOnlyMemory<byte>>> ReadBundleAsync(Tiles.BundleId id, CancellationToken cancellationToken) => _given.ReadBundleAsync(id, cancellationToken);

        public Task<ReadOnlyMemory<byte>?> ReadTileAsync(Tiles.TileId id, CancellationToken cancellationToken) => _given.ReadTileAsync(id, cancellationToken);

        public Task<StorageFindings> CheckStorageAsync(long headSize, CancellationToken cancellationToken) => Task.FromResult(StorageFindings.None);

        public string Locate(long index) => "the list";
    }
}
