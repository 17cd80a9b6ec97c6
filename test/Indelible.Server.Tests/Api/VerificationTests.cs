using System.Text.Json;
using Xunit;

namespace Indelible.Server.Tests.Api;

/// <summary>The server verifies its own logs: history, alert, metric, and what it does not disturb.</summary>
public sealed class VerificationTests
{
    [Fact]
    public async Task The_first_wrong_byte_is_an_alert_once_and_the_node_goes_on()
    {
        await using var server = new TestServer();
        await server.InitializeAsync();
        TestLog log = await server.NewLogAsync();
        await log.FillAsync(300);
        string segment = Path.Combine(server.Folder, "logs", log.Name, "segments", "0000000000000000.segment");
        while (!File.Exists(segment))
        {
            await Task.Yield();
        }

        JsonElement valid = await VerifyAsync(server);
        Assert.All(valid.EnumerateArray(), run => Assert.Equal("valid", run.GetProperty("verdict").GetString()));
        Assert.Equal(300, RunOf(valid, log.Name).GetProperty("entries").GetInt64());
        long alerts = server.Engine.Find("_alerts")!.Size;

        Alter(segment);
        JsonElement wrong = RunOf(await VerifyAsync(server), log.Name);
        Assert.Equal("not_valid", wrong.GetProperty("verdict").GetString());
        Assert.Contains(wrong.GetProperty("faults").EnumerateArray(), fault => fault.GetString()!.Contains("block 0", StringComparison.Ordinal));
        Assert.Equal(alerts + 1, server.Engine.Find("_alerts")!.Size);
        Assert.Contains("indelible.verification.run", System.Text.Encoding.UTF8.GetString(server.Engine.Find("_alerts")!.ReadEntry(alerts).Span), StringComparison.Ordinal);

        await VerifyAsync(server);
        Assert.Equal(alerts + 1, server.Engine.Find("_alerts")!.Size);
        Assert.Contains($"indelible_verification_faults{{otel_scope_name=\"Indelible\",log=\"{log.Name}\"}} 2", (await server.GetAsync("metrics")).Text, StringComparison.Ordinal);
        Assert.Equal(200, (await server.GetAsync("readyz")).Status);
        Assert.Equal(201, (await log.AppendAsync(TestLog.Event("later"))).Status);

        // Mended, and altered again: that is news.
        Alter(segment);
        await VerifyAsync(server);
        Alter(segment);
        await VerifyAsync(server);
        Assert.Equal(alerts + 2, server.Engine.Find("_alerts")!.Size);
        Answer history = await server.GetAsync("api/verification", server.AdminKey);
        Assert.Equal(5, history.Json.GetProperty("runs").EnumerateArray().Count(run => run.GetProperty("log").GetString() == log.Name));
    }

    [Fact]
    public async Task Only_an_administrator_may_see_it_or_ask_for_it()
    {
        await using var server = new TestServer();
        await server.InitializeAsync();
        TestLog log = await server.NewLogAsync();
        (await server.GetAsync("api/verification", log.ReaderKey)).ShouldBeProblem(403, "forbidden");
        (await server.GetAsync("api/verification")).ShouldBeProblem(401, "unauthenticated");
        (await server.PostAsync("api/verification", log.WriterKey, "")).ShouldBeProblem(403, "forbidden");
    }

    [Fact]
    public async Task A_log_that_grows_meanwhile_is_valid_every_time()
    {
        await using var server = new TestServer();
        await server.InitializeAsync();
        TestLog log = await server.NewLogAsync();
        using var stop = new CancellationTokenSource();
        Task growing = Task.Run(async () =>
        {
            for (int i = 0; !stop.IsCancellationRequested; i++)
            {
                await log.AppendAsync("[" + string.Join(',', Enumerable.Range(0, 50).Select(j => TestLog.Event($"{i}-{j}"))) + "]");
            }
        });
        for (int round = 0; round < 12; round++)
        {
            JsonElement runs = await VerifyAsync(server);
            Assert.All(runs.EnumerateArray(), run => Assert.True(run.GetProperty("verdict").GetString() == "valid", run.GetRawText()));
        }

        await stop.CancelAsync();
        await growing;
        Assert.True(log.Size > 256);
    }

    private static async Task<JsonElement> VerifyAsync(TestServer server)
    {
        Answer answer = await server.PostAsync("api/verification", server.AdminKey, "");
        Assert.True(answer.Status == 200, answer.Text);
        return answer.Json.GetProperty("runs");
    }

    private static JsonElement RunOf(JsonElement runs, string log) => runs.EnumerateArray().Single(run => run.GetProperty("log").GetString() == log);

    private static void Alter(string segment)
    {
        File.SetAttributes(segment, FileAttributes.Normal);
        using var file = new FileStream(segment, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        file.Position = 1_000;
        int there = file.ReadByte();
        file.Position = 1_000;
        file.WriteByte((byte)(there ^ 1));
    }
}
