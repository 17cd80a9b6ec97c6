using System.Text.Json;
using System.Text.RegularExpressions;
using Indelible.Server.Detection;
using Indelible.Server.Tests.Access;
using Indelible.Server.Tests.Api;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Indelible.Server.Tests.Alerts;

/// <summary><c>indelible alerts</c>, from a verification's alert to its end.</summary>
[Collection(CastCollection.Name)]
public sealed partial class AlertsCommandTests : IAsyncLifetime
{
    private readonly TestServer _server = new();
    private string _key = "";

    public async ValueTask InitializeAsync()
    {
        await _server.InitializeAsync();
        _key = (await _server.PostAsync("api/keys", _server.AdminKey, """{"kind":"reader","role":"analyst","logs":["_alerts"]}""")).Json.GetProperty("key").GetString()!;
        await _server.Engine.NoteVerificationAsync("main", isValid: false, isAlert: true, data => data.WriteString("problem", "entry 3 was altered"));
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task An_alert_is_listed_shown_worked_on_and_closed()
    {
        string list = await RunAsync("alerts");
        string id = Id().Match(list).Value;
        Assert.Matches("open +critical .* main +A verification found a fault", list);
        Assert.Contains("1 open, 0 acknowledged, 0 suppressed, 0 closed.", list, StringComparison.Ordinal);

        Assert.Contains("acknowledged", await RunAsync("alerts", "acknowledge", id, "--comment", "Looking."), StringComparison.Ordinal);
        Assert.Contains("for bob", await RunAsync("alerts", "assign", id, "bob"), StringComparison.Ordinal);
        await RunAsync("alerts", "comment", id, "A disk was exchanged.");
        Assert.Contains("suppressed", await RunAsync("alerts", "suppress", id, "--for", "2h"), StringComparison.Ordinal);
        string suppressions = await RunAsync("alerts", "suppressions");
        Assert.Contains("rule indelible.verification.run of main", suppressions, StringComparison.Ordinal);
        await RunAsync("alerts", "suppressions", "end", Id().Match(suppressions).Value);
        Assert.Contains("rule rule-1, until", await RunAsync("alerts", "suppressions", "add", "rule-1", "--for", "1d", "--comment", "Noise."), StringComparison.Ordinal);
        Assert.Contains("open", await RunAsync("alerts", "reopen", id), StringComparison.Ordinal);
        Assert.Contains("closed", await RunAsync("alerts", "close", id, "--reason", "resolved"), StringComparison.Ordinal);

        string whole = await RunAsync("alerts", "show", id);
        Assert.Matches("acknowledge .* by .*Looking\\.", whole);
        Assert.Matches("comment .*A disk was exchanged\\.", whole);
        Assert.Matches("close .*reason resolved", whole);
        Assert.Contains("indelible show 0 --log _alerts --proof alert.tlog-proof", whole, StringComparison.Ordinal);
        Assert.Equal(id, JsonElement.Parse(await RunAsync("alerts", "show", id, "--json")).GetProperty("id").GetString());
        Assert.DoesNotContain(id, await RunAsync("alerts"), StringComparison.Ordinal);
        Assert.Contains(id, await RunAsync("alerts", "--state", "all", "--severity", "critical", "--log", "main"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_actor_did_before_is_printed_as_far_as_the_key_shows_it()
    {
        await _server.StopAsync();
        _server.Settings["rules"] = "shipped";
        await _server.StartAsync();
        TestLog log = await _server.NewLogAsync();
        await log.AppendAsync(TestLog.Event("before", ("actor.id", "\"u-9\""), ("action", "\"report.read\""), ("targets", """[{"type":"report","id":"r-1"}]""")));
        await log.AppendAsync(TestLog.Event("grant", ("actor.id", "\"u-9\""), ("action", "\"role.grant\""), ("category", "\"identity_admin\""), ("operation", "\"grant\""), ("targets", """[{"type":"user","id":"u-9"}]""")));
        await _server.Services.GetRequiredService<LogDetections>().SettleAsync();
        string id = JsonElement.Parse(await RunAsync("alerts", "--json", "--log", log.Name)).GetProperty("items")[0].GetProperty("id").GetString()!;

        Assert.Contains("before      event 0 (this key does not show it)", await RunAsync("alerts", "show", id), StringComparison.Ordinal);

        _key = (await _server.PostAsync("api/keys", _server.AdminKey, $$"""{"kind":"reader","role":"analyst","logs":["_alerts","{{log.Name}}"]}""")).Json.GetProperty("key").GetString()!;
        string shown = await RunAsync("alerts", "show", id);
        Assert.Contains("before      2026-11-23T06:14:25", shown, StringComparison.Ordinal);
        Assert.Contains("report.read  success  r-1  (event 0)", shown, StringComparison.Ordinal);
        Assert.Contains($"indelible search --log {log.Name} 'actor:\"u-9\"'", shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_command_that_is_printed_is_one_argument_each_whatever_the_actors_name_is()
    {
        const string Actor = "x'; echo evil|cat; ' $(id) `id` \"or\" \\ end";
        await _server.StopAsync();
        _server.Settings["rules"] = "shipped";
        await _server.StartAsync();
        TestLog log = await _server.NewLogAsync();
        string actor = JsonSerializer.Serialize(Actor);
        await log.AppendAsync(TestLog.Event("other", ("actor.id", "\"x\""), ("action", "\"report.read\"")));
        await log.AppendAsync(TestLog.Event("before", ("actor.id", actor), ("action", "\"report.read\"")));
        await log.AppendAsync(TestLog.Event("grant", ("actor.id", actor), ("action", "\"role.grant\""), ("category", "\"identity_admin\""), ("operation", "\"grant\""), ("targets", $$"""[{"type":"user","id":{{actor}}}]""")));
        await _server.Services.GetRequiredService<LogDetections>().SettleAsync();
        _key = (await _server.PostAsync("api/keys", _server.AdminKey, $$"""{"kind":"reader","role":"analyst","logs":["_alerts","{{log.Name}}"]}""")).Json.GetProperty("key").GetString()!;
        string id = JsonElement.Parse(await RunAsync("alerts", "--json", "--log", log.Name)).GetProperty("items")[0].GetProperty("id").GetString()!;

        string line = (await RunAsync("alerts", "show", id)).Split('\n').Single(one => one.TrimStart().StartsWith("all of it", StringComparison.Ordinal));

        // A real shell says what it makes of it, and the query finds what that actor did, and nobody else.
        using var shell = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("/bin/sh", ["-c", "indelible() { printf '%s\\n' \"$@\"; }; " + line[line.IndexOf("indelible", StringComparison.Ordinal)..]]) { RedirectStandardOutput = true })!;
        string[] words = (await shell.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).TrimEnd('\n').Split('\n');
        Assert.Equal(4, words.Length);
        Assert.Equal(["search", "--log", log.Name], words[..3]);
        Assert.Equal([1, 2], (await log.GetAsync("events?order=asc&q=" + Uri.EscapeDataString(words[3]))).Json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("index").GetInt32()));
    }

    private async Task<string> RunAsync(params string[] arguments)
    {
        (int code, string printed) = await CommandRun.RunAsync([.. arguments, "--key", _key, "--url", _server.Url.ToString()]);
        Assert.Equal(0, code);
        return printed;
    }

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f-]{27}")]
    private static partial Regex Id();
}
