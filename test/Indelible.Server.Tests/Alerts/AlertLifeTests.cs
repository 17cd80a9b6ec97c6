using System.Globalization;
using System.Text.Json;
using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Engine.Configuration;
using Indelible.Server.Tests.Api;
using Xunit;

namespace Indelible.Server.Tests.Alerts;

/// <summary>What becomes of alerts: who sees them, who may do what with them, which belong together, and that all of it is entries.</summary>
public sealed class AlertLifeTests : IAsyncLifetime
{
    private static readonly (string Step, string Body, string Pointer)[] s_wrongSteps =
    [
        ("close", "{}", "/reason"),
        ("close", """{"reason":"whatever"}""", "/reason"),
        ("comment", "{}", "/comment"),
        ("comment", """{"comment":""}""", "/comment"),
        ("acknowledge", """{"reason":"resolved"}""", "/reason"),
        ("acknowledge", """{"assignee":"bob"}""", "/assignee"),
        ("assign", """{"assignee":""}""", "/assignee"),
        ("assign", """{"assignee":"a\u202eb"}""", "/assignee"),
        ("comment", """{"comment":"x","until":"2030-01-01T00:00:00Z"}""", "/until"),
        ("suppress", "{}", "/until"),
        ("suppress", """{"until":"2001-01-01T00:00:00Z"}""", "/until"),
        ("suppress", """{"until":"2999-01-01T00:00:00Z"}""", "/until"),
    ];

    private readonly TestServer _server = new();
    private string _analyst = "";
    private string _reader = "";
    private int _raised;

