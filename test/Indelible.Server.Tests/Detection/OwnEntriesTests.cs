using System.Text;
using System.Text.Json;
using Indelible.Detection;
using Indelible.Server.Sources;
using Indelible.Server.Tests.Api;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Indelible.Server.Tests.Detection;

/// <summary>The rules about the audit system itself, over what a server enters when it is done: their tests can say what they like, the entries are what counts.</summary>
public sealed class OwnEntriesTests : IAsyncLifetime
{
    private readonly TestServer _server = new();
    private string _auditor = "";
    private TestLog _log = null!;

    public async ValueTask InitializeAsync()
    {
        await _server.InitializeAsync();
        _log = await _server.NewLogAsync();
        await _log.AppendAsync(TestLog.Event("e-1"));
        _auditor = (await _server.NewKeyAsync("reader", "_system", "_access", "_alerts")).Text;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Changes_of_configuration_are_told_of()
    {
        await PostAsync("api/principals", """{"name":"chief","kind":"person"}""");
        await PostAsync("api/grants", """{"principal":"chief","role":"administrator","logs":["*"]}""");
        string chief = (await PostAsync("api/keys", """{"kind":"admin","principal":"chief"}""")).GetProperty("key").GetString()!;
        string grant = (await PostAsync("api/grants", """{"principal":"chief","role":"reader","logs":["main"]}""", chief)).GetProperty("id").GetString()!;
        Assert.Equal(204, (await _server.SendAsync(HttpMethod.Delete, "api/grants/" + grant, chief)).Status);
        string expected = $"api/logs/{_log.Name}/sources/expected/nightly";
        Assert.Equal(200, (await _server.SendAsync(HttpMethod.Put, expected, chief, TestServer.Body("""{"service":"nightly","interval_s":60}"""u8.ToArray()))).Status);
        Assert.InRange((await _server.SendAsync(HttpMethod.Delete, expected, chief)).Status, 200, 204);
        await PostAsync($"api/logs/{_log.Name}/rotate", "", await _server.CustodianAsync());
        string glass = (await PostAsync("api/keys", """{"kind":"admin","break_glass":true}""")).GetProperty("key").GetString()!;
        await PostAsync("api/break-glass", """{"reason":"the administrator is gone"}""", glass);

        Assert.Equal(["audit-access-changed", "audit-break-glass", "audit-capture-lowered", "audit-trust-changed", "self-grant", "tidying-up"], await FoundAsync("_system"));
        Assert.Equal(["audit-break-glass"], await FoundAsync("_alerts"));
    }

    [Fact]
    public async Task Much_reading_and_many_refusals_are_told_of()
    {
        string reader = (await PostAsync("api/keys", $$"""{"kind":"reader","role":"auditor","logs":["{{_log.Name}}"]}""")).GetProperty("key").GetString()!;
        for (int i = 0; i < 300; i++)
        {
            Assert.Equal(200, (await _server.GetAsync($"api/logs/{_log.Name}/events", reader)).Status);
        }

        for (int i = 0; i < 30; i++)
        {
            await PostAsync($"api/logs/{_log.Name}/events/0/reveal", """{"reason":"ticket 815"}""", reader);
        }

        for (int i = 0; i < 10; i++)
        {
            Assert.Equal(200, (await _server.GetAsync($"api/logs/{_log.Name}/export", reader)).Status);
        }

        for (int i = 0; i < 100; i++)
        {
            Assert.InRange((await _server.GetAsync("api/logs/main/events", reader)).Status, 403, 404);
        }

        // What is still counted is entered when the server stops.
        await _server.StopAsync();
        await _server.StartAsync();
        Assert.Equal(["audit-exports-many", "audit-refused-requests", "audit-reveals-many", "audit-searches-many"], await FoundAsync("_access"));
    }

    [Fact]
    public async Task Producers_that_are_silent_lack_numbers_or_have_a_wrong_clock_are_told_of()
    {
        Assert.Equal(200, (await _server.SendAsync(HttpMethod.Put, $"api/logs/{_log.Name}/sources/expected/nightly", _server.AdminKey, TestServer.Body("""{"service":"nightly","interval_s":60}"""u8.ToArray()))).Status);
        string ahead = (_server.Clock.GetUtcNow() + TimeSpan.FromMinutes(1)).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
        await _log.AppendAsync(TestLog.Event("n-1", ("producer.stream_id", "\"n\""), ("producer.seq", "1")));
        await _log.AppendAsync(TestLog.Event("n-3", ("producer.stream_id", "\"n\""), ("producer.seq", "3"), ("observed_time", $"\"{ahead}\"")));
        _server.Clock.Advance(TimeSpan.FromMinutes(5));
        SourceWatch watch = _server.Services.GetRequiredService<SourceWatch>();
        Assert.Equal(2, await watch.LookAsync());
        Assert.Equal(1, await watch.LookAsync());

        Assert.Equal(["audit-source-clock", "audit-source-gap", "audit-source-silent"], await FoundAsync("_access"));
    }

    [Fact]
    public async Task A_server_that_does_as_it_should_raises_nothing_but_what_was_set_up()
    {
        for (int i = 0; i < 20; i++)
        {
            Assert.Equal(200, (await _log.GetAsync("events")).Status);
        }

        await _server.StopAsync();
        await _server.StartAsync();
        Assert.Equal([], await FoundAsync("_access"));
        Assert.Equal(["audit-access-changed"], await FoundAsync("_system"));
        Assert.Equal([], await FoundAsync("_alerts"));
    }

    private async Task<JsonElement> PostAsync(string path, string json, string? key = null)
    {
        Answer answer = await _server.PostAsync(path, key ?? _server.AdminKey, json);
        Assert.True(answer.Status is >= 200 and < 300, $"{path} {json}: {answer.Status} {answer.Text}");
        return answer.Status == 204 ? default : answer.Json;
    }

    /// <summary>The names of the rules that find something in a log, in order.</summary>
    private async Task<IReadOnlyList<string>> FoundAsync(string log)
    {
        CompiledRules rules = CompiledRules.Compile(RuleLibrary.Load(ShippedRules.Files), ShippedRules.Mappings);
        var matcher = new RuleMatcher(rules);
        var correlator = new Correlator(rules);
        var findings = new List<Finding>();
        Answer answer = await _server.GetAsync($"api/logs/{log}/events?order=asc&limit=1000", _auditor);
        Assert.Equal(200, answer.Status);
        foreach (JsonElement item in answer.Json.GetProperty("items").EnumerateArray())
        {
            JsonElement entry = item.GetProperty("entry");
            var matched = new List<int>();
            matcher.Match(Encoding.UTF8.GetBytes(entry.GetRawText()), matched);
            correlator.Follow(matcher, item.GetProperty("index").GetInt64(), entry.GetProperty("time").GetDateTimeOffset(), entry.GetProperty("received_at").GetDateTimeOffset(), matched, findings);
        }

        return [.. findings.Select(finding => Path.GetFileNameWithoutExtension(finding.Rule.File)).Distinct().Order(StringComparer.Ordinal)];
    }
}
