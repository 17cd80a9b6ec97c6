using System.Globalization;
using System.Text.Json;
using Indelible.Server.Tests.Api;
using Xunit;

namespace Indelible.Server.Tests.Access;

/// <summary>Who could do what at a time: before and after each change, across restarts, for who may know.</summary>
public sealed class HistoryTests(TestServer server) : IClassFixture<TestServer>
{
    [Fact]
    public async Task Each_change_is_seen_from_its_time_on_and_what_was_before_is_told_still()
    {
        await PostAsync("api/logs", """{"name":"acme.pay"}""");
        await PostAsync("api/principals", """{"name":"acme/ada","kind":"person"}""");
        string key = (await PostAsync("api/keys", """{"kind":"reader","principal":"acme/ada"}""")).GetProperty("id").GetString()!;
        var times = new List<string> { Now() };
        string grant = (await PostAsync("api/grants", """{"principal":"acme/ada","role":"reader","logs":["acme.pay"],"rows":"outcome:failure"}""")).GetProperty("id").GetString()!;
        times.Add(Now());
        await PostAsync("api/grants", """{"principal":"acme/ada","role":"auditor","logs":["acme.*"]}""");
        times.Add(Now());
        await PostAsync("api/principals/disable/acme/ada", "{}");
        times.Add(Now());
        await PostAsync("api/principals/enable/acme/ada", "{}");
        await DeleteAsync("api/grants/" + grant);
        times.Add(Now());
        await DeleteAsync("api/keys/" + key);
        times.Add(Now());
        string[] wanted = ["", "read tail export verify", "read tail export verify inspect", "", "read export verify inspect", ""];

        for (int round = 0; round < 2; round++)
        {
            for (int i = 0; i < times.Count; i++)
            {
                JsonElement answer = (await server.GetAsync($"api/access?log=acme.pay&at={times[i]}", server.AdminKey)).Json;
                Assert.Equal(wanted[i], RightsOf(answer, "acme/ada"));
                Assert.Equal(times[i], answer.GetProperty("at").GetString());
            }

            await server.StopAsync();
            await server.StartAsync();
        }

        JsonElement then = (await server.GetAsync($"api/access?log=acme.pay&at={times[1]}", server.AdminKey)).Json;
        JsonElement ada = then.GetProperty("principals").EnumerateArray().Single(principal => principal.GetProperty("name").GetString() == "acme/ada");
        JsonElement told = Assert.Single(ada.GetProperty("grants").EnumerateArray());
        (_, string system) = await server.NewKeyAsync("reader", "_system");
        JsonElement entry = (await server.GetAsync($"api/logs/_system/events/{told.GetProperty("entry").GetInt64()}", system)).Json;
        Assert.Equal((grant, "outcome:failure"), (entry.GetProperty("data").GetProperty("id").GetString(), entry.GetProperty("data").GetProperty("rows").GetString()));
        Assert.True(then.GetProperty("system_size").GetInt64() < server.Engine.System.Size);
    }

    [Fact]
    public async Task A_tenant_is_told_of_its_own_logs_and_not_what_else_who_reads_them_may_read()
    {
        await PostAsync("api/logs", """{"name":"corp.pay"}""");
        await PostAsync("api/logs", """{"name":"delta.merger"}""");
        await PostAsync("api/principals", """{"name":"secops","kind":"service"}""");
        await PostAsync("api/grants", """{"principal":"secops","role":"reader","logs":["delta.merger","corp.pay"]}""");
        await PostAsync("api/keys", """{"kind":"reader","principal":"secops"}""");
        string admin = (await PostAsync("api/keys", """{"kind":"admin","logs":["corp.*"],"principal":"corp/chief"}""")).GetProperty("key").GetString()!;

        Answer answer = await server.GetAsync("api/access?log=corp.pay", admin);

        Assert.Equal("read tail export verify", RightsOf(answer.Json, "secops"));
        Assert.DoesNotContain("merger", answer.Text, StringComparison.Ordinal);
        (await server.GetAsync("api/access?log=delta.merger", admin)).ShouldBeProblem(404, "unknown-log");
        (await server.GetAsync("api/access?log=_system", admin)).ShouldBeProblem(404, "unknown-log");
    }

    [Theory]
    [InlineData("api/access", 404, "unknown-log")]
    [InlineData("api/access?log=no-such", 404, "unknown-log")]
    [InlineData("api/access?log=*", 404, "unknown-log")]
    [InlineData("api/access?log=main&at=yesterday", 400, "invalid-parameter")]
    [InlineData("api/access?log=main&at=2999-01-01T00:00:00Z", 400, "invalid-parameter")]
    [InlineData("api/access?log=main&at=2026-01-01", 400, "invalid-parameter")]
    [InlineData("api/access?log=main&right=everything", 400, "invalid-parameter")]
    [InlineData("api/access?log=main&right=none", 400, "invalid-parameter")]
    public async Task Wrong_parameters_are_named(string path, int status, string problem)
    {
        (await server.GetAsync(path, server.AdminKey)).ShouldBeProblem(status, problem);
    }

    [Fact]
    public async Task Before_everything_nobody_could_do_anything()
    {
        JsonElement answer = (await server.GetAsync("api/access?log=main&at=2001-01-01T00:00:00Z", server.AdminKey)).Json;

        Assert.Equal(0, answer.GetProperty("system_size").GetInt64());
        Assert.Empty(answer.GetProperty("principals").EnumerateArray());
    }

    private static string RightsOf(JsonElement answer, string principal) => string.Join(' ', answer.GetProperty("principals").EnumerateArray()
        .Where(one => one.GetProperty("name").GetString() == principal).SelectMany(one => one.GetProperty("rights").EnumerateArray()));

    private string Now()
    {
        // A moment of its own: entries of the same tick would be on the wrong side of it.
        string now = server.Clock.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);
        server.Clock.Advance(TimeSpan.FromSeconds(1));
        return now;
    }

    private async Task<JsonElement> PostAsync(string path, string json)
    {
        Answer answer = await server.PostAsync(path, server.AdminKey, json);
        Assert.True(answer.Status is >= 200 and < 300, $"{path} {json}: {answer.Status} {answer.Text}");
        return answer.Status == 204 ? default : answer.Json;
    }

    private async Task DeleteAsync(string path) => Assert.Equal(204, (await server.SendAsync(HttpMethod.Delete, path, server.AdminKey)).Status);
}
