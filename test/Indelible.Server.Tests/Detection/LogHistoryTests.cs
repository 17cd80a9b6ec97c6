using System.Globalization;
using System.Text.Json;
using Indelible.Detection;
using Indelible.Engine;
using Indelible.Server.Detection;
using Indelible.Server.Indexing;
using Indelible.Server.Tests.Api;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Indelible.Server.Tests.Detection;

/// <summary>Correlations that ask a log for what was before: its index answers what all its entries in memory would, and a server that begins anew finds the same.</summary>
public sealed class LogHistoryTests : IAsyncLifetime
{
    private const string Rules = """
        title: A sign-in
        name: sign_in
        logsource: {product: indelible}
        detection: {s: {action: session.sign_in, outcome: success}, condition: s}
        ---
        title: New address
        id: 00000000-0000-4000-8000-000000000001
        level: high
        correlation: {type: first_seen, rules: [sign_in], group-by: [actor], timespan: 30d, condition: {field: ip, learning: 2d, network: {v4: 24, v6: 48}}}
        ---
        title: New device
        id: 00000000-0000-4000-8000-000000000002
        level: high
        correlation: {type: first_seen, rules: [sign_in], group-by: [actor], timespan: 20d, condition: {field: source.device_id, learning: 2d}}
        ---
        title: Another account behind an address
        id: 00000000-0000-4000-8000-000000000003
        level: high
        correlation: {type: first_seen, rules: [sign_in], group-by: [ip, service], timespan: 40d, condition: {field: actor, learning: 1d}}
        ---
        title: Back
        id: 00000000-0000-4000-8000-000000000004
        level: high
        correlation: {type: returned, rules: [sign_in], group-by: [actor], timespan: 10d, condition: {within: 60d}}
        ---
        title: A kind of session that no index knows
        name: odd
        logsource: {product: indelible}
        detection: {s: {auth.session_id|endswith: '-7'}, condition: s}
        ---
        title: Odd again
        id: 00000000-0000-4000-8000-000000000005
        level: high
        correlation: {type: returned, rules: [odd], group-by: [service], timespan: 2d, condition: {within: 60d}}
        """;

    private readonly string _rules = Path.Combine(Directory.CreateTempSubdirectory().FullName, "rules.yml");
    private readonly TestServer _server = new();

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(_rules, Rules, TestContext.Current.CancellationToken);
        _server.Settings["rules"] = _rules;
        await _server.InitializeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Directory.Delete(Path.GetDirectoryName(_rules)!, recursive: true);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task What_a_log_answers_is_what_all_of_its_entries_in_memory_would(int seed)
    {
        TestLog log = await _server.NewLogAsync();
        await SignInAsync(log, seed, 700);
        List<string> expected = Findings(log, history: null);
        Assert.InRange(expected.Count, 30, 700);
        Assert.Equal(5, expected.Select(told => told.Split(':')[0]).Distinct().Count());

        await _server.Services.GetRequiredService<LogIndexes>().SettleAsync();
        Assert.Equal(expected, Findings(log, History(log)));

        // From its files, from those of no personal values, and where there is none at all.
        foreach ((string setting, string value) in new[] { ("rules", _rules), ("index_personal_memory_mib", "0"), ("index", "false") })
        {
            await _server.StopAsync();
            _server.Settings[setting] = value;
            await _server.StartAsync();
            await _server.Services.GetRequiredService<LogIndexes>().SettleAsync();
            Assert.Equal(expected, Findings(log, History(log)));
        }
    }

    [Fact]
    public async Task Alerts_are_raised_once_whatever_happens_to_the_server_and_to_its_index()
    {
        TestLog log = await _server.NewLogAsync();
        await SignInAsync(log, 7, 300);
        string[] first = await AlertsAsync();
        Assert.Equal([.. Findings(log, null).Order(StringComparer.Ordinal)], first);

        await _server.StopAsync();
        foreach (string file in Directory.EnumerateFiles(_server.Folder, "*.index", SearchOption.AllDirectories))
        {
            File.Delete(file);
        }

        await _server.StartAsync();
        Assert.Equal(first, await AlertsAsync());

        await SignInAsync(log, 8, 300, 300);
        string[] second = await AlertsAsync();
        Assert.Equal([.. Findings(log, null).Order(StringComparer.Ordinal)], second);
        Assert.True(second.Length > first.Length);
        Assert.All(AlertEntries(), alert => Assert.True(alert.Span.IndexOf("203.0.113"u8) < 0));
    }

