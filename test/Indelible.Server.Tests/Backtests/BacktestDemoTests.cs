using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Indelible.Cli.Demo;
using Indelible.Detection;
using Indelible.Engine;
using Indelible.Server.Detection;
using Indelible.Server.Tests.Api;
using Indelible.Server.Tests.Indexing;
using Xunit;

namespace Indelible.Server.Tests.Backtests;

/// <summary>The rules that ship over the demonstration log in a server: a backtest finds what following the log finds, event by event.</summary>
public sealed class BacktestDemoTests(BacktestDemoTests.DemoLog demo) : IClassFixture<BacktestDemoTests.DemoLog>
{
    private static readonly DateTimeOffset Midnight = DemoCompany.DefaultEnd.AddDays(-3);

    [Fact]
    public async Task What_a_backtest_finds_is_what_was_found_as_the_log_was_written()
    {
        int found = 0;
        foreach (RuleFile file in ShippedRules.Files)
        {
            string[] followed = [.. Followed(file).Select(one => one.Told)];
            JsonElement answer = await BacktestAsync(file.Text);
            Assert.Equal(followed, answer.GetProperty("findings").EnumerateArray().Select(Told));
            Assert.Equal(followed.Length, answer.GetProperty("total").GetInt64());
            Assert.Equal(followed.Length, answer.GetProperty("days").EnumerateArray().Sum(day => day.GetProperty("findings").GetInt64()));
            Assert.Equal(demo.Log.Size, answer.GetProperty("in_range").GetInt64());
            Assert.True(answer.GetProperty("complete").GetBoolean());
            found += followed.Length;
        }

        Assert.InRange(found, 40, 1_000);
    }

