using System.Text.Json;
using System.Text.Json.Nodes;
using Indelible.Server.Tests.Api;
using Xunit;

namespace Indelible.Server.Tests.Views;

/// <summary>What an answer says of the query itself: what each clause matches, and why nothing was found. And the door for queries as trees.</summary>
public sealed class ExplanationTests(TestServer server) : IClassFixture<TestServer>
{
    [Fact]
    public async Task Each_clause_is_counted_by_itself_where_that_is_asked_for()
    {
        TestLog log = await FilledAsync();

        JsonElement answer = (await log.GetAsync("events?explain=true&from=2026-03-01T02:00:00Z&q=" + Uri.EscapeDataString("actor:u-1 -(action:invoice.pay OR status:7)"))).Json;

        Assert.Equal(
            ["time>=2026-03-01T02:00:00Z 8", "actor.id:u-1 5", "not action:invoice.pay 2", "not request.status:7 1"],
            answer.GetProperty("clauses").EnumerateArray().Select(clause => $"{(clause.GetProperty("negated").GetBoolean() ? "not " : "")}{Text(clause, "query")} {clause.GetProperty("matches").GetProperty("value")}"));
        Assert.All(answer.GetProperty("clauses").EnumerateArray(), clause => Assert.True(clause.GetProperty("matches").GetProperty("exact").GetBoolean()));
        Assert.False((await log.GetAsync("events?q=actor:u-1")).Json.TryGetProperty("clauses", out _));
    }

    [Fact]
    public async Task It_is_counted_in_the_size_that_the_answer_covers()
    {
        TestLog log = await FilledAsync();

        JsonElement answer = (await log.GetAsync("events?explain=true&as_of=4&q=actor:u-1")).Json;

        Assert.Equal(2, answer.GetProperty("clauses")[0].GetProperty("matches").GetProperty("value").GetInt32());
    }

    [Fact]
    public async Task More_clauses_than_the_budget_has_are_said_not_to_be_counted()
    {
        TestLog log = await FilledAsync();

        JsonElement answer = (await log.GetAsync("events?explain=true&q=" + Uri.EscapeDataString(string.Join(" OR ", Enumerable.Range(0, 40).Select(i => $"actor:x-{i}"))))).Json;

        JsonElement[] clauses = [.. answer.GetProperty("clauses").EnumerateArray()];
        Assert.Equal(40, clauses.Length);
        Assert.Equal(JsonValueKind.Null, clauses[^1].GetProperty("matches").ValueKind);
        Assert.Equal(JsonValueKind.Object, clauses[0].GetProperty("matches").ValueKind);
    }

    [Theory]
    [InlineData("actor:u-1 action:no.such -service:billing", "", "Nothing matches action:no.such, whatever else is asked.|Nothing matches -service.name:billing, whatever else is asked.")]
    [InlineData("action:invoice.pay status:0", "", "Each of the clauses matches something; together they match nothing.")]
    [InlineData("actor:u-0 time:2026-03-02", "", "Nothing matches time:[2026-03-02T00:00:00Z TO 2026-03-03T00:00:00Z}, whatever else is asked.|At other times the rest of the query matches 5 entries: the nearest before is of 2026-03-01T08:00:00.0000000Z, index 8.")]
    [InlineData("status:5 time:[2026-03-01T03:00 TO 2026-03-01T04:00]", "", "Each of the clauses matches something; together they match nothing.|At other times the rest of the query matches 1 entry: the nearest after is of 2026-03-01T05:00:00.0000000Z, index 5.")]
    [InlineData("actor:u-1", "&from=2026-03-01T03:30:00Z&to=2026-03-01T04:30:00Z", "Each of the clauses matches something; together they match nothing.|At other times the rest of the query matches 5 entries: the nearest before is of 2026-03-01T03:00:00.0000000Z, index 3, the nearest after is of 2026-03-01T05:00:00.0000000Z, index 5.")]
    [InlineData("action:no.such", "", "")]
    [InlineData("actor:u-1 time:2026-03-01", "", "")]
    public async Task Where_nothing_is_found_the_answer_says_which_clause_and_when_there_is_something(string query, string parameters, string notices)
    {
        TestLog log = await FilledAsync();

        JsonElement answer = (await log.GetAsync($"events?q={Uri.EscapeDataString(query)}{parameters}")).Json;

        Assert.Equal(notices.Split('|', StringSplitOptions.RemoveEmptyEntries), answer.GetProperty("notices").EnumerateArray().Select(notice => notice.GetString()!));
    }

