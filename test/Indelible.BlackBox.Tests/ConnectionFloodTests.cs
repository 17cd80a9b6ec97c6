using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Indelible.BlackBox.Tests;

/// <summary>Connections that ask for nothing, more of them than anybody needs, and such that ask and do not listen.</summary>
public sealed class ConnectionFloodTests(ITestOutputHelper output)
{
    // 500 in the normal run, so that it needs no raised limit of open files and little time; eng/idle-connections.sh asks for 10,000.
    private static readonly int s_connections = int.Parse(Environment.GetEnvironmentVariable("INDELIBLE_IDLE_CONNECTIONS") ?? "500", CultureInfo.InvariantCulture);

    [Fact]
    public async Task Idle_connections_cost_little_and_keep_nobody_from_being_served()
    {
        await using ServerProcess server = await ServerProcess.CreateAsync();
        using HttpClient writer = server.Client(server.WriterKey);
        (await writer.PostAsync("/api/logs/main/events", ServerProcess.Events("warm"), TestContext.Current.CancellationToken)).EnsureSuccessStatusCode();
        long before = server.MemoryBytes;
        var idle = new List<TcpClient>();
        try
        {
            for (int i = 0; i < s_connections; i++)
            {
                idle.Add(await OpenAsync(server, (i % 3) switch { 0 => "", 1 => "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ", _ => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0" }));
            }

            using HttpClient other = server.Client(server.ReaderKey);
            Assert.Equal("ready\n", await other.GetStringAsync("/readyz", TestContext.Current.CancellationToken));
            (await writer.PostAsync("/api/logs/main/events", ServerProcess.Events("amid"), TestContext.Current.CancellationToken)).EnsureSuccessStatusCode();
            Assert.Contains("\"total\":{\"value\":2", await other.GetStringAsync("/api/logs/main/events", TestContext.Current.CancellationToken), StringComparison.Ordinal);

            long each = (server.MemoryBytes - before) / s_connections;
            output.WriteLine($"{s_connections} idle connections: {before >> 20} MiB before, {server.MemoryBytes >> 20} MiB with them, {each} bytes each; others are answered.");

            // What a server takes by itself as it gets warm counts for all of them together.
            Assert.InRange(server.MemoryBytes - before, long.MinValue, (128L << 20) + (s_connections * 32L * 1024));
        }
        finally
        {
            idle.ForEach(client => client.Dispose());
        }
    }

    [Fact]
    public async Task A_flood_of_connections_leaves_the_log_the_files_that_it_needs()
    {
        await using ServerProcess server = await ServerProcess.CreateAsync();
        Assert.Equal(0, await server.StopAsync());
        server.MostFiles = 700;
        await server.StartAsync();
        using HttpClient writer = server.Client(server.WriterKey);
        (await writer.PostAsync("/api/logs/main/events", ServerProcess.Events("before"), TestContext.Current.CancellationToken)).EnsureSuccessStatusCode();
        var idle = new List<TcpClient>();
        try
        {
            for (int i = 0; i < 900; i++)
            {
                idle.Add(await OpenAsync(server, ""));
            }

            // Enough for many new journal files and segments, by the one who was connected already.
            for (int i = 0; i < 30; i++)
            {
                using HttpResponseMessage answer = await writer.PostAsync("/api/logs/main/events", ServerProcess.Events(Enumerable.Range(0, 100).Select(n => $"e-{i}-{n}")), TestContext.Current.CancellationToken);
                Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
            }
        }
        finally
        {
            idle.ForEach(client => client.Dispose());
        }

        using HttpClient later = server.Client(server.ReaderKey);
        string ready = "";
        while (ready != "ready\n")
        {
            try
            {
                ready = await later.GetStringAsync("/readyz", TestContext.Current.CancellationToken);
            }
            catch (HttpRequestException)
            {
                // The flood is not gone yet.
            }
        }

        Assert.Equal(0, await server.StopAsync());
    }

    [Fact]
    public async Task Who_follows_a_log_and_never_reads_takes_no_memory_and_holds_nobody_up()
    {
        const int Deaf = 40;
        await using ServerProcess server = await ServerProcess.CreateAsync();
        using HttpClient writer = server.Client(server.WriterKey);
        (await writer.PostAsync("/api/logs/main/events", ServerProcess.Events("warm"), TestContext.Current.CancellationToken)).EnsureSuccessStatusCode();
        var deaf = new List<TcpClient>();
        try
        {
            for (int i = 0; i < Deaf; i++)
            {
                deaf.Add(await OpenAsync(server, $"GET /api/logs/main/tail HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.ReaderKey}\r\n\r\n"));
            }

            // Some 8 MB for each of them, 300 together: far more than sockets hold. It waits in the log, where it lies anyway.
            long before = server.MemoryBytes;
            for (int i = 0; i < 20; i++)
            {
                using HttpResponseMessage answer = await writer.PostAsync("/api/logs/main/events", ServerProcess.Events(Enumerable.Range(0, 1_000).Select(n => $"e-{i}-{n}")), TestContext.Current.CancellationToken);
                Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
            }

            using HttpClient reader = server.Client(server.ReaderKey);
            Assert.Contains("e-19-999", await reader.GetStringAsync("/api/logs/main/events?limit=1", TestContext.Current.CancellationToken), StringComparison.Ordinal);
            output.WriteLine($"{Deaf} tails that nobody reads: {before >> 20} MiB before, {server.MemoryBytes >> 20} MiB behind 20,000 events.");
            Assert.InRange(server.MemoryBytes - before, long.MinValue, 160L << 20);
        }
        finally
        {
            deaf.ForEach(client => client.Dispose());
        }

        Assert.Equal(0, await server.StopAsync());
    }

    private static async Task<TcpClient> OpenAsync(ServerProcess server, string beginning)
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, new Uri(server.Url).Port, TestContext.Current.CancellationToken);
        if (beginning.Length > 0)
        {
            await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(beginning), TestContext.Current.CancellationToken);
        }

        return client;
    }
}
