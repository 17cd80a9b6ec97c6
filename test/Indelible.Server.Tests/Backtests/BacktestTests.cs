using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Indelible.Detection;
using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Server.Access;
using Indelible.Server.Backtests;
using Indelible.Server.Tests.Api;
using Indelible.Server.Tests.Indexing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Indelible.Server.Tests.Backtests;

/// <summary>A rule over a log's history by its door: what it finds, what it keeps from whom, what it refuses.</summary>
public sealed class BacktestTests(TestServer server) : IClassFixture<TestServer>
{
    private const string ByName = "title: by name\nid: by-name\nlevel: high\nlogsource: {product: indelible}\ndetection: {s: {actor.name|contains: 'P300'}, condition: s}\n";

    private const string Everything = "title: all\nid: all\nlogsource: {product: indelible}\ndetection: {s: {action|exists: true}, condition: s}\n";

    [Fact]
    public async Task A_rule_finds_what_it_matches_with_its_entry_and_says_how_much_was_looked_at()
    {
        TestLog log = await server.NewLogAsync();
        await log.FillAsync(21);
        JsonElement answer = await FindAsync(log, log.ReaderKey, "title: t\nid: r-1\nlevel: critical\nlogsource: {product: indelible}\ndetection: {s: {status: 3}, condition: s}\n");

        JsonElement[] findings = [.. answer.GetProperty("findings").EnumerateArray()];
        Assert.Equal([3, 10, 17], findings.Select(finding => finding.GetProperty("events")[0].GetInt64()));
        Assert.All(findings, finding => Assert.Equal(("r-1", "t", "critical", 1), (finding.GetProperty("rule").GetString(), finding.GetProperty("title").GetString(), finding.GetProperty("level").GetString(), finding.GetProperty("count").GetInt32())));
        Assert.Equal(
            (21, 21, 21, 3, 3, 3, true),
            (Number(answer, "as_of"), Number(answer, "to_index"), Number(answer, "in_range"), Number(answer, "selected"), Number(answer, "matched"), Number(answer, "total"), answer.GetProperty("complete").GetBoolean()));
        Assert.Equal("2026-11-23", answer.GetProperty("days")[0].GetProperty("day").GetString());
        Assert.Equal((3, 3), (Number(answer.GetProperty("days")[0], "findings"), Number(answer.GetProperty("rules")[0], "findings")));
        Assert.Empty(answer.GetProperty("notices").EnumerateArray());
    }

    [Fact]
    public async Task Of_many_findings_the_first_are_listed_and_all_are_counted()
    {
        TestLog log = await server.NewLogAsync();
        await log.FillAsync(30);
        JsonElement answer = await FindAsync(log, log.ReaderKey, Everything, ("limit", 4));
        Assert.Equal([0, 1, 2, 3], answer.GetProperty("findings").EnumerateArray().Select(finding => finding.GetProperty("events")[0].GetInt64()));
        Assert.Equal(30, Number(answer, "total"));
        Assert.Contains("The first 4 of 30 findings are listed; all are counted.", answer.NoticesOf());
    }

    [Fact]
    public async Task An_earlier_size_gives_the_answer_of_then_and_a_later_one_is_refused()
    {
        TestLog log = await server.NewLogAsync();
        await log.FillAsync(10);
        Assert.Equal(7, Number(await FindAsync(log, log.ReaderKey, Everything, ("as_of", 7)), "total"));
        (await PostAsync(log, log.ReaderKey, Everything, ("as_of", 11))).ShouldBeProblem(400, "invalid-parameter");
    }

