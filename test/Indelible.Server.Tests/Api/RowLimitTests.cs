using System.Text.Json;
using System.Text.Json.Nodes;
using Xunit;

namespace Indelible.Server.Tests.Api;

/// <summary>A key that sees some rows alone sees no others, by whatever door.</summary>
public sealed class RowLimitTests(TestServer server) : IClassFixture<TestServer>
{
    [Fact]
    public async Task A_row_limit_hides_the_other_entries_from_search_counts_and_view()
    {
        TestLog log = await server.NewLogAsync();
        await log.FillAsync(14);
        string key = await LimitedKeyAsync(log);

        JsonElement found = (await server.GetAsync($"api/logs/{log.Name}/events", key)).Json;
        Assert.Equal([10, 3], found.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("index").GetInt32()));
        Assert.Equal(2, found.GetProperty("total").GetProperty("value").GetInt32());
        Assert.Equal(2, (await server.GetAsync($"api/logs/{log.Name}/counts", key)).Json.GetProperty("total").GetProperty("value").GetInt32());
        Assert.Equal(200, (await server.GetAsync($"api/logs/{log.Name}/events/3", key)).Status);
        (await server.GetAsync($"api/logs/{log.Name}/events/4", key)).ShouldBeProblem(404, "not-found");
    }

    [Fact]
    public async Task A_row_limit_hides_the_other_entries_from_a_tail()
    {
        TestLog log = await server.NewLogAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"api/logs/{log.Name}/tail");
        request.Headers.Authorization = new("Bearer", await LimitedKeyAsync(log));
        using HttpResponseMessage tail = await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        using var lines = new StreamReader(await tail.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));

        await log.FillAsync(5);
        var ids = new List<string>();
        while (ids.Count == 0 && await lines.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            ids.AddRange(line.StartsWith("id: ", StringComparison.Ordinal) ? [line] : []);
        }

        Assert.Equal(["id: 3"], ids);
    }

    private async Task<string> LimitedKeyAsync(TestLog log)
    {
        var wanted = new JsonObject { ["kind"] = "reader", ["logs"] = new JsonArray(log.Name), ["rows"] = "request.status:3" };
        Answer made = await server.PostAsync("api/keys", server.AdminKey, wanted.ToJsonString());
        Assert.True(made.Status == 201, made.Text);
        return made.Json.GetProperty("key").GetString()!;
    }
}
