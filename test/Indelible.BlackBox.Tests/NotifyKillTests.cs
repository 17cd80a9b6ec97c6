using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;

namespace Indelible.BlackBox.Tests;

/// <summary>The server is killed while notifications wait and are under way: each alert is told all the same, and under one id however often.</summary>
public sealed class NotifyKillTests
{
    private const int Rounds = 2;

    [Fact]
    public async Task Every_alert_is_told_under_one_id_whenever_the_server_is_killed()
    {
        await using ServerProcess server = await ServerProcess.CreateAsync();
        string receiver = $"http://127.0.0.1:{Command.FreePort()}/";
        using var listener = new HttpListener { Prefixes = { receiver } };
        listener.Start();
        var taken = new ConcurrentQueue<(string Actor, string Id)>();
        bool takesAll = false;
        Task receiving = ReceiveAsync(listener, taken, () => Volatile.Read(ref takesAll));

        string file = Path.Combine(server.Folder, "notify.yml");
        await File.WriteAllTextAsync(
            file,
            $$"""
            destinations:
              - name: hook
                kind: webhook
                url: {{receiver}}
                insecure: true
                secret: "{env:HOOK_SECRET}"
                alerts: {query: 'data.group.field:actor data.rule.title:"Many refused sign-ins on one account"'}
                retry: {first: 10ms, most: 50ms}
            """,
            TestContext.Current.CancellationToken);
        server.Variables = [("INDELIBLE_RULES", "shipped"), ("INDELIBLE_NOTIFY", file), ("HOOK_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYqr")];
        Assert.Equal(0, await server.StopAsync());
        await server.StartAsync();

        var actors = new List<string>();
        for (int round = 0; round < Rounds; round++)
        {
            string[] fresh = [.. Enumerable.Range(0, 8).Select(i => $"u-{round}-{i}")];
            actors.AddRange(fresh);
            using HttpClient http = server.Client(server.WriterKey);
            foreach (string actor in fresh)
            {
                using HttpResponseMessage answer = await http.PostAsync("/api/logs/main/events", FailedSignIns(actor), TestContext.Current.CancellationToken);
                Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
            }

            // In the middle of telling: some were taken, others refused, others not tried.
            await UntilAsync(() => taken.Any(one => fresh.Contains(one.Actor)), receiving);
            await server.KillAsync();
            await server.StartAsync();
        }

        Volatile.Write(ref takesAll, true);
        await UntilAsync(() => actors.All(actor => taken.Any(one => one.Actor == actor)), receiving);
        Assert.Equal(0, await server.StopAsync());
        listener.Stop();
        await receiving;
        Assert.All(taken.GroupBy(one => one.Actor), one => Assert.Single(one.Select(delivery => delivery.Id).Distinct()));
        Assert.Equal(actors.Count, taken.Select(one => one.Actor).Distinct().Count());

        // Twice only what was under way at a kill: one delivery, for there is one worker.
        Assert.InRange(taken.Count - actors.Count, 0, Rounds);
    }

    private static StringContent FailedSignIns(string actor) => new(
        string.Join('\n', Enumerable.Range(0, 10).Select(i =>
            $$$"""{"schema":"audit/1","id":"{{{actor}}}-{{{i}}}","time":"2026-11-23T06:14:{{{10 + i}}}Z","action":"session.sign_in","category":"authentication","operation":"login","outcome":"failure","actor":{"id":"{{{actor}}}","type":"user"},"service":{"name":"tests"}}""")),
        Encoding.UTF8,
        "application/x-ndjson");

    /// <summary>Takes every other request, or all.</summary>
    private static async Task ReceiveAsync(HttpListener listener, ConcurrentQueue<(string Actor, string Id)> taken, Func<bool> takesAll)
    {
        for (int number = 0; ; number++)
        {
            HttpListenerContext context;
            try
            {
                context = await listener.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            try
            {
                using JsonDocument body = await JsonDocument.ParseAsync(context.Request.InputStream);
                bool isTaken = takesAll() || number % 2 == 1;
                if (isTaken)
                {
                    taken.Enqueue((body.RootElement.GetProperty("data").GetProperty("alert").GetProperty("group")[0].GetProperty("value").GetString()!, context.Request.Headers["webhook-id"]!));
                }

                context.Response.StatusCode = isTaken ? 204 : 503;
                context.Response.Close();
            }
            catch (Exception e) when (e is HttpListenerException or IOException or JsonException)
            {
                // The server was killed while it wrote, or waited for the answer.
            }
        }
    }

    private static async Task UntilAsync(Func<bool> isSo, Task receiving)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        while (!isSo())
        {
            Assert.False(receiving.IsCompleted, "the receiver has ended");
            timeout.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
