using System.Text;
using System.Text.Json.Nodes;
using CsCheck;

namespace Indelible.Search.Tests.Language;

public sealed class CanonicalFormTests
{
    [Theory]
    [InlineData("", "*")]
    [InlineData("actor:u-8472 -service:batch", "actor.id:u-8472 -service.name:batch")]
    [InlineData("a AND (b OR c)", "\"a\" (\"b\" OR \"c\")")]
    [InlineData("a b OR c", "\"a\" \"b\" OR \"c\"")]
    [InlineData("((a)) AND (b AND c)", "\"a\" \"b\" \"c\"")]
    [InlineData("NOT NOT (a)", "\"a\"")]
    [InlineData("Foo-Bar*", "foo-bar*")]
    [InlineData("outcome:(success, failure)", "outcome:success OR outcome:failure")]
    [InlineData("outcome!=success", "-outcome:success")]
    [InlineData("exists(trace)", "exists(trace.trace_id)")]
    [InlineData("exists(\"trace\")", "exists(\"trace\")")]
    [InlineData("actor:\"42\"", "actor.id:\"42\"")]
    [InlineData("actor:\"u-1\"", "actor.id:u-1")]
    [InlineData("data.x:\"A phrase\"", "data.x:\"a phrase\"")]
    [InlineData("data.x=\"A value\"", "data.x=\"A value\"")]
    [InlineData("message=x", "message=x")]
    [InlineData("labels.a~x", "labels.a~\"x\"")]
    [InlineData("status:>=400", "request.status>=400")]
    [InlineData("time:today", "time:[2026-11-23T00:00:00Z TO 2026-11-24T00:00:00Z}")]
    [InlineData("time:yesterday+02:00", "time:[2026-11-21T22:00:00Z TO 2026-11-22T22:00:00Z}")]
    [InlineData("time:last24h", "time:[2026-11-22T06:14:25Z TO 2026-11-23T06:14:26Z}")]
    [InlineData("time:last2w", "time:[2026-11-09T06:14:25Z TO 2026-11-23T06:14:26Z}")]
    [InlineData("time>2026-11-01", "time>=2026-11-02T00:00:00Z")]
    [InlineData("time:{2026-11-01 TO 2026-11-05}", "time:[2026-11-02T00:00:00Z TO 2026-11-05T00:00:00Z}")]
    [InlineData("time:2026-11", "time:[2026-11-01T00:00:00Z TO 2026-12-01T00:00:00Z}")]
    [InlineData("time:2026-11-23T06:14:25.1234567Z", "time:[2026-11-23T06:14:25.1234567Z TO 2026-11-23T06:14:25.1234568Z}")]
    public void Is_absolute_and_spelled_one_way(string text, string canonical)
    {
        Assert.Equal(canonical, Entries.Parse(text).ToString());
    }

    [Fact]
    public void Is_the_same_whenever_it_is_read()
    {
        Query first = Entries.Parse("time:last7d OR observed:yesterday OR received>now-1h");
        Assert.True(Query.TryParse(first.ToString(), Entries.Now.AddYears(3), out Query? later, out _));
        Assert.Equal(first, later);
    }

    [Fact]
    public void Two_queries_are_conjoined_as_trees_not_as_texts()
    {
        Query both = Entries.Parse("env:prod").And(Entries.Parse("actor:u-1 OR actor:u-2"));
        Assert.Equal("service.environment:prod (actor.id:u-1 OR actor.id:u-2)", both.ToString());
        Assert.Equal(both, both.And(Query.All));
        Query large = Entries.Parse(string.Join(' ', Enumerable.Repeat("a", QueryLimits.MaxClauses)));
        Assert.Throws<ArgumentException>(() => large.And(both));
    }

    [Fact]
    public void Explains_itself_in_plain_words()
    {
        string explained = Entries.Parse("actor:u-1 (status>=400 OR -ip:10.0.0.0/8) \"two words\"").Explain();
        Assert.Equal(
            """
            all of:
              actor.id is "u-1"
              any of:
                request.status, as number, is at least 400
                not:
                  source.ip is an address in 10.0.0.0/8
              any text has the words "two words"
            """,
            explained);
    }

    [Fact]
    public void Every_tree_survives_its_text_and_its_json()
    {
        RandomQueries.Tree.Sample(
            json =>
            {
                if (!Query.TryFromJson(json, out Query? query, out QueryError? refused))
                {
                    // Only size may refuse what the generator makes.
                    return refused.Message.Contains("too", StringComparison.Ordinal) || refused.Message.Contains("range", StringComparison.Ordinal);
                }

                Assert.True(Query.TryParse(query.ToString(), Entries.Now, out Query? again, out QueryError? error), $"{query}: {error}");
                Assert.Equal(query, again);
                Assert.Equal(query.ToString(), again.ToString());
                Assert.True(Query.TryFromJson(JsonNode.Parse(query.ToJson().ToJsonString()), out Query? fromJson, out _));
                Assert.Equal(query, fromJson);
                Assert.True(JsonNode.DeepEquals(query.ToJson(), fromJson.ToJson()));
                byte[] sample = Encoding.UTF8.GetBytes(Entries.Sample);
                return query.Matches(sample) == again.Matches(sample);
            },
            iter: 20_000,
            print: json => json.ToJsonString());
    }

    [Fact]
    public void No_text_brings_the_reader_down()
    {
        const string Alphabet = "aA1 *?\\\"()[]{}:=~<>!,.-_/@ORTNDé\ud83d\ude00\n";
        Gen.Char[Alphabet].Array[0, 40].Sample(
            chars =>
            {
                string text = new(chars);
                return Query.TryParse(text, Entries.Now, out Query? query, out QueryError? error)
                    ? Query.TryParse(query.ToString(), Entries.Now, out Query? again, out _) && query.Equals(again)
                    : error.Position >= 0 && error.Length >= 0 && error.Position + error.Length <= text.Length;
            },
            iter: 100_000,
            print: chars => new string(chars));
    }

    [Theory]
    [InlineData("null", "\"\" is no node")]
    [InlineData("""{"op":"maybe"}""", "/op")]
    [InlineData("""{"op":"and","of":[]}""", "/of")]
    [InlineData("""{"op":"and","of":[{"op":"all"},{"op":"exists","path":[]}]}""", "/of/1/path")]
    [InlineData("""{"op":"all","extra":1}""", "/extra")]
    [InlineData("""{"op":"equals","path":["a"],"value":1,"typed":true}""", "value")]
    [InlineData("""{"op":"range","path":["a"],"as":"number","gte":"x"}""", "is no range")]
    [InlineData("""{"op":"range","path":["a"],"as":"number","gte":"1","gt":"2"}""", "is no range")]
    [InlineData("""{"op":"range","path":["time"],"as":"number","gte":"1"}""", "/as")]
    [InlineData("""{"op":"range","path":["time"],"as":"time","gte":"last7d"}""", "is no range")]
    [InlineData("""{"op":"words","words":["-"]}""", "has no word")]
    public void Json_that_is_no_tree_is_refused_by_place(string json, string message)
    {
        Assert.False(Query.TryFromJson(JsonNode.Parse(json), out _, out QueryError? error));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }
}
