using System.Text.Json;
using Indelible.Server.Tests.Api;
using Xunit;

namespace Indelible.Server.Tests.Access;

/// <summary>Who was turned away is in <c>_access</c>; a flood of them leaves its number there, and few entries.</summary>
public sealed class RefusalTests : IAsyncLifetime
{
    private readonly TestServer _server = new();

    public ValueTask InitializeAsync() => _server.InitializeAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_flood_of_refused_requests_makes_few_entries_and_every_request_is_counted()
    {
        const int Requests = 10_000;
        TestLog log = await _server.NewLogAsync();
        (string revokedId, string revoked) = await _server.NewKeyAsync("reader", log.Name);
        Assert.Equal(204, (await _server.SendAsync(HttpMethod.Delete, "api/keys/" + revokedId, _server.AdminKey)).Status);
        long before = TrailSize;
        int sent = 0;
        await Parallel.ForEachAsync(Enumerable.Range(0, Requests), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (i, _) =>
        {
            // Names by the hundred, so that they would be as many kinds if each were told apart.
            Answer answer = await _server.GetAsync(
                (i % 3) switch { 0 => $"api/logs/no-such-{i % 500}/events", 1 => $"api/logs/{log.Name}/events", _ => "api/keys" },
                (i % 4) switch { 0 => null, 1 => log.WriterKey, 2 => revoked, _ => "ind_r_" + new string('A', 43) });
            Assert.InRange(answer.Status, 401, 404);
            Interlocked.Increment(ref sent);
        });

        // What is counted is entered when the server stops, at the latest.
        await _server.StopAsync();
        await _server.StartAsync();

        List<JsonElement> entries = await TrailAsync(before);
        JsonElement[] refusals = [.. entries.Where(entry => entry.GetProperty("action").GetString() is "indelible.request.refuse" or "indelible.authentication.fail")];
        Assert.Equal(Requests, sent);
        Assert.Equal(Requests, refusals.Sum(entry => entry.GetProperty("data").GetProperty("count").GetInt64()));

        // Of nobody and of the writer: each kind twice, what is beyond them twice, for each interval that it may have taken.
        Assert.InRange(refusals.Length, 3, 10 * 2 * ((2 * ServerLimits.RefusedRequestKinds) + 2));
        Assert.All(refusals, entry => Assert.Equal(("failure", "deny"), (entry.GetProperty("outcome").GetString(), entry.GetProperty("decision").GetProperty("effect").GetString())));
        Assert.Contains(refusals, entry => entry.TryGetProperty("auth", out JsonElement auth) && auth.GetProperty("credential_id").GetString() == revokedId);
    }

    [Fact]
    public async Task Nobody_hides_behind_a_flood_of_others_refusals_and_who_floods_is_named()
    {
        TestLog log = await _server.NewLogAsync();
        TestLog other = await _server.NewLogAsync();
        string flooding = await NameOfAsync(log.ReaderKey);
        string hidden = await NameOfAsync(other.ReaderKey);
        long before = TrailSize;
        for (int i = 0; i < 2 * ServerLimits.RefusedRequestKinds; i++)
        {
            (await _server.GetAsync($"api/logs/no-such-{i}/events")).ShouldBeProblem(401, "unauthenticated");
            (await _server.GetAsync($"api/logs/no-such-{i}/events", log.ReaderKey)).ShouldBeProblem(404, "unknown-log");
        }

        (await _server.GetAsync("api/logs/_access/events", other.ReaderKey)).ShouldBeProblem(404, "unknown-log");
        await _server.StopAsync();
        await _server.StartAsync();

        JsonElement[] refusals = [.. (await TrailAsync(before)).Where(entry => entry.GetProperty("action").GetString() is "indelible.request.refuse" or "indelible.authentication.fail")];
        JsonElement[] together = [.. refusals.Where(entry => entry.GetProperty("data").GetProperty("problem").GetString() == "others")];
        Assert.Contains(refusals, entry => ActorOf(entry) == hidden && entry.GetProperty("targets")[0].GetProperty("id").GetString() == "_access");
        Assert.Equal(["anonymous", flooding], together.Select(ActorOf).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_refused_look_at_the_trail_is_one_entry_of_it_and_no_more()
    {
        TestLog log = await _server.NewLogAsync();
        long before = TrailSize;
        for (int i = 0; i < 5; i++)
        {
            (await _server.GetAsync("api/logs/_access/events", log.ReaderKey)).ShouldBeProblem(404, "unknown-log");
        }

        await _server.StopAsync();
        await _server.StartAsync();

        // The first at once, the others as a number.
        JsonElement[] refusals = [.. (await TrailAsync(before)).Where(entry => entry.GetProperty("action").GetString() == "indelible.request.refuse")];
        Assert.InRange(refusals.Length, 1, 2);
        Assert.Equal(5, refusals.Sum(entry => entry.GetProperty("data").GetProperty("count").GetInt64()));
        Assert.All(refusals, entry => Assert.Equal("_access", entry.GetProperty("targets")[0].GetProperty("id").GetString()));
    }

    private async Task<string> NameOfAsync(string key) => (await _server.GetAsync("api/me", key)).Json.GetProperty("principal").GetString()!;

    private static string ActorOf(JsonElement entry) => entry.GetProperty("actor").GetProperty("id").GetString()!;

    private long TrailSize => _server.Engine.Find("_access")!.Size;

    private async Task<List<JsonElement>> TrailAsync(long from)
    {
        (_, string auditor) = await _server.NewKeyAsync("reader", "_access");
        JsonElement page = (await _server.GetAsync("api/logs/_access/events?order=desc&limit=1000", auditor)).Json;
        return [.. page.GetProperty("items").EnumerateArray().Where(item => item.GetProperty("index").GetInt64() >= from).Select(item => item.GetProperty("entry"))];
    }
}