    [Fact]
    public async Task An_altered_entry_hides_nothing_but_itself()
    {
        TestLog log = await _server.NewLogAsync();
        await SignInAsync(log, 3, 600);
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (_server.Engine.Find(log.Name)!.SealedSize < 256)
        {
            timeout.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }

        await _server.Services.GetRequiredService<LogIndexes>().SettleAsync();
        await _server.StopAsync();
        string segment = Directory.EnumerateFiles(_server.Folder, "*.segment", SearchOption.AllDirectories).Where(path => path.Contains(log.Name, StringComparison.Ordinal)).Order(StringComparer.Ordinal).First();
        byte[] bytes = await File.ReadAllBytesAsync(segment, TestContext.Current.CancellationToken);
        bytes[bytes.Length / 3] ^= 0x10;
        File.SetAttributes(segment, FileAttributes.Normal);
        await File.WriteAllBytesAsync(segment, bytes, TestContext.Current.CancellationToken);
        await _server.StartAsync();
        await _server.Services.GetRequiredService<LogIndexes>().SettleAsync();

        // All others are judged as they would be had it never been there.
        List<string> expected = Findings(log, null, lost: 1);
        Assert.InRange(expected.Count, 30, 600);
        Assert.Equal(expected, Findings(log, History(log), lost: 1));
    }

    [Fact]
    public async Task A_question_that_takes_too_long_finds_nothing_and_is_counted()
    {
        TestLog log = await _server.NewLogAsync();
        await SignInAsync(log, 3, 600);
        await _server.Services.GetRequiredService<LogIndexes>().SettleAsync();
        CompiledRules rules = Compiled();
        var correlator = new Correlator(rules, new LogHistory(new ClearEntries(_server.Engine.Find(log.Name)!, _server.Services.GetRequiredService<LogIndexes>()), rules, mostLooked: 20));
        var matcher = new RuleMatcher(rules);
        var findings = new List<Finding>();
        for (long index = 0; index < 600; index++)
        {
            Follow(correlator, matcher, _server.Engine.Find(log.Name)!, index, findings);
        }

        Assert.InRange(correlator.Unanswered, 1, 600);
        Assert.NotEmpty(findings);
        Assert.Empty(findings.Select(Told).Except(Findings(log, null)));
    }

    [Fact]
    public async Task Nothing_is_answered_to_who_has_gone()
    {
        TestLog log = await _server.NewLogAsync();
        await SignInAsync(log, 3, 60);
        CompiledRules rules = Compiled();
        bool isGone = false;
        var correlator = new Correlator(rules, new LogHistory(new ClearEntries(_server.Engine.Find(log.Name)!, _server.Services.GetRequiredService<LogIndexes>()), rules) { GoesOn = () => !isGone });
        var matcher = new RuleMatcher(rules);
        for (long index = 0; index < 60; index++)
        {
            isGone = index >= 30;
            long unanswered = correlator.Unanswered;
            Follow(correlator, matcher, _server.Engine.Find(log.Name)!, index, []);
            Assert.True(isGone || unanswered == 0);
        }

        Assert.InRange(correlator.Unanswered, 1, 60);
    }

    [Fact]
    public async Task Rules_wait_for_an_index_that_is_far_behind_and_not_for_ever()
    {
        TestLog log = await _server.NewLogAsync();
        await log.FillAsync(3_000);
        await SignInAsync(log, 3, 300);
        await _server.StopAsync();
        _server.Settings["index"] = "false";
        await _server.StartAsync();
        LogReader reader = _server.Engine.Find(log.Name)!;
        CompiledRules rules = Compiled();
        var detection = new LogDetection(reader, rules, new RuleMatcher(rules), _server.Services.GetRequiredService<LogIndexes>(), _server.Clock);
        void Follow() => detection.Follow((_, _, _) => Assert.Fail("An entry could not be read."));

        // As far as there is little to look at.
        while (!detection.WaitsForIndex)
        {
            Follow();
            detection.Found.Clear();
        }

        Assert.InRange(reader.Size - detection.Lag, ServerLimits.DetectionUnindexed, ServerLimits.DetectionUnindexed + ServerLimits.DetectionStepEntries);
        Follow();
        Assert.True(detection.WaitsForIndex);
        _server.Clock.Advance(ServerLimits.DetectionIndexWait);
        while (detection.Lag > 0)
        {
            Follow();
            Assert.False(detection.WaitsForIndex);
            detection.Found.Clear();
        }
    }

    [Fact]
    public async Task Without_an_index_such_rules_are_refused_and_the_others_run()
    {
        await _server.StopAsync();
        _server.Settings["index"] = "false";
        await _server.StartAsync();
        LogDetections detections = _server.Services.GetRequiredService<LogDetections>();
        Assert.Equal(5, detections.Set.Faults.Count());
        Assert.All(detections.Set.Faults, fault => Assert.Contains("takes the search index", fault.Reason, StringComparison.Ordinal));
        Assert.Equal(2, detections.Set.Rules.Rules.Count);
    }

    private LogHistory History(TestLog log) => new(new ClearEntries(_server.Engine.Find(log.Name)!, _server.Services.GetRequiredService<LogIndexes>()), Compiled());

