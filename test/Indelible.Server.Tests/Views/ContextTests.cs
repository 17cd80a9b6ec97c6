using System.Globalization;
using System.Text.Json;
using CsCheck;
using Indelible.Server.Tests.Api;
using Xunit;

namespace Indelible.Server.Tests.Views;

/// <summary>What stands around an entry: before and behind it by time, and what it names.</summary>
public sealed class ContextTests(TestServer server) : IClassFixture<TestServer>
{
    [Fact]
    public async Task Before_and_after_are_by_time_however_late_an_event_arrived()
    {
        TestLog log = await server.NewLogAsync();
        await log.AppendAsync($"[{At("late", 50)},{At("c", 30)},{At("a", 10)},{At("b", 20)},{At("d", 40)}]");

        JsonElement actor = Group((await log.GetAsync("events/1/context")).Json, "actor");

        Assert.Equal("2,3 | 4,0", Sides(actor));
    }

    [Fact]
    public async Task Events_of_one_instant_follow_one_another_by_index()
    {
        TestLog log = await server.NewLogAsync();
        await log.AppendAsync($"[{string.Join(',', Enumerable.Range(0, 9).Select(i => At($"e-{i}", 10)))}]");

        JsonElement actor = Group((await log.GetAsync("events/4/context?limit=3")).Json, "actor");

        Assert.Equal("1,2,3 | 5,6,7", Sides(actor));
        Assert.Equal(9, actor.GetProperty("total").GetProperty("value").GetInt32());
    }

