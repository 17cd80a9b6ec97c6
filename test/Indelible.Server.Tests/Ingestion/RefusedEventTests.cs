using System.Text.Json;
using Indelible.Server.Tests.Api;
using Xunit;

namespace Indelible.Server.Tests.Ingestion;

/// <summary>Every way in which an event can be wrong: what the caller is told, and that nothing was logged.</summary>
public sealed class RefusedEventTests(TestServer server) : IClassFixture<TestServer>
{
    private static readonly string s_valid = TestLog.Event("e-1");

    public static TheoryData<string, string, string, string> BadEvents()
    {
        var cases = new TheoryData<string, string, string, string>
        {
            { "invalid JSON", """{"schema":"audit/1",""", "invalid-json", "" },
            { "two documents", s_valid + s_valid, "invalid-json", "" },
            { "a trailing comma", s_valid[..^1] + ",}", "invalid-json", "" },
            { "a comment", "/* */" + s_valid, "invalid-json", "" },
            { "no object", "\"event\"", "wrong-type", "" },
            { "wrong type", TestLog.Event("e", ("action", "5")), "wrong-type", "/action" },
            { "wrong type of an object", TestLog.Event("e", ("actor", "\"u-1\"")), "wrong-type", "/actor" },
            { "null", TestLog.Event("e", ("outcome", "null")), "wrong-type", "/outcome" },
            { "unknown member", TestLog.Event("e", ("surprise", "1")), "unknown-member", "/surprise" },
            { "received_at", TestLog.Event("e", ("received_at", "\"2026-11-23T06:14:25Z\"")), "reserved-member", "/received_at" },
            { "ingest", TestLog.Event("e", ("ingest", "{}")), "reserved-member", "/ingest" },
            { "salt", TestLog.Event("e", ("salt", "\"AAAA\"")), "reserved-member", "/salt" },
            { "a member of $", TestLog.Event("e", ("$pii", "{}")), "reserved-member", "/$pii" },
            { "a member of $ in data", TestLog.Event("e", ("data.$erased", "{}")), "reserved-member", "/data/$erased" },
            { "a sealed name", TestLog.Event("e", ("actor.name", """{"$pii":{}}""")), "wrong-type", "/actor/name" },
            { "duplicate key", s_valid[..^1] + ",\"id\":\"e-2\"}", "duplicate-member", "/id" },
            { "duplicate key, escaped", s_valid[..^1] + ",\"\\u0069d\":\"e-2\"}", "duplicate-member", "/id" },
            { "duplicate key in data", s_valid[..^1] + ",\"data\":{\"a\":1,\"a\":1}}", "duplicate-member", "/data/a" },
            { "lone surrogate", s_valid[..^1] + ",\"message\":\"\\ud800\"}", "bad-string", "/message" },
            { "lone surrogate in data", s_valid[..^1] + ",\"data\":{\"a\":\"x\\udc00\"}}", "bad-string", "/data/a" },
            { "2^53", TestLog.Event("e", ("data.n", "9007199254740992")), "bad-number", "/data/n" },
            { "1e400", s_valid[..^1] + ",\"data\":{\"n\":1e400}}", "bad-number", "/data/n" },
            { "not exactly representable", s_valid[..^1] + ",\"data\":{\"n\":0.1000000000000000055511151231257827}}", "bad-number", "/data/n" },
            { "port out of range", TestLog.Event("e", ("source.port", "65536")), "bad-format", "/source/port" },
            { "status no integer", TestLog.Event("e", ("request.status", "200.5")), "bad-format", "/request/status" },
            { "too deep for JSON", s_valid[..^1] + ",\"data\":" + new string('[', 100) + new string(']', 100) + "}", "too-deep", "/data" + string.Concat(Enumerable.Repeat("/0", 63)) },
            { "too deep for data", TestLog.Event("e", ("data.a", "[[[[[[[[1]]]]]]]]")), "too-deep", "/data/a/0/0/0/0/0/0/0" },
            { "long message", TestLog.Event("e", ("message", $"\"{new string('m', 1025)}\"")), "too-long", "/message" },
            { "long id", TestLog.Event(new string('i', 129)), "too-long", "/id" },
            { "long event", TestLog.Event("e", ("data.original", $"{{\"a\":\"{new string('x', 70_000)}\"}}")), "too-long", "" },
            { "33 targets", TestLog.Event("e", ("targets", $"[{string.Join(',', Enumerable.Repeat("""{"type":"t","id":"1"}""", 33))}]")), "too-many", "/targets" },
            { "33 labels", TestLog.Event("e", ("labels", $"{{{string.Join(',', Enumerable.Range(0, 33).Select(i => $"\"l{i}\":\"v\""))}}}")), "too-many", "/labels" },
            { "no time", TestLog.Event("e", ("time", "\"yesterday\"")), "bad-format", "/time" },
            { "a time with an offset", TestLog.Event("e", ("time", "\"2026-11-23T06:14:25+01:00\"")), "bad-format", "/time" },
            { "an outcome of its own", TestLog.Event("e", ("outcome", "\"maybe\"")), "bad-format", "/outcome" },
            { "an address that is none", TestLog.Event("e", ("source.ip", "\"300.1.1.1\"")), "bad-format", "/source/ip" },
        };
        foreach (string required in (string[])["schema", "id", "time", "action", "outcome", "actor", "actor.id", "actor.type", "service", "service.name"])
        {
            cases.Add($"no {required}", TestLog.Event("e", (required, null)), "missing", "/" + required.Replace('.', '/'));
        }

        return cases;
    }

    [Fact]
    public async Task What_is_quoted_of_a_refused_event_is_visible_text()
    {
        TestLog log = await server.NewLogAsync();
        const string Hostile = "\u202e\u2066\u200b\u2028\u2029\u0085\u001b\ufeffx";

        Answer answer = await log.AppendAsync(TestLog.Event("a", ("action", JsonSerializer.Serialize(Hostile))));

        string detail = Assert.Single(answer.ShouldBeProblem(400, "invalid-event")).GetProperty("detail").GetString()!;
        Assert.Contains("\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffdx", detail, StringComparison.Ordinal);
        Assert.DoesNotContain(detail, c => Hostile[..^1].Contains(c, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(BadEvents))]
    public async Task Refuses_the_event_names_the_place_and_logs_nothing(string what, string body, string code, string pointer)
    {
        TestLog log = await server.NewLogAsync();

        Answer answer = await log.AppendAsync(body);

        IReadOnlyList<JsonElement> errors = answer.ShouldBeProblem(400, "invalid-event");
        Assert.True(
            errors.Any(e => e.GetProperty("code").GetString() == code && e.GetProperty("pointer").GetString() == pointer), $"{what}: {answer.Text}");
        Assert.All(errors, error => Assert.Equal(0, error.GetProperty("item").GetInt32()));
        Assert.Equal(0, log.Size);
    }

    [Theory]
    [MemberData(nameof(BadEvents))]
    public async Task Refuses_the_batch_around_a_bad_event_as_a_whole(string what, string body, string code, string pointer)
    {
        TestLog log = await server.NewLogAsync();
        string lines = $"{TestLog.Event("good-1")}\n\n{body.ReplaceLineEndings(" ")}\n{TestLog.Event("good-2")}\n";

        Answer answer = await log.AppendAsync(lines, type: "application/x-ndjson");

        IReadOnlyList<JsonElement> errors = answer.ShouldBeProblem(400, "invalid-event");
        Assert.True(errors.Any(e => e.GetProperty("code").GetString() == code && e.GetProperty("pointer").GetString() == pointer), $"{what}: {answer.Text}");
        Assert.All(errors, error => Assert.Equal(1, error.GetProperty("item").GetInt32()));
        Assert.Equal(0, log.Size);
    }

    [Theory]
    [MemberData(nameof(BadEvents))]
    public async Task Takes_the_good_events_around_a_bad_one_when_asked_to(string what, string body, string code, string pointer)
    {
        TestLog log = await server.NewLogAsync();
        string lines = $"{TestLog.Event("good-1")}\n{body.ReplaceLineEndings(" ")}\n{TestLog.Event("good-2")}\n";

        Answer answer = await log.AppendAsync(lines, "?partial=true", "application/x-ndjson");

        Assert.Equal(200, answer.Status);
        JsonElement[] results = [.. answer.Json.GetProperty("results").EnumerateArray()];
        Assert.Equal(["appended", "invalid", "appended"], results.Select(result => result.GetProperty("status").GetString()));
        Assert.True(
            results[1].GetProperty("errors").EnumerateArray().Any(e => e.GetProperty("code").GetString() == code
                && e.GetProperty("pointer").GetString() == pointer && e.GetProperty("item").GetInt32() == 1),
            $"{what}: {answer.Text}");
        Assert.Equal(2, log.Size);
    }

    [Fact]
    public async Task Names_the_item_of_an_array_that_is_not_valid()
    {
        TestLog log = await server.NewLogAsync();

        Answer answer = await log.AppendAsync($"[{TestLog.Event("a")},{TestLog.Event("b", ("action", null))},{TestLog.Event("c")}]");

        answer.ShouldBeProblem(400, "invalid-event", "/action", 1);
        Assert.Equal(0, log.Size);
    }

    [Theory]
    [InlineData("[{},", 1)]
    [InlineData("[1 2]", 1)]
    [InlineData("[{}] x", 1)]
    [InlineData("[{\"a\":}]", 0)]
    public async Task Refuses_an_array_that_is_not_JSON(string body, int item)
    {
        TestLog log = await server.NewLogAsync();

        Answer answer = await log.AppendAsync(body);

        answer.ShouldBeProblem(400, "invalid-body", "", item);
        Assert.Equal(0, log.Size);
    }

    [Fact]
    public async Task Refuses_an_event_that_is_too_deep_inside_an_array()
    {
        TestLog log = await server.NewLogAsync();
        string deep = TestLog.Event("a")[..^1] + ",\"data\":" + new string('[', 100) + new string(']', 100) + "}";

        Answer answer = await log.AppendAsync($"[{TestLog.Event("b")},{deep}]");

        answer.ShouldBeProblem(400, "invalid-event", "/data" + string.Concat(Enumerable.Repeat("/0", 63)), 1);
        Assert.Equal(0, log.Size);
    }

    [Theory]
    [InlineData("", "application/json")]
    [InlineData("  \r\n", "application/json")]
    [InlineData("[]", "application/json")]
    [InlineData("", "application/x-ndjson")]
    [InlineData("\n \n\r\n", "application/x-ndjson")]
    public async Task Refuses_a_body_without_events(string body, string type)
    {
        TestLog log = await server.NewLogAsync();

        Answer answer = await log.AppendAsync(body, type: type);

        answer.ShouldBeProblem(400, "invalid-body");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Refuses_a_batch_of_10001_events_and_takes_one_of_10000(bool lines)
    {
        TestLog log = await server.NewLogAsync();
        string[] events = [.. Enumerable.Range(0, 10_001).Select(i => TestLog.Event($"e-{i}"))];

        Answer refused = await SendAsync(events);
        refused.ShouldBeProblem(413, "too-large");
        Assert.Equal(0, log.Size);
        Answer taken = await SendAsync(events[..10_000]);

        Assert.Equal(201, taken.Status);
        Assert.Equal(10_000, log.Size);

        Task<Answer> SendAsync(string[] some) => lines
            ? log.AppendAsync(string.Join('\n', some), type: "application/x-ndjson")
            : log.AppendAsync($"[{string.Join(',', some)}]");
    }

    [Fact]
    public async Task Tells_of_a_thousand_faults_at_most()
    {
        TestLog log = await server.NewLogAsync();

        Answer answer = await log.AppendAsync($"[{string.Join(',', Enumerable.Repeat("{}", 5_000))}]");

        Assert.Equal(1_000, answer.ShouldBeProblem(400, "invalid-event").Count);
        Assert.Contains("1000", answer.Json.GetProperty("detail").GetString()!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Says_that_an_id_was_used_for_another_claim_and_where()
    {
        TestLog log = await server.NewLogAsync();
        await log.AppendAsync($"[{TestLog.Event("a")},{TestLog.Event("b")}]");

        Answer answer = await log.AppendAsync($"[{TestLog.Event("c")},{TestLog.Event("b", ("outcome", "\"failure\""))}]");

        answer.ShouldBeProblem(409, "id-conflict", "/id", 1);
        Assert.Contains("entry 1", answer.Json.GetProperty("errors")[0].GetProperty("detail").GetString()!, StringComparison.Ordinal);
        Assert.Equal(2, log.Size);
    }

    [Fact]
    public async Task Names_the_second_of_two_events_of_one_batch_that_share_an_id()
    {
        TestLog log = await server.NewLogAsync();

        Answer answer = await log.AppendAsync($"[{TestLog.Event("a")},{TestLog.Event("b")},{TestLog.Event("b", ("outcome", "\"failure\""))}]");

        answer.ShouldBeProblem(409, "id-conflict", "/id", 2);
        Assert.DoesNotContain("entry 1", answer.Json.GetProperty("errors")[0].GetProperty("detail").GetString()!, StringComparison.Ordinal);
        Assert.Equal(0, log.Size);
    }

    [Fact]
    public async Task Takes_an_event_sent_twice_in_one_batch_once()
    {
        TestLog log = await server.NewLogAsync();
        string twice = TestLog.Event("a", ("actor.name", "\"Zoë Müller\""), ("source.ip", "\"192.0.2.7\""));

        Answer answer = await log.AppendAsync($"[{twice},{twice}]");

        Assert.Equal(201, answer.Status);
        Assert.Equal([0L, 0L], answer.Json.GetProperty("receipts").EnumerateArray().Select(receipt => receipt.GetProperty("index").GetInt64()));
        Assert.Equal(1, log.Size);
    }

    [Fact]
    public async Task Takes_the_same_id_from_another_principal()
    {
        TestLog log = await server.NewLogAsync();
        (_, string other) = await server.NewKeyAsync("writer", log.Name);
        await log.AppendAsync(TestLog.Event("a"));

        Answer answer = await server.PostAsync(log.Events, other, TestLog.Event("a", ("outcome", "\"failure\"")));

        Assert.Equal(201, answer.Status);
        Assert.Equal(2, log.Size);
    }

    /// <summary>Fits as a claim; what the server adds makes it too long for an entry.</summary>
    [Fact]
    public async Task Refuses_an_event_that_does_not_fit_an_entry_and_alone_where_asked_to()
    {
        TestLog log = await server.NewLogAsync();
        string large = TestLog.Event("large", ("data.original", $"{{\"a\":\"{new string('x', 65_200)}\"}}"));
        string invalid = TestLog.Event("invalid", ("action", null));

        Answer refused = await log.AppendAsync($"[{TestLog.Event("a")},{large}]");
        refused.ShouldBeProblem(400, "invalid-event", "", 1);
        Assert.Equal(0, log.Size);
        Answer partial = await log.AppendAsync($"[{invalid},{TestLog.Event("a")},{large},{TestLog.Event("b")}]", "?partial=true");

        Assert.Equal(200, partial.Status);
        Assert.Equal(
            ["invalid", "appended", "invalid", "appended"],
            partial.Json.GetProperty("results").EnumerateArray().Select(result => result.GetProperty("status").GetString()));
        Assert.Equal(2, partial.Json.GetProperty("results")[2].GetProperty("errors")[0].GetProperty("item").GetInt32());
        Assert.Equal(2, log.Size);
    }
}
