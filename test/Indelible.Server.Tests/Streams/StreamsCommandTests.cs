using System.Text.Json;
using Indelible.Server.Tests.Access;
using Indelible.Server.Tests.Api;
using Xunit;

namespace Indelible.Server.Tests.Streams;

/// <summary><c>indelible streams</c>: a file is checked without a server; a stream is listed, held, let go on and sent again.</summary>
[Collection(CastCollection.Name)]
public sealed class StreamsCommandTests : IAsyncLifetime
{
    private readonly StreamingServer _streaming = new();

    public ValueTask InitializeAsync() => _streaming.InitializeAsync();

    public ValueTask DisposeAsync() => _streaming.DisposeAsync();

    [Fact]
    public async Task A_stream_is_listed_held_let_go_on_and_sent_again_by_who_administers_the_node()
    {
        TestLog log = await _streaming.NewStreamAsync("query: 'outcome:success'");
        _streaming.Http.Answer("/" + log.Name, received => received.Lines.Any(line => line.GetRawText().Contains("poison", StringComparison.Ordinal)) ? 400 : 200);
        await StreamingServer.AppendAsync(log, "a", "poison", "c");
        await _streaming.SettleAsync(log.Name);

        string list = await RunAsync(0, "streams", "list");
        Assert.Matches($"{log.Name} +idle +indelible to http://localhost:[0-9]+, personal values masked", list);
        Assert.Contains("next 3 of 3, behind by 0 entries, 0 s", list, StringComparison.Ordinal);
        Assert.Contains($"{log.Origin}#1: answered 400", list, StringComparison.Ordinal);

        Assert.Contains("paused", await RunAsync(0, "streams", "pause", log.Name), StringComparison.Ordinal);
        Assert.Contains("behind by 3 entries", await RunAsync(0, "streams", "replay", log.Name, "--log", log.Name, "--from", "2020-01-01T00:00:00Z"), StringComparison.Ordinal);
        Assert.Equal("outcome:success", JsonElement.Parse(await RunAsync(0, "streams", "resume", log.Name, "--json")).GetProperty("query").GetString());
        await _streaming.SettleAsync(log.Name);
        Assert.Equal(["a", "c", "a", "c"], StreamingServer.IdsOf(_streaming.Http.Taken("/" + log.Name)));
        Assert.Equal(1, (await _streaming.StateAsync(log.Name)).GetProperty("refused").GetProperty("count").GetInt32());

        Assert.Contains("nothing is passed over", await RunAsync(2, "streams", "replay", log.Name, "--log", log.Name, "--from", "9"), StringComparison.Ordinal);
        Assert.Contains("There is no stream of this name", await RunAsync(2, "streams", "pause", "nosuch"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_is_checked_without_a_server()
    {
        string good = _streaming.Write("good.yml", "streams:\n  - {name: siem, log: [main, _alerts], query: 'outcome:failure', to: {http: {url: 'https://siem.example:8088/in?key=secret'}}}\n");
        string bad = _streaming.Write("bad.yml", "streams:\n  - {name: siem, log: main, to: {http: {url: 'http://siem.example'}}}\n");

        string said = await RunAsync(0, "streams", "check", good);
        Assert.Contains("siem: main, _alerts as indelible to https://siem.example:8088, personal values masked, outcome:failure", said, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", said, StringComparison.Ordinal);
        Assert.Contains($"{bad}:2:46: This would send entries and headers in clear", await RunAsync(2, "streams", "check", bad), StringComparison.Ordinal);
    }

    private async Task<string> RunAsync(int code, params string[] arguments)
    {
        string[] server = arguments[1] == "check" ? [] : ["--key", _streaming.Server.AdminKey, "--url", _streaming.Server.Url.ToString()];
        (int ended, string printed) = await CommandRun.RunAsync([.. arguments, .. server]);
        Assert.Equal(code, ended);
        return printed;
    }
}
