using System.Globalization;
using System.Text.Json;
using Xunit;

namespace Indelible.Server.Tests.Api;

/// <summary>What a key and an address may send in a second, at the API.</summary>
public sealed class RateTests
{
    private const string WrongKey = "ind_w_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    [Fact]
    public async Task Too_many_wrong_keys_from_an_address_are_told_429_whatever_they_ask_for_and_a_valid_key_is_let_in()
    {
        await using TestServer server = await StartAsync(("failed_authentications_per_second", "1"));
        TestLog log = await server.NewLogAsync();
        for (int i = 0; i < 5; i++)
        {
            (await server.GetAsync(log.Events, WrongKey)).ShouldBeProblem(401, "unauthenticated");
        }

        // A log that exists and one that does not, a form that keys have and none at all: nothing can be told apart.
        var answers = new List<Answer>();
        foreach (string path in (string[])[log.Events, "api/logs/unknown/events", "api/keys", $"logs/{log.Name}/checkpoint"])
        {
            answers.Add(await server.GetAsync(path, WrongKey));
            answers.Add(await server.GetAsync(path));
        }

        Assert.All(answers, answer => ShouldBeLimited(answer, "address-failed-authentications"));
        Assert.Single(answers.Select(answer => answer.Text).Distinct());
        Assert.Equal(201, (await log.AppendAsync(TestLog.Event("a"))).Status);
        Assert.Equal(200, (await log.GetAsync("events")).Status);
        server.Clock.Advance(TimeSpan.FromSeconds(2));
        (await server.GetAsync(log.Events, WrongKey)).ShouldBeProblem(401, "unauthenticated");
    }

    [Fact]
    public async Task A_key_that_sends_more_events_than_it_may_waits_and_other_keys_do_not()
    {
        await using TestServer server = await StartAsync(("key_events_per_second", "10"));
        TestLog log = await server.NewLogAsync();
        TestLog other = await server.NewLogAsync();

        // A batch is never too large: what it takes beyond the burst of 50 is owed.
        string batch = "[" + string.Join(',', Enumerable.Range(0, 200).Select(i => TestLog.Event($"{i}"))) + "]";
        Assert.Equal(201, (await log.AppendAsync(batch)).Status);
        Answer refused = await log.AppendAsync(TestLog.Event("b"));
        ShouldBeLimited(refused, "key-events");
        Assert.InRange(int.Parse(refused.Headers.RetryAfter!.ToString(), CultureInfo.InvariantCulture), 15, 16);
        Assert.Equal(201, (await other.AppendAsync(TestLog.Event("b"))).Status);
        Assert.Equal(200, (await log.GetAsync("events")).Status);
        Assert.Equal(200, log.Size);
        server.Clock.Advance(TimeSpan.FromSeconds(16));
        Assert.Equal(201, (await log.AppendAsync(TestLog.Event("b"))).Status);
    }

    [Fact]
    public async Task A_key_that_sends_more_bytes_than_it_may_waits_and_is_not_counted_as_refused()
    {
        await using TestServer server = await StartAsync(("key_bytes_per_second", "100"));
        TestLog log = await server.NewLogAsync();
        string large = TestLog.Event("a", ("message", JsonSerializer.Serialize(new string('x', 900))));
        Assert.Equal(201, (await log.AppendAsync(large)).Status);
        ShouldBeLimited(await log.AppendAsync(TestLog.Event("b")), "key-bytes");
        ShouldBeLimited(await server.PostAsync("v1/logs", log.WriterKey, """{"resourceLogs":[]}"""), null);
        Assert.DoesNotContain("rate-limited", (await log.GetAsync("sources")).Text, StringComparison.Ordinal);
        server.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(201, (await log.AppendAsync(TestLog.Event("b"))).Status);
    }

    [Theory]
    [InlineData("events")]
    [InlineData("counts")]
    [InlineData("events/0")]
    [InlineData("events/0/proof")]
    [InlineData("tail")]
    [InlineData("sources")]
    public async Task A_key_that_reads_more_often_than_it_may_waits_and_still_appends(string path)
    {
        await using TestServer server = await StartAsync(("key_queries_per_second", "1"));
        TestLog log = await server.NewLogAsync();
        await log.FillAsync(1);
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal(200, (await log.GetAsync("events")).Status);
        }

