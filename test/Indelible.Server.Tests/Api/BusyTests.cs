using System.Net;
using System.Net.Sockets;
using System.Text;
using Xunit;

namespace Indelible.Server.Tests.Api;

/// <summary>What the server says when it cannot take what it is sent: too much, too slow, or when it has stopped.</summary>
public sealed class BusyTests
{
    [Fact]
    public async Task Who_fills_the_queue_is_refused_with_429_while_others_are_let_in_and_everything_taken_is_logged()
    {
        const int Batch = 10_000;
        await using var server = new TestServer();
        await server.InitializeAsync();
        TestLog log = await server.NewLogAsync();
        TestLog other = await server.NewLogAsync();
        using var gate = new ManualResetEventSlim();
        Task held = await server.HoldLoopAsync(gate);
        var waiting = new List<Task<Answer>>();
        for (int i = 1; i <= 6; i++)
        {
            waiting.Add(log.AppendAsync(Events($"{i}", Batch)));
            while (server.Engine.QueuedEntries < i * Batch)
            {
                await Task.Yield();
            }
        }

        Answer refused = await log.AppendAsync(Events("more", Batch));
        refused.ShouldBeProblem(429, "queue-full");
        Assert.Equal("1", refused.Headers.RetryAfter?.ToString());
        Assert.Equal(0, log.Size);

        // Others are let in: another tenant with as much, and who changes the configuration.
        waiting.Add(other.AppendAsync(Events("1", Batch)));
        waiting.Add(server.PostAsync("api/keys", server.AdminKey, $$"""{"kind":"reader","logs":["{{log.Name}}"]}"""));
        while (server.Engine.QueuedEntries < (7 * Batch) + 1)
        {
            await Task.Yield();
        }

        gate.Set();
        await held;
        Assert.All(await Task.WhenAll(waiting), answer => Assert.Equal(201, answer.Status));
        Assert.Equal(6 * Batch, log.Size);
        Assert.Equal(201, (await log.AppendAsync(Events("more", Batch))).Status);
    }

    [Fact]
    public async Task A_node_that_has_stopped_says_so_with_503_and_its_readiness_too()
    {
        await using var server = new TestServer();
        await server.InitializeAsync();
        TestLog log = await server.NewLogAsync();
        Task failed = server.Engine.RunInLoopAsync(() => throw new IOException("The disk is gone."));
        await Assert.ThrowsAsync<IOException>(() => failed);
        Answer answer = await log.AppendAsync(TestLog.Event("a"));
        answer.ShouldBeProblem(503, "stopped");
        Answer ready = await server.GetAsync("readyz");
        ready.ShouldBeProblem(503, "stopped");
        Assert.DoesNotContain("disk", ready.Text, StringComparison.Ordinal);   // What went wrong is for the operator.

        // Nobody reads what cannot be entered in _access. What tells nothing of entries is served.
        (await log.GetAsync("events")).ShouldBeProblem(503, "stopped");
        Assert.Equal(200, (await server.GetAsync($"logs/{log.Name}/checkpoint", log.ReaderKey)).Status);
    }

    [Fact]
    public async Task A_body_that_stops_coming_is_answered_with_408_and_nothing_of_it_logged()
    {
        await using var server = new TestServer();
        await server.InitializeAsync();
        TestLog log = await server.NewLogAsync();
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, server.Url.Port, TestContext.Current.CancellationToken);
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes($"POST /{log.Events} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {log.WriterKey}\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{TestLog.Event("a")}"),
            TestContext.Current.CancellationToken);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        string answer = await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.StartsWith("HTTP/1.1 408 ", answer, StringComparison.Ordinal);
        Assert.Contains("urn:indelible:too-slow", answer, StringComparison.Ordinal);
        Assert.Equal(0, log.Size);
    }

    private static string Events(string prefix, int count) => "[" + string.Join(',', Enumerable.Range(0, count).Select(i => TestLog.Event($"{prefix}-{i}"))) + "]";
}
