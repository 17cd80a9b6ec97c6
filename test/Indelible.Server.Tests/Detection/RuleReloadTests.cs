using System.Text.Json;
using Indelible.Engine;
using Indelible.Server.Detection;
using Indelible.Server.Tests.Api;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Indelible.Server.Tests.Detection;

/// <summary>Rules of a folder, switched on while the server runs.</summary>
public sealed class RuleReloadTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;
    private readonly TestServer _server;

    public RuleReloadTests() => _server = new TestServer { Settings = { ["rules"] = _folder } };

    public async ValueTask InitializeAsync()
    {
        await WriteAsync("placeholders.yml", "watched: [door.open, door.force]\n");
        await WriteAsync("first.yml", Rule("A door is opened", 1));
        await _server.InitializeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_rule_that_is_switched_on_is_asked_of_what_has_just_happened_and_what_was_found_is_raised_once()
    {
        TestLog log = await _server.NewLogAsync();
        await AppendAsync(log, "e-1", "door.force");
        string before = Assert.Single(await AlertsAsync()).Version;
        await WriteAsync("second.yml", Rule("A door is opened, told again", 2));
        await WriteAsync("first.yml", Rule("A door is opened", 1) + "description: of any kind\n");

        JsonElement loaded = (await _server.PostAsync("api/rules/reload", _server.AdminKey, "{}")).Json;

        Assert.Equal("""{"added":["5b0a58d2-7d0e-4c6a-9e6b-000000000002"],"removed":[],"changed":["5b0a58d2-7d0e-4c6a-9e6b-000000000001"]}""", loaded.GetProperty("change").GetRawText());
        Assert.Equal(["A door is opened", "A door is opened, told again"], (await AlertsAsync()).Select(alert => alert.Title));
        await AppendAsync(log, "e-2", "door.open");
        (string Title, string Version)[] alerts = await AlertsAsync();
        Assert.Equal(["A door is opened", "A door is opened", "A door is opened, told again", "A door is opened, told again"], alerts.Select(alert => alert.Title).Order());
        Assert.Equal(2, alerts.Where(alert => alert.Title == "A door is opened").Select(alert => alert.Version).Distinct().Count());
        Assert.Contains(alerts, alert => alert.Version == before);
        Assert.Contains(loaded.GetProperty("rules").EnumerateArray(), rule => alerts.Any(alert => alert.Version == rule.GetProperty("version").GetString() && alert.Title == "A door is opened"));
    }

    [Fact]
    public async Task What_was_found_is_not_raised_again_since_another_rule_finds_something_in_the_same_event()
    {
        TestLog log = await _server.NewLogAsync();
        await AppendAsync(log, "e-1", "door.force");
        Assert.Single(await AlertsAsync());

        // Files are asked in the order of their names.
        await WriteAsync("another.yml", Rule("Asked before it", 2));
        Assert.Equal(200, (await _server.PostAsync("api/rules/reload", _server.AdminKey, "{}")).Status);

        Assert.Equal(["A door is opened", "Asked before it"], (await AlertsAsync()).Select(alert => alert.Title));
    }

    [Fact]
    public async Task Each_set_of_rules_is_an_entry_that_says_what_it_comes_to_and_who_wanted_it()
    {
        await WriteAsync("second.yml", Rule("Another", 2));
        string sha256 = (await _server.PostAsync("api/rules/reload", _server.AdminKey, "{}")).Json.GetProperty("sha256").GetString()!;
        File.Delete(Path.Combine(_folder, "first.yml"));
        Assert.Equal(200, (await _server.PostAsync("api/rules/reload", _server.AdminKey, "{}")).Status);

        JsonElement[] entries = [.. Entries("_access").Where(entry => entry.GetProperty("action").GetString() == "indelible.rules.load")];

        Assert.Equal(3, entries.Length);
        Assert.Equal("indelible", entries[0].GetProperty("actor").GetProperty("id").GetString());
        Assert.Equal(1, entries[0].GetProperty("data").GetProperty("rules").GetInt32());
        Assert.Equal(sha256, entries[1].GetProperty("data").GetProperty("sha256").GetString());
        Assert.NotEqual("indelible", entries[1].GetProperty("actor").GetProperty("id").GetString());
        Assert.Equal("5b0a58d2-7d0e-4c6a-9e6b-000000000002", Assert.Single(entries[1].GetProperty("data").GetProperty("added_rules").EnumerateArray()).GetProperty("id").GetString());
        Assert.Equal("5b0a58d2-7d0e-4c6a-9e6b-000000000001", Assert.Single(entries[2].GetProperty("data").GetProperty("removed_rules").EnumerateArray()).GetProperty("id").GetString());
    }

    [Theory]
    [InlineData("wrong.yml", "title: a\nlogsource: {product: indelible}\ndetection: {s: {action|contans: x}, condition: s}\n", "There is no modifier contans in Sigma 2.1.")]
    [InlineData("mappings/wrong.yml", "title: a\n", "The member logsource is missing.")]
    [InlineData("placeholders.yml", "watched: {a: b}\n", "watched has to be a text.")]
    public async Task One_that_is_wrong_switches_nothing_and_is_named_by_its_place(string file, string text, string reason)
    {
        JsonElement before = (await _server.GetAsync("api/rules", _server.AdminKey)).Json;
        await WriteAsync(file, text);

        IReadOnlyList<JsonElement> errors = (await _server.PostAsync("api/rules/reload", _server.AdminKey, "{}")).ShouldBeProblem(409, "rules-refused");

        Assert.Contains(errors, error => error.GetProperty("pointer").GetString()!.StartsWith(Path.Combine(_folder, file) + ":", StringComparison.Ordinal) && error.GetProperty("detail").GetString() == reason);
        JsonElement after = (await _server.GetAsync("api/rules", _server.AdminKey)).Json;
        Assert.Equal((before.GetProperty("sha256").GetString(), before.GetProperty("since").GetString()), (after.GetProperty("sha256").GetString(), after.GetProperty("since").GetString()));
        Assert.DoesNotContain(Entries("_access"), entry => entry.GetProperty("action").GetString() == "indelible.rules.load" && entry.GetProperty("actor").GetProperty("id").GetString() != "indelible");
    }

    [Fact]
    public async Task Who_reads_alerts_is_shown_how_many_each_rule_has()
    {
        TestLog log = await _server.NewLogAsync();
        await AppendAsync(log, "e-1", "door.force");
        await AlertsAsync();
        string reader = (await _server.NewKeyAsync("reader", "_alerts")).Text;

        JsonElement rule = Assert.Single((await _server.GetAsync("api/rules", reader)).Json.GetProperty("rules").EnumerateArray());

        Assert.Equal((1, 1, "high", "event"), (rule.GetProperty("alerts").GetInt32(), rule.GetProperty("open").GetInt32(), rule.GetProperty("level").GetString(), rule.GetProperty("kind").GetString()));
        Assert.False(Assert.Single((await _server.GetAsync("api/rules", _server.AdminKey)).Json.GetProperty("rules").EnumerateArray()).TryGetProperty("alerts", out _));
    }

    private static string Rule(string title, int number) => $$"""
        title: {{title}}
        id: 5b0a58d2-7d0e-4c6a-9e6b-00000000000{{number}}
        logsource: {product: indelible}
        detection: {selection: {action|expand: '%watched%'}, condition: selection}
        level: high

        """;

    private static async Task AppendAsync(TestLog log, string id, string action)
    {
        Answer answer = await log.AppendAsync(TestLog.Event(id, ("action", $"\"{action}\"")));
        Assert.True(answer.Status == 201, answer.Text);
    }

    private async Task WriteAsync(string file, string text)
    {
        string path = Path.Combine(_folder, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllTextAsync(path, text, TestContext.Current.CancellationToken);
    }

    private async Task<(string Title, string Version)[]> AlertsAsync()
    {
        await _server.Services.GetRequiredService<LogDetections>().SettleAsync();
        return [.. Entries("_alerts").Where(entry => entry.GetProperty("action").GetString() == "indelible.alert.raise")
            .Select(entry => entry.GetProperty("data").GetProperty("rule")).Select(rule => (rule.GetProperty("title").GetString()!, rule.GetProperty("version").GetString()!))];
    }

    private IEnumerable<JsonElement> Entries(string name)
    {
        LogReader log = _server.Engine.Find(name)!;
        for (long index = 0; index < log.Size; index++)
        {
            yield return JsonElement.Parse(log.ReadEntry(index).Span);
        }
    }
}