    public async ValueTask InitializeAsync()
    {
        await _server.InitializeAsync();
        _analyst = await MemberAsync("ann", "analyst", "_alerts");
        _reader = await MemberAsync("rita", "auditor", "_alerts");
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task An_alert_is_acknowledged_assigned_commented_closed_and_reopened_and_each_step_is_an_entry_with_its_author()
    {
        string id = await RaiseAsync("rule-1", "main", ("actor", "u-1"));

        Assert.Equal("open", (await OneAsync(id)).GetProperty("state").GetString());
        Assert.Equal("acknowledged", (await DoAsync(id, "acknowledge", "{}")).GetProperty("state").GetString());
        Assert.Equal("bob", (await DoAsync(id, "assign", """{"assignee":"bob"}""")).GetProperty("assignee").GetString());
        await DoAsync(id, "comment", """{"comment":"It is the backup."}""");
        JsonElement closed = await DoAsync(id, "close", """{"reason":"false_positive","comment":"The backup runs as u-1."}""");
        Assert.Equal(("closed", "false_positive", "ann"), (closed.GetProperty("state").GetString(), closed.GetProperty("reason").GetString(), closed.GetProperty("changed_by").GetString()));
        Assert.Equal("open", (await DoAsync(id, "reopen", "{}")).GetProperty("state").GetString());
        Assert.Equal(JsonValueKind.Null, (await DoAsync(id, "assign", "{}")).GetProperty("assignee").ValueKind);

        JsonElement[] steps = [.. (await OneAsync(id)).GetProperty("steps").EnumerateArray()];
        Assert.Equal(["acknowledge", "assign", "comment", "close", "reopen", "assign"], steps.Select(step => step.GetProperty("step").GetString()));
        Assert.All(steps, step => Assert.Equal("ann", step.GetProperty("by").GetString()));
        Assert.Equal("It is the backup.", steps[2].GetProperty("comment").GetString());
        Assert.Equal("false_positive", steps[3].GetProperty("reason").GetString());
        LogReader alerts = _server.Engine.Find(LogName.Alerts)!;
        Assert.All(steps, step => Assert.Equal("indelible.alert." + step.GetProperty("step").GetString(), JsonElement.Parse(alerts.ReadEntry(step.GetProperty("entry").GetProperty("index").GetInt64()).Span).GetProperty("action").GetString()));
    }

    [Fact]
    public async Task A_step_that_means_nothing_where_the_alert_stands_is_refused_and_is_no_entry()
    {
        string id = await RaiseAsync("rule-1", "main", ("actor", "u-1"));
        (await PostAsync(id, "reopen", "{}")).ShouldBeProblem(409, "alert-state");
        await DoAsync(id, "close", """{"reason":"resolved"}""");
        long size = _server.Engine.Find(LogName.Alerts)!.Size;

        foreach ((string step, string body) in new[] { ("acknowledge", "{}"), ("close", """{"reason":"resolved"}"""), ("assign", """{"assignee":"bob"}"""), ("suppress", $$"""{"until":"{{In(TimeSpan.FromHours(1))}}"}""") })
        {
            Answer answer = await PostAsync(id, step, body);
            answer.ShouldBeProblem(409, "alert-state");
            Assert.Contains("by ann", answer.Text, StringComparison.Ordinal);
        }

        Assert.Equal(size, _server.Engine.Find(LogName.Alerts)!.Size);
    }

    [Fact]
    public async Task What_a_step_lacks_or_does_not_take_is_named()
    {
        string id = await RaiseAsync("rule-1", "main", ("actor", "u-1"));
        foreach ((string step, string body, string pointer) in s_wrongSteps)
        {
            (await PostAsync(id, step, body)).ShouldBeProblem(400, "invalid-parameter", pointer);
        }
    }

    [Fact]
    public async Task Of_two_who_do_the_same_at_once_one_does_it()
    {
        string id = await RaiseAsync("rule-1", "main", ("actor", "u-1"));
        Answer[] answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => PostAsync(id, "acknowledge", "{}")));
        Assert.Equal([200, 409, 409, 409, 409, 409, 409, 409], answers.Select(answer => answer.Status).Order());
        Assert.Single((await OneAsync(id)).GetProperty("steps").EnumerateArray());
    }

    [Fact]
    public async Task Alerts_of_one_rule_and_group_are_one_until_it_is_closed_or_a_day_has_gone_by()
    {
        string first = await RaiseAsync("rule-1", "main", ("actor", "u-1"));
        string again = await RaiseAsync("rule-1", "main", ("actor", "u-1"));
        string other = await RaiseAsync("rule-1", "main", ("actor", "u-2"));
        await RaiseAsync("rule-2", "main", ("actor", "u-1"));
        await RaiseAsync("rule-1", "acme.log", ("actor", "u-1"));

        Assert.Equal(4, (await ListAsync("")).GetArrayLength());
        JsonElement whole = await OneAsync(again);
        Assert.Equal((first, 1L), (whole.GetProperty("id").GetString(), whole.GetProperty("repeats").GetInt64()));
        Assert.Equal([again], whole.GetProperty("repeated").EnumerateArray().Select(repeat => repeat.GetProperty("id").GetString()));

        await DoAsync(again, "close", """{"reason":"resolved"}""");
        string anew = await RaiseAsync("rule-1", "main", ("actor", "u-1"));
        Assert.Equal((anew, "open"), ((await OneAsync(anew)).GetProperty("id").GetString(), (await OneAsync(anew)).GetProperty("state").GetString()));

        _server.Clock.Advance(TimeSpan.FromHours(25));
        string later = await RaiseAsync("rule-1", "main", ("actor", "u-2"));
        Assert.Equal((later, 0L), ((await OneAsync(later)).GetProperty("id").GetString(), (await OneAsync(other)).GetProperty("repeats").GetInt64()));
    }

    [Fact]
    public async Task Alerts_whose_group_is_sealed_stand_alone()
    {
        string first = await RaiseAsync("rule-1", "main", ("ip", null));
        string second = await RaiseAsync("rule-1", "main", ("ip", null));
        Assert.Equal([second, first], (await ListAsync("")).EnumerateArray().Select(alert => alert.GetProperty("id").GetString()));
        (await PostAsync(first, "suppress", $$"""{"until":"{{In(TimeSpan.FromHours(1))}}"}""")).ShouldBeProblem(409, "alert-state");
    }

    [Fact]
    public async Task What_is_like_a_suppressed_alert_is_suppressed_until_the_time_is_over_and_nothing_else_is()
    {
        string id = await RaiseAsync("rule-1", "main", ("actor", "u-1"));
        JsonElement suppressed = await DoAsync(id, "suppress", $$"""{"until":"{{In(TimeSpan.FromHours(30))}}","comment":"A load test."}""");
        Assert.Equal("suppressed", suppressed.GetProperty("state").GetString());
        string other = await RaiseAsync("rule-1", "main", ("actor", "u-2"));
        Assert.Equal("open", (await OneAsync(other)).GetProperty("state").GetString());

        _server.Clock.Advance(TimeSpan.FromHours(29));
        string like = await RaiseAsync("rule-1", "main", ("actor", "u-1"));
        JsonElement alert = await OneAsync(like);
        Assert.Equal(("suppressed", suppressed.GetProperty("suppressed_by").GetString()), (alert.GetProperty("state").GetString(), alert.GetProperty("suppressed_by").GetString()));

        _server.Clock.Advance(TimeSpan.FromHours(2));
        Assert.Equal("open", (await OneAsync(await RaiseAsync("rule-1", "main", ("actor", "u-1")))).GetProperty("state").GetString());
    }

    [Fact]
    public async Task A_rules_alerts_are_suppressed_for_one_log_or_all_and_the_suppression_ends_when_somebody_says_so()
    {
        Answer made = await _server.PostAsync("api/alerts/suppressions", _analyst, $$"""{"rule":"rule-1","log":"main","until":"{{In(TimeSpan.FromHours(1))}}","comment":"Noise."}""");
        Assert.Equal(200, made.Status);
        string suppression = made.Json.GetProperty("id").GetString()!;
        Assert.Equal("suppressed", (await OneAsync(await RaiseAsync("rule-1", "main", ("ip", null)))).GetProperty("state").GetString());
        Assert.Equal("open", (await OneAsync(await RaiseAsync("rule-1", "acme.log", ("ip", null)))).GetProperty("state").GetString());
        Assert.Equal([suppression], (await _server.GetAsync("api/alerts/suppressions", _reader)).Json.GetProperty("suppressions").EnumerateArray().Select(one => one.GetProperty("id").GetString()));

        Assert.Equal(204, (await _server.SendAsync(HttpMethod.Delete, "api/alerts/suppressions/" + suppression, _analyst)).Status);
        Assert.Equal("open", (await OneAsync(await RaiseAsync("rule-1", "main", ("ip", null)))).GetProperty("state").GetString());
        (await _server.SendAsync(HttpMethod.Delete, "api/alerts/suppressions/" + suppression, _analyst)).ShouldBeProblem(404, "not-found");
    }

    [Fact]
    public async Task How_alerts_stand_is_the_same_after_a_restart_for_it_is_what_the_entries_say()
    {
        string first = await RaiseAsync("rule-1", "main", ("actor", "u-1"));
        await RaiseAsync("rule-1", "main", ("actor", "u-1"));
        await DoAsync(first, "acknowledge", "{}");
        string second = await RaiseAsync("rule-2", "main", ("actor", "u-1"));
        await DoAsync(second, "suppress", $$"""{"until":"{{In(TimeSpan.FromDays(1))}}"}""");
        string list = (await _server.GetAsync("api/alerts", _analyst)).Text;
        string one = (await _server.GetAsync("api/alerts/" + first, _analyst)).Text;

        await _server.StopAsync();
        await _server.StartAsync();

        Assert.Equal(list, (await _server.GetAsync("api/alerts", _analyst)).Text);
        Assert.Equal(one, (await _server.GetAsync("api/alerts/" + first, _analyst)).Text);
        Assert.Equal("suppressed", (await OneAsync(await RaiseAsync("rule-2", "main", ("actor", "u-1")))).GetProperty("state").GetString());
    }

    [Fact]
    public async Task A_list_is_filtered_counted_and_read_in_pages()
    {
        string[] ids = [await RaiseAsync("rule-1", "main", ("actor", "u-1"), "high"), await RaiseAsync("rule-2", "main", ("actor", "u-1"), "low"), await RaiseAsync("rule-1", "acme.log", ("actor", "u-1"), "critical"), await RaiseAsync("rule-1", "main", ("actor", "u-2"), "high")];
        await DoAsync(ids[0], "close", """{"reason":"expected"}""");
        await DoAsync(ids[1], "assign", """{"assignee":"bob"}""");

        Assert.Equal([ids[3], ids[2], ids[1], ids[0]], await IdsAsync(""));
        Assert.Equal([ids[3], ids[2], ids[1]], await IdsAsync("?state=open,acknowledged"));
        Assert.Equal([ids[3], ids[2], ids[0]], await IdsAsync("?severity=high,critical"));
        Assert.Equal([ids[2]], await IdsAsync("?log=acme.log"));
        Assert.Equal([ids[1]], await IdsAsync("?rule=rule-2"));
        Assert.Equal([ids[1]], await IdsAsync("?assignee=bob"));
        Assert.Empty(await IdsAsync("?from=2999-01-01T00:00:00Z"));
        Assert.Empty(await IdsAsync("?to=2001-01-01T00:00:00Z"));
        JsonElement page = (await _server.GetAsync("api/alerts?limit=3", _analyst)).Json;
        Assert.Equal("""{"open":3,"acknowledged":0,"suppressed":0,"closed":1}""", page.GetProperty("counts").GetRawText());
        JsonElement rest = (await _server.GetAsync("api/alerts?limit=3&cursor=" + page.GetProperty("next").GetString(), _analyst)).Json;
        Assert.Equal((ids[0], JsonValueKind.Null), (Assert.Single(rest.GetProperty("items").EnumerateArray()).GetProperty("id").GetString(), rest.GetProperty("next").ValueKind));
        foreach (string wrong in new[] { "state=broken", "severity=9", "limit=0", "limit=501", "cursor=x", "from=yesterday" })
        {
            (await _server.GetAsync("api/alerts?" + wrong, _analyst)).ShouldBeProblem(400, "invalid-parameter", wrong.Split('=')[0]);
        }
    }

    [Fact]
    public async Task Who_reads_alerts_may_not_work_on_them_and_who_has_no_grant_for_them_is_told_of_none()
    {
        string id = await RaiseAsync("rule-1", "main", ("actor", "u-1"));
        (_, string other) = await _server.NewKeyAsync("reader", "main");
        (await _server.PostAsync($"api/alerts/{id}/acknowledge", _reader, "{}")).ShouldBeProblem(403, "forbidden");
        (await _server.PostAsync("api/alerts/suppressions", _reader, $$"""{"rule":"rule-1","until":"{{In(TimeSpan.FromHours(1))}}"}""")).ShouldBeProblem(403, "forbidden");
        Assert.Equal(200, (await _server.GetAsync("api/alerts/" + id, _reader)).Status);
        (await _server.GetAsync("api/alerts", other)).ShouldBeProblem(404, "unknown-log");
        (await _server.GetAsync("api/alerts/" + id, other)).ShouldBeProblem(404, "unknown-log");
        (await _server.PostAsync($"api/alerts/{id}/frobnicate", _analyst, "{}")).ShouldBeProblem(404, "not-found");
        (await _server.PostAsync($"api/alerts/{id}/unsuppress", _analyst, "{}")).ShouldBeProblem(404, "not-found");
    }

    [Fact]
    public async Task A_tenants_analyst_sees_and_quiets_the_alerts_of_his_tenant_alone()
    {
        string acme = await MemberAsync("acme/ann", "analyst", "_alerts");
        string own = await RaiseAsync("rule-1", "acme.log", ("actor", "u-1"));
        string foreign = await RaiseAsync("rule-1", "beta.log", ("actor", "u-1"));
        string node = await RaiseAsync("rule-1", "main", ("actor", "u-1"));

        JsonElement seen = (await _server.GetAsync("api/alerts", acme)).Json;
        Assert.Equal([own], seen.GetProperty("items").EnumerateArray().Select(alert => alert.GetProperty("id").GetString()));
        Assert.Equal(1, seen.GetProperty("counts").GetProperty("open").GetInt32());
        foreach (string id in new[] { foreign, node })
        {
            (await _server.GetAsync("api/alerts/" + id, acme)).ShouldBeProblem(404, "not-found");
            (await _server.PostAsync($"api/alerts/{id}/acknowledge", acme, "{}")).ShouldBeProblem(404, "not-found");
        }

        Assert.Equal(200, (await _server.PostAsync($"api/alerts/{own}/acknowledge", acme, "{}")).Status);
        Answer made = await _server.PostAsync("api/alerts/suppressions", acme, $$"""{"rule":"rule-2","until":"{{In(TimeSpan.FromHours(1))}}"}""");
        Assert.Equal(200, made.Status);
        Assert.Equal("suppressed", (await OneAsync(await RaiseAsync("rule-2", "acme.log", ("actor", "u-1")))).GetProperty("state").GetString());
        Assert.Equal("open", (await OneAsync(await RaiseAsync("rule-2", "beta.log", ("actor", "u-1")))).GetProperty("state").GetString());

        string beta = await MemberAsync("beta/ann", "analyst", "_alerts");
        Assert.Empty((await _server.GetAsync("api/alerts/suppressions", beta)).Json.GetProperty("suppressions").EnumerateArray());
        (await _server.SendAsync(HttpMethod.Delete, "api/alerts/suppressions/" + made.Json.GetProperty("id").GetString(), beta)).ShouldBeProblem(404, "not-found");
    }

    [Fact]
    public async Task Who_looked_at_alerts_is_told_in_the_trail()
    {
        string id = await RaiseAsync("rule-1", "main", ("actor", "u-1"));
        await ListAsync("");
        await OneAsync(id);
        LogReader access = _server.Engine.Find(LogName.Access)!;
        JsonElement[] seen = [.. Enumerable.Range(0, (int)access.Size).Select(index => JsonElement.Parse(access.ReadEntry(index).Span)).Where(entry => entry.GetProperty("action").GetString() == "indelible.alerts.view")];
        Assert.Equal(["ann", "ann"], seen.Select(entry => entry.GetProperty("actor").GetProperty("id").GetString()));
        Assert.Equal(id, seen[1].GetProperty("data").GetProperty("alert").GetString());
    }

    private async Task<string> MemberAsync(string principal, string role, string log)
    {
        Assert.Equal(201, (await _server.PostAsync("api/principals", _server.AdminKey, $$"""{"name":"{{principal}}","kind":"person"}""")).Status);
        Assert.Equal(201, (await _server.PostAsync("api/grants", _server.AdminKey, $$"""{"principal":"{{principal}}","role":"{{role}}","logs":["{{log}}"]}""")).Status);
        return (await _server.PostAsync("api/keys", _server.AdminKey, $$"""{"kind":"reader","principal":"{{principal}}"}""")).Json.GetProperty("key").GetString()!;
    }

    private async Task<string> RaiseAsync(string rule, string log, (string Field, string? Value) group, string severity = "high")
    {
        string id = $"alert-{_raised++:d4}";
        bool isNew = await _server.Engine.NoteAlertAsync(new AlertNote(id, log, _server.Clock.GetUtcNow(), $"Found by {rule}", data =>
        {
            data.WriteStartObject("rule");
            data.WriteString("id", rule);
            data.WriteString("title", "The rule " + rule);
            data.WriteEndObject();
            data.WriteString("severity", severity);
            data.WriteStartArray("group");
            data.WriteStartObject();
            data.WriteString("field", group.Field);
            if (group.Value is null)
            {
                data.WriteBoolean("sealed", true);
            }
            else
            {
                data.WriteString("value", group.Value);
            }

            data.WriteEndObject();
            data.WriteEndArray();
        }));
        Assert.True(isNew);
        return id;
    }

    private string In(TimeSpan time) => (_server.Clock.GetUtcNow() + time).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private Task<Answer> PostAsync(string id, string step, string body) => _server.PostAsync($"api/alerts/{id}/{step}", _analyst, body);

    private async Task<JsonElement> DoAsync(string id, string step, string body)
    {
        Answer answer = await PostAsync(id, step, body);
        Assert.True(answer.Status == 200, answer.Text);
        return answer.Json;
    }

    private async Task<JsonElement> OneAsync(string id)
    {
        Answer answer = await _server.GetAsync("api/alerts/" + id, _analyst);
        Assert.True(answer.Status == 200, answer.Text);
        return answer.Json;
    }

    private async Task<JsonElement> ListAsync(string query)
    {
        Answer answer = await _server.GetAsync("api/alerts" + query, _analyst);
        Assert.True(answer.Status == 200, answer.Text);
        return answer.Json.GetProperty("items");
    }

    private async Task<string[]> IdsAsync(string query) => [.. (await ListAsync(query)).EnumerateArray().Select(alert => alert.GetProperty("id").GetString()!)];
}
