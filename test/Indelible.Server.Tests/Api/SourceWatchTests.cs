using System.Globalization;
using System.Text;
using System.Text.Json;
using Indelible.Engine;
using Indelible.Engine.Sequencing;
using Indelible.Server.Sources;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace Indelible.Server.Tests.Api;

/// <summary>How it stands with producers is entered in <c>_access</c> when it changes, once, whatever happens to the server.</summary>
public sealed class SourceWatchTests : IAsyncLifetime
{
    private readonly TestServer _server = new() { Settings = { ["journal_file_bytes"] = "65536" } };
    private int _events;

    public ValueTask InitializeAsync() => _server.InitializeAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_silence_is_entered_once_and_its_end_once_though_the_server_starts_anew()
    {
        TestLog log = await _server.NewLogAsync();
        await ExpectAsync(log, "nightly", 3_600);
        await SendAsync(log, "billing", "s-1", 1);
        Assert.Equal(0, await LookAsync());
        Advance(TimeSpan.FromHours(2));
        Assert.Equal([1, 0], await LooksAsync(2));
        await RestartAsync();
        Assert.Equal(0, await LookAsync());
        await SendAsync(log, "billing", "s-1", 2);
        await RestartAsync();
        Assert.Equal([1, 0], await LooksAsync(2));
        await RestartAsync();
        Assert.Equal(0, await LookAsync());

        // Silent again: another silence.
        Advance(TimeSpan.FromHours(2));
        Assert.Equal(1, await LookAsync());
        JsonElement[] entries = Entries();
        Assert.Equal(["indelible.source.silent", "indelible.source.heard", "indelible.source.silent"], entries.Select(entry => entry.GetProperty("action").GetString()));
        Assert.Equal(["failure", "success", "failure"], entries.Select(entry => entry.GetProperty("outcome").GetString()));
        Assert.Equal(("source", "nightly", log.Name, 3_600, 0L), (entries[0].GetProperty("targets")[0].GetProperty("type").GetString(), entries[0].GetProperty("targets")[0].GetProperty("id").GetString(), entries[0].GetProperty("data").GetProperty("log").GetString(), entries[0].GetProperty("data").GetProperty("interval_s").GetInt32(), entries[0].GetProperty("data").GetProperty("last").GetInt64()));
        Assert.StartsWith($"'nightly' is expected every 3600 s in {log.Name}, and silent since ", entries[0].GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_is_expected_no_more_or_anew_is_not_heard_of()
    {
        TestLog log = await _server.NewLogAsync();
        await ExpectAsync(log, "nightly", 60);
        Advance(TimeSpan.FromHours(1));
        Assert.Equal(1, await LookAsync());
        Assert.InRange((await _server.SendAsync(HttpMethod.Delete, $"api/logs/{log.Name}/sources/expected/nightly", _server.AdminKey)).Status, 200, 204);
        Assert.Equal(0, await LookAsync());
        await ExpectAsync(log, "nightly", 60);
        await RestartAsync();
        Assert.Equal(0, await LookAsync());
    }

    [Fact]
    public async Task Numbers_that_stay_away_are_told_of_once_and_again_when_twice_as_many_do()
    {
        TestLog log = await _server.NewLogAsync();
        await SendAsync(log, "billing", "s-1", 1, 3);
        Assert.Equal(0, await LookAsync());

        // It was late.
        await SendAsync(log, "billing", "s-1", 2);
        Assert.Equal([0, 0], await LooksAsync(2));

        await SendAsync(log, "billing", "s-1", 5, 9);
        Assert.Equal([0, 1, 0], await LooksAsync(3));
        await RestartAsync();
        Assert.Equal([0, 0], await LooksAsync(2));
        await SendAsync(log, "billing", "s-1", 11);
        Assert.Equal([0, 0], await LooksAsync(2));
        await SendAsync(log, "billing", "s-1", 13);
        Assert.Equal([0, 1, 0], await LooksAsync(3));
        await SendAsync(log, "billing", "s-1", 4, 6, 7, 8, 10, 12);
        Assert.Equal([1, 0], await LooksAsync(2));
        Assert.Equal(
            ["indelible.source.gap 2 4", "indelible.source.gap 4 6", "indelible.source.complete 0 0"],
            Entries().Select(entry => $"{entry.GetProperty("action").GetString()} {entry.GetProperty("data").GetProperty("gaps").GetInt64()} {entry.GetProperty("data").GetProperty("missing").GetInt64()}"));
    }

    [Fact]
    public async Task A_clock_that_is_ahead_is_told_of_and_when_an_hour_was_right()
    {
        TestLog log = await _server.NewLogAsync();
        await SendAsync(log, "billing", TimeSpan.FromMilliseconds(900));
        Assert.Equal(0, await LookAsync());
        await SendAsync(log, "billing", TimeSpan.FromSeconds(40));
        Assert.Equal([1, 0], await LooksAsync(2));
        await SendAsync(log, "billing", TimeSpan.FromSeconds(-1));
        Assert.Equal(0, await LookAsync());
        await RestartAsync();
        Advance(TimeSpan.FromMinutes(70));
        await SendAsync(log, "billing", TimeSpan.FromSeconds(-1));
        Assert.Equal([1, 0], await LooksAsync(2));
        JsonElement[] entries = Entries();
        Assert.Equal(["indelible.source.clock_ahead", "indelible.source.clock_right"], entries.Select(entry => entry.GetProperty("action").GetString()));
        Assert.InRange(entries[0].GetProperty("data").GetProperty("ahead_ms").GetInt64(), 1_001, 40_000);
    }

    [Fact]
    public async Task Who_invents_producers_makes_a_bounded_number_of_entries_a_look()
    {
        TestLog log = await _server.NewLogAsync();
        for (int i = 0; i < 100; i++)
        {
            await SendAsync(log, $"app-{i}", $"s-{i}", 1, 3);
        }

        Assert.Equal([0, 64, 36, 0], await LooksAsync(4));
    }

    [Fact]
    public async Task A_full_disk_ends_neither_the_server_nor_the_looking()
    {
        TestLog log = await _server.NewLogAsync();
        await ExpectAsync(log, "nightly", 3_600);
        _server.Clock.Hurry(ServerLimits.SourceLookInterval, TimeSpan.FromMilliseconds(10));
        await RestartAsync();
        CancellationToken stopping = _server.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;

        // There is no room for another file of the journal.
        string spare = Path.Combine(_server.Folder, "journal", "spare");
        File.Delete(spare);
        Directory.CreateDirectory(spare);
        foreach (int bytes in (int[])[4_000, 1_000, 1])
        {
            Answer answer;
            do
            {
                answer = await log.AppendAsync(TestLog.Event($"e-{++_events}", ("data.text", $"\"{new string('x', bytes)}\"")));
            }
            while (answer.Status == 201);
            answer.ShouldBeProblem(503, "not-written");
        }

        Advance(TimeSpan.FromHours(2));
        long ticks = _server.Clock.HurriedTicks;
        while (_server.Clock.HurriedTicks < ticks + 10)
        {
            Assert.False(stopping.IsCancellationRequested);
            await Assert.ThrowsAsync<NotWrittenException>(LookAsync);
        }

        // There is again.
        Directory.Delete(spare);
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (Entries().Length == 0)
        {
            Assert.False(stopping.IsCancellationRequested);
            timeout.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }

        Assert.Equal("indelible.source.silent", Assert.Single(Entries()).GetProperty("action").GetString());
    }

    [Fact]
    public async Task An_entry_that_was_altered_makes_nothing_unknown_but_itself()
    {
        TestLog log = await _server.NewLogAsync();
        await ExpectAsync(log, "nightly", 3_600);
        Advance(TimeSpan.FromHours(2));
        Assert.Equal(1, await LookAsync());
        await ExpectAsync(log, "weekly", 3_600);
        Advance(TimeSpan.FromHours(2));
        Assert.Equal(1, await LookAsync());
        await RestartAsync();
        Alter("indelible.source.silent");

        Assert.Equal([1, 0], await LooksAsync(2));
        await SendAsync(log, "billing", "s-1", 1);
        Assert.Equal([2, 0], await LooksAsync(2));
    }

    /// <summary>Alters the first entry that a text is in, wherever it lies.</summary>
    private void Alter(string text)
    {
        int altered = 0;
        foreach (string file in ((string[])["journal", "logs"]).SelectMany(folder => Directory.EnumerateFiles(Path.Combine(_server.Folder, folder), "*", SearchOption.AllDirectories)))
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            byte[] bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            int at = bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes(text));
            if (at >= 0)
            {
                stream.Position = at;
                stream.WriteByte((byte)'I');
                altered++;
            }
        }

        Assert.InRange(altered, 1, 2);
    }

