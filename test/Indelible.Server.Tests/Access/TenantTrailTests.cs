using System.Text.Json;
using Indelible.Server.Tests.Api;
using Xunit;

namespace Indelible.Server.Tests.Access;

/// <summary>What a tenant's auditor sees of our own logs: what is about his tenant, each entry proven, and nothing else.</summary>
[Collection(CastCollection.Name)]
public sealed class TenantTrailTests(Cast cast)
{
    private TestServer Server => cast.Server;

    [Theory]
    [InlineData("_access")]
    [InlineData("_system")]
    public async Task A_tenants_auditor_sees_the_entries_of_his_tenant_alone_and_can_prove_each(string log)
    {
        string auditor = await cast.MemberAsync("acme/trail-" + cast.Fresh(), "auditor", "reader", log, "");
        foreach (string key in (string[])[cast.KeyOf("reader", "tenant"), cast.KeyOf("reader", "other-tenant"), cast.KeyOf("reader", "node")])
        {
            await Server.GetAsync($"api/logs/{Cast.Log}/events?q=needle", key);
            await Server.GetAsync($"api/logs/{Cast.ForeignLog}/events?q=needle", key);
        }

        (_, string whole) = await Server.NewKeyAsync("reader", log);
        long size = Server.Engine.Find(log)!.Size;
        List<JsonElement> all = await EverythingAsync(log, whole, size);
        List<JsonElement> seen = await EverythingAsync(log, auditor, size);

        Assert.Equal(all.Where(item => TenantOf(item) == "acme").Select(Index), seen.Select(Index));
        Assert.NotEmpty(seen);
        Assert.True(seen.Count < all.Count);
        JsonElement counts = (await Server.GetAsync($"api/logs/{log}/counts?by=labels.tenant&as_of={size}", auditor)).Json;
        Assert.Equal(seen.Count, counts.GetProperty("total").GetProperty("value").GetInt32());
        Assert.Equal("acme", Assert.Single(counts.GetProperty("values").EnumerateArray()).GetProperty("value").GetString());
        foreach (JsonElement item in seen.TakeLast(20))
        {
            Answer proof = await Server.GetAsync($"api/logs/{log}/events/{Index(item)}/proof", auditor);
            Assert.Equal(200, proof.Status);
            Assert.Equal(200, (await Server.GetAsync($"api/logs/{log}/events/{Index(item)}", auditor)).Status);
        }

        foreach (JsonElement item in all.Where(item => TenantOf(item) != "acme").Take(20))
        {
            (await Server.GetAsync($"api/logs/{log}/events/{Index(item)}", auditor)).ShouldBeProblem(404, "not-found");
            (await Server.GetAsync($"api/logs/{log}/events/{Index(item)}/proof", auditor)).ShouldBeProblem(404, "not-found");
        }

        (await Server.GetAsync($"logs/{log}/tile/entries/000.p/1", auditor)).ShouldBeProblem(403, "forbidden");
        (await Server.GetAsync($"api/logs/{log}/sources", auditor)).ShouldBeProblem(403, "forbidden");
        Assert.Equal(200, (await Server.GetAsync($"logs/{log}/checkpoint", auditor)).Status);
        (await Server.PostAsync($"api/logs/{log}/events", auditor, TestLog.Event("x"))).ShouldBeProblem(403, "forbidden");
    }

    [Fact]
    public async Task What_was_searched_in_a_tenants_log_is_for_that_tenants_auditors_whoever_searched()
    {
        string acme = await cast.MemberAsync("acme/trail-" + cast.Fresh(), "auditor", "reader", "_access", "");
        string name = "beta/trail-" + cast.Fresh();
        string beta = await cast.MemberAsync(name, "auditor", "reader", "_access", "");
        string query = "q" + cast.Fresh();
        Assert.Equal(200, (await Server.GetAsync($"api/logs/{Cast.Log}/events?q={query}", cast.KeyOf("reader", "node"))).Status);
        (await Server.GetAsync($"api/logs/{Cast.Log}/events", beta)).ShouldBeProblem(404, "unknown-log");
        await WaitForRefusalAsync(name);

        JsonElement searches = (await Server.GetAsync("api/logs/_access/events?q=action:indelible.log.search&limit=1", acme)).Json;
        JsonElement last = searches.GetProperty("items")[0].GetProperty("entry");
        Assert.Equal(("reader-node", Cast.Log), (last.GetProperty("actor").GetProperty("id").GetString(), last.GetProperty("targets")[0].GetProperty("id").GetString()));

        // Who was turned away is told to his own tenant; that somebody tried is not told to the tenant whose log it was.
        Answer ofBeta = await Server.GetAsync("api/logs/_access/events?limit=1000", beta);
        JsonElement[] named = [.. ofBeta.Json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("entry")).Where(entry => entry.GetRawText().Contains(Cast.Log, StringComparison.Ordinal))];
        Assert.Contains(named, entry => ActorOf(entry) == name);
        Assert.All(named, entry => Assert.Equal("indelible.request.refuse", entry.GetProperty("action").GetString()));
        Assert.All(named, entry => Assert.StartsWith("beta/", ActorOf(entry), StringComparison.Ordinal));
        string ofAcme = (await Server.GetAsync("api/logs/_access/events?limit=1000", acme)).Text;
        Assert.DoesNotContain("beta/", ofAcme, StringComparison.Ordinal);
    }

    /// <summary>Waits until it is entered that somebody was turned away, for which his answer did not wait.</summary>
    private async Task WaitForRefusalAsync(string principal)
    {
        (_, string whole) = await Server.NewKeyAsync("reader", "_access");
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        Answer found;
        do
        {
            found = await Server.GetAsync($"api/logs/_access/events?q=action:indelible.request.refuse+actor:\"{principal}\"", whole);
            Assert.False(timeout.IsCancellationRequested, found.Text);
        }
        while (found.Json.GetProperty("items").GetArrayLength() == 0);
    }

    private async Task<List<JsonElement>> EverythingAsync(string log, string key, long size)
    {
        var all = new List<JsonElement>();
        string cursor = "";
        do
        {
            JsonElement page = (await Server.GetAsync($"api/logs/{log}/events?order=asc&limit=1000&as_of={size}{cursor}", key)).Json;
            all.AddRange(page.GetProperty("items").EnumerateArray());
            cursor = page.GetProperty("next").GetString() is { } next ? "&cursor=" + Uri.EscapeDataString(next) : "";
        }
        while (cursor.Length > 0);
        return all;
    }

    private static string ActorOf(JsonElement entry) => entry.GetProperty("actor").GetProperty("id").GetString()!;

    private static long Index(JsonElement item) => item.GetProperty("index").GetInt64();

    private static string? TenantOf(JsonElement item) =>
        item.GetProperty("entry").TryGetProperty("labels", out JsonElement labels) && labels.TryGetProperty("tenant", out JsonElement tenant) ? tenant.GetString() : null;
}
