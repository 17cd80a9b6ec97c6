using System.Text.Json.Nodes;

namespace Indelible.Search.Tests.Language;

public sealed class DocumentationTests
{
    [Fact]
    public void Every_query_on_the_page_is_one()
    {
        List<string> queries = Blocks("query");
        Assert.True(queries.Count > 60, $"only {queries.Count} queries found");
        foreach (string query in queries)
        {
            Query parsed = Entries.Parse(query);
            Assert.Equal(parsed, Entries.Parse(parsed.ToString()));
        }
    }

    [Fact]
    public void The_json_on_the_page_is_a_query()
    {
        JsonNode json = JsonNode.Parse(string.Join('\n', Blocks("json")))!;
        Assert.True(Query.TryFromJson(json, out Query? query, out QueryError? error), error?.ToString());
        Assert.True(JsonNode.DeepEquals(json, query.ToJson()));
    }

    [Fact]
    public void The_canonical_example_is_what_the_page_says()
    {
        string canonical = Entries.Parse("time:today status:>=500").ToString();
        Assert.Contains(canonical, Blocks("query"));
    }

    [Fact]
    public void The_short_names_on_the_page_stand_for_their_paths()
    {
        int found = 0;
        foreach (string row in File.ReadLines(Page).SkipWhile(line => line != "| short | path | short | path |").Skip(2).TakeWhile(line => line.Length > 0))
        {
            string[] cells = [.. row.Split('|', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(cell => cell.Trim('`'))];
            for (int i = 0; i < cells.Length; i += 2)
            {
                Assert.Equal(Entries.Parse($"\"{cells[i + 1].Replace(".", "\".\"", StringComparison.Ordinal)}\":*"), Entries.Parse($"exists({cells[i]})"));
                found++;
            }
        }

        Assert.Equal(23, found);
    }

    private static string Page => Path.Combine(AppContext.BaseDirectory, "docs", "query-language.md");

    private static List<string> Blocks(string language)
    {
        var lines = new List<string>();
        bool inside = false;
        foreach (string line in File.ReadLines(Page))
        {
            if (line.StartsWith("```", StringComparison.Ordinal))
            {
                inside = !inside && line == "```" + language;
            }
            else if (inside)
            {
                lines.Add(line);
            }
        }

        return lines;
    }
}
