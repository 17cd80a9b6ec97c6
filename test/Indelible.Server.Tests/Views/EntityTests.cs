using System.Text.Json;
using Indelible.Server.Tests.Api;
using Xunit;

namespace Indelible.Server.Tests.Views;

/// <summary>What a log knows of one actor, target, address or the like.</summary>
public sealed class EntityTests(TestServer server) : IClassFixture<TestServer>
{
    [Fact]
    public async Task An_actor_is_told_by_what_it_did_when_to_what_and_how_it_ended()
    {
        TestLog log = await server.NewLogAsync();
        await log.AppendAsync($"[{Event("a", "2026-03-02T10:00:00Z")},{Event("b", "2026-03-01T10:00:00Z", ("action", "\"invoice.pay\""), ("outcome", "\"failure\""), ("decision.effect", "\"deny\""))},"
            + $"{Event("c", "2026-03-02T11:00:00Z", ("targets", """[{"type":"invoice","id":"i-2"},{"type":"invoice","id":"i-1"}]"""))},{Event("d", "2026-03-05T00:00:00Z", ("actor.id", "\"u-2\""))}]");

        JsonElement actor = (await log.GetAsync("entities/actor/u-1")).Json;

        Assert.Equal(("actor", "u-1", "actor.id:u-1", 4), (Text(actor, "kind"), Text(actor, "id"), Text(actor, "query"), actor.GetProperty("as_of").GetInt32()));
        Assert.Equal("""{"value":3,"exact":true}""", actor.GetProperty("total").GetRawText());
        Assert.Equal("""{"index":1,"time":"2026-03-01T10:00:00.0000000Z"}""", actor.GetProperty("first").GetRawText());
        Assert.Equal("""{"index":2,"time":"2026-03-02T11:00:00.0000000Z"}""", actor.GetProperty("last").GetRawText());
        Assert.Equal("""{"count":1,"share":0.3333}""", actor.GetProperty("failures").GetRawText());
        Assert.Equal("""{"count":1,"share":0.3333}""", actor.GetProperty("denials").GetRawText());
        Assert.Equal("""{"success":2,"failure":1}""", actor.GetProperty("outcomes").GetRawText());
        Assert.Equal("""{"deny":1}""", actor.GetProperty("decisions").GetRawText());
        Assert.Equal("""[{"day":"2026-03-01","count":1},{"day":"2026-03-02","count":2}]""", actor.GetProperty("by_day").GetProperty("days").GetRawText());
        Assert.Equal("""{"values":[{"value":"invoice.read","count":2},{"value":"invoice.pay","count":1}],"other_values":0,"values_exact":true}""", actor.GetProperty("actions").GetRawText());
        Assert.Equal(["i-1 3", "i-2 1"], Values(actor, "targets"));
        Assert.Equal(["billing 3"], Values(actor, "services"));
        Assert.Equal(["192.0.2.7 3"], Values(actor, "addresses"));
        Assert.False(actor.TryGetProperty("actors", out _));
        Assert.Empty(actor.GetProperty("notices").EnumerateArray());
    }

    [Theory]
    [InlineData("target", "i-1", 2, "actors", "u-1 2")]
    [InlineData("ip", "192.0.2.7", 2, "actors", "u-1 2")]
    [InlineData("ip", "192.0.2.0/24", 2, "targets", "i-1 2")]
    [InlineData("ip", "::ffff:192.0.2.7", 2, "targets", "i-1 2")]
    [InlineData("service", "billing", 2, "actions", "invoice.read 2")]
    [InlineData("status", "403", 1, "actors", "u-1 1")]
    [InlineData("subject", "p-7", 1, "actors", "u-1 1")]
    [InlineData("principal", "nobody", 0, "actors", "")]
    [InlineData("email", "ada@example.org", 1, "actors", "u-1 1")]
    [InlineData("email", "ada", 0, "actors", "")]
    public async Task Every_field_with_a_short_name_is_a_kind(string kind, string id, int total, string side, string values)
    {
        TestLog log = await server.NewLogAsync();
        await log.AppendAsync($"[{Event("a", "2026-03-01T10:00:00Z", ("request.status", "403"), ("data_subjects", "[\"p-7\"]"), ("actor.email", "\"ada@example.org\""))},{Event("b", "2026-03-01T11:00:00Z")}]");

        JsonElement entity = (await log.GetAsync($"entities/{kind}/{Uri.EscapeDataString(id)}")).Json;

        Assert.Equal(total, entity.GetProperty("total").GetProperty("value").GetInt32());
        Assert.Equal(values, string.Join(", ", Values(entity, side)));
    }

    [Theory]
    [InlineData("arn:aws:iam::1:user/a/b")]
    [InlineData("/")]
    [InlineData("a%2Fb")]
    [InlineData("a%252Fb")]
    [InlineData("a?b#c&d=e")]
    [InlineData("a\"b\\c*d")]
    [InlineData(" a ")]
    [InlineData("a//b/")]
    [InlineData("患者")]
    [InlineData("42")]
    [InlineData("10.0.0.0/8")]
    public async Task Any_id_can_be_asked_for_in_the_path_and_as_a_parameter(string id)
    {
        TestLog log = await server.NewLogAsync();
        await log.AppendAsync($"[{Event("a", "2026-03-01T10:00:00Z", ("actor.id", JsonSerializer.Serialize(id)))},{Event("b", "2026-03-01T10:00:00Z", ("actor.id", "\"a/b\""))},{Event("c", "2026-03-01T10:00:00Z", ("actor.id", "\"10.1.2.3\""))}]");

        foreach (string path in (string[])[$"entities/actor/{Uri.EscapeDataString(id)}", $"entities/actor?id={Uri.EscapeDataString(id)}", $"entities/actor/?id={Uri.EscapeDataString(id)}"])
        {
            JsonElement actor = (await log.GetAsync(path)).Json;
            Assert.Equal((id, 1), (Text(actor, "id"), actor.GetProperty("total").GetProperty("value").GetInt32()));
        }
    }

    [Fact]
    public async Task Slashes_of_an_id_may_stand_as_they_are_and_dots_as_a_parameter()
    {
        TestLog log = await server.NewLogAsync();
        await log.AppendAsync($"[{Event("a", "2026-03-01T10:00:00Z", ("actor.id", "\"x/y/z\""))},{Event("b", "2026-03-01T10:00:00Z", ("actor.id", "\"../keys\""))}]");

        Assert.Equal(1, (await log.GetAsync("entities/actor/x/y/z")).Json.GetProperty("total").GetProperty("value").GetInt32());
        Assert.Equal(1, (await log.GetAsync("entities/actor?id=../keys")).Json.GetProperty("total").GetProperty("value").GetInt32());
    }

    [Fact]
    public async Task What_was_never_seen_has_no_times_and_no_shares()
    {
        TestLog log = await server.NewLogAsync();
        await log.FillAsync(3);

        JsonElement actor = (await log.GetAsync("entities/actor/nobody")).Json;

        Assert.Equal(0, actor.GetProperty("total").GetProperty("value").GetInt32());
        Assert.All((string[])["first", "last"], name => Assert.Equal(JsonValueKind.Null, actor.GetProperty(name).ValueKind));
        Assert.Equal("""{"count":0,"share":null}""", actor.GetProperty("failures").GetRawText());
        Assert.Equal("""{"from":null,"days":[]}""", actor.GetProperty("by_day").GetRawText());
        Assert.Empty(Values(actor, "actions"));
    }

    [Fact]
    public async Task Days_go_back_from_the_last_and_say_from_when()
    {
        TestLog log = await server.NewLogAsync();
        await log.AppendAsync($"[{Event("a", "2020-01-01T10:00:00Z")},{Event("b", "2026-03-01T23:59:59.9999999Z")},{Event("c", "2025-09-03T00:00:00Z")},{Event("d", "2025-09-02T23:59:59Z")}]");

        JsonElement actor = (await log.GetAsync("entities/actor/u-1")).Json;

        Assert.Equal("""{"from":"2025-09-03","days":[{"day":"2025-09-03","count":1},{"day":"2026-03-01","count":1}]}""", actor.GetProperty("by_day").GetRawText());
        Assert.Equal(("2020-01-01T10:00:00.0000000Z", "2026-03-01T23:59:59.9999999Z"), (Text(actor.GetProperty("first"), "time"), Text(actor.GetProperty("last"), "time")));
    }

    [Fact]
    public async Task The_first_and_the_last_of_many_are_found_however_they_arrived()
    {
        TestLog log = await server.NewLogAsync();
        string[] times = [.. Enumerable.Range(0, 700).Select(i => $"2026-03-01T10:{i * 37 % 60:00}:{i * 7 % 60:00}.{i:0000000}Z")];
        await log.AppendAsync($"[{string.Join(',', times.Select((time, i) => Event($"e-{i}", time)))}]");

        JsonElement actor = (await log.GetAsync("entities/actor/u-1?top=3")).Json;

        Assert.Equal((times.Min(StringComparer.Ordinal), times.Max(StringComparer.Ordinal)), (Text(actor.GetProperty("first"), "time"), Text(actor.GetProperty("last"), "time")));
        Assert.Equal(700, actor.GetProperty("total").GetProperty("value").GetInt32());
    }

    [Fact]
    public async Task It_is_repeated_as_of_its_size()
    {
        TestLog log = await server.NewLogAsync();
        await log.FillAsync(3);
        Answer before = await log.GetAsync("entities/actor/u-1");
        await log.FillAsync(3);

        Assert.Equal(before.Text, (await log.GetAsync("entities/actor/u-1?as_of=3")).Text);
    }

    /// <summary>The same to the byte: nobody learns of a value by asking for what is known of it.</summary>
    [Fact]
    public async Task Who_is_not_shown_personal_values_is_told_the_same_of_one_that_is_there_and_one_that_is_not()
    {
        TestLog log = await server.NewLogAsync();
        await log.AppendAsync($"[{Event("a", "2026-03-01T10:00:00Z", ("actor.email", "\"ada@example.org\""))}]");
        Answer made = await server.PostAsync("api/keys", server.AdminKey, $$"""{"kind":"reader","logs":["{{log.Name}}"],"personal":"hidden"}""");
        string hidden = made.Json.GetProperty("key").GetString()!;

        foreach ((string kind, string there, string not) in new[] { ("ip", "192.0.2.7", "192.0.2.8"), ("email", "ada@example.org", "eve@example.org") })
        {
            Answer ofOne = await server.GetAsync($"api/logs/{log.Name}/entities/{kind}/{there}", hidden);
            Answer ofOther = await server.GetAsync($"api/logs/{log.Name}/entities/{kind}/{not}", hidden);
            ofOne.ShouldBeProblem(403, "forbidden");
            Assert.Equal(ofOther.Text, ofOne.Text);
        }

        JsonElement actor = (await server.GetAsync($"api/logs/{log.Name}/entities/actor/u-1", hidden)).Json;
        Assert.Equal(JsonValueKind.Null, actor.GetProperty("addresses").ValueKind);
        Assert.Contains("Personal values are not shown", actor.GetProperty("notices")[0].GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_field_that_the_log_itself_keeps_personal_is_so_as_an_entity_too()
    {
        const string Name = "entities-own";
        await server.PostAsync("api/logs", server.AdminKey, $$"""{"name":"{{Name}}","personal":["/targets/-/id"]}""");
        string hidden = (await server.PostAsync("api/keys", server.AdminKey, $$"""{"kind":"reader","logs":["{{Name}}"],"personal":"hidden"}""")).Json.GetProperty("key").GetString()!;
        (_, string reader) = await server.NewKeyAsync("reader", Name);
        (_, string writer) = await server.NewKeyAsync("writer", Name);
        Assert.Equal(201, (await server.PostAsync($"api/logs/{Name}/events", writer, Event("a", "2026-03-01T10:00:00Z"))).Status);

        (await server.GetAsync($"api/logs/{Name}/entities/target/i-1", hidden)).ShouldBeProblem(403, "forbidden");
        Assert.Equal(1, (await server.GetAsync($"api/logs/{Name}/entities/target/i-1", reader)).Json.GetProperty("total").GetProperty("value").GetInt32());
        Assert.Equal(["actor"], (await server.GetAsync($"api/logs/{Name}/events/0/context", hidden)).Json.GetProperty("groups").EnumerateArray().Select(group => Text(group, "kind")));
    }

    [Theory]
    [InlineData("entities/actor/u-1?id=u-1", "id")]
    [InlineData("entities/actor", "id")]
    [InlineData("entities/actor?top=0&id=u-1", "top")]
    [InlineData("entities/actor?as_of=4&id=u-1", "as_of")]
    public async Task Refuses_what_has_no_such_value(string path, string pointer)
    {
        TestLog log = await server.NewLogAsync();
        await log.FillAsync(3);

        (await log.GetAsync(path)).ShouldBeProblem(400, "invalid-parameter", pointer);
    }

    [Theory]
    [InlineData("received")]
    [InlineData("time")]
    [InlineData("actor.id")]
    [InlineData("\"actor\"")]
    [InlineData("Actor")]
    public async Task What_has_no_short_name_or_is_a_time_is_no_kind(string kind)
    {
        TestLog log = await server.NewLogAsync();

        (await log.GetAsync($"entities/{Uri.EscapeDataString(kind)}/x")).ShouldBeProblem(404, "not-found");
    }

    private static string Event(string id, string time, params (string, string?)[] changes) =>
        TestLog.Event(id, [("time", $"\"{time}\""), ("targets", """[{"type":"invoice","id":"i-1"}]"""), ("source.ip", "\"192.0.2.7\""), .. changes]);

    private static IEnumerable<string> Values(JsonElement entity, string side) =>
        entity.GetProperty(side).GetProperty("values").EnumerateArray().Select(value => $"{Text(value, "value")} {value.GetProperty("count")}");

    private static string Text(JsonElement of, string member) => of.GetProperty(member).GetString()!;
}