    private Task<int> LookAsync() => _server.Services.GetRequiredService<SourceWatch>().LookAsync();

    private async Task<IEnumerable<int>> LooksAsync(int times)
    {
        var made = new List<int>();
        for (int i = 0; i < times; i++)
        {
            made.Add(await LookAsync());
        }

        return made;
    }

    private void Advance(TimeSpan by) => _server.Clock.Advance(by);

    private async Task RestartAsync()
    {
        await _server.StopAsync();
        await _server.StartAsync();
    }

    private JsonElement[] Entries()
    {
        LogReader access = _server.Engine.Find("_access")!;
        return
            [
                .. Enumerable.Range(0, (int)access.Size).Select(index => JsonElement.Parse(access.ReadEntry(index).Span))
                    .Where(entry => entry.GetProperty("action").GetString()!.StartsWith("indelible.source.", StringComparison.Ordinal)),
            ];
    }

    private async Task ExpectAsync(TestLog log, string name, int seconds) => Assert.Equal(
        200,
        (await _server.SendAsync(HttpMethod.Put, $"api/logs/{log.Name}/sources/expected/{name}", _server.AdminKey, TestServer.Body(JsonSerializer.SerializeToUtf8Bytes(new { service = "billing", interval_s = seconds })))).Status);

    private async Task SendAsync(TestLog log, string service, string stream, params long[] numbers)
    {
        string[] events =
            [
                .. numbers.Select(number => TestLog.Event(
                    $"e-{++_events}",
                    ("service.name", $"\"{service}\""),
                    ("producer.stream_id", $"\"{stream}-{log.Name}\""),
                    ("producer.seq", number.ToString(CultureInfo.InvariantCulture)))),
            ];
        Answer answer = await log.AppendAsync($"[{string.Join(',', events)}]");
        Assert.True(answer.Status == 201, answer.Text);
    }

    /// <summary>One event whose producer's clock is ahead.</summary>
    private async Task SendAsync(TestLog log, string service, TimeSpan ahead)
    {
        string observed = (_server.Clock.GetUtcNow() + ahead).ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);
        Answer answer = await log.AppendAsync(TestLog.Event($"e-{++_events}", ("service.name", $"\"{service}\""), ("time", $"\"{observed}\""), ("observed_time", $"\"{observed}\"")));
        Assert.True(answer.Status == 201, answer.Text);
    }
}