    [Theory]
    [InlineData("hidden", null)]
    [InlineData("on_request", null)]
    [InlineData("hidden", "service.name:billing")]
    public async Task A_value_that_is_masked_from_a_caller_is_no_value_to_his_rules(string personal, string? rows)
    {
        TestLog log = await server.NewLogAsync();
        await log.AppendManyAsync(600);
        await server.SettleAsync();
        string key = await KeyAsync(log, personal, rows);

        Assert.Equal([300], EventsOf(await FindAsync(log, log.ReaderKey, ByName)));
        foreach (string selection in (string[])["{actor.name|contains: 'P300'}", "['P300']", "{actor.name|re: 'P300'}", "{actor.name|endswith: 'P300'}", "{actor.name|fieldref: actor.name}", "{actor.name: '*'}", "['$pii']", "{actor.name.$pii.v: 1}"])
        {
            JsonElement answer = await FindAsync(log, key, $"{{title: t, logsource: {{product: indelible}}, detection: {{s: {selection}, condition: s}}}}");
            Assert.Equal((0, 0), (Number(answer, "total"), Number(answer, "matched")));
            Assert.Contains("Personal values are not shown, and the query did not look into them.", answer.NoticesOf());
        }

        // Neither by what is not so, nor by what is grouped by, nor by what is counted.
        Assert.Equal(600, Number(await FindAsync(log, key, "{title: t, logsource: {product: indelible}, detection: {s: {actor.name|contains: 'P300'}, condition: not s}}"), "total"));
        Assert.Equal(0, Number(await FindAsync(log, key, "title: c\ncorrelation: {type: event_count, rules: [all], group-by: [actor.name], timespan: 1d, condition: {gte: 1}}\n---\n" + Everything), "total"));
        Assert.Equal(0, Number(await FindAsync(log, key, "title: c\ncorrelation: {type: value_count, rules: [all], timespan: 1d, condition: {field: actor.name, gte: 1}}\n---\n" + Everything), "total"));
    }

    [Fact]
    public async Task An_entry_that_is_kept_from_a_caller_is_found_by_none_of_his_rules_and_counted_nowhere()
    {
        TestLog log = await server.NewLogAsync();
        await log.AppendManyAsync(600);
        await server.SettleAsync();
        string key = await KeyAsync(log, null, "actor.id:u-3");
        long seen = (await server.GetAsync($"api/logs/{log.Name}/counts", key)).Json.GetProperty("total").GetProperty("value").GetInt64();

        JsonElement answer = await FindAsync(log, key, Everything, ("limit", 1000));
        Assert.Equal((seen, seen, seen, seen), (Number(answer, "in_range"), Number(answer, "selected"), Number(answer, "matched"), Number(answer, "total")));
        Assert.All(EventsOf(answer), index => Assert.Equal(3, index % 9));
        Assert.Contains("The key sees some of the entries alone: what others are missing is not said.", answer.NoticesOf());

        // A window that is over is ended by what he sees: others' entries tell him nothing.
        JsonElement few = await FindAsync(log, key, "title: c\ncorrelation: {type: event_count, rules: [all], timespan: 1m, condition: {gte: 5, lt: 100}}\n---\n" + Everything);
        Assert.All(few.GetProperty("findings").EnumerateArray(), finding => Assert.All(finding.GetProperty("events").EnumerateArray(), index => Assert.Equal(3, index.GetInt64() % 9)));
    }

    [Fact]
    public async Task Nobody_runs_a_rule_over_a_log_that_he_may_not_read()
    {
        TestLog log = await server.NewLogAsync();
        TestLog other = await server.NewLogAsync();
        (await PostAsync(log, log.WriterKey, Everything)).ShouldBeProblem(403, "forbidden");
        (await PostAsync(log, other.ReaderKey, Everything)).ShouldBeProblem(404, "unknown-log");
        (await server.PostAsync("api/logs/nosuch/backtest", log.ReaderKey, "{}")).ShouldBeProblem(404, "unknown-log");
    }

