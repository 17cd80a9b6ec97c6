using System.Globalization;
using System.Text.Json;
using Indelible.Server.Tests.Api;
using Xunit;

namespace Indelible.Server.Tests.Access;

/// <summary>What was taken away is away at once: in open tails, in the sequencer's queue, behind glass.</summary>
public sealed class RevocationTests(TestServer server) : IClassFixture<TestServer>
{
    private int _members;

    [Theory]
    [InlineData("a grant is revoked")]
    [InlineData("a principal is disabled")]
    [InlineData("a grant expires")]
    [InlineData("a key is replaced")]
    public async Task A_live_tail_ends_at_once_though_nothing_arrives_when(string what)
    {
        TestLog log = await server.NewLogAsync();
        Member member = await MemberAsync(log.Name, what == "a grant expires" ? TimeSpan.FromSeconds(2) : null);
        using EventReader tail = await EventReader.OpenAsync(server, log.Name, member.Key, "");

        await (what switch
        {
            "a grant is revoked" => DeleteAsync("api/grants/" + member.GrantIds[0]),
            "a principal is disabled" => PostAsync("api/principals/disable/" + member.Name, "{}"),
            "a key is replaced" => PostAsync($"api/keys/{member.KeyId}/replace", """{"overlap_s":0}"""),
            _ => Task.CompletedTask,
        });

        Assert.Equal("end", (await NextAsync(tail)).Name);
        Assert.Equal(0, tail.SignsOfLife);
        Assert.Null((await NextAsync(tail)).Id);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_live_tail_narrows_at_once_when_the_wider_of_two_grants_ends(bool expires)
    {
        TestLog log = await server.NewLogAsync();
        Member member = await MemberAsync(log.Name, expires ? TimeSpan.FromMinutes(5) : null, """{"rows":"outcome:failure","personal":"hidden"}""");
        using EventReader tail = await EventReader.OpenAsync(server, log.Name, member.Key, "");
        await log.AppendAsync(TestLog.Event("before", ("actor.name", "\"Ada\"")));
        (long? index, _, string data) = await NextAsync(tail);
        Assert.Equal((0, "Ada"), (index, JsonElement.Parse(data).GetProperty("personal").GetProperty("/actor/name").GetString()));

        if (expires)
        {
            server.Clock.Advance(TimeSpan.FromMinutes(6));
        }
        else
        {
            await DeleteAsync("api/grants/" + member.GrantIds[0]);
        }

        await log.AppendAsync($"[{TestLog.Event("hidden")},{TestLog.Event("shown", ("outcome", "\"failure\""), ("actor.name", "\"Bob\""))}]");
        (index, _, data) = await NextAsync(tail);

        Assert.Equal(2, index);
        Assert.False(JsonElement.Parse(data).TryGetProperty("personal", out _));
        Assert.DoesNotContain("Bob", data, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_reads_slowly_gets_no_more_of_what_was_there_than_was_on_its_way_when_his_key_is_revoked()
    {
        const int Count = 2_000;
        TestLog log = await server.NewLogAsync();
        string note = new('x', 8_000);
        for (int batch = 0; batch < Count / 500; batch++)
        {
            Answer answer = await log.AppendAsync("[" + string.Join(',', Enumerable.Range(batch * 500, 500).Select(i => TestLog.Event($"e{i}", ("data.note", $"\"{note}\"")))) + "]");
            Assert.Equal(201, answer.Status);
        }

        (string id, string key) = await server.NewKeyAsync("reader", log.Name);
        using EventReader tail = await EventReader.OpenAsync(server, log.Name, key, "?after=0");
        Assert.Equal(1, (await NextAsync(tail)).Id);
        await DeleteAsync("api/keys/" + id);

        long last = 1;
        (long? Index, string Name, string Data) next;
        while ((next = await NextAsync(tail)).Name == "entry")
        {
            last = next.Index!.Value;
        }

        // Some megabytes lie in the buffers of the connection; 16 MB do not.
        Assert.Equal("end", next.Name);
        Assert.InRange(last, 1, Count - 2);
    }

    [Theory]
    [InlineData("revoked")]
    [InlineData("expired")]
    [InlineData("disabled")]
    public async Task A_credential_that_ends_while_its_request_waits_in_the_queue_appends_nothing(string how)
    {
        TestLog log = await server.NewLogAsync();
        Member member = await MemberAsync(log.Name, how == "expired" ? TimeSpan.FromMinutes(5) : null, role: "writer");
        string filling = "[" + string.Join(',', Enumerable.Range(0, 10_000).Select(i => TestLog.Event($"fill-{i}"))) + "]";
        using var gate = new ManualResetEventSlim();
        Task held = await server.HoldLoopAsync(gate);
        var waiting = new List<Task>();
        try
        {
            if (how == "expired")
            {
                waiting.Add(RefusedAsync(await QueueAsync(LateAsync(), 1)));
                server.Clock.Advance(TimeSpan.FromMinutes(6));
            }
            else
            {
                // The change, then as much as a group holds, then the request: it comes to its turn after the change.
                waiting.Add(await QueueAsync(how == "revoked" ? DeleteAsync("api/keys/" + member.KeyId) : PostAsync("api/principals/disable/" + member.Name, "{}"), 1));
                waiting.Add(await QueueAsync(log.AppendAsync(filling), 10_001));
                waiting.Add(await QueueAsync(log.AppendAsync(filling.Replace("fill-", "more-", StringComparison.Ordinal)), 20_001));
                waiting.Add(RefusedAsync(await QueueAsync(LateAsync(), 20_002)));
            }
        }
        finally
        {
            gate.Set();
        }

        await held;
        await Task.WhenAll(waiting);
        Assert.Equal(how == "expired" ? 0 : 20_000, log.Size);

        Task<Answer> LateAsync() => server.PostAsync(log.Events, member.Key, TestLog.Event("late"));

        static async Task RefusedAsync(Task<Answer> request) => (await request).ShouldBeProblem(401, "unauthenticated");
    }

    [Fact]
    public async Task What_an_entry_says_of_the_configuration_that_let_it_in_is_its_size_then()
    {
        TestLog log = await server.NewLogAsync();
        Member member = await MemberAsync(log.Name, null, role: "writer");
        var sizes = new List<long>();
        for (int i = 0; i < 3; i++)
        {
            sizes.Add(server.Engine.Find("_system")!.Size);
            Assert.Equal(201, (await server.PostAsync(log.Events, member.Key, TestLog.Event($"e{i}"))).Status);
            await server.NewKeyAsync("reader", log.Name);
        }

        JsonElement found = (await log.GetAsync("events?order=asc")).Json;

        Assert.Equal(sizes, found.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("entry").GetProperty("ingest").GetProperty("auth_at").GetInt64()));
    }

    [Fact]
    public async Task A_key_behind_glass_raises_one_alert_and_is_good_for_an_hour_and_never_again()
    {
        string key = (await PostAsync("api/keys", """{"kind":"admin","break_glass":true}""")).Json.GetProperty("key").GetString()!;
        long alerts = server.Engine.Find("_alerts")!.Size;
        (await server.GetAsync("api/me", key)).ShouldBeProblem(401, "unauthenticated");
        (await server.PostAsync("api/break-glass", key, """{"reason":" "}""")).ShouldBeProblem(400, "invalid-parameter");
        Assert.Equal(alerts, server.Engine.Find("_alerts")!.Size);

        Assert.Equal(200, (await server.PostAsync("api/break-glass", key, """{"reason":"the administrator is gone"}""")).Status);
        Assert.Equal(200, (await server.GetAsync("api/keys", key)).Status);
        (await server.PostAsync("api/break-glass", key, """{"reason":"again"}""")).ShouldBeProblem(409, "conflict");
        server.Clock.Advance(TimeSpan.FromHours(1));
        (await server.GetAsync("api/keys", key)).ShouldBeProblem(401, "unauthenticated");
        (await server.PostAsync("api/break-glass", key, """{"reason":"again"}""")).ShouldBeProblem(401, "unauthenticated");

        Assert.Equal(alerts + 1, server.Engine.Find("_alerts")!.Size);
    }

    [Fact]
    public async Task The_glass_of_a_disabled_principal_is_not_broken()
    {
        string key = (await PostAsync("api/keys", """{"kind":"admin","break_glass":true,"principal":"keeper"}""")).Json.GetProperty("key").GetString()!;
        await PostAsync("api/principals", """{"name":"keeper","kind":"person"}""");
        await PostAsync("api/principals/disable/keeper", "{}");
        long alerts = server.Engine.Find("_alerts")!.Size;

        (await server.PostAsync("api/break-glass", key, """{"reason":"a test"}""")).ShouldBeProblem(401, "unauthenticated");

        Assert.Equal(alerts, server.Engine.Find("_alerts")!.Size);
    }

    private static async Task<(long? Id, string Name, string Data)> NextAsync(EventReader tail) => await tail.NextAsync().WaitAsync(TimeSpan.FromMinutes(1));

    /// <summary>Waits until a request is in the queue, and so many entries with it.</summary>
    private async Task<T> QueueAsync<T>(T request, int entries)
        where T : Task
    {
        while (server.Engine.QueuedEntries < entries)
        {
            Assert.False(request.IsCompleted, request is Task<Answer> { IsCompletedSuccessfully: true } answered ? answered.Result.Text : $"{request.Status} {request.Exception}");
            await Task.Yield();
        }

        return request;
    }

    /// <summary>A principal with a grant for a log, and further ones of other terms, and a key that carries them.</summary>
    private async Task<Member> MemberAsync(string log, TimeSpan? time, string? more = null, string role = "reader")
    {
        string name = $"{log}/m{Interlocked.Increment(ref _members)}";
        await PostAsync("api/principals", $$"""{"name":"{{name}}","kind":"person"}""");
        string end = time is { } left ? $",\"expires\":\"{(server.Clock.GetUtcNow() + left).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)}\"" : "";
        var grants = new List<string>();
        foreach (string terms in more is null ? (string[])[end] : [end, "," + more[1..^1]])
        {
            grants.Add((await PostAsync("api/grants", $$"""{"principal":"{{name}}","role":"{{role}}","logs":["{{log}}"]{{terms}}}""")).Json.GetProperty("id").GetString()!);
        }

        JsonElement key = (await PostAsync("api/keys", $$"""{"kind":"{{role}}","principal":"{{name}}"}""")).Json;
        return new Member(name, grants, key.GetProperty("id").GetString()!, key.GetProperty("key").GetString()!);
    }

    private async Task<Answer> PostAsync(string path, string json)
    {
        Answer answer = await server.PostAsync(path, server.AdminKey, json);
        Assert.True(answer.Status is >= 200 and < 300, $"{path} {json}: {answer.Status} {answer.Text}");
        return answer;
    }

    private async Task DeleteAsync(string path) => Assert.Equal(204, (await server.SendAsync(HttpMethod.Delete, path, server.AdminKey)).Status);

    private sealed record Member(string Name, List<string> GrantIds, string KeyId, string Key);
}
