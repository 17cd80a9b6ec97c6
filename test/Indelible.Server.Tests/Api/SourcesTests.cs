using System.Globalization;
using System.Text.Json;
using Indelible.Server.Sources;
using Xunit;

namespace Indelible.Server.Tests.Api;

/// <summary>What the server says of producers: gaps, streams, silence, refused events.</summary>
public sealed class SourcesTests(TestServer server) : IClassFixture<TestServer>
{
    private int _events;

    [Fact]
    public async Task A_gap_shows_until_the_missing_events_arrive()
    {
        TestLog log = await server.NewLogAsync();
        await SendAsync(log, 1, 2, 5);
        JsonElement source = await OneAsync(log);
        Assert.Equal(("billing", "b-1", 3L, 1L, 2L), (source.GetProperty("service").GetString(), source.GetProperty("instance").GetString(), source.GetProperty("events").GetInt64(), source.GetProperty("open_gaps").GetInt64(), source.GetProperty("missing").GetInt64()));
        Assert.Equal(["gap"], Flags(source));
        JsonElement gap = Assert.Single(source.GetProperty("streams")[0].GetProperty("gaps").GetProperty("items").EnumerateArray());
        Assert.Equal((3L, 4L, 1L, 2L, "jump"), (gap.GetProperty("first").GetInt64(), gap.GetProperty("last").GetInt64(), gap.GetProperty("after").GetProperty("index").GetInt64(), gap.GetProperty("before").GetProperty("index").GetInt64(), gap.GetProperty("shown_by").GetString()));
        Assert.Equal(JsonValueKind.Null, gap.GetProperty("closed").ValueKind);

        await SendAsync(log, 4, 3);
        source = await OneAsync(log);
        Assert.Empty(Flags(source));
        Assert.Equal(4, source.GetProperty("streams")[0].GetProperty("gaps").GetProperty("items")[0].GetProperty("closed").GetProperty("index").GetInt64());
    }

    [Fact]
    public async Task A_search_says_what_is_missing_in_its_range_and_no_other_does()
    {
        TestLog log = await server.NewLogAsync();
        await SendAtAsync(log, 1, "2026-11-23T01:00:00Z");
        await SendAtAsync(log, 4, "2026-11-23T02:00:00Z");
        await SendAtAsync(log, 5, "2026-11-23T08:00:00Z");
        string notice = Assert.Single(await NoticesAsync(log, ""));
        Assert.StartsWith("2 events of 'billing'/'b-1' have not arrived: numbers 2 to 3 of stream 's-", notice, StringComparison.Ordinal);
        Assert.Contains("after entry 0 (2026-11-23T01:00:00.0000000Z) and before entry 1 (2026-11-23T02:00:00.0000000Z)", notice, StringComparison.Ordinal);
        Assert.Single(await NoticesAsync(log, "?to=2026-11-23T03:00:00Z"));
        Assert.Empty(await NoticesAsync(log, "?from=2026-11-23T03:00:00Z"));
        Assert.Empty(await NoticesAsync(log, "?q=" + Uri.EscapeDataString("time:>=2026-11-23T03:00:00Z")));
        Assert.Single(await NoticesAsync(log, "?q=" + Uri.EscapeDataString("outcome:failure")));
        Assert.Empty(await NoticesAsync(log, "?as_of=1"));
    }

    [Fact]
    public async Task Many_gaps_make_few_notices()
    {
        TestLog log = await server.NewLogAsync();
        await SendAsync(log, [.. Enumerable.Range(1, 40).Select(i => 2L * i)]);
        IReadOnlyList<string> notices = await NoticesAsync(log, "");
        Assert.Equal(4, notices.Count);
        Assert.StartsWith("37 more gaps", notices[^1], StringComparison.Ordinal);
        Assert.Equal(40, (await OneAsync(log)).GetProperty("missing").GetInt64());
    }