    [Fact]
    public async Task A_tree_in_a_body_is_answered_as_its_text_is()
    {
        TestLog log = await FilledAsync();
        JsonElement byText = (await log.GetAsync("events?explain=true&limit=2&order=asc&from=2026-03-01T01:00:00Z&q=" + Uri.EscapeDataString("actor:u-1 -status:7"))).Json;

        var body = new JsonObject
        {
            ["query"] = JsonNode.Parse(byText.GetProperty("tree").GetRawText()),
            ["from"] = "2026-03-01T01:00:00Z",
            ["order"] = "asc",
            ["limit"] = 2,
            ["explain"] = true,
        };
        Answer byTree = await SearchAsync(log, body.ToJsonString());
        Assert.Equal(["as_of", "clauses", "explain", "indexed", "items", "next", "notices", "query", "total", "tree"], byTree.Json.EnumerateObject().Select(member => member.Name).Order(StringComparer.Ordinal));
        foreach (string member in (string[])["as_of", "total", "items", "notices", "query", "explain", "tree", "clauses"])
        {
            Assert.Equal(byText.GetProperty(member).GetRawText(), byTree.Json.GetProperty(member).GetRawText());
        }

        body["cursor"] = Text(byTree.Json, "next");
        Answer second = await SearchAsync(log, body.ToJsonString());
        Assert.Equal([5, 9], second.Json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("index").GetInt32()));
        Assert.Equal(5, (await SearchAsync(log, """{"q":"actor:u-1"}""")).Json.GetProperty("total").GetProperty("value").GetInt32());
        Assert.Equal(10, (await SearchAsync(log, "{}")).Json.GetProperty("total").GetProperty("value").GetInt32());
    }

    [Theory]
    [InlineData("""{"query":{"op":"and","of":[{"op":"all"},{"op":"exists","path":[]}]}}""", "invalid-query", "/query")]
    [InlineData("""{"query":{"op":"all","op":"all"}}""", "invalid-body", null)]
    [InlineData("""{"query":"actor:u-1"}""", "invalid-query", "/query")]
    [InlineData("""{"query":{"op":"not","of":{"op":"all","of":1,"of":2}}}""", "invalid-body", null)]
    [InlineData("""{"query":null,"query":{"op":"all"}}""", "invalid-body", null)]
    [InlineData("""{"query":{"op":"all"},"q":"x"}""", "invalid-parameter", "query")]
    [InlineData("""{"q":"("}""", "invalid-query", "q")]
    [InlineData("""{"limit":0}""", "invalid-parameter", "limit")]
    [InlineData("""{"limit":-5}""", "invalid-parameter", "limit")]
    [InlineData("""{"as_of":99}""", "invalid-parameter", "as_of")]
    [InlineData("""{"order":"sideways"}""", "invalid-parameter", "order")]
    [InlineData("""{"from":"yesterday"}""", "invalid-parameter", "from")]
    [InlineData("""{"cursor":"x"}""", "invalid-parameter", "cursor")]
    [InlineData("""{"wanted":1}""", "invalid-body", null)]
    [InlineData("[]", "invalid-body", null)]
    public async Task A_body_that_asks_for_nothing_that_there_is_is_refused(string body, string problem, string? pointer)
    {
        TestLog log = await FilledAsync();

        IReadOnlyList<JsonElement> errors = (await SearchAsync(log, body)).ShouldBeProblem(400, problem);

        Assert.Equal(pointer, errors.Count == 0 ? null : Text(errors[0], "pointer"));
    }

    private static Task<Answer> SearchAsync(TestLog log, string body) => log.Server.PostAsync($"api/logs/{log.Name}/search", log.ReaderKey, body);

    private async Task<TestLog> FilledAsync()
    {
        TestLog log = await server.NewLogAsync();
        string[] events = [.. Enumerable.Range(0, 10).Select(i => TestLog.Event(
            $"e-{i}", ("time", $"\"2026-03-01T{i:00}:00:00Z\""), ("actor.id", $"\"u-{i % 2}\""), ("action", i % 5 == 1 ? "\"invoice.pay\"" : "\"invoice.read\""), ("request.status", $"{i}")))];
        Assert.Equal(201, (await log.AppendAsync($"[{string.Join(',', events)}]")).Status);
        return log;
    }

    private static string Text(JsonElement of, string member) => of.GetProperty(member).GetString()!;
}
