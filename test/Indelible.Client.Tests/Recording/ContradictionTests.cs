using System.Collections.Concurrent;
using Indelible.Client.Recording;

namespace Indelible.Client.Tests.Recording;

/// <summary>The client is its own witness: a server that contradicts what it signed is caught, and the evidence kept.</summary>
public sealed class ContradictionTests : IAsyncLifetime
{
    private readonly ConcurrentQueue<LogContradiction> _caught = new();
    private ServerProcess _server = null!;
    private Wire _wire = null!;

    private string Spool => Path.Combine(_server.Folder, "spool");

    public async ValueTask InitializeAsync()
    {
        _server = await ServerProcess.CreateAsync();
        _wire = new Wire(_server.Url);
    }

    public async ValueTask DisposeAsync()
    {
        await _wire.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Receipts_are_kept_until_their_entries_are_proven_and_verify_takes_them_till_then()
    {
        await using (AuditClient client = Open(options => options.CheckInterval = TimeSpan.FromDays(1)))
        {
            await RecordAsync(client, "a", 700);
        }

        string[] files = [.. Directory.EnumerateFiles(Spool, "receipts-*.jsonl", SearchOption.AllDirectories)];
        Assert.NotEmpty(files);
        await GrowAsync(_server, 1);   // Answered when a head covers it, and so all before it.
        foreach (string file in files)
        {
            (await BlackBox.Tests.Command.RunAsync(
                "verify", "--vkey", _server.Vkey, "--url", _server.Url + "/logs/main", "--key", _server.ReaderKey, "--receipts", file, "--receipts-vkey", _server.ReceiptsVkey)).ShouldEnd(0);
        }

        await using (AuditClient client = Open())
        {
            await Recorded.UntilAsync(() => client.Health.VerifiedSize > 700 && !Directory.EnumerateFiles(Spool, "receipts-*.jsonl", SearchOption.AllDirectories).Any());
            Assert.Empty(_caught);
        }
    }

    [Fact]
    public async Task A_history_signed_anew_is_a_fork()
    {
        await using ServerProcess other = await CopyAsync();
        await using AuditClient client = Open();
        await RecordAsync(client, "a", 5);
        await SeenAsync(client, 6);
        await GrowAsync(other, 20);

        _wire.LeadTo(other.Url);

        await CaughtAsync(client, ContradictionKind.Fork);
    }

    [Fact]
    public async Task A_shorter_history_is_a_rollback_even_after_a_restart_of_the_client()
    {
        await using ServerProcess other = await CopyAsync();
        await using (AuditClient client = Open())
        {
            await RecordAsync(client, "a", 50);
            await SeenAsync(client, 51);
        }

        _wire.LeadTo(other.Url);

        await using AuditClient next = Open();
        await CaughtAsync(next, ContradictionKind.Rollback);
    }

    [Fact]
    public async Task An_entry_that_is_not_where_its_receipt_promised_is_a_broken_receipt()
    {
        await using ServerProcess other = await CopyAsync();
        await using (AuditClient client = Open(options => options.CheckInterval = TimeSpan.FromDays(1)))
        {
            await RecordAsync(client, "a", 5);
        }

        // Nothing of the first branch was ever seen signed; only its receipts know.
        File.Delete(Path.Combine(Spool, "checkpoint"));
        await GrowAsync(other, 50);
        _wire.LeadTo(other.Url);

        await using AuditClient next = Open();
        await CaughtAsync(next, ContradictionKind.BrokenReceipt);
        Assert.True(File.Exists(Path.Combine(_caught.First(one => one.Kind == ContradictionKind.BrokenReceipt).EvidenceFolder!, "receipts.jsonl")));
    }

    [Fact]
    public async Task A_promise_that_is_not_kept_for_long_is_overdue()
    {
        await using ServerProcess other = await CopyAsync();
        await using (AuditClient client = Open(options => options.CheckInterval = TimeSpan.FromDays(1)))
        {
            await RecordAsync(client, "a", 50);
        }

        // Nobody but the receipts knows that there was more, and the promise of a checkpoint over it is old.
        File.Delete(Path.Combine(Spool, "checkpoint"));
        foreach (string receipts in Directory.EnumerateFiles(Spool, "receipts-*.jsonl", SearchOption.AllDirectories))
        {
            File.SetLastWriteTimeUtc(receipts, DateTime.UnixEpoch.AddYears(56));
        }

        _wire.LeadTo(other.Url);

        await using AuditClient next = Open();
        await CaughtAsync(next, ContradictionKind.OverduePromise);
    }

    [Fact]
    public async Task Receipts_under_another_key_settle_nothing()
    {
        await using ServerProcess stranger = await ServerProcess.CreateAsync();
        await using AuditClient client = Open(options => options.ReceiptsVkey = stranger.ReceiptsVkey);
        await client.RecordAsync(Recorded.Draft("a"));

        await CaughtAsync(client, ContradictionKind.FalseSignature);
        Assert.True(client.Health.SpoolBytes > 0);
        Assert.Null(client.Health.LastReceipt);
    }

    private AuditClient Open(Action<AuditClientOptions>? configure = null)
    {
        AuditClientOptions options = Recorded.Options(_server, Spool, _wire.Url);
        options.CheckInterval = TimeSpan.FromMilliseconds(50);
        options.OnContradiction = _caught.Enqueue;
        configure?.Invoke(options);
        return new AuditClient(options);
    }

    /// <summary>A second server with the same keys and the history up to now.</summary>
    private async Task<ServerProcess> CopyAsync()
    {
        await _server.StopAsync();
        string data = Path.Combine(_server.Folder, "copy");
        foreach (string folder in Directory.EnumerateDirectories(_server.Data, "*", SearchOption.AllDirectories).Prepend(_server.Data))
        {
            Directory.CreateDirectory(folder.Replace(_server.Data, data, StringComparison.Ordinal));
        }

        foreach (string file in Directory.EnumerateFiles(_server.Data, "*", SearchOption.AllDirectories))
        {
            File.Copy(file, file.Replace(_server.Data, data, StringComparison.Ordinal));
        }

        await _server.StartAsync();
        return await _server.SucceedAsync(data, null, "--accept-copy");
    }

    private static async Task RecordAsync(AuditClient client, string prefix, int count)
    {
        await Task.WhenAll(Enumerable.Range(0, count).Select(i => client.RecordAsync(Recorded.Draft($"{prefix}-{i}")).AsTask()));
        Assert.True(await client.FlushAsync(Recorded.Patience));
    }

    private static Task SeenAsync(AuditClient client, long size) => Recorded.UntilAsync(() => client.Health.VerifiedSize >= size);

    private static async Task GrowAsync(ServerProcess server, int count)
    {
        using HttpClient http = server.Client(server.WriterKey);
        using HttpResponseMessage response = await http.PostAsync("/api/logs/main/events?ack=published", ServerProcess.Events(Enumerable.Range(0, count).Select(i => $"other-{i}")));
        response.EnsureSuccessStatusCode();
    }

    private async Task CaughtAsync(AuditClient client, ContradictionKind kind)
    {
        await Recorded.UntilAsync(() => _caught.Any(one => one.Kind == kind));
        Assert.Equal(AuditClientState.Contradicted, client.Health.State);
        LogContradiction caught = _caught.First(one => one.Kind == kind);
        Assert.NotEmpty(Directory.EnumerateFiles(caught.EvidenceFolder!));
    }
}
