using System.Net;
using System.Text.Json;
using Xunit;

namespace Indelible.Server.Tests.Api;

/// <summary>What is read of a log is in <c>_access</c> before it is answered: who, what, how much, and no name in clear.</summary>
public sealed class AccessTrailTests : IAsyncLifetime
{
    private readonly TestServer _server = new();
    private TestLog _log = null!;
    private string _readerId = "";
    private string _auditor = "";

    public async ValueTask InitializeAsync()
    {
        await _server.InitializeAsync();
        _log = await _server.NewLogAsync();
        await _log.AppendAsync("[" + string.Join(',', Enumerable.Range(0, 300).Select(i => TestLog.Event($"e-{i}"))) + "]");
        (_readerId, string reader) = await _server.NewKeyAsync("reader", _log.Name);
        _log = _log with { ReaderKey = reader };
        _auditor = (await _server.NewKeyAsync("reader", "_access")).Text;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    public static TheoryData<string, string, string> Reads => new()
    {
        { "api/logs/{log}/events?q=actor:u-1&limit=7&from=2026-01-01T00:00:00Z", "indelible.log.search", """{"as_of":300,"results":7,"time_from":"2026-01-01T00:00:00.0000000Z","total":300}""" },
        { "api/logs/{log}/counts?q=actor:u-1&by=action", "indelible.log.count", """{"as_of":300,"by":"action","total":300}""" },
        { "api/logs/{log}/events/5", "indelible.entry.view", """{"clear":false,"index":5}""" },
        { "api/logs/{log}/events/5?view=clear", "indelible.entry.view", """{"clear":true,"index":5}""" },
        { "api/logs/{log}/events/5?openings=true", "indelible.entry.view", """{"clear":true,"index":5}""" },
        { "api/logs/{log}/events/5/context?limit=2", "indelible.entry.context", """{"as_of":300,"index":5,"results":4}""" },
        { "api/logs/{log}/entities/actor/u-1", "indelible.entity.view", """{"as_of":300,"kind":"actor","total":300}""" },
        { "logs/{log}/tile/entries/000", "indelible.log.export", """{"count":256,"from":0}""" },
    };

    [Theory]
    [MemberData(nameof(Reads))]
    public async Task Each_read_is_one_entry_that_says_who_and_what(string path, string action, string data)
    {
        await _server.Engine.Find(_log.Name)!.WaitForCheckpointAsync(300, TestContext.Current.CancellationToken);
        long before = TrailSize;

        Assert.Equal(200, (await _server.GetAsync(path.Replace("{log}", _log.Name, StringComparison.Ordinal), _log.ReaderKey)).Status);

        JsonElement item = Assert.Single(await EntriesAsync(before));
        JsonElement entry = item.GetProperty("entry");
        Assert.Equal((action, "data_access", "success"), (Text(entry, "action"), Text(entry, "category"), Text(entry, "outcome")));
        Assert.Equal(_log.Name, Text(entry.GetProperty("targets")[0], "id"));
        Assert.Equal(_readerId, Text(entry.GetProperty("auth"), "credential_id"));
        Assert.Equal("key:" + _readerId, Text(entry.GetProperty("actor"), "id"));
        Assert.Equal("indelible", Text(entry.GetProperty("service"), "name"));
        Dictionary<string, JsonElement> told = entry.GetProperty("data").EnumerateObject().Where(member => member.Name != "original").ToDictionary(member => member.Name, member => member.Value);
        Assert.Equal(data, JsonSerializer.Serialize(told.OrderBy(member => member.Key, StringComparer.Ordinal).ToDictionary()));
    }

    [Fact]
    public async Task A_search_by_body_is_entered_as_any_other()
    {
        long before = TrailSize;

        Assert.Equal(200, (await _server.PostAsync($"api/logs/{_log.Name}/search", _log.ReaderKey, """{"query":{"op":"equals","path":["actor","id"],"value":"u-1","typed":false},"limit":3,"explain":true}""")).Status);

        JsonElement item = Assert.Single(await EntriesAsync(before));
        Assert.Equal("indelible.log.search", Text(item.GetProperty("entry"), "action"));
        Assert.Equal((3, 300), (item.GetProperty("entry").GetProperty("data").GetProperty("results").GetInt32(), item.GetProperty("entry").GetProperty("data").GetProperty("total").GetInt32()));
        Assert.Equal("""{"q":"actor.id:u-1"}""", item.GetProperty("personal").GetProperty("/data/original").GetRawText());
    }

    [Fact]
    public async Task Which_entity_was_asked_for_is_encrypted()
    {
        long before = TrailSize;

        Assert.Equal(200, (await _log.GetAsync("entities/ip/192.0.2.77")).Status);

        JsonElement item = Assert.Single(await EntriesAsync(before));
        Assert.DoesNotContain("192.0.2.77", item.GetProperty("entry").GetRawText(), StringComparison.Ordinal);
        Assert.Equal("""{"q":"source.ip:192.0.2.77"}""", item.GetProperty("personal").GetProperty("/data/original").GetRawText());
    }

    [Fact]
    public async Task What_was_searched_for_is_encrypted_and_shown_to_who_may_read_the_trail()
    {
        long before = TrailSize;
        await _log.GetAsync("events?q=" + Uri.EscapeDataString("actor.name:\"Ada Lovelace\""));

        JsonElement item = Assert.Single(await EntriesAsync(before));

        Assert.DoesNotContain("lovelace", item.GetProperty("entry").GetRawText(), StringComparison.OrdinalIgnoreCase);
        Assert.Contains("ada lovelace", item.GetProperty("personal").GetProperty("/data/original").GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_live_tail_is_in_the_trail_when_it_begins()
    {
        long before = TrailSize;
        using var request = new HttpRequestMessage(HttpMethod.Get, $"api/logs/{_log.Name}/tail?q=actor:u-1");
        request.Headers.Authorization = new("Bearer", _log.ReaderKey);
        using HttpResponseMessage answer = await _server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);

        JsonElement entry = Assert.Single(await EntriesAsync(before)).GetProperty("entry");
        Assert.Equal("indelible.log.tail", Text(entry, "action"));
        Assert.Equal(300, entry.GetProperty("data").GetProperty("from").GetInt64());
    }

    [Fact]
    public async Task Reading_the_trail_leaves_one_entry_and_no_more()
    {
        long before = TrailSize;

        for (int i = 0; i < 5; i++)
        {
            Assert.Equal(200, (await _server.GetAsync("api/logs/_access/events", _auditor)).Status);
        }

        Assert.Equal(before + 5, TrailSize);
    }

    [Fact]
    public async Task What_tells_nothing_of_entries_or_is_refused_leaves_no_entry_of_a_read()
    {
        await _server.Engine.Find(_log.Name)!.WaitForCheckpointAsync(300, TestContext.Current.CancellationToken);
        long before = TrailSize;

        Assert.Equal(200, (await _server.GetAsync($"logs/{_log.Name}/checkpoint", _log.ReaderKey)).Status);
        Assert.Equal(200, (await _server.GetAsync($"logs/{_log.Name}/tile/0/000", _log.ReaderKey)).Status);
        Assert.Equal(200, (await _log.GetAsync("events/5/proof")).Status);
        Assert.Equal(400, (await _log.GetAsync("events?q=(")).Status);
        Assert.Equal(404, (await _log.GetAsync("events/300")).Status);
        Assert.Equal(404, (await _log.GetAsync("events/300/context")).Status);
        Assert.Equal(404, (await _log.GetAsync("entities/nosuch/x")).Status);

        Assert.Equal(before, TrailSize);
    }

    private long TrailSize => _server.Engine.Find("_access")!.Size;

    /// <summary>The trail from an index on, read before this reading is entered itself.</summary>
    private async Task<IReadOnlyList<JsonElement>> EntriesAsync(long from)
    {
        Answer answer = await _server.GetAsync("api/logs/_access/events?order=asc&limit=1000", _auditor);
        return [.. answer.Json.GetProperty("items").EnumerateArray().Where(item => item.GetProperty("index").GetInt64() >= from)];
    }

    private static string Text(JsonElement of, string member) => of.GetProperty(member).GetString()!;
}