    [Fact]
    public async Task Another_principals_stream_is_refused_at_its_place()
    {
        TestLog log = await server.NewLogAsync();
        await SendAsync(log, 1);
        string other = (await server.NewKeyAsync("writer", log.Name)).Text;
        string stolen = TestLog.Event("stolen", ("producer.stream_id", $"\"{StreamOf(log)}\""), ("producer.seq", "2"));
        string own = TestLog.Event("own", ("producer.stream_id", "\"own-stream\""), ("producer.seq", "1"));
        (await server.PostAsync(log.Events, other, $"[{own},{stolen}]")).ShouldBeProblem(409, "stream-taken", "/producer/stream_id", 1);
        Assert.Equal(1, log.Size);

        Answer partial = await server.PostAsync(log.Events + "?partial=true", other, $"[{stolen},{own}]");
        Assert.Equal(200, partial.Status);
        Assert.Equal(["conflict", "appended"], partial.Json.GetProperty("results").EnumerateArray().Select(result => result.GetProperty("status").GetString()));
        JsonElement error = partial.Json.GetProperty("results")[0].GetProperty("errors")[0];
        Assert.Equal(("/producer/stream_id", "stream-taken"), (error.GetProperty("pointer").GetString(), error.GetProperty("code").GetString()));

        // Whether a conflict of ids or of streams: one answer names both, each at its place.
        string conflicting = TestLog.Event("own", ("producer.stream_id", "\"own-stream\""), ("producer.seq", "9"));
        IReadOnlyList<JsonElement> errors = (await server.PostAsync(log.Events, other, $"[{conflicting},{stolen}]")).ShouldBeProblem(409, "stream-taken");
        Assert.Equal(["/id", "/producer/stream_id"], errors.Select(one => one.GetProperty("pointer").GetString()));
        Assert.Contains(await RefusedAsync(log), count => count.Reason == "stream-taken" && count.Events == 3);
    }

    [Fact]
    public async Task Duplicates_jumps_and_restarts_are_recorded_and_never_refused()
    {
        TestLog log = await server.NewLogAsync();
        await SendAsync(log, 1, 1, 9_007_199_254_740_991);
        string next = TestLog.Event(
            "next", ("service.instance_id", "\"b-1\""), ("producer.stream_id", "\"next\""), ("producer.seq", "1"), ("producer.previous_stream", $"\"{StreamOf(log)}\""), ("producer.previous_seq", "1"), ("producer.highest", "3"));
        Assert.Equal(201, (await log.AppendAsync(next)).Status);
        JsonElement source = await OneAsync(log);
        Assert.Equal(["gap", "duplicate", "unclean_restart", "contradiction"], Flags(source));
        Assert.Equal((1L, 9_007_199_254_740_991L), (source.GetProperty("restarts").GetInt64(), source.GetProperty("missing").GetInt64()));
        Assert.Equal("yes", source.GetProperty("streams")[1].GetProperty("previous").GetProperty("known").GetString());
    }

    [Fact]
    public async Task Expected_sources_are_silent_by_the_servers_clock_and_the_answer_says_so()
    {
        TestLog log = await server.NewLogAsync();
        string path = $"api/logs/{log.Name}/sources/expected/";
        Assert.Equal(200, (await PutAsync(path + "billing", """{"service":"billing","interval_s":60}""", server.AdminKey)).Status);
        Assert.Equal(200, (await PutAsync(path + "nobody", """{"service":"nobody","interval_s":600}""", server.AdminKey)).Status);
        await SendAsync(log, 1);
        Assert.All((await SourcesAsync(log)).GetProperty("expected").EnumerateArray(), expected => Assert.False(expected.GetProperty("silent").GetBoolean()));

        server.Clock.Advance(TimeSpan.FromMinutes(2));
        JsonElement answer = await SourcesAsync(log);
        JsonElement silent = Assert.Single(answer.GetProperty("expected").EnumerateArray(), expected => expected.GetProperty("silent").GetBoolean());
        Assert.Equal(("billing", 0L), (silent.GetProperty("name").GetString(), silent.GetProperty("last").GetProperty("index").GetInt64()));
        Assert.Equal("server", answer.GetProperty("clock").GetProperty("of").GetString());
        Assert.Equal(1, answer.GetProperty("totals").GetProperty("silent").GetInt64());
        Assert.Contains($"indelible_sources_silent{{otel_scope_name=\"Indelible\",log=\"{log.Name}\"}} 1", (await server.GetAsync("metrics")).Text, StringComparison.Ordinal);

        await SendAsync(log, 2);
        Assert.Equal(0, (await SourcesAsync(log)).GetProperty("totals").GetProperty("silent").GetInt64());
        Assert.Equal(204, (await server.SendAsync(HttpMethod.Delete, path + "nobody", server.AdminKey)).Status);
        (await server.SendAsync(HttpMethod.Delete, path + "nobody", server.AdminKey)).ShouldBeProblem(404, "not-found");
        Assert.Equal(["billing"], (await server.GetAsync(path.TrimEnd('/'), server.AdminKey)).Json.GetProperty("expected").EnumerateArray().Select(expected => expected.GetProperty("name").GetString()));
    }