    [Fact]
    public async Task What_is_not_indexed_yet_is_found_all_the_same_and_the_answer_says_so()
    {
        await using TestServer without = await IndexedServer.StartNewAsync(("index", "false"));
        TestLog log = await without.NewLogAsync();
        await log.AppendManyAsync(9_000);
        Answer answer = await PostAsync(log, log.ReaderKey, ByName);
        Assert.True(answer.Status == 200, answer.Text);
        Assert.Equal([300, .. Enumerable.Range(3_000, 10).Select(index => (long)index)], EventsOf(answer.Json));
        Assert.Equal((9_000, 9_000, 0, 11), (Number(answer.Json, "in_range"), Number(answer.Json, "read"), Number(answer.Json, "indexed"), Number(answer.Json, "selected")));
        Assert.Contains("9000 of 9000 entries are not indexed: they are looked at one by one.", answer.Json.NoticesOf());
    }

    [Theory]
    [InlineData("title: [", "/rule", 2)]
    [InlineData("title: a\nlogsource: {product: indelible}\ndetection:\n  s:\n    actor|contans: x\n  condition: s\n", "/rule", 5)]
    [InlineData("title: a\nlogsource: {product: elsewhere}\ndetection: {s: {a: b}, condition: s}\n", "/rule", 1)]
    [InlineData("title: c\ncorrelation: {type: event_count, rules: [nobody], timespan: 1d, condition: {gte: 1}}\n", "/rule", 1)]
    [InlineData("title: f\nlogsource: {product: indelible}\nfilter: {rules: any, s: {a: b}, condition: s}\n", "/rule", 1)]
    [InlineData("", "/rule", 1)]
    [InlineData(null, "/rule", 1)]
    public async Task What_is_wrong_with_a_rule_is_named_by_line_and_column(string? rule, string pointer, int line)
    {
        TestLog log = await server.NewLogAsync();
        Answer answer = await PostAsync(log, log.ReaderKey, rule);
        answer.ShouldBeProblem(400, "invalid-rule");
        JsonElement error = answer.Json.GetProperty("errors")[0];
        Assert.Equal((pointer, "bad-rule", line), (error.GetProperty("pointer").GetString(), error.GetProperty("code").GetString(), error.GetProperty("line").GetInt32()));
        Assert.True(error.GetProperty("column").GetInt32() >= 1);
        Assert.NotEmpty(error.GetProperty("detail").GetString()!);
    }

    [Fact]
    public async Task A_mapping_that_is_sent_comes_before_those_of_the_server_and_a_wrong_one_is_named()
    {
        TestLog log = await server.NewLogAsync();
        await log.FillAsync(7);
        const string Rule = "title: a\nlogsource: {product: billing}\ndetection: {s: {code: 5}, condition: s}\n";
        JsonElement answer = await FindAsync(log, log.ReaderKey, Rule, ("mappings", new JsonArray("{logsource: {product: billing}, when: {service.name: billing}, fields: {code: request.status}}")));
        Assert.Equal([5], EventsOf(answer));

        Answer refused = await PostAsync(log, log.ReaderKey, Rule, ("mappings", new JsonArray("{logsource: {product: billing}}", "logsource: 7")));
        refused.ShouldBeProblem(400, "invalid-rule");
        Assert.Equal("/mappings/1", refused.Json.GetProperty("errors")[0].GetProperty("pointer").GetString());
    }

    [Fact]
    public async Task What_is_too_much_is_refused_before_anything_is_read()
    {
        TestLog log = await server.NewLogAsync();
        (await PostAsync(log, log.ReaderKey, Everything, ("limit", 1001))).ShouldBeProblem(400, "invalid-parameter");
        (await PostAsync(log, log.ReaderKey, Everything, ("from", "yesterday"))).ShouldBeProblem(400, "invalid-parameter");
        (await PostAsync(log, log.ReaderKey, Everything + "# " + new string('x', ServerLimits.BacktestTextBytes))).ShouldBeProblem(413, "too-large");
        string rules = string.Join("---\n", Enumerable.Range(0, ServerLimits.BacktestRules + 1).Select(i => $"title: t\nlogsource: {{product: indelible}}\ndetection: {{s: {{action: a{i}}}, condition: s}}\n"));
        (await PostAsync(log, log.ReaderKey, rules)).ShouldBeProblem(400, "invalid-rule");
        string expressions = string.Join(", ", Enumerable.Range(0, ServerLimits.BacktestExpressions + 1).Select(i => $"a{i}"));
        (await PostAsync(log, log.ReaderKey, $"title: t\nlogsource: {{product: indelible}}\ndetection: {{s: {{action|re: [{expressions}]}}, condition: s}}\n")).ShouldBeProblem(400, "invalid-rule");
        (await PostAsync(log, log.ReaderKey, Everything, ("mappings", new JsonArray([.. Enumerable.Range(0, ServerLimits.BacktestMappings + 1).Select(_ => JsonValue.Create("x"))])))).ShouldBeProblem(400, "invalid-parameter");
        Assert.Equal(400, (await server.PostAsync($"api/logs/{log.Name}/backtest", log.ReaderKey, "[]")).Status);
    }

