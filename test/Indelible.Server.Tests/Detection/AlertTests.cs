using System.Globalization;
using System.Text.Json;
using Indelible.Detection;
using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Server.Detection;
using Indelible.Server.Indexing;
using Indelible.Server.Tests.Api;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Indelible.Server.Tests.Detection;

/// <summary>Rules on a running server: what they find is an entry of <c>_alerts</c>, once, whatever happens to the server, and with nothing in it that was sealed.</summary>
public sealed class AlertTests : IAsyncLifetime
{
    private const string Address = "203.0.113.77";

    private readonly TestServer _server = new() { Settings = { ["rules"] = "shipped" } };

    public ValueTask InitializeAsync() => _server.InitializeAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task What_is_found_is_an_alert_with_its_rule_its_events_and_what_they_have_in_common()
    {
        TestLog log = await _server.NewLogAsync();
        await FailAsync(log, "u-1", 0, 12);

        JsonElement alert = Assert.Single(await AlertsAsync("Many refused sign-ins on one account"));

        Assert.Equal("indelible.alert.raise", alert.GetProperty("action").GetString());
        Assert.Equal(log.Name, alert.GetProperty("targets")[0].GetProperty("id").GetString());
        JsonElement data = alert.GetProperty("data");
        Assert.Equal(("medium", log.Name, 10.0), (data.GetProperty("severity").GetString(), data.GetProperty("log").GetString(), data.GetProperty("count").GetDouble()));
        Assert.Equal(Enumerable.Range(0, 10), data.GetProperty("events").EnumerateArray().Select(index => index.GetInt32()));
        Assert.Equal("""[{"field":"actor","value":"u-1"}]""", data.GetProperty("group").GetRawText());
        Assert.Equal("Many refused sign-ins on one account: actor u-1", alert.GetProperty("message").GetString());
        Assert.Equal(alert.GetProperty("time").GetString(), data.GetProperty("to").GetString());
    }

    [Fact]
    public async Task Of_a_log_that_is_very_busy_the_last_part_is_gone_over_again_and_what_is_found_there_is_the_same()
    {
        TestLog log = await _server.NewLogAsync();
        await FailAsync(log, "u-1", 0, 12);
        await FailAsync(log, "u-2", 0, 12);
        string[] all = FoundAgain(log, mostReplayed: 1_000);
        Assert.Equal(2, all.Length);

        // From entry 8 on, and alerts from entry 16 on: of the first account two refusals are not seen any more.
        Assert.Equal([all[1]], FoundAgain(log, mostReplayed: 16));
    }

    [Fact]
    public async Task What_the_actor_did_before_stands_in_it_by_the_indexes_of_his_entries()
    {
        TestLog log = await _server.NewLogAsync();
        for (int i = 0; i < 13; i++)
        {
            await log.AppendAsync(TestLog.Event($"before-{i}", ("actor.id", i % 4 == 3 ? "\"u-2\"" : "\"u-1\""), ("time", "\"2026-11-23T06:00:00Z\"")));
        }

        await FailAsync(log, "u-1", 0, 12);

        JsonElement data = Assert.Single(await AlertsAsync("Many refused sign-ins on one account")).GetProperty("data");
        Assert.Equal("""{"actor":"u-1","before":[12,10,9,8,6,5,4,2,1,0]}""", data.GetProperty("context").GetRawText());
    }

    [Fact]
    public async Task What_is_sealed_in_the_events_is_matched_and_told_to_nobody()
    {
        TestLog log = await _server.NewLogAsync();
        for (int i = 0; i < 12; i++)
        {
            await FailAsync(log, $"v-{i}", i, 1);
        }

        JsonElement alert = Assert.Single(await AlertsAsync("One address is refused on many accounts"));

        Assert.Equal("""[{"field":"ip","sealed":true}]""", alert.GetProperty("data").GetProperty("group").GetRawText());
        LogReader alerts = _server.Engine.Find("_alerts")!;
        for (long index = 0; index < alerts.Size; index++)
        {
            Assert.True(alerts.ReadEntry(index).Span.IndexOf("203.0.113"u8) < 0);
        }
    }

