using System.Text;
using CsCheck;

namespace Indelible.Search.Tests.Language;

/// <summary>What a query says of its own parts, so that an answer can say which of them left nothing.</summary>
public sealed class QueryPartsTests
{
    [Theory]
    [InlineData("*", "")]
    [InlineData("actor:u-1", "actor.id:u-1")]
    [InlineData("actor:u-1 -(service:batch OR \"a b\") NOT NOT actor:u-2", "actor.id:u-1, not service.name:batch, not \"a b\", actor.id:u-2")]
    [InlineData("actor:u-1 (action:x OR actor:u-1) -actor:u-1", "actor.id:u-1, action:x, not actor.id:u-1")]
    [InlineData("outcome!=success status:(403, [500 TO 599])", "not outcome:success, request.status:403, request.status:[500 TO 599]")]
    public void Each_clause_is_a_query_of_its_own_once(string text, string clauses)
    {
        Assert.Equal(clauses, string.Join(", ", Entries.Parse(text).Clauses().Select(clause => (clause.IsNegated ? "not " : "") + clause.Query)));
    }

    [Theory]
    [InlineData("*", "*")]
    [InlineData("actor:u-1 OR actor:u-2", "actor.id:u-1 OR actor.id:u-2")]
    [InlineData("actor:u-1 (action:x OR action:y) -service:batch", "actor.id:u-1, action:x OR action:y, -service.name:batch")]
    public void Its_parts_are_what_all_must_hold(string text, string parts)
    {
        Assert.Equal(parts, string.Join(", ", Entries.Parse(text).Parts()));
    }

    [Fact]
    public void A_range_that_is_asked_for_beside_it_is_its_first_part()
    {
        var day = new TimeRange(new DateTimeOffset(2026, 11, 23, 0, 0, 0, TimeSpan.Zero), null);

        Assert.Equal(["time>=2026-11-23T00:00:00Z", "actor.id:u-1"], Entries.Parse("actor:u-1").Parts(day).Select(part => part.ToString()));
        Assert.Equal(["time>=2026-11-23T00:00:00Z", "actor.id:u-1"], Entries.Parse("actor:u-1").Clauses(day).Select(clause => clause.Query.ToString()));
    }

    [Theory]
    [InlineData("time:2026-11-23", "*")]
    [InlineData("actor:u-1 time:last7d time>=2026 action:x", "actor.id:u-1 action:x")]
    [InlineData("actor:u-1 received:2026-11-23 -time:2026", "actor.id:u-1 received_at:[2026-11-23T00:00:00Z TO 2026-11-24T00:00:00Z} -time:[2026-01-01T00:00:00Z TO 2027-01-01T00:00:00Z}")]
    [InlineData("actor:u-1 OR time:2026", "actor.id:u-1 OR time:[2026-01-01T00:00:00Z TO 2027-01-01T00:00:00Z}")]
    public void Without_its_time_it_is_what_would_be_selected_at_any(string text, string rest)
    {
        Assert.Equal(rest, Entries.Parse(text).WithoutTime().ToString());
    }

    [Fact]
    public void The_whole_selects_what_all_its_parts_select()
    {
        byte[] sample = Encoding.UTF8.GetBytes(Entries.Sample);
        RandomQueries.Tree.Sample(
            json => !Query.TryFromJson(json, out Query? query, out _)
                || (query.Matches(sample) == query.Parts().All(part => part.Matches(sample)) && query.Clauses().All(clause => clause.Query.Clauses().Count == 1)),
            iter: 5_000,
            print: json => json.ToJsonString());
    }
}