    [Fact]
    public async Task That_somebody_ran_a_rule_is_entered_with_the_rule_for_those_who_may_see_it()
    {
        TestLog log = await server.NewLogAsync();
        await log.AppendManyAsync(400);
        LogReader access = server.Engine.Find("_access")!;
        long before = access.Size;
        await FindAsync(log, log.ReaderKey, ByName, ("from", "2026-11-01T00:00:00Z"));

        ReadOnlyMemory<byte> entry = Enumerable.Range((int)before, (int)(access.Size - before)).Select(index => access.ReadEntry(index)).Single(one => one.Span.IndexOf("\"indelible.log.backtest\""u8) >= 0);
        JsonElement told = JsonElement.Parse(access.Decrypt(entry));
        JsonElement data = told.GetProperty("data");
        Assert.Equal(log.Name, told.GetProperty("targets")[0].GetProperty("id").GetString());
        Assert.Equal((1, 1, 400), (Number(data, "matched"), Number(data, "findings"), Number(data, "as_of")));
        Assert.Equal(ByName, data.GetProperty("original").GetProperty("rule").GetString());
        Assert.True(entry.Span.IndexOf("P300"u8) < 0);
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    public async Task A_rule_as_long_as_may_be_is_run_and_its_beginning_is_entered(string before)
    {
        TestLog log = await server.NewLogAsync();
        await log.FillAsync(3);
        string rule = Everything + "# " + before + string.Concat(Enumerable.Repeat("😀", 60_000)) + "\n";
        Assert.Equal(3, Number(await FindAsync(log, log.ReaderKey, rule), "total"));
    }

    [Fact]
    public async Task Who_has_too_many_under_way_is_refused_and_let_in_when_one_has_ended()
    {
        TestLog log = await server.NewLogAsync();
        await log.FillAsync(1);
        var resources = server.Services.GetRequiredService<Server.Limits.NodeResources>();
        LogReader reader = server.Engine.Find(log.Name)!;
        IDisposable[] held = [.. Enumerable.Range(0, ServerLimits.BacktestsPerTenant).Select(_ => resources.BeginBacktest(reader))];
        Answer refused = await PostAsync(log, log.ReaderKey, Everything);
        refused.ShouldBeProblem(429, "busy");
        Assert.Equal("backtests", refused.Json.GetProperty("errors")[0].GetProperty("code").GetString());
        Array.ForEach(held, part => part.Dispose());
        Assert.Equal(1, Number(await FindAsync(log, log.ReaderKey, Everything), "total"));
    }

    [Fact]
    public async Task When_its_time_is_over_it_answers_with_what_it_has_found_and_how_far_it_came()
    {
        TestLog log = await server.NewLogAsync();
        await log.AppendManyAsync(1_500);
        await server.SettleAsync();
        LogReader reader = server.Engine.Find(log.Name)!;
        var request = new BacktestRequest(Everything, Compile(Everything), default, 10, reader.Size);

        // Each look at the clock is some seconds later.
        BacktestResult result = await new Backtest(request, Entries(reader), new HastyClock()).RunAsync(TestContext.Current.CancellationToken);

        Assert.InRange(result.To, 256, reader.Size - 1);
        Assert.Equal((result.To, result.To, 10), (result.Total, result.Matched, result.Findings.Count));
        Assert.Contains($"It ended at entry {result.To} of {reader.Size}, for it took 30 s: take a shorter time, or a rule that selects less.", result.Notices);
    }

    [Fact]
    public async Task Whoever_goes_away_ends_it()
    {
        TestLog log = await server.NewLogAsync();
        await log.AppendManyAsync(600);
        LogReader reader = server.Engine.Find(log.Name)!;
        using var gone = new CancellationTokenSource();
        var backtest = new Backtest(new BacktestRequest(Everything, Compile(Everything), default, 10, reader.Size), Entries(reader), new HastyClock(gone.Cancel));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => backtest.RunAsync(gone.Token));
    }