    [Fact]
    public async Task Of_a_range_it_finds_what_its_events_brought_about()
    {
        DateTimeOffset from = Midnight.AddMinutes(-130);
        DateTimeOffset to = Midnight.AddMinutes(80);
        int found = 0;
        foreach (RuleFile file in ShippedRules.Files)
        {
            string[] followed = [.. Followed(file).Where(one => one.At >= from && one.At < to).Select(one => one.Told)];
            JsonElement answer = await BacktestAsync(file.Text, ("from", from.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)), ("to", to.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)));
            Assert.Equal(followed, answer.GetProperty("findings").EnumerateArray().Select(Told));
            Assert.InRange(answer.GetProperty("in_range").GetInt64(), 1, demo.Log.Size - 1);
            found += followed.Length;
        }

        Assert.InRange(found, 10, 1_000);
    }

    [Theory]
    [InlineData("event_count", "{lt: 4}", "")]
    [InlineData("event_count", "{eq: 3}", "actor")]
    [InlineData("value_percentile", "{field: targets.count, percentile: 90, gte: 1}", "actor")]
    [InlineData("event_count", "{gte: 3}", "ip")]
    public async Task What_is_known_when_its_time_is_over_is_found_by_the_same_event(string type, string condition, string group)
    {
        string yaml = $$"""
            title: outer
            id: outer
            correlation: {type: event_count, rules: [inner], group-by: [{{group}}], timespan: 5d, condition: {gte: 2}, generate: true}
            ---
            title: inner
            id: inner
            level: high
            correlation: {type: {{type}}, rules: [one], group-by: [{{group}}], timespan: 6h, condition: {{condition}}, generate: true}
            ---
            title: one
            id: one
            logsource: {product: indelible}
            detection: {s: {outcome: failure}, condition: s}
            """;
        (DateTimeOffset, string Told)[] followed = Followed(new RuleFile("rule", yaml));
        Assert.NotEmpty(followed);
        JsonElement answer = await BacktestAsync(yaml, ("limit", 1_000));
        Assert.Equal(followed.Take(1_000).Select(one => one.Told), answer.GetProperty("findings").EnumerateArray().Select(Told));
        Assert.Equal(followed.Length, answer.GetProperty("total").GetInt64());
    }

    [Fact]
    public async Task What_cannot_match_is_not_read()
    {
        JsonElement answer = await BacktestAsync(ShippedRules.Files.Single(file => file.Path.EndsWith("self-grant.yml", StringComparison.Ordinal)).Text);
        Assert.Equal(1, answer.GetProperty("total").GetInt64());
        Assert.InRange(answer.GetProperty("read").GetInt64(), 1, demo.Log.Size / 20);
    }

    /// <summary>What following the log from its first entry on finds, with the time of the entry that brought it about.</summary>
    private (DateTimeOffset At, string Told)[] Followed(RuleFile file)
    {
        CompiledRules rules = CompiledRules.Compile(RuleLibrary.Load([file]), ShippedRules.Mappings);
        Assert.Empty(rules.Faults);
        var matcher = new RuleMatcher(rules);
        var correlator = new Correlator(rules);
        var all = new List<(DateTimeOffset, string)>();
        for (int index = 0; index < demo.Entries.Count; index++)
        {
            byte[] entry = demo.Entries[index];
            (DateTimeOffset time, DateTimeOffset received) = EntryTimes.Read(entry);
            var matched = new List<int>();
            var findings = new List<Finding>();
            matcher.Match(entry, matched);
            correlator.Follow(matcher, index, time, received, matched, findings);
            all.AddRange(findings.Select(finding => (Correlator.TimeOf(time, received), Told(finding))));
        }

        return [.. all];
    }

    private static string Told(Finding finding) => string.Create(
        CultureInfo.InvariantCulture,
        $"{finding.Rule.Key} {finding.From.UtcTicks} {finding.To.UtcTicks} {finding.Count:R} {string.Join(' ', finding.Group.Select(part => $"{part.Field}={part.Value}"))} {string.Join(',', finding.Events)}");

    private static string Told(JsonElement finding) => string.Create(
        CultureInfo.InvariantCulture,
        $"{finding.GetProperty("rule").GetString()} {finding.GetProperty("from").GetDateTimeOffset().UtcTicks} {finding.GetProperty("to").GetDateTimeOffset().UtcTicks} {finding.GetProperty("count").GetDouble():R} {string.Join(' ', finding.GetProperty("group").EnumerateArray().Select(part => $"{part.GetProperty("field").GetString()}={part.GetProperty("value").GetString()}"))} {string.Join(',', finding.GetProperty("events").EnumerateArray())}");

    private async Task<JsonElement> BacktestAsync(string rule, params (string Name, JsonNode Value)[] more)
    {
        var body = new JsonObject { ["rule"] = rule, ["limit"] = 1_000 };
        foreach ((string name, JsonNode value) in more)
        {
            body[name] = value;
        }

        Answer answer = await demo.Server.PostAsync($"api/logs/{demo.Log.Name}/backtest", demo.Log.ReaderKey, body.ToJsonString());
        Assert.True(answer.Status == 200, answer.Text);
        return answer.Json;
    }

    /// <summary>The demonstration log in a server, sealed and indexed.</summary>
    public sealed class DemoLog : IAsyncLifetime
    {
        public TestServer Server { get; } = new() { Settings = { ["seal_interval_ms"] = "10" } };

        internal TestLog Log { get; private set; } = null!;

        /// <summary>Its entries in clear.</summary>
        public IReadOnlyList<byte[]> Entries { get; private set; } = [];

        public async ValueTask InitializeAsync()
        {
            await Server.InitializeAsync();
            Log = await Server.NewLogAsync();
            IEnumerable<string> claims = new DemoCompany(DemoCompany.DefaultSeed, DemoCompany.DefaultEnd, DemoCompany.DefaultEventCount).Claims().Select(claim => Encoding.UTF8.GetString(claim.Span));
            foreach (string[] batch in claims.Chunk(2_000))
            {
                Answer answer = await Log.AppendAsync("[" + string.Join(',', batch) + "]");
                Assert.True(answer.Status == 201, answer.Text);
            }

            await Server.SettleAsync();
            LogReader log = Server.Engine.Find(Log.Name)!;
            Entries = [.. Enumerable.Range(0, (int)log.Size).Select(index => log.Decrypt(log.ReadEntry(index)))];
        }

        public ValueTask DisposeAsync() => Server.DisposeAsync();
    }
}
