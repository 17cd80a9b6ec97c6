using System.Collections.Concurrent;
using Indelible.Client.Recording;

namespace Indelible.Client.Tests.Recording;

/// <summary>The log's keys are rotated under a client that pins the first ones: it follows, and knows from then on what the old key may not sign.</summary>
public sealed class RotationTests : IAsyncLifetime
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
    public async Task A_client_follows_rotations_of_both_keys_and_refuses_what_the_old_one_signs_afterwards()
    {
        await using ServerProcess other = await CopyAsync();
        await using (AuditClient client = Open())
        {
            await RecordAsync(client, "a", 5);
            await RotateAsync("--log", "main");
            await RotateAsync("--receipts");
            await RecordAsync(client, "b", 5);
            await RotateAsync("--log", "main");
            await RotateAsync("--receipts");
            await RecordAsync(client, "c", 5);
            await Recorded.UntilAsync(() => client.Health.VerifiedSize > 17 && !Directory.EnumerateFiles(Spool, "receipts-*.jsonl", SearchOption.AllDirectories).Any());
        }

        Assert.True(File.Exists(Path.Combine(Spool, "handovers")));
        await using (AuditClient again = Open())
        {
            await RecordAsync(again, "d", 5);
            await Recorded.UntilAsync(() => again.Health.VerifiedSize > 24);
        }

        Assert.Empty(_caught);

        // A copy from before the rotations goes on with the old key: to a client that followed, it is not the log.
        using HttpClient http = other.Client(other.WriterKey);
        using HttpResponseMessage grown = await http.PostAsync("/api/logs/main/events?ack=published", ServerProcess.Events(Enumerable.Range(0, 60).Select(i => $"other-{i}")));
        grown.EnsureSuccessStatusCode();
        _wire.LeadTo(other.Url);
        await using AuditClient next = Open();
        await Recorded.UntilAsync(() => _caught.Any(one => one.Kind == ContradictionKind.FalseSignature));
        Assert.Contains(_caught, one => one.Message.Contains("handed the log over", StringComparison.Ordinal));
    }

    private async Task RotateAsync(params string[] which) =>
        (await BlackBox.Tests.Command.RunAsync(["keys", "rotate", .. which, "--url", _server.Url, "--key", await _server.NewCustodianAsync()])).ShouldEnd(0);

    private AuditClient Open()
    {
        AuditClientOptions options = Recorded.Options(_server, Spool, _wire.Url);
        options.CheckInterval = TimeSpan.FromMilliseconds(50);
        options.OnContradiction = _caught.Enqueue;
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
}