    [Theory]
    [InlineData("ok", "{\"interval_s\":60}", "/")]
    [InlineData("ok", "{\"interval_s\":0,\"service\":\"a\"}", "/interval_s")]
    [InlineData("ok", "{\"interval_s\":99999999999,\"service\":\"a\"}", "/interval_s")]
    [InlineData("Not", "{\"interval_s\":60,\"service\":\"a\"}", "/")]
    [InlineData("ok", "{\"interval_s\":60,\"service\":\"a\\u200bb\"}", "/service")]
    [InlineData("ok", "{\"interval_s\":60,\"service\":\"a\",\"name\":\"b\"}", "/")]
    public async Task What_cannot_be_expected_is_refused(string name, string body, string pointer) =>
        (await PutAsync("api/logs/main/sources/expected/" + name, body, server.AdminKey)).ShouldBeProblem(400, "invalid-parameter", pointer);

    [Fact]
    public async Task Sources_are_for_readers_and_expecting_for_administrators()
    {
        TestLog log = await server.NewLogAsync();
        string path = $"api/logs/{log.Name}/sources";
        (await server.GetAsync(path)).ShouldBeProblem(401, "unauthenticated");
        (await server.GetAsync(path, log.WriterKey)).ShouldBeProblem(403, "forbidden");
        (await server.GetAsync(path, server.AdminKey)).ShouldBeProblem(403, "forbidden");
        (await server.GetAsync("api/logs/main/sources", log.ReaderKey)).ShouldBeProblem(404, "unknown-log");
        (await PutAsync(path + "/expected/a", """{"service":"a","interval_s":60}""", log.ReaderKey)).ShouldBeProblem(403, "forbidden");
        (await server.SendAsync(HttpMethod.Delete, path + "/expected/a", log.ReaderKey)).ShouldBeProblem(403, "forbidden");
        (await server.GetAsync(path + "/expected", log.WriterKey)).ShouldBeProblem(403, "forbidden");
        Assert.Equal(200, (await server.GetAsync(path + "/expected", log.ReaderKey)).Status);
        (await server.GetAsync(path + "?limit=0", log.ReaderKey)).ShouldBeProblem(400, "invalid-parameter", "limit");
        (await server.GetAsync(path + "?limit=1001", log.ReaderKey)).ShouldBeProblem(400, "invalid-parameter", "limit");
        foreach (string cursor in new[] { "%21", "e30", "WyJhIl0", "W251bGwsMSwyXQ", new string('A', 5_000) })
        {
            (await server.GetAsync(path + "?cursor=" + cursor, log.ReaderKey)).ShouldBeProblem(400, "invalid-parameter", "cursor");
        }
    }

    [Fact]
    public async Task Pages_go_through_all_sources()
    {
        TestLog log = await server.NewLogAsync();
        string[] events = [.. Enumerable.Range(0, 250).Select(i => TestLog.Event($"e-{i}", ("service.instance_id", $"\"i-{i}\"")))];
        Assert.Equal(201, (await log.AppendAsync($"[{string.Join(',', events)}]")).Status);
        var instances = new List<string>();
        string? cursor = "";
        while (cursor is not null)
        {
            JsonElement page = (await log.GetAsync($"sources?limit=100{(cursor.Length == 0 ? "" : "&cursor=" + cursor)}")).Json;
            instances.AddRange(page.GetProperty("sources").EnumerateArray().Select(source => source.GetProperty("instance").GetString()!));
            cursor = page.GetProperty("next").GetString();
        }

        Assert.Equal(250, instances.Distinct().Count());
        Assert.Equal(instances.Count, instances.Distinct().Count());
    }

