using System.Text.Json;
using Xunit;

namespace Indelible.Server.Tests.Api;

/// <summary>Search over HTTP: pages, order, repeatability, refusals.</summary>
public sealed class SearchTests(TestServer server) : IClassFixture<TestServer>
{
    [Fact]
    public async Task Every_acknowledged_event_is_found_at_once()
    {
        TestLog log = await server.NewLogAsync();
        for (int i = 0; i < 30; i++)
        {
            await log.AppendAsync(TestLog.Event($"e-{i}", ("actor.name", $"\"Person {i}\"")));

            JsonElement byId = await log.FindAsync($"id:e-{i}");
            JsonElement byName = await log.FindAsync($"actor.name:\"Person {i}\"");

            Assert.Equal(i, Assert.Single(byId.GetProperty("items").EnumerateArray()).GetProperty("index").GetInt64());
            Assert.Equal(i, Assert.Single(byName.GetProperty("items").EnumerateArray()).GetProperty("index").GetInt64());
        }
    }

    [Theory]
    [InlineData("desc")]
    [InlineData("asc")]
    [InlineData("time")]
    public async Task Pages_make_up_the_whole_however_the_log_grows_meanwhile(string order)
    {
        TestLog log = await server.NewLogAsync();
        await log.FillAsync(300);
        var seen = new List<long>();
        string? cursor = null;
        do
        {
            JsonElement page = (await log.GetAsync($"events?q=request.status:3&limit=7&order={order}{(cursor is null ? "" : "&cursor=" + Uri.EscapeDataString(cursor))}")).Json;
            Assert.Equal(300, page.GetProperty("as_of").GetInt64());
            Assert.True(page.GetProperty("total").GetProperty("exact").GetBoolean());
            Assert.Equal(43, page.GetProperty("total").GetProperty("value").GetInt64());
            seen.AddRange(page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("index").GetInt64()));
            cursor = page.GetProperty("next").GetString();
            await log.AppendAsync(TestLog.Event($"more-{seen.Count}", ("request.status", "3")));
        }
        while (cursor is not null);

