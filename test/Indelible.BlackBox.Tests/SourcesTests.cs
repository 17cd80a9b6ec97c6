using System.Text;
using System.Text.Json;

namespace Indelible.BlackBox.Tests;

/// <summary>Producers, as the command shows them, over kills and restarts of the server.</summary>
public sealed class SourcesTests
{
    [Fact]
    public async Task Gaps_silence_and_refusals_are_shown_and_survive_the_servers_end()
    {
        await using ServerProcess server = await ServerProcess.CreateAsync();
        string[] reading = ["--url", server.Url, "--key", server.ReaderKey];
        string[] managing = ["--url", server.Url, "--key", server.AdminKey];
        (await Command.RunAsync(["sources", "expect", "nightly", "--log", "main", "--every", "1s", "--service", "nightly-job", .. managing])).ShouldEnd(0);
        (await Command.RunAsync(["sources", "expect", "web", "--log", "main", "--every", "366d", "--service", "web", .. managing])).ShouldEnd(0);
        (await Command.RunAsync(["sources", "expect", "bad", "--log", "main", "--every", "soon", "--service", "web", .. managing])).ShouldEnd(2);
        (await Command.RunAsync(["sources", "expect", "bad", "--log", "main", "--every", "1s", .. managing])).ShouldEnd(2);
        (await Command.RunAsync(["sources", "expect", "bad", "--log", "main", "--every", "1s", "--service", "web", .. reading])).ShouldEnd(2);
        await SendAsync(server, [.. Enumerable.Range(1, 1_500).Where(number => number is < 700 or > 702)], 201);
        await SendAsync(server, [0], 400);

        string before = await SourcesAsync(server);
        Assert.Contains("gap", before, StringComparison.Ordinal);
        Assert.Contains("stream web-stream lacks 3 of numbers 700 to 702, after entry 698", before, StringComparison.Ordinal);
        Assert.Matches("refused  key:[^:]+: 1 \\(bad-format 1\\)", before);
        while (!(await SourcesAsync(server)).Contains("expected nightly                  every 1 s: SILENT since", StringComparison.Ordinal))
        {
            await Task.Yield();   // An interval of one second has to pass.
        }

        Assert.Matches("expected web +every [0-9]+ s: heard of", before);
        Finished found = (await Command.RunAsync(["search", "outcome:success", "--log", "main", "--limit", "1", .. reading])).ShouldEnd(0);
        Assert.Contains("Note: 3 events of 'web'/'web-1' have not arrived: numbers 700 to 702 of stream 'web-stream'", found.Errors, StringComparison.Ordinal);

        // Stopped as it should be, the server keeps a file; killed, or without the file, it folds what it has not.
        JsonElement known = await SourceAsync(server);
        Assert.Equal(0, await server.StopAsync());
        string cache = Path.Combine(server.Data, "logs", "main", "sources.cache");
        Assert.True(File.Exists(cache));
        await server.StartAsync();
        Assert.Equal(known.GetRawText(), (await SourceAsync(server)).GetRawText());
        Assert.Matches("refused  key:[^:]+: 1 \\(bad-format 1\\)", await SourcesAsync(server));
        await SendAsync(server, [701], 201);
        await server.KillAsync();
        await server.StartAsync();
        Assert.Equal(2, (await SourceAsync(server)).GetProperty("missing").GetInt64());
        await server.KillAsync();
        File.Delete(cache);
        await server.StartAsync();
        Assert.Equal(2, (await SourceAsync(server)).GetProperty("missing").GetInt64());
        (await Command.RunAsync("verify", "--vkey", server.Vkey, "--data", server.Data)).ShouldEnd(0);
        (await Command.RunAsync(["sources", "forget", "nightly", "--log", "main", .. managing])).ShouldEnd(0);
        (await Command.RunAsync(["sources", "forget", "nightly", "--log", "main", .. managing])).ShouldEnd(2);
        Assert.DoesNotContain("nightly", await SourcesAsync(server), StringComparison.Ordinal);
    }

    private static async Task<string> SourcesAsync(ServerProcess server) =>
        (await Command.RunAsync("sources", "--log", "main", "--url", server.Url, "--key", server.ReaderKey)).ShouldEnd(0).Output;

    private static async Task<JsonElement> SourceAsync(ServerProcess server)
    {
        string output = (await Command.RunAsync("sources", "--log", "main", "--json", "--url", server.Url, "--key", server.ReaderKey)).ShouldEnd(0).Output;
        return JsonElement.Parse(output).GetProperty("sources")[0];
    }

    private static async Task SendAsync(ServerProcess server, int[] numbers, int status)
    {
        string lines = string.Join('\n', numbers.Select(number =>
            $$$"""{"schema":"audit/1","id":"web-{{{number}}}","time":"2026-11-23T06:14:25Z","action":"test.run","outcome":"{{{(number == 0 ? "none" : "success")}}}","actor":{"id":"u-1","type":"user"},"service":{"name":"web","instance_id":"web-1"},"producer":{"stream_id":"web-stream","seq":{{{Math.Max(1, number)}}}}}"""));
        using HttpClient client = server.Client(server.WriterKey);
        using var content = new StringContent(lines, Encoding.UTF8, "application/x-ndjson");
        using HttpResponseMessage answer = await client.PostAsync("/api/logs/main/events", content);
        Assert.Equal(status, (int)answer.StatusCode);
    }
}
