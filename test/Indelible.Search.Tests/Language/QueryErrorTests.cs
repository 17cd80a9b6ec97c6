namespace Indelible.Search.Tests.Language;

public sealed class QueryErrorTests
{
    [Theory]
    [InlineData("actor:", 6, 0)]
    [InlineData("actor: u-1", 6, 1)]
    [InlineData("outcome:failure (", 17, 0)]
    [InlineData("outcome:failure (a", 16, 1)]
    [InlineData("outcome:failure)", 15, 1)]
    [InlineData("()", 1, 1)]
    [InlineData("a OR", 4, 0)]
    [InlineData("OR a", 0, 2)]
    [InlineData("a AND OR b", 6, 2)]
    [InlineData("NOT", 3, 0)]
    [InlineData("a - b", 2, 1)]
    [InlineData("\"never closed", 0, 13)]
    [InlineData("actor:\"never", 6, 6)]
    [InlineData("colour:red", 0, 6)]
    [InlineData("http://example.org/", 0, 4)]
    [InlineData("time:soon", 5, 4)]
    [InlineData("time:2026-13", 5, 7)]
    [InlineData("time:2026-02-30", 5, 10)]
    [InlineData("time:2026-11-*", 5, 9)]
    [InlineData("time>5 x", 5, 1)]
    [InlineData("time:[2026-11-05 TO 2026-11-01]", 5, 26)]
    [InlineData("request.status:[400 499]", 20, 1)]
    [InlineData("request.status:[400 TO 499", 26, 0)]
    [InlineData("request.status:[400 TO]", 22, 1)]
    [InlineData("request.status:[499 TO 400]", 15, 12)]
    [InlineData("request.status:[400 TO 2026-11-01]", 15, 19)]
    [InlineData("ip:[10.0.0.1 TO ::1]", 3, 17)]
    [InlineData("request.status>4*", 15, 2)]
    [InlineData("outcome:(a b)", 11, 1)]
    [InlineData("outcome:(a,)", 11, 1)]
    [InlineData("outcome:()", 9, 1)]
    [InlineData("\"...\"", 0, 5)]
    [InlineData("message~\"--\"", 8, 4)]
    [InlineData("a\\", 1, 1)]
    [InlineData("say\"hello\"", 3, 1)]
    [InlineData("\"hello\"there", 7, 1)]
    [InlineData("exists()", 7, 1)]
    [InlineData("exists(actor", 12, 0)]
    [InlineData("exists(colour)", 7, 6)]
    [InlineData(">5", 0, 1)]
    [InlineData("action:*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*", 7, 33)]
    public void Points_at_the_fault(string query, int position, int length)
    {
        QueryError error = Entries.Refuse(query);
        Assert.True((position, length) == (error.Position, error.Length), $"{query}: {error.Position}+{error.Length}: {error}");
        Assert.NotEmpty(error.Message);
        Assert.NotEmpty(error.Expected);
    }

    [Fact]
    public void Half_a_character_is_pointed_at()
    {
        QueryError error = Entries.Refuse("x \ud800");
        Assert.Equal((2, 1), (error.Position, error.Length));
    }

    [Fact]
    public void Bounds_hold()
    {
        Entries.Refuse(new string('a', QueryLimits.MaxTextBytes + 1));
        Entries.Refuse(new string('é', (QueryLimits.MaxTextBytes / 2) + 1));
        Entries.Refuse(new string('(', 4000) + "a" + new string(')', 4000));
        Entries.Refuse(new string('-', 4000) + "a");
        Entries.Refuse(string.Concat(Enumerable.Repeat("NOT ", 2000)) + "a");
        Entries.Refuse(string.Join(' ', Enumerable.Repeat("a", QueryLimits.MaxClauses + 1)));
        Entries.Refuse("outcome:(" + string.Join(',', Enumerable.Repeat("a", QueryLimits.MaxListItems + 1)) + ")");
        Entries.Refuse("outcome:" + new string('(', 500));
        Entries.Refuse("data" + string.Concat(Enumerable.Repeat(".a", QueryLimits.MaxPathSegments)) + ":1");
        Entries.Refuse(Alternating(QueryLimits.MaxDepth));
        Entries.Parse(string.Join(' ', Enumerable.Repeat("a", QueryLimits.MaxClauses)));
        Entries.Parse("outcome:(" + string.Join(',', Enumerable.Repeat("a", QueryLimits.MaxListItems)) + ")");
        Entries.Parse(Alternating(QueryLimits.MaxDepth - 1));
        Entries.Parse(new string('(', 100) + "a" + new string(')', 100));

        // Depth levels in turn of OR and AND, so that nothing is flattened.
        static string Alternating(int depth)
        {
            string text = "a";
            for (int i = 0; i < depth; i++)
            {
                text = i % 2 == 0 ? $"({text} OR b)" : $"({text} AND b)";
            }

            return text;
        }
    }

    [Fact]
    public void A_query_whose_canonical_text_would_be_too_long_is_refused()
    {
        string text = string.Join(' ', Enumerable.Repeat("classification:x", QueryLimits.MaxClauses - 100));
        Assert.True(text.Length <= QueryLimits.MaxTextBytes);
        Assert.Contains("written out", Entries.Refuse(text).Message, StringComparison.Ordinal);
    }
}