        IEnumerable<long> expected = Enumerable.Range(0, 300).Where(i => i % 7 == 3).Select(i => (long)i);
        Assert.Equal(order == "asc" ? expected : expected.Reverse(), seen);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_query_that_counts_from_now_has_further_pages_too(bool sameText)
    {
        TestLog log = await server.NewLogAsync();
        string now = server.Clock.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", null);
        await log.AppendAsync($"[{string.Join(',', Enumerable.Range(0, 3).Select(i => TestLog.Event($"e-{i}", ("time", $"\"{now}\""))))}]");

        JsonElement first = (await log.GetAsync("events?limit=2&q=" + Uri.EscapeDataString("time:last1h"))).Json;
        server.Clock.Advance(TimeSpan.FromSeconds(1));
        string next = first.GetProperty("next").GetString()!;
        Answer second = await log.GetAsync($"events?limit=2&cursor={Uri.EscapeDataString(next)}&q={Uri.EscapeDataString(sameText ? "time:last1h" : first.GetProperty("query").GetString()!)}");

        Assert.True(second.Status == 200, second.Text);
        Assert.Single(second.Json.GetProperty("items").EnumerateArray());
    }

    [Fact]
    public async Task An_answer_can_be_repeated_as_of_its_size()
    {
        TestLog log = await server.NewLogAsync();
        await log.FillAsync(10);
        Answer before = await log.GetAsync("events?limit=3");
        await log.FillAsync(10);

        Answer again = await log.GetAsync("events?limit=3&as_of=10");

        Assert.Equal(before.Json.GetProperty("items").GetRawText(), again.Json.GetProperty("items").GetRawText());
        Assert.Equal(before.Json.GetProperty("total").GetRawText(), again.Json.GetProperty("total").GetRawText());
        Assert.Empty((await log.GetAsync("events?as_of=0")).Json.GetProperty("items").EnumerateArray());
    }

    [Fact]
    public async Task An_item_is_the_entry_itself_with_its_personal_values_beside_it()
    {
        TestLog log = await server.NewLogAsync();
        await log.AppendAsync(TestLog.Event("a", ("actor.name", "\"Zoë\""), ("source.forwarded_for", """["192.0.2.7","x"]""")));

        JsonElement item = (await log.FindAsync("actor.name:zoë")).GetProperty("items")[0];

        Answer entry = await log.GetAsync("events/0");
        Assert.Equal(entry.Text, item.GetProperty("entry").GetRawText());
        Assert.Equal(entry.Headers.GetValues("Indelible-Leaf-Hash").Single(), item.GetProperty("leaf_hash").GetString());
        Assert.Equal("Zoë", item.GetProperty("personal").GetProperty("/actor/name").GetString());
        Assert.DoesNotContain("192.0.2.7", entry.Text, StringComparison.Ordinal);
        Assert.Contains("192.0.2.7", item.GetProperty("personal").GetRawText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("from=2026-01-01T00:00:00Z", 1)]
    [InlineData("from=2026-11-23T06:14:25Z&to=2026-11-23T06:14:26Z", 1)]
    [InlineData("to=2026-11-23T06:14:25Z", 0)]
    [InlineData("to=9999-12-31T23:59:59.9999999Z", 1)]
    [InlineData("from=2026-11-23T06:14:25Z&to=9999-12-31T00:00:00Z", 1)]
    [InlineData("from=9999-01-01T00:00:00Z", 0)]
    [InlineData("from=2027-01-01T00:00:00Z&to=2026-01-01T00:00:00Z", 0)]
    public async Task Selects_by_the_events_time(string range, int found)
    {
        TestLog log = await server.NewLogAsync();
        await log.AppendAsync(TestLog.Event("a"));

        Assert.Equal(found, (await log.GetAsync("events?" + range)).Json.GetProperty("items").GetArrayLength());
    }

    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=1001", "limit")]
    [InlineData("limit=-1", "limit")]
    [InlineData("limit=9223372036854775807", "limit")]
    [InlineData("limit=ten", "limit")]
    [InlineData("order=sideways", "order")]
    [InlineData("as_of=3", "as_of")]
    [InlineData("as_of=-1", "as_of")]
    [InlineData("as_of=99999999999999999999", "as_of")]
    [InlineData("from=yesterday", "from")]
    [InlineData("to=2026-11-23", "to")]
    [InlineData("cursor=x", "cursor")]
    [InlineData("cursor=9223372036854775807.AAAA", "cursor")]
    [InlineData("cursor=639153000000000000.", "cursor")]
    [InlineData("cursor=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "cursor")]
    [InlineData("explain=perhaps", "explain")]
    public async Task Refuses_a_parameter_that_has_no_such_value(string parameter, string pointer)
    {
        TestLog log = await server.NewLogAsync();
        await log.FillAsync(2);

        (await log.GetAsync("events?" + parameter)).ShouldBeProblem(400, "invalid-parameter", pointer);
    }

    [Fact]
    public async Task Refuses_a_cursor_of_another_query_order_range_or_log()
    {
        TestLog log = await server.NewLogAsync();
        await log.FillAsync(20);
        string cursor = Uri.EscapeDataString((await log.GetAsync("events?limit=2&q=action:invoice.read")).Json.GetProperty("next").GetString()!);

        foreach (string other in (string[])["q=request.status:1", "q=action:invoice.read&order=asc", "q=action:invoice.read&from=2026-01-01T00:00:00Z", "q=action:invoice.read&as_of=10"])
        {
            (await log.GetAsync($"events?limit=2&{other}&cursor={cursor}")).ShouldBeProblem(400, "invalid-parameter", "cursor");
        }

        Assert.Equal(200, (await log.GetAsync($"events?limit=5&q=action:invoice.read&cursor={cursor}")).Status);
    }

    [Theory]
    [InlineData("(", 2)]
    [InlineData("action:", 8)]
    [InlineData("a AND", 6)]
    [InlineData("\"open", 1)]
    public async Task Says_where_a_query_is_wrong(string query, int character)
    {
        TestLog log = await server.NewLogAsync();

        Answer search = await log.GetAsync("events?q=" + Uri.EscapeDataString(query));
        Answer tail = await log.GetAsync("tail?q=" + Uri.EscapeDataString(query));

        search.ShouldBeProblem(400, "invalid-query", "q");
        tail.ShouldBeProblem(400, "invalid-query", "q");
        Assert.StartsWith($"At character {character}:", search.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\u0000")]
    [InlineData("((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((a")]
    [InlineData("NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT")]
    [InlineData("a:*************************************************************************************************b")]
    [InlineData("time:>9999999999999999")]
    [InlineData("source.ip:1.2.3.4/99")]
    public async Task A_strange_query_is_answered_or_refused_never_a_failure(string query)
    {
        TestLog log = await server.NewLogAsync();
        await log.FillAsync(1);

        Assert.InRange((await log.GetAsync("events?explain=true&q=" + Uri.EscapeDataString(query))).Status, 200, 400);
    }
}