    [Fact]
    public async Task Events_that_are_dated_ahead_count_as_of_their_receipt()
    {
        TestLog log = await server.NewLogAsync();
        DateTimeOffset now = server.Clock.GetUtcNow();
        Answer appended = await log.AppendAsync("[" + string.Join(',', new[] { now.AddDays(300), now.AddDays(-1), now.AddDays(200) }.Select((time, i) => TestLog.Event($"e-{i}", ("time", $"\"{Instant(time)}\"")))) + "]");
        Assert.True(appended.Status == 201, appended.Text);
        Assert.Equal([0, 2], EventsOf(await FindAsync(log, log.ReaderKey, Everything, ("from", Instant(now.AddHours(-1))), ("to", Instant(now.AddHours(1))))));
        Assert.Equal([1], EventsOf(await FindAsync(log, log.ReaderKey, Everything, ("to", Instant(now.AddHours(-1))))));
        Assert.Empty(EventsOf(await FindAsync(log, log.ReaderKey, Everything, ("from", Instant(now.AddDays(100))))));
    }

    private static string Instant(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static long Number(JsonElement of, string name) => of.GetProperty(name).GetInt64();

    private static List<long> EventsOf(JsonElement answer) => [.. answer.GetProperty("findings").EnumerateArray().SelectMany(finding => finding.GetProperty("events").EnumerateArray()).Select(index => index.GetInt64())];

    private VisibleEntries Entries(LogReader reader) => new(reader, [new Sight(null, null, PersonalView.Shown)], null, server.IndexesOf());

    private static CompiledRules Compile(string yaml) => CompiledRules.Compile(RuleLibrary.Load([new RuleFile("rule", yaml)]), ShippedRules.Mappings);

    private static Task<Answer> PostAsync(TestLog log, string key, string? rule, params (string Name, JsonNode Value)[] more)
    {
        var body = new JsonObject { ["rule"] = rule };
        foreach ((string name, JsonNode value) in more)
        {
            body[name] = value;
        }

        return log.Server.PostAsync($"api/logs/{log.Name}/backtest", key, body.ToJsonString());
    }

    private static async Task<JsonElement> FindAsync(TestLog log, string key, string rule, params (string Name, JsonNode Value)[] more)
    {
        Answer answer = await PostAsync(log, key, rule, more);
        Assert.True(answer.Status == 200, answer.Text);
        return answer.Json;
    }

    private async Task<string> KeyAsync(TestLog log, string? personal, string? rows)
    {
        var wanted = new JsonObject { ["role"] = "reader", ["logs"] = new JsonArray(log.Name), ["rows"] = rows, ["personal"] = personal };
        Answer made = await server.PostAsync("api/keys", server.AdminKey, wanted.ToJsonString());
        Assert.True(made.Status == 201, made.Text);
        return made.Json.GetProperty("key").GetString()!;
    }

    /// <summary>A clock that is four seconds later each time that it is looked at.</summary>
    private sealed class HastyClock(Action? onLook = null) : TimeProvider
    {
        private long _looks;

        public override long TimestampFrequency => 1;

        public override long GetTimestamp()
        {
            onLook?.Invoke();
            return _looks += 4;
        }
    }
}
