using Indelible.Client.Recording;

namespace Indelible.Client.Tests.Recording;

/// <summary>What the tests of a delivery mode need: a server, a wire to it that can fail, and clients that record in this mode.</summary>
public abstract class DeliveryTests(DeliveryMode mode) : IAsyncLifetime
{
    private protected ServerProcess Server { get; private set; } = null!;

    private protected Wire Wire { get; private set; } = null!;

    private protected string Spool => Path.Combine(Server.Folder, "spool");

    public async ValueTask InitializeAsync()
    {
        Server = await ServerProcess.CreateAsync();
        Wire = new Wire(Server.Url);
    }

    public async ValueTask DisposeAsync()
    {
        await Wire.DisposeAsync();
        await Server.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private protected AuditClient Open(Action<AuditClientOptions>? configure = null)
    {
        AuditClientOptions options = Recorded.Options(Server, Spool, Wire.Url);
        options.DefaultMode = mode;
        options.ShutdownWait = TimeSpan.FromMilliseconds(500);
        configure?.Invoke(options);
        return new AuditClient(options);
    }

    /// <summary>Records so many events at once, with the numbers of their beginnings in their ids.</summary>
    private protected static Task RecordAsync(AuditClient client, string prefix, int count) =>
        Task.WhenAll(Enumerable.Range(0, count).Select(i => client.RecordAsync(Recorded.Draft($"{prefix}-{i}")).AsTask()));

    /// <summary>Records durable events until the spool takes no more.</summary>
    private protected static async Task<AuditNotRecordedException?> FillAsync(AuditClient client)
    {
        for (int i = 0; client.Health.State != AuditClientState.Full; i++)
        {
            try
            {
                await client.RecordAsync(Recorded.Draft($"f-{i}"), DeliveryMode.Durable);
            }
            catch (AuditNotRecordedException e)
            {
                return e;
            }
        }

        return null;
    }

    /// <summary>That the log has these events, each once.</summary>
    private protected async Task AssertExactlyAsync(string prefix, int count) => Assert.Equal(
        Enumerable.Range(0, count).Select(i => $"{prefix}-{i}").Order(StringComparer.Ordinal),
        (await Recorded.EntriesAsync(Server)).Of("test.run").Select(Recorded.Id).Order(StringComparer.Ordinal));
}