    [Fact]
    public async Task A_sum_that_is_too_much_for_an_entry_is_told_of_and_holds_up_nothing()
    {
        TestLog log = await _server.NewLogAsync();
        const string Most = "9007199254740991";
        await log.AppendAsync(TestLog.Event("export", ("operation", "\"export\""), ("targets", $$"""[{"type":"record_export","id":"x-1","count":{{Most}}},{"type":"record_export","id":"x-2","count":{{Most}}}]""")));
        await FailAsync(log, "u-1", 0, 12);

        Assert.Single(await AlertsAsync("Many refused sign-ins on one account"));
        Assert.Equal(Most, Assert.Single(await AlertsAsync("Very many records leave with one account")).GetProperty("data").GetProperty("count").GetRawText());
    }

    [Fact]
    public async Task Of_an_alert_that_can_be_no_entry_there_is_as_much_as_can()
    {
        TestLog log = await _server.NewLogAsync();
        await FailAsync(log, "u-1", 0, 12);
        await SettleAsync();
        LogDetection detection = Detection(log, mostReplayed: 1_000);
        detection.Follow((_, index, _) => Assert.Fail($"Entry {index} could not be read."));
        AlertNote found = Assert.Single(detection.Found, alert => alert.Message.StartsWith("Many refused sign-ins on one account", StringComparison.Ordinal));
        var impossible = new AlertNote("alert-impossible", found.Log, found.Time, found.Message, data => data.WriteNumber("count", 1e300)) { Least = found.Least! with { Id = "alert-impossible" } };

        Assert.True(_server.Services.GetRequiredService<LogDetections>().Enter(impossible));

        JsonElement alert = Assert.Single(await AlertsAsync("Many refused sign-ins on one account"), alert => alert.GetProperty("id").GetString() == "alert-impossible");
        JsonElement data = alert.GetProperty("data");
        Assert.Equal(("medium", log.Name, 9), (data.GetProperty("severity").GetString(), data.GetProperty("log").GetString(), Assert.Single(data.GetProperty("events").EnumerateArray()).GetInt32()));
        Assert.Matches("indelible_detection_failures_total\\{[^}]*\\} 1", (await _server.GetAsync("metrics", _server.AdminKey)).Text);
    }

    [Fact]
    public async Task A_restart_raises_nothing_twice_and_forgets_nothing()
    {
        TestLog log = await _server.NewLogAsync();
        await FailAsync(log, "u-1", 0, 12);
        await FailAsync(log, "u-2", 0, 6);
        Assert.Single(await AlertsAsync("Many refused sign-ins on one account"));
        long before = _server.Engine.Find("_alerts")!.Size;

        await _server.StopAsync();
        await _server.StartAsync();
        Assert.Single(await AlertsAsync("Many refused sign-ins on one account"));
        Assert.Equal(before, _server.Engine.Find("_alerts")!.Size);

        // Half of them came before.
        await FailAsync(log, "u-2", 6, 6);
        JsonElement[] alerts = await AlertsAsync("Many refused sign-ins on one account");
        Assert.Equal(["u-1", "u-2"], alerts.Select(alert => alert.GetProperty("data").GetProperty("group")[0].GetProperty("value").GetString()));
    }

    [Fact]
    public async Task What_is_done_with_the_audit_system_raises_alerts_and_an_alert_raises_none()
    {
        await _server.NewLogAsync();
        Assert.NotEmpty(await AlertsAsync("Who may do what with the audit system was changed"));
        long size = _server.Engine.Find("_alerts")!.Size;
        await SettleAsync();
        Assert.Equal(size, _server.Engine.Find("_alerts")!.Size);
    }

    [Fact]
    public async Task An_entry_that_was_altered_is_passed_over_and_stops_no_detection()
    {
        TestLog log = await _server.NewLogAsync();
        await FailAsync(log, "u-0", 0, 300);
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (_server.Engine.Find(log.Name)!.SealedSize < 256)
        {
            timeout.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }

        await _server.StopAsync();
        string segment = Assert.Single(Directory.EnumerateFiles(_server.Folder, "*", SearchOption.AllDirectories), path => path.Contains(log.Name, StringComparison.Ordinal) && path.EndsWith(".segment", StringComparison.Ordinal));
        byte[] bytes = await File.ReadAllBytesAsync(segment, TestContext.Current.CancellationToken);
        bytes[bytes.Length / 3] ^= 0x10;
        File.SetAttributes(segment, FileAttributes.Normal);
        await File.WriteAllBytesAsync(segment, bytes, TestContext.Current.CancellationToken);
        await _server.StartAsync();
        await FailAsync(log, "u-1", 0, 12);

        Assert.Contains(await AlertsAsync("Many refused sign-ins on one account"), alert => alert.GetProperty("data").GetProperty("group")[0].GetProperty("value").GetString() == "u-1");
        Assert.Matches("indelible_detection_failures_total\\{[^}]*\\} [1-9]", (await _server.GetAsync("metrics", _server.AdminKey)).Text);
    }

