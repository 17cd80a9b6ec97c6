using System.Buffers.Binary;
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

/// <summary>What correlations remember, kept in a file: a start goes on from it, whatever lies there changes no alert, and nothing of it can be read.</summary>
public sealed class DetectionCacheTests : IAsyncLifetime
{
    private const string Tried = """
        title: A door is tried
        id: 5b0a58d2-7d0e-4c6a-9e6b-0000000000a1
        name: tried
        logsource: {product: indelible}
        detection: {tried: {action: door.try}, condition: tried}
        ---
        title: A door is tried three times
        id: 5b0a58d2-7d0e-4c6a-9e6b-0000000000a2
        correlation: {type: event_count, rules: [tried], group-by: [source.ip], timespan: 1h, condition: {gte: 3}}
        level: high
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;
    private readonly TestServer _server;

    public DetectionCacheTests() => _server = new TestServer { Settings = { ["rules"] = _folder } };

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "tried.yml"), Tried);
        await _server.InitializeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Whoever_goes_on_from_it_knows_what_was_before()
    {
        TestLog log = await _server.NewLogAsync();
        await TryAsync(log, "a", 2);
        Keep(log);
        await TryAsync(log, "b", 1);

        Assert.Equal([2], Follow(Detection(log)));

        // Nobody knows it who goes over the last entry alone.
        File.Delete(CacheOf(log));
        Assert.Empty(Follow(Detection(log)));
    }

    [Fact]
    public async Task An_older_one_is_gone_on_from_as_well()
    {
        TestLog log = await _server.NewLogAsync();
        await TryAsync(log, "a", 1);
        Keep(log);
        await TryAsync(log, "b", 5);

        // The third and those after it are one story.
        Assert.Equal([2], Follow(Detection(log, mostReplayed: 5)));
    }

    [Fact]
    public async Task One_that_is_further_back_than_a_log_is_gone_over_is_as_none()
    {
        TestLog log = await _server.NewLogAsync();
        await TryAsync(log, "a", 1);
        Keep(log);
        await TryAsync(log, "b", 5);

        // Of the last four the first two are only there to be known of.
        Assert.Equal([4], Follow(Detection(log, mostReplayed: 4)));
    }

    [Fact]
    public async Task Nothing_is_kept_while_what_was_found_is_not_entered()
    {
        TestLog log = await _server.NewLogAsync();
        await TryAsync(log, "a", 3);
        LogDetection detection = Detection(log, mostReplayed: 1_000);
        detection.Follow((_, _, why) => throw why);
        detection.Keep(1);
        Assert.False(File.Exists(CacheOf(log)));

        Assert.Single(detection.Found);
        detection.Found.Clear();
        detection.Keep(1);
        Assert.True(File.Exists(CacheOf(log)));
    }

    [Fact]
    public async Task Nothing_can_be_read_of_it_and_no_one_but_its_owner_may()
    {
        TestLog log = await _server.NewLogAsync();
        await TryAsync(log, "a", 2);
        Keep(log);

        byte[] file = await File.ReadAllBytesAsync(CacheOf(log), TestContext.Current.CancellationToken);
        Assert.True(file.AsSpan().IndexOf("203.0.113"u8) < 0);
        Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(CacheOf(log)) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
    }

    [Fact]
    public async Task One_that_was_altered_cut_or_is_another_logs_is_as_none()
    {
        TestLog log = await _server.NewLogAsync();
        TestLog other = await _server.NewLogAsync();
        await TryAsync(log, "a", 2);
        await TryAsync(other, "a", 2);
        Keep(log);
        Keep(other);
        await TryAsync(log, "b", 1);
        byte[] sound = await File.ReadAllBytesAsync(CacheOf(log), TestContext.Current.CancellationToken);
        byte[] others = await File.ReadAllBytesAsync(CacheOf(other), TestContext.Current.CancellationToken);

        // Each byte before the state, and some of the state and its tag.
        IEnumerable<int> places = Enumerable.Range(0, sound.Length).Where(at => at < 160 || at >= sound.Length - 16 || at % 7 == 0);
        IEnumerable<byte[]> altered =
        [
            .. places.Select(at => sound.Select((one, i) => i == at ? (byte)(one ^ 0x01) : one).ToArray()),
            .. new[] { 0, 7, 8, 151, 167, 168, sound.Length - 1 }.Select(length => sound[..length]),
            [.. sound, 0],
            others,
        ];
        foreach (byte[] file in altered)
        {
            await File.WriteAllBytesAsync(CacheOf(log), file, TestContext.Current.CancellationToken);
            Assert.Empty(Follow(Detection(log)));
        }

        // What should open and does not is told of; what is of another log is none.
        Assert.Equal([log.Name], _damaged.Distinct());
        Assert.InRange(_damaged.Count, sound.Length / 8, places.Count());
        await File.WriteAllBytesAsync(CacheOf(log), sound, TestContext.Current.CancellationToken);
        Assert.Equal([2], Follow(Detection(log)));
    }

    [Fact]
    public async Task One_that_was_made_to_say_that_rules_were_asked_of_more_is_as_none()
    {
        TestLog log = await _server.NewLogAsync();
        await TryAsync(log, "a", 2);
        Keep(log);
        await TryAsync(log, "b", 1);
        byte[] file = await File.ReadAllBytesAsync(CacheOf(log), TestContext.Current.CancellationToken);
        Describe(_server.Engine.Find(log.Name)!, file.AsSpan(8));
        await File.WriteAllBytesAsync(CacheOf(log), file, TestContext.Current.CancellationToken);

        Assert.Equal([2], Follow(Detection(log, mostReplayed: 1_000)));
    }

    [Fact]
    public async Task One_of_other_rules_is_as_none()
    {
        TestLog log = await _server.NewLogAsync();
        await TryAsync(log, "a", 2);
        Keep(log);
        await TryAsync(log, "b", 1);

        await File.WriteAllTextAsync(Path.Combine(_folder, "tried.yml"), Tried + "\ndescription: of any kind\n", TestContext.Current.CancellationToken);
        Assert.Empty(Follow(Detection(log)));
    }

    [Fact]
    public async Task A_server_that_stops_keeps_it_and_goes_on_from_it()
    {
        TestLog log = await _server.NewLogAsync();
        await TryAsync(log, "a", 2);
        await AppendAsync(log, "quiet", "door.pass", 1_100);
        Assert.Empty(await AlertsAsync());
        await _server.StopAsync();
        Assert.True(File.Exists(CacheOf(log)));

        await _server.StartAsync();
        await TryAsync(log, "b", 1);
        Assert.Equal([1_102], await AlertsAsync());
        await _server.StopAsync();
        byte[] kept = await File.ReadAllBytesAsync(CacheOf(log), TestContext.Current.CancellationToken);

        // Behind so few entries it is not written again.
        await _server.StartAsync();
        await TryAsync(log, "c", 1);
        Assert.Equal([1_102], await AlertsAsync());
        await _server.StopAsync();
        Assert.Equal(kept, await File.ReadAllBytesAsync(CacheOf(log), TestContext.Current.CancellationToken));
        await _server.StartAsync();
        Assert.Equal([1_102], await AlertsAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Where_alerts_were_set_back_they_are_raised_again(bool isForged)
    {
        _server.Settings.Remove("rules");
        await _server.StopAsync();
        await _server.StartAsync();
        TestLog log = await _server.NewLogAsync();
        await TryAsync(log, "a", 3);
        await AppendAsync(log, "quiet", "door.pass", 1_100);
        byte[] alertsBefore = new byte[40];
        Describe(_server.Engine.Find("_alerts")!, alertsBefore);
        await _server.StopAsync();
        var before = Directory.EnumerateFiles(_server.Folder, "*", SearchOption.AllDirectories).ToDictionary(path => path, File.ReadAllBytes);

        _server.Settings["rules"] = _folder;
        await _server.StartAsync();
        Assert.Equal([2], await AlertsAsync());
        await _server.StopAsync();
        byte[] kept = await File.ReadAllBytesAsync(CacheOf(log), TestContext.Current.CancellationToken);

        if (isForged)
        {
            alertsBefore.CopyTo(kept, 48);
        }

        foreach (string path in Directory.EnumerateFiles(_server.Folder, "*", SearchOption.AllDirectories).Where(path => !before.ContainsKey(path)))
        {
            File.Delete(path);
        }

        foreach ((string path, byte[] bytes) in before.Where(file => !File.Exists(file.Key) || !File.ReadAllBytes(file.Key).SequenceEqual(file.Value)))
        {
            await File.WriteAllBytesAsync(path, bytes, TestContext.Current.CancellationToken);
        }

        await File.WriteAllBytesAsync(CacheOf(log), kept, TestContext.Current.CancellationToken);
        await _server.StartAsync();
        Assert.Equal([2], await AlertsAsync());
    }

    [Fact]
    public async Task A_disk_that_does_not_take_it_stops_no_detection()
    {
        TestLog log = await _server.NewLogAsync();
        await AppendAsync(log, "quiet", "door.pass", 1_100);
        await _server.StopAsync();

        // A folder in its place: it can neither be read nor be replaced.
        File.Delete(CacheOf(log));
        Directory.CreateDirectory(CacheOf(log));
        await _server.StartAsync();
        await TryAsync(log, "a", 3);
        Assert.Equal([1_102], await AlertsAsync());
        await _server.StopAsync();
        await _server.StartAsync();
        Assert.Equal([1_102], await AlertsAsync());
    }

    /// <summary>Says how many entries a log has, and their root, as the file does.</summary>
    private static void Describe(LogReader log, Span<byte> into)
    {
        BinaryPrimitives.WriteInt64BigEndian(into, log.Size);
        log.HeadAt(log.Size).Root.CopyTo(into[8..]);
    }

    private readonly List<string> _damaged = [];

    private string CacheOf(TestLog log) => Path.Combine(_server.Folder, "logs", log.Name, "detection.cache");

    /// <summary>One that goes over the last entry alone, where nothing was kept.</summary>
    private LogDetection Detection(TestLog log, long mostReplayed = 1)
    {
        var set = RuleSet.Load([_folder], []);
        return new LogDetection(_server.Engine.Find(log.Name)!, set.Rules, new RuleMatcher(set.Rules), _server.Services.GetRequiredService<LogIndexes>(), _server.Clock, mostReplayed, new DetectionCache(_server.Engine, set, (name, _) => _damaged.Add(name)));
    }

    /// <summary>Asks rules of all that there is.</summary>
    /// <returns>The last event of each alert.</returns>
    private static IEnumerable<long> Follow(LogDetection detection)
    {
        var raised = new List<long>();
        do
        {
            detection.Follow((_, index, _) => Assert.Fail($"Entry {index} could not be read."));
            foreach (AlertNote alert in detection.Found)
            {
                using var stream = new MemoryStream();
                using (var data = new Utf8JsonWriter(stream))
                {
                    data.WriteStartObject();
                    alert.Data(data);
                    data.WriteEndObject();
                }

                raised.Add(LastEvent(JsonElement.Parse(stream.ToArray())));
            }

            detection.Found.Clear();
        }
        while (detection.Lag > 0);
        return raised;
    }

    /// <summary>Keeps what is known when rules were asked of all that there is.</summary>
    private void Keep(TestLog log)
    {
        LogDetection detection = Detection(log, mostReplayed: 1_000);
        Follow(detection);
        detection.Keep(1);
    }

    /// <summary>The last event of each alert that was entered.</summary>
    private async Task<IEnumerable<long>> AlertsAsync()
    {
        await _server.Services.GetRequiredService<LogDetections>().SettleAsync();
        LogReader alerts = _server.Engine.Find("_alerts")!;
        return [.. Enumerable.Range(0, (int)alerts.Size).Select(index => JsonElement.Parse(alerts.ReadEntry(index).Span)).Where(alert => alert.GetProperty("data").TryGetProperty("events", out _)).Select(alert => LastEvent(alert.GetProperty("data")))];
    }

    private static long LastEvent(JsonElement data) => data.GetProperty("events").EnumerateArray().Last().GetInt64();

    private static Task TryAsync(TestLog log, string ids, int count) => AppendAsync(log, ids, "door.try", count);

    private static async Task AppendAsync(TestLog log, string ids, string action, int count)
    {
        foreach (int[] some in Enumerable.Range(0, count).Chunk(500))
        {
            string events = string.Join(',', some.Select(i => TestLog.Event($"{ids}-{i}", ("action", $"\"{action}\""), ("time", "\"2026-11-23T06:14:00Z\""), ("source.ip", "\"203.0.113.77\""))));
            Assert.Equal(201, (await log.AppendAsync($"[{events}]")).Status);
        }
    }
}