    private static CompiledRules Compiled()
    {
        var library = RuleLibrary.Load([new RuleFile("rules.yml", Rules)]);
        Assert.Empty(library.Faults);
        var rules = CompiledRules.Compile(library, ShippedRules.Mappings);
        Assert.Empty(rules.Faults);
        return rules;
    }

    /// <summary>What is found in a log, entry by entry.</summary>
    private List<string> Findings(TestLog log, LogHistory? history, int lost = 0)
    {
        CompiledRules rules = Compiled();
        var correlator = new Correlator(rules, history);
        var matcher = new RuleMatcher(rules);
        var findings = new List<Finding>();
        LogReader reader = _server.Engine.Find(log.Name)!;
        int unreadable = 0;
        for (long index = 0; index < reader.Size; index++)
        {
            try
            {
                Follow(correlator, matcher, reader, index, findings);
            }
            catch (Exception e) when (LogReader.IsUnreadable(e))
            {
                unreadable++;
            }
        }

        Assert.True(unreadable >= lost && (lost > 0 || unreadable == 0));
        Assert.Equal(0, correlator.Unanswered);
        return [.. findings.Select(Told)];
    }

    private static void Follow(Correlator correlator, RuleMatcher matcher, LogReader log, long index, List<Finding> findings)
    {
        ReadOnlyMemory<byte> entry = log.ReadEntry(index);
        (DateTimeOffset time, DateTimeOffset received) = EntryTimes.Read(entry.Span);
        var matched = new List<int>();
        matcher.Match(LogDetection.InClear(log, entry).Span, matched);
        correlator.Follow(matcher, index, time, received, matched, findings);
    }

    private static string Told(Finding finding) => string.Create(CultureInfo.InvariantCulture, $"{finding.Rule.Title}: {finding.Events.Single()}");

    private async Task<string[]> AlertsAsync()
    {
        await _server.Services.GetRequiredService<LogDetections>().SettleAsync();
        return
            [
                .. AlertEntries().Select(alert => JsonElement.Parse(alert.Span).GetProperty("data")).Where(data => data.TryGetProperty("rule", out _))
                    .Select(data => $"{data.GetProperty("rule").GetProperty("title").GetString()}: {data.GetProperty("events")[0].GetInt64()}").Order(StringComparer.Ordinal),
            ];
    }

    private List<ReadOnlyMemory<byte>> AlertEntries()
    {
        LogReader alerts = _server.Engine.Find("_alerts")!;
        return [.. Enumerable.Range(0, (int)alerts.Size).Select(index => alerts.ReadEntry(index))];
    }

    /// <summary>Appends sign-ins of a few accounts, from a few networks, over a year: some late, some refused, one from the beginning of time, and those of the future, which count as of now.</summary>
    private async Task SignInAsync(TestLog log, int seed, int count, int number = 0)
    {
        var random = new Random(seed);
        DateTimeOffset time = _server.Clock.GetUtcNow().AddDays((number / 5.0) - 200);
        var events = new List<string>();
        for (int i = number; i < number + count; i++)
        {
            time += TimeSpan.FromHours(random.Next(8) switch { 0 => 30, 1 => 260, < 5 => 0.1, _ => 3 } * (random.Next(25) == 0 ? 1 : 0.3));
            DateTimeOffset at = random.Next(10) == 0 ? time.AddHours(-random.Next(100)) : time;
            at = i == 5 ? DateTimeOffset.MinValue : at.AddTicks(random.Next(1_000));
            int actor = random.Next(random.Next(6) == 0 ? 24 : 4);
            int network = random.Next(12) == 0 ? random.Next(40) : actor;
            string address = random.Next(5) == 0 ? $"2001:db8:{network + 1}::{random.Next(1, 5)}" : $"203.0.113.{random.Next(4)}".Replace("113", (113 + network).ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
            events.Add(TestLog.Event(
                $"sign-{seed}-{i}",
                ("time", $"\"{at.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture)}\""),
                ("action", random.Next(9) == 0 ? "\"session.sign_out\"" : "\"session.sign_in\""),
                ("category", "\"authentication\""),
                ("operation", "\"login\""),
                ("outcome", random.Next(7) == 0 ? "\"failure\"" : "\"success\""),
                ("actor.id", $"\"u-{actor}\""),
                ("service.name", $"\"app-{random.Next(2)}\""),
                ("auth.session_id", $"\"s-{random.Next(60)}\""),
                ("source.ip", $"\"{address}\""),
                ("source.device_id", random.Next(4) == 0 ? null : $"\"d-{(random.Next(15) == 0 ? random.Next(30) : actor)}\"")));
        }

        Answer answer = await log.AppendAsync($"[{string.Join(',', events)}]");
        Assert.True(answer.Status == 201, answer.Text);
    }
}
