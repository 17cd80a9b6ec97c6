using System.Globalization;
using System.Text.Json;
using Indelible.Engine;
using Indelible.Engine.Storage.Files;
using Indelible.Server.Indexing;
using Indelible.Server.Tests.Api;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Indelible.Server.Tests.Indexing;

/// <summary>A server that seals at once, and what a test asks of its indexes.</summary>
internal static class IndexedServer
{
    public const int SegmentSize = 256;

    public static async Task<TestServer> StartNewAsync(params (string Name, string Value)[] settings)
    {
        var server = new TestServer();
        server.Settings["seal_interval_ms"] = "10";
        foreach ((string name, string value) in settings)
        {
            server.Settings[name] = value;
        }

        await server.InitializeAsync();
        return server;
    }

    public static LogIndexes IndexesOf(this TestServer server) => server.Services.GetRequiredService<LogIndexes>();

    public static IndexFiles FilesOf(this TestServer server, string log) => new DataFolder(server.Folder).IndexFilesOf(log);

    /// <summary>Waits until every full segment is sealed, and indexing has nothing left to do.</summary>
    public static async Task SettleAsync(this TestServer server)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        foreach (LogReader log in server.Engine.Logs)
        {
            while (log.Size - log.SealedSize >= SegmentSize)
            {
                await Task.Yield();
                Assert.False(timeout.IsCancellationRequested, $"{log.Settings.Name} is not sealed.");
            }
        }

        await server.IndexesOf().SettleAsync();
    }

    public static async Task RestartAsync(this TestServer server, Action? between = null)
    {
        await server.StopAsync();
        between?.Invoke();
        await server.StartAsync();
    }

    /// <summary>Appends events with numbers from the log's size on, in one request: person, word and number differ.</summary>
    public static async Task AppendManyAsync(this TestLog log, int count)
    {
        long size = log.Size;
        IEnumerable<string> events = Enumerable.Range(0, count).Select(i => EventOf(size + i));
        Answer answer = await log.AppendAsync("[" + string.Join(',', events) + "]");
        Assert.True(answer.Status == 201, answer.Text);
    }

    public static string EventOf(long number) => TestLog.Event(
        $"e-{number}",
        ("actor.id", $"\"u-{number % 9}\""),
        ("actor.name", $"\"Person {number % 5} P{number}\""),
        ("message", $"\"number {number} of {(number % 4 == 0 ? "even quarters" : "others")}\""),
        ("data.n", number.ToString(CultureInfo.InvariantCulture)));

    public static async Task<List<long>> IndexesFoundAsync(this TestLog log, string query) =>
        [.. (await log.FindAllAsync(query)).GetProperty("items").EnumerateArray().Select(item => item.GetProperty("index").GetInt64())];

    public static async Task<JsonElement> FindAllAsync(this TestLog log, string query)
    {
        Answer answer = await log.GetAsync("events?limit=1000&q=" + Uri.EscapeDataString(query));
        Assert.True(answer.Status == 200, answer.Text);
        return answer.Json;
    }

    public static string[] NoticesOf(this JsonElement answer) => [.. answer.GetProperty("notices").EnumerateArray().Select(notice => notice.GetString()!)];
}