    [Fact]
    public async Task What_the_events_have_in_common_fits_into_an_alert_however_long_it_is()
    {
        TestLog log = await _server.NewLogAsync();
        string actor = string.Concat(Enumerable.Repeat("\u0001😀", 80));
        await FailAsync(log, JsonEncodedText.Encode(actor).ToString(), 0, 12);
        JsonElement alert = Assert.Single(await AlertsAsync("Many refused sign-ins on one account"));
        Assert.Equal(actor, alert.GetProperty("data").GetProperty("group")[0].GetProperty("value").GetString());
    }

    [Fact]
    public async Task How_far_it_is_behind_and_what_it_raised_are_metrics()
    {
        TestLog log = await _server.NewLogAsync();
        await FailAsync(log, "u-1", 0, 12);
        await SettleAsync();
        string metrics = (await _server.GetAsync("metrics", _server.AdminKey)).Text;
        Assert.Contains($"indelible_detection_lag{{otel_scope_name=\"Indelible\",log=\"{log.Name}\"}} 0", metrics, StringComparison.Ordinal);
        Assert.Matches("indelible_detection_alerts_total\\{[^}]*\\} [1-9]", metrics);
        Assert.Matches("indelible_detection_refused_rules\\{[^}]*\\} 0", metrics);
    }

    /// <summary>What is found of refused sign-ins after a start.</summary>
    private string[] FoundAgain(TestLog log, long mostReplayed)
    {
        LogDetection detection = Detection(log, mostReplayed);
        var found = new List<string>();
        while (detection.Lag > 0)
        {
            detection.Follow((_, index, _) => Assert.Fail($"Entry {index} could not be read."));
            found.AddRange(detection.Found.Where(alert => alert.Message.StartsWith("Many refused sign-ins on one account", StringComparison.Ordinal)).Select(alert => alert.Id));
            detection.Found.Clear();
        }

        return [.. found];
    }

    private LogDetection Detection(TestLog log, long mostReplayed)
    {
        CompiledRules rules = _server.Services.GetRequiredService<LogDetections>().Set.Rules;
        return new LogDetection(_server.Engine.Find(log.Name)!, rules, new RuleMatcher(rules), _server.Services.GetRequiredService<LogIndexes>(), _server.Clock, mostReplayed);
    }

    private Task SettleAsync() => _server.Services.GetRequiredService<LogDetections>().SettleAsync();

    /// <summary>The alerts of a rule, when rules were asked of everything.</summary>
    private async Task<JsonElement[]> AlertsAsync(string title)
    {
        await SettleAsync();
        LogReader alerts = _server.Engine.Find("_alerts")!;
        var all = new List<JsonElement>();
        for (long index = 0; index < alerts.Size; index++)
        {
            all.Add(JsonElement.Parse(alerts.ReadEntry(index).Span));
        }

        return [.. all.Where(alert => alert.GetProperty("data").TryGetProperty("rule", out JsonElement rule) && rule.GetProperty("title").GetString() == title)];
    }

    private static async Task FailAsync(TestLog log, string actor, int from, int count)
    {
        string events = string.Join(',', Enumerable.Range(from, count).Select(i => TestLog.Event(
            $"{Math.Abs(actor.GetHashCode(StringComparison.Ordinal))}-{i}",
            ("time", string.Create(CultureInfo.InvariantCulture, $"\"2026-11-23T06:{14 + (i / 60):D2}:{i % 60:D2}Z\"")),
            ("category", "\"authentication\""),
            ("operation", "\"login\""),
            ("outcome", "\"failure\""),
            ("actor.id", $"\"{actor}\""),
            ("source.ip", $"\"{Address}\""))));
        Answer answer = await log.AppendAsync($"[{events}]");
        Assert.True(answer.Status == 201, answer.Text);
    }
}
