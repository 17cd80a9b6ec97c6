using System.Net;
using System.Text.Json;
using Indelible.Client.Recording;

namespace Indelible.Client.Tests.Recording;

/// <summary>What the tests of the recorder share: options that fit a server, and what the server has.</summary>
internal static class Recorded
{
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    public static AuditClientOptions Options(ServerProcess server, string folder, string? url = null) => new()
    {
        ServerUrl = new Uri(url ?? server.Url),
        Key = server.WriterKey,
        LogVkey = server.Vkey,
        ReceiptsVkey = server.ReceiptsVkey,
        ServiceName = "tests",
        InstanceId = "test-1",
        SpoolFolder = folder,
        FirstRetry = TimeSpan.FromMilliseconds(20),
        LongestRetry = TimeSpan.FromMilliseconds(200),
        Linger = TimeSpan.FromMilliseconds(5),
    };

    public static EventDraft Draft(string id) => EventDraft.Of("test.run").By("u-1") with { Id = id };

    /// <summary>Everything in the log, in its order.</summary>
    public static async Task<IReadOnlyList<JsonElement>> EntriesAsync(ServerProcess server)
    {
        using HttpClient http = server.Client(server.ReaderKey);
        var entries = new List<JsonElement>();
        string cursor = "";
        do
        {
            using HttpResponseMessage response = await http.GetAsync($"/api/logs/main/events?order=asc&limit=1000{cursor}");
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            using JsonDocument page = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
            entries.AddRange(page.RootElement.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("entry").Clone()));
            string? next = page.RootElement.GetProperty("next").GetString();
            cursor = next is null ? "" : $"&cursor={Uri.EscapeDataString(next)}";
        }
        while (cursor.Length > 0);
        return entries;
    }

    public static string Id(this JsonElement entry) => entry.GetProperty("id").GetString()!;

    public static string Action(this JsonElement entry) => entry.GetProperty("action").GetString()!;

    public static long Sequence(this JsonElement entry) => entry.GetProperty("producer").GetProperty("seq").GetInt64();

    public static IReadOnlyList<JsonElement> Of(this IReadOnlyList<JsonElement> entries, string action) => [.. entries.Where(entry => entry.Action() == action)];

    /// <summary>Waits for a condition of the outside world, giving way in between.</summary>
    public static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var timeout = new CancellationTokenSource(Patience);
        while (!await condition())
        {
            timeout.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    public static Task UntilAsync(Func<bool> condition) => UntilAsync(() => Task.FromResult(condition()));
}