        ShouldBeLimited(await log.GetAsync(path), "key-queries");
        Assert.Equal(201, (await log.AppendAsync(TestLog.Event("b"))).Status);
    }

    [Fact]
    public async Task An_address_that_asks_more_often_than_it_may_is_refused_by_whatever_key_but_its_health_is_told()
    {
        await using TestServer server = await StartAsync(("address_requests_per_second", "2"));
        for (int i = 0; i < 10; i++)
        {
            Assert.Equal(200, (await server.GetAsync("api/logs", server.AdminKey)).Status);
        }

        ShouldBeLimited(await server.GetAsync("api/logs", server.AdminKey), "address-requests");
        ShouldBeLimited(await server.GetAsync(""), "address-requests");
        Assert.Equal(200, (await server.GetAsync("healthz")).Status);
        Assert.Equal(200, (await server.GetAsync("readyz")).Status);
        server.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(200, (await server.GetAsync("api/logs", server.AdminKey)).Status);
        string counted = (await server.GetAsync("metrics")).Text.Split('\n').Single(line => line.StartsWith("indelible_limits_refused_total{", StringComparison.Ordinal));
        Assert.Matches("limit=\"address-requests\".* 2( |$)", counted);
    }

    [Theory]
    [InlineData("address_events_per_second", "address-events")]
    [InlineData("address_bytes_per_second", "address-bytes")]
    public async Task What_an_address_sends_is_counted_over_all_its_keys(string setting, string limit)
    {
        await using TestServer server = await StartAsync((setting, "1"));
        TestLog log = await server.NewLogAsync();
        TestLog other = await server.NewLogAsync();
        Assert.Equal(201, (await log.AppendAsync("[" + string.Join(',', Enumerable.Range(0, 6).Select(i => TestLog.Event($"{i}"))) + "]")).Status);
        ShouldBeLimited(await other.AppendAsync(TestLog.Event("a")), limit);
    }

    [Fact]
    public async Task A_key_may_have_only_so_many_tails_open()
    {
        await using TestServer server = await StartAsync();
        TestLog log = await server.NewLogAsync();
        var open = new List<HttpResponseMessage>();
        for (int i = 0; i < ServerLimits.TailsPerKey; i++)
        {
            open.Add(await OpenTailAsync(server, log));
        }

        Assert.All(open, response => Assert.Equal(200, (int)response.StatusCode));
        Answer refused = await log.GetAsync("tail");
        Assert.Equal("tails", Assert.Single(refused.ShouldBeProblem(429, "busy")).GetProperty("code").GetString());
        Assert.Equal("1", refused.Headers.RetryAfter?.ToString());

        // Another key's may be opened, and this one's again when one was closed.
        TestLog other = log with { ReaderKey = (await server.NewKeyAsync("reader", log.Name)).Text };
        open.Add(await OpenTailAsync(server, other));
        Assert.Equal(200, (int)open[^1].StatusCode);
        open[0].Dispose();
        HttpResponseMessage again;
        while ((int)(again = await OpenTailAsync(server, log)).StatusCode == 429)
        {
            again.Dispose();
            await Task.Yield();
        }

        Assert.Equal(200, (int)again.StatusCode);
        again.Dispose();
        open.ForEach(response => response.Dispose());
    }

    private static async Task<TestServer> StartAsync(params (string Name, string Value)[] settings)
    {
        var server = new TestServer();
        foreach ((string name, string value) in settings)
        {
            server.Settings[name] = value;
        }

        server.Clock.HoldTimestamps();
        await server.InitializeAsync();
        return server;
    }

    private static async Task<HttpResponseMessage> OpenTailAsync(TestServer server, TestLog log)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"api/logs/{log.Name}/tail");
        request.Headers.Authorization = new("Bearer", log.ReaderKey);
        return await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    private static void ShouldBeLimited(Answer answer, string? limit)
    {
        Assert.Equal(429, answer.Status);
        Assert.True(answer.Headers.RetryAfter?.Delta > TimeSpan.Zero);
        if (limit is not null)
        {
            Assert.Equal(limit, Assert.Single(answer.ShouldBeProblem(429, "rate-limited")).GetProperty("code").GetString());
        }
    }
}