    [Fact]
    public async Task Refused_events_are_counted_by_reason_and_outlive_a_restart()
    {
        await using var own = new TestServer();
        await own.InitializeAsync();
        TestLog log = await own.NewLogAsync();
        string access = (await own.NewKeyAsync("reader", "_access")).Text;
        Assert.Equal(400, (await log.AppendAsync($"[{TestLog.Event("a", ("actor", null))},{TestLog.Event("b", ("outcome", "\"maybe\""))},{TestLog.Event("c")}]")).Status);
        Assert.Equal(200, (await log.AppendAsync($"[{TestLog.Event("a", ("actor", null))},{TestLog.Event("c")}]", "?partial=true")).Status);
        Assert.Equal(409, (await log.AppendAsync(TestLog.Event("c", ("message", "\"other\"")))).Status);
        Assert.Equal(400, (await log.AppendAsync("{]")).Status);
        (string, long)[] expected = [("bad-format", 1L), ("id-conflict", 1L), ("invalid-json", 1L), ("missing", 2L)];
        Assert.Equal(expected, await RefusedAsync(log));
        await own.StopAsync();
        await own.StartAsync();
        Assert.Equal(expected, await RefusedAsync(log));
        JsonElement entered = Assert.Single((await own.GetAsync("api/logs/_access/events?q=action:indelible.events.refused", access)).Json.GetProperty("items").EnumerateArray()).GetProperty("entry");
        Assert.Equal("failure", entered.GetProperty("outcome").GetString());
        Assert.Equal(log.Name, entered.GetProperty("data").GetProperty("refused")[0].GetProperty("log").GetString());

        // Counts of before and after are added up.
        Assert.Equal(400, (await log.AppendAsync("{]")).Status);
        Assert.Contains(("invalid-json", 2L), await RefusedAsync(log));
    }

    [Fact]
    public async Task Refused_events_of_very_many_principals_are_bounded_and_none_is_lost()
    {
        await using var own = new TestServer();
        await own.InitializeAsync();
        var counter = new RefusalCounter(own.Engine, Microsoft.Extensions.Logging.Abstractions.NullLogger<RefusalCounter>.Instance);
        for (int i = 0; i < 5_000; i++)
        {
            counter.Count("main", "p-" + i.ToString(CultureInfo.InvariantCulture), "reason-" + (i % 50).ToString(CultureInfo.InvariantCulture));
        }

        int entries = 0;
        while (await counter.EnterAsync())
        {
            entries++;
        }

        Assert.InRange(entries, 60, 70);
        IReadOnlyList<Engine.Sources.RefusedEvents> all = own.Engine.ReadRefused();
        Assert.InRange(all.Count, 1, 1_025);
        Assert.Equal(5_000, all.Sum(count => count.Reasons.Values.Sum()));
        Assert.All(all, count => Assert.InRange(count.Reasons.Count, 1, 32));
    }

    private static string[] Flags(JsonElement source) => [.. source.GetProperty("flags").EnumerateArray().Select(flag => flag.GetString()!)];

    private static string StreamOf(TestLog log) => "s-" + log.Name;

    private static async Task<(string Reason, long Events)[]> RefusedAsync(TestLog log) =>
    [
        .. (await SourcesAsync(log)).GetProperty("refused").EnumerateArray()
            .SelectMany(count => count.GetProperty("reasons").EnumerateObject())
            .Select(reason => (reason.Name, reason.Value.GetInt64())),
    ];

    private static async Task<JsonElement> SourcesAsync(TestLog log)
    {
        Answer answer = await log.GetAsync("sources");
        Assert.Equal(200, answer.Status);
        return answer.Json;
    }

    private static async Task<JsonElement> OneAsync(TestLog log) => Assert.Single((await SourcesAsync(log)).GetProperty("sources").EnumerateArray());

    private static async Task<IReadOnlyList<string>> NoticesAsync(TestLog log, string parameters) =>
        [.. (await log.GetAsync("events" + parameters)).Json.GetProperty("notices").EnumerateArray().Select(notice => notice.GetString()!)];

    private Task<Answer> PutAsync(string path, string json, string key) =>
        server.SendAsync(HttpMethod.Put, path, key, TestServer.Body(System.Text.Encoding.UTF8.GetBytes(json)));

    private async Task SendAsync(TestLog log, params long[] numbers)
    {
        string[] events = [.. numbers.Select(number => NumberedEvent(log, number, "2026-11-23T06:14:25Z"))];
        Assert.Equal(201, (await log.AppendAsync($"[{string.Join(',', events)}]")).Status);
    }

    private async Task SendAtAsync(TestLog log, long number, string time) => Assert.Equal(201, (await log.AppendAsync(NumberedEvent(log, number, time))).Status);

    private string NumberedEvent(TestLog log, long number, string time) => TestLog.Event(
        $"e-{_events++}",
        ("time", $"\"{time}\""),
        ("service.instance_id", "\"b-1\""),
        ("producer.stream_id", $"\"{StreamOf(log)}\""),
        ("producer.seq", number.ToString(CultureInfo.InvariantCulture)));
}