    [Fact]
    public async Task There_is_a_group_for_each_value_that_the_entry_has_and_no_other()
    {
        TestLog log = await server.NewLogAsync();
        await log.AppendAsync($"[{At("a", 1)},{At("b", 2, ("auth.session_id", "\"s-1\""), ("trace.trace_id", "\"4bf92f3577b34da6a3ce929d0e0e4736\""), ("targets", """[{"type":"invoice","id":"i/1"},{"type":"invoice","id":"i/2"},{"type":"patient","id":"i/1"},{"type":"invoice","id":"i/1"}]"""))}]");

        JsonElement[] groups = [.. (await log.GetAsync("events/1/context")).Json.GetProperty("groups").EnumerateArray()];

        Assert.Equal(
            ["actor u-1", "session s-1", "trace 4bf92f3577b34da6a3ce929d0e0e4736", "target i/1", "target i/2", "target i/1"],
            groups.Select(group => $"{Text(group, "kind")} {Text(group, "id")}"));
        Assert.Equal(["invoice", "invoice", "patient"], groups[3..].Select(group => Text(group, "type")));
        Assert.Equal(
            ["actor.id:u-1", "auth.session_id:s-1", "trace.trace_id:4bf92f3577b34da6a3ce929d0e0e4736", "targets.type:invoice targets.id:i/1", "targets.type:invoice targets.id:i/2", "targets.type:patient targets.id:i/1"],
            groups.Select(group => Text(group, "query")));
        Assert.Equal(["actor"], (await log.GetAsync("events/0/context")).Json.GetProperty("groups").EnumerateArray().Select(group => Text(group, "kind")));
    }

    [Fact]
    public async Task The_query_of_a_group_finds_all_of_it_in_the_time_that_the_answer_says()
    {
        TestLog log = await server.NewLogAsync();
        await log.AppendAsync($"[{string.Join(',', Enumerable.Range(0, 30).Select(i => At($"e-{i}", i * 60, ("actor.id", $"\"odd \\\"{i % 2}\\\" * id\""))))}]");

        JsonElement context = (await log.GetAsync("events/15/context?window=5m")).Json;
        JsonElement actor = Group(context, "actor");

        Assert.Equal("11,13 | 17,19", Sides(actor));
        JsonElement again = (await log.GetAsync(
            $"events?q={Uri.EscapeDataString(Text(actor, "query"))}&from={Text(context, "from")}&to={Text(context, "to")}&as_of={context.GetProperty("as_of")}")).Json;
        Assert.Equal(actor.GetProperty("total").GetRawText(), again.GetProperty("total").GetRawText());
        Assert.Equal([19, 17, 15, 13, 11], again.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("index").GetInt32()));
    }

    [Fact]
    public async Task Both_ends_of_the_window_are_in_it()
    {
        TestLog log = await server.NewLogAsync();
        await log.AppendAsync($"[{At("a", 0)},{At("b", 60)},{At("c", 120)},{At("d", 121)}]");

        JsonElement actor = Group((await log.GetAsync("events/1/context?window=60s")).Json, "actor");

        Assert.Equal("0 | 2", Sides(actor));
    }

    [Fact]
    public async Task What_names_an_entry_and_what_it_names_are_linked_both_ways()
    {
        TestLog log = await server.NewLogAsync();
        await log.AppendAsync($"[{At("ask", 1)},{At("done", 2, ("kind", "\"outcome\""), ("relates_to", "\"ask\""))},{At("then", 3, ("trace.causation_id", "\"ask\""))},{At("alone", 4)}]");

        Assert.Equal(["related_by ask [1]", "causes ask [2]"], await LinksAsync(0));
        Assert.Equal(["relates_to ask [0]"], await LinksAsync(1));
        Assert.Equal(["caused_by ask [0]"], await LinksAsync(2));
        Assert.Empty(await LinksAsync(3));

        async Task<IEnumerable<string>> LinksAsync(long index) => (await log.GetAsync($"events/{index}/context")).Json.GetProperty("links").EnumerateArray()
            .Select(link => $"{Text(link, "kind")} {Text(link, "id")} [{string.Join(',', Indexes(link, "items"))}]");
    }

    [Fact]
    public async Task It_is_repeated_as_of_its_size_and_its_items_are_those_of_a_search()
    {
        TestLog log = await server.NewLogAsync();
        await log.AppendAsync($"[{At("a", 1, ("actor.name", "\"Zoë\""))},{At("b", 2)}]");
        JsonElement before = (await log.GetAsync("events/1/context")).Json;
        await log.AppendAsync($"[{At("c", 3)}]");

        Assert.Equal(before.GetProperty("groups").GetRawText(), (await log.GetAsync("events/1/context?as_of=2")).Json.GetProperty("groups").GetRawText());
        JsonElement now = (await log.GetAsync("events/1/context")).Json;
        Assert.Equal([2], Indexes(Group(now, "actor"), "after"));
        Assert.Equal((await log.FindAsync("id:a")).GetProperty("items")[0].GetRawText(), Group(before, "actor").GetProperty("before")[0].GetRawText());
        Assert.Equal((await log.FindAsync("id:b")).GetProperty("items")[0].GetRawText(), before.GetProperty("item").GetRawText());
    }

    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=21", "limit")]
    [InlineData("window=5", "window")]
    [InlineData("window=0s", "window")]
    [InlineData("window=5y", "window")]
    [InlineData("window=99999999s", "window")]
    [InlineData("as_of=1", "as_of")]
    [InlineData("as_of=4", "as_of")]
    public async Task Refuses_a_parameter_that_has_no_such_value(string parameter, string pointer)
    {
        TestLog log = await server.NewLogAsync();
        await log.FillAsync(3);

        (await log.GetAsync("events/1/context?" + parameter)).ShouldBeProblem(400, "invalid-parameter", pointer);
        (await log.GetAsync("events/3/context")).ShouldBeProblem(404, "not-found");
    }

    /// <summary>More than one search takes at once, many of one instant, and far apart: the nearest are found by counting.</summary>
    [Fact]
    public async Task The_nearest_are_found_among_many_as_by_looking_at_all()
    {
        Gen<int[]> seconds = Gen.OneOf(Gen.Int[0, 3], Gen.Int[0, 100_000], Gen.Int[0, 400 * 86_400], Gen.Const(7)).Array[1_100, 1_500];
        await Gen.Select(seconds, Gen.Int[0, 1_099].Array[3], Gen.Int[1, 20]).SampleAsync(
            async sample =>
            {
                (int[] times, int[] places, int limit) = sample;
                TestLog log = await server.NewLogAsync();
                Answer appended = await log.AppendAsync($"[{string.Join(',', times.Select((time, i) => At($"e-{i}", time)))}]");
                Assert.True(appended.Status == 201, appended.Text);
                long[] order = [.. Enumerable.Range(0, times.Length).OrderBy(i => times[i]).ThenBy(i => i).Select(i => (long)i)];
                foreach (long index in places)
                {
                    int place = Array.IndexOf(order, index);
                    JsonElement context = (await log.GetAsync($"events/{index}/context?limit={limit}")).Json;
                    JsonElement actor = Group(context, "actor");
                    Assert.Equal(order.Take(place).TakeLast(limit), Indexes(actor, "before"));
                    Assert.Equal(order.Skip(place + 1).Take(limit), Indexes(actor, "after"));
                    Assert.Equal((times.Length, true), (actor.GetProperty("total").GetProperty("value").GetInt32(), actor.GetProperty("total").GetProperty("exact").GetBoolean()));
                    Assert.Empty(context.GetProperty("notices").EnumerateArray());
                }
            },
            iter: 8,
            threads: 1);
    }

    /// <summary>The last year that a query can name is 9998; what claims to be later stands, for queries, before all time.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("&window=9999w")]
    public async Task The_ends_of_time_have_a_context_too(string window)
    {
        TestLog log = await server.NewLogAsync();
        string[] times = ["0001-01-01T00:00:00Z", "9998-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.9999999Z"];
        Answer appended = await log.AppendAsync($"[{string.Join(',', Enumerable.Range(0, 300).Select(i => TestLog.Event($"m-{i}", ("time", $"\"{times[i % 3]}\""))))}]");
        Assert.True(appended.Status == 201, appended.Text);

        string[] sides = [.. await Task.WhenAll(Enumerable.Range(0, 3).Select(async index => Sides(Group((await log.GetAsync($"events/{index}/context?limit=2{window}")).Json, "actor"))))];

        Assert.Equal([" | 3,6", window.Length == 0 ? "294,297 | 4,7" : " | 4,7", " | 0,3"], sides);
        Assert.Equal(200, (await log.GetAsync("entities/actor/u-1")).Status);
    }

    private static string At(string id, int second, params (string, string?)[] changes) =>
        TestLog.Event(id, [("time", $"\"{new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero).AddSeconds(second).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)}\""), .. changes]);

    private static JsonElement Group(JsonElement context, string kind) => context.GetProperty("groups").EnumerateArray().First(group => Text(group, "kind") == kind);

    private static string Sides(JsonElement group) => $"{string.Join(',', Indexes(group, "before"))} | {string.Join(',', Indexes(group, "after"))}";

    private static long[] Indexes(JsonElement of, string list) => [.. of.GetProperty(list).EnumerateArray().Select(item => item.GetProperty("index").GetInt64())];

    private static string Text(JsonElement of, string member) => of.GetProperty(member).GetString()!;
}
