using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Indelible.BlackBox.Tests;

/// <summary>SIGTERM in every state of a server: it ends, and the next start finds all that was acknowledged.</summary>
public sealed class StopTests
{
    private const int Killed = 128 + 15;   // by the signal, before there was anything to end well

    [Theory]
    [InlineData("at once")]
    [InlineData("while it recovers")]
    [InlineData("when it listens")]
    [InlineData("twice")]
    [InlineData("while a body is half sent")]
    [InlineData("while somebody watches the log")]
    [InlineData("while an append waits for its head")]
    [InlineData("while it verifies itself")]
    public async Task Told_to_stop_it_ends_and_loses_nothing(string when)
    {
        await using ServerProcess server = await ServerProcess.CreateAsync();
        using (HttpClient writer = server.Client(server.WriterKey))
        {
            for (int batch = 0; batch < 3; batch++)
            {
                using HttpResponseMessage taken = await writer.PostAsync("/api/logs/main/events", ServerProcess.Events(Enumerable.Range(0, 400).Select(i => $"e-{batch}-{i}")));
                Assert.Equal(HttpStatusCode.Created, taken.StatusCode);
            }
        }

        int code = when switch
        {
            "at once" => await DuringStartAsync(server, () => true),
            "while it recovers" => await DuringStartAsync(server, () => IsHeld(Path.Combine(server.Data, "lock"))),
            "when it listens" => await server.StopAsync(),
            "twice" => await TwiceAsync(server),
            "while a body is half sent" => await HalfSentAsync(server),
            "while somebody watches the log" => await WatchedAsync(server),
            "while an append waits for its head" => await WaitedForAsync(server),
            _ => await VerifyingAsync(server),
        };
        Assert.True(code == 0 || (code == Killed && when is "at once" or "while it recovers" or "twice"), $"ended with {code}");

        string[] verify = ["verify", "--vkey", server.Vkey, "--data", server.Data];
        (await Command.RunAsync(verify)).ShouldEnd(0);
        await server.StartAsync();
        using (HttpClient writer = server.Client(server.WriterKey))
        {
            using HttpResponseMessage again = await writer.PostAsync("/api/logs/main/events", ServerProcess.Events("e-0-0", "e-1-200", "e-2-399"));
            Assert.Equal(HttpStatusCode.OK, again.StatusCode);   // All three are there: 200, not 201.
        }

        Assert.Equal(0, await server.StopAsync());
        (await Command.RunAsync(verify)).ShouldEnd(0);
    }

    private static async Task<int> DuringStartAsync(ServerProcess server, Func<bool> isReached)
    {
        await server.KillAsync();
        server.Launch();
        while (!isReached())
        {
            Assert.False(server.HasExited, "It ended before it was told to.");
            await Task.Yield();
        }

        return await server.StopAsync();
    }

    private static async Task<int> TwiceAsync(ServerProcess server)
    {
        await server.SignalAsync("TERM");
        return await server.StopAsync();
    }

    private static async Task<int> HalfSentAsync(ServerProcess server)
    {
        using var client = new TcpClient();
        var address = new Uri(server.Url);
        await client.ConnectAsync(address.Host, address.Port);
        string head = $"POST /api/logs/main/events HTTP/1.1\r\nHost: {address.Authority}\r\nAuthorization: Bearer {server.WriterKey}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n[";
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(head));
        return await server.StopAsync();
    }

    private static async Task<int> WatchedAsync(ServerProcess server)
    {
        using HttpClient reader = server.Client(server.ReaderKey);
        using HttpResponseMessage tail = await reader.GetAsync("/api/logs/main/tail", HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, tail.StatusCode);
        return await server.StopAsync();
    }

    private static async Task<int> WaitedForAsync(ServerProcess server)
    {
        using HttpClient writer = server.Client(server.WriterKey);
        Task<HttpResponseMessage> waiting = writer.PostAsync("/api/logs/main/events?ack=published", ServerProcess.Events("waits"));
        int code = await server.StopAsync();
        try
        {
            using HttpResponseMessage answer = await waiting;
            Assert.Contains(answer.StatusCode, new[] { HttpStatusCode.Created, HttpStatusCode.ServiceUnavailable });
        }
        catch (HttpRequestException)
        {
            // It came too late to be taken.
        }

        return code;
    }

    private static async Task<int> VerifyingAsync(ServerProcess server)
    {
        using HttpClient admin = server.Client(server.AdminKey);
        using HttpResponseMessage asked = await admin.PostAsync("/api/verification", null);
        Assert.True(asked.IsSuccessStatusCode);
        return await server.StopAsync();
    }

    private static bool IsHeld(string path)
    {
        try
        {
            new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read).Dispose();
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }
}
