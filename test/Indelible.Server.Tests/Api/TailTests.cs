using System.Text.Json;
using Xunit;

namespace Indelible.Server.Tests.Api;

/// <summary>The live tail: what comes, from where on, and when it ends.</summary>
public sealed class TailTests(TestServer server) : IClassFixture<TestServer>
{
    [Fact]
    public async Task New_entries_arrive_as_they_become_durable()
    {
        TestLog log = await server.NewLogAsync();
        await log.FillAsync(3);
        using EventReader tail = await EventReader.OpenAsync(log, "");

        await log.AppendAsync(TestLog.Event("a", ("actor.name", "\"Zoë\"")));
        (long? id, string name, string data) = await tail.NextAsync();

        Assert.Equal(3, id);
        Assert.Equal("entry", name);
        JsonElement item = JsonElement.Parse(data);
        Assert.Equal("a", item.GetProperty("entry").GetProperty("id").GetString());
        Assert.Equal("Zoë", item.GetProperty("personal").GetProperty("/actor/name").GetString());
        Assert.Equal("text/event-stream", tail.ContentType);
    }

    [Fact]
    public async Task One_that_is_left_ends_though_nothing_arrives()
    {
        TestLog log = await server.NewLogAsync();
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        timeout.CancelAfter(TimeSpan.FromMinutes(1));

        // As early as can be: at the moment when the server begins to wait. A place may still be taken by one before.
        for (int i = 0; i < ServerLimits.TailsPerKey; i++)
        {
            (await OpenAsync()).Dispose();
        }

        // The server hears of it a moment later. Until then their places are taken.
        var open = new List<HttpResponseMessage>();
        while (open.Count < ServerLimits.TailsPerKey)
        {
            HttpResponseMessage response = await OpenAsync();
            if (response.IsSuccessStatusCode)
            {
                open.Add(response);
                continue;
            }

            Assert.Equal(429, (int)response.StatusCode);
            response.Dispose();
        }

        open.ForEach(response => response.Dispose());

        async Task<HttpResponseMessage> OpenAsync()
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"api/logs/{log.Name}/tail") { Headers = { { "Authorization", "Bearer " + log.ReaderKey } } };
            return await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, timeout.Token);
        }
    }

    [Fact]
    public async Task Only_what_matches_arrives()
    {
        TestLog log = await server.NewLogAsync();
        using EventReader tail = await EventReader.OpenAsync(log, "?q=outcome:failure");

        await log.AppendAsync($"[{TestLog.Event("a")},{TestLog.Event("b", ("outcome", "\"failure\""))}]");

        Assert.Equal(1, (await tail.NextAsync()).Id);
    }

    [Theory]
    [InlineData("?after=1", null)]
    [InlineData("", "1")]
    [InlineData("?after=3", "1")]
    public async Task It_resumes_behind_an_index(string parameters, string? lastEventId)
    {
        TestLog log = await server.NewLogAsync();
        await log.FillAsync(600);
        using EventReader tail = await EventReader.OpenAsync(log, parameters, lastEventId);

        for (long index = 2; index < 600; index++)
        {
            Assert.Equal(index, (await tail.NextAsync()).Id);
        }

        await log.AppendAsync(TestLog.Event("a"));
        Assert.Equal(600, (await tail.NextAsync()).Id);
    }

    [Theory]
    [InlineData("?after=600")]
    [InlineData("?after=9223372036854775807")]
    public async Task Behind_the_end_it_begins_with_what_comes_next(string parameters)
    {
        TestLog log = await server.NewLogAsync();
        await log.FillAsync(2);
        using EventReader tail = await EventReader.OpenAsync(log, parameters);

        await log.AppendAsync(TestLog.Event("a"));

        Assert.Equal(2, (await tail.NextAsync()).Id);
    }

    [Theory]
    [InlineData("?after=-1", null, "after")]
    [InlineData("?after=x", null, "after")]
    [InlineData("", "x", "Last-Event-ID")]
    [InlineData("", "99999999999999999999", "Last-Event-ID")]
    public async Task Refuses_an_index_that_is_none(string parameters, string? lastEventId, string pointer)
    {
        TestLog log = await server.NewLogAsync();

        Answer answer = await server.SendAsync(HttpMethod.Get, $"api/logs/{log.Name}/tail{parameters}", log.ReaderKey, null, request =>
        {
            if (lastEventId is not null)
            {
                request.Headers.Add("Last-Event-ID", lastEventId);
            }
        });

        answer.ShouldBeProblem(400, "invalid-parameter", pointer);
    }

    /// <summary>What was sent and what was passed over make up the whole, each entry once.</summary>
    [Fact]
    public async Task A_reader_who_falls_behind_is_told_what_was_passed_over()
    {
        TestLog log = await server.NewLogAsync();
        await log.FillAsync(100);
        using EventReader tail = await EventReader.OpenSlowAsync(log, "?after=9&behind=50");

        await AppendLargeAsync(log);
        var seen = new List<long>();
        int skips = 0;
        while (seen.Count == 0 || seen[^1] < log.Size - 1)
        {
            (long? id, string name, string data) = await tail.NextAsync();
            if (name == "entry")
            {
                seen.Add(id!.Value);
                continue;
            }

            Assert.Equal("skipped", name);
            JsonElement skipped = JsonElement.Parse(data);
            (long from, long to) = (skipped.GetProperty("from").GetInt64(), skipped.GetProperty("to").GetInt64());
            Assert.Equal((to, to - from + 1), (id, skipped.GetProperty("entries").GetInt64()));
            Assert.True(from >= 100, "What was there when the stream began was passed over.");
            for (long index = from; index <= to; index++)
            {
                seen.Add(index);
            }

            skips++;
        }

        Assert.Equal(Enumerable.Range(10, (int)log.Size - 10).Select(index => (long)index), seen);
        Assert.True(skips > 0, "Nothing was passed over.");
    }

    [Theory]
    [InlineData("?complete=true")]
    [InlineData("?behind=1000000")]
    public async Task A_reader_who_wants_all_gets_all_however_slow_he_is(string parameters)
    {
        TestLog log = await server.NewLogAsync();
        using EventReader tail = await EventReader.OpenSlowAsync(log, parameters);

        await AppendLargeAsync(log);

        for (long index = 0; index < log.Size; index++)
        {
            (long? id, string name, _) = await tail.NextAsync();
            Assert.Equal((index, "entry"), (id, name));
        }
    }

    [Fact]
    public async Task A_sign_of_life_says_how_far_the_log_was_looked_at_so_that_nothing_is_looked_at_again()
    {
        await using var own = new TestServer();
        await own.InitializeAsync();
        TestLog log = await own.NewLogAsync();
        await log.FillAsync(5);
        using EventReader tail = await EventReader.OpenAsync(log, "?after=0&q=actor:nobody");

        (long? id, string name, _) = await tail.NextSignOfLifeAsync();
        Assert.Equal((4, ""), (id, name));

        using EventReader resumed = await EventReader.OpenAsync(log, "?q=actor:u-1", "4");
        await log.AppendAsync(TestLog.Event("a"));
        Assert.Equal(5, (await resumed.NextAsync()).Id);
    }

    [Fact]
    public async Task A_time_counted_from_now_is_counted_once_and_the_stream_says_where_that_leaves_nothing_to_come()
    {
        TestLog log = await server.NewLogAsync();
        string now = server.Clock.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", null);
        string later = (server.Clock.GetUtcNow() + TimeSpan.FromMinutes(5)).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", null);
        using EventReader closed = await EventReader.OpenAsync(log, "?q=time:last15m");
        using EventReader open = await EventReader.OpenAsync(log, "?q=" + Uri.EscapeDataString("time>=now-15m"));

        await log.AppendAsync($"[{TestLog.Event("now", ("time", $"\"{now}\""))},{TestLog.Event("later", ("time", $"\"{later}\""))},{TestLog.Event("long-ago", ("time", "\"2020-01-01T00:00:00Z\""))}]");

        (long? id, string name, string data) = await closed.NextAsync();
        Assert.Equal((null, "notice"), (id, name));
        Assert.Contains("nothing that happens later matches", data, StringComparison.Ordinal);
        Assert.Equal((0, "entry"), await NextAsync(closed));
        Assert.Equal((0, "entry"), await NextAsync(open));
        Assert.Equal((1, "entry"), await NextAsync(open));
    }

    [Theory]
    [InlineData("?behind=0")]
    [InlineData("?behind=-1")]
    [InlineData("?behind=x")]
    [InlineData("?behind=5&complete=true")]
    public async Task Refuses_to_be_behind_what_is_no_number_of_entries(string parameters)
    {
        TestLog log = await server.NewLogAsync();

        (await log.GetAsync("tail" + parameters)).ShouldBeProblem(400, "invalid-parameter", "behind");
    }

    private static async Task<(long?, string)> NextAsync(EventReader tail)
    {
        (long? id, string name, _) = await tail.NextAsync();
        return (id, name);
    }

    /// <summary>Some 16 MB, more than lies in any buffer on the way.</summary>
    private static async Task AppendLargeAsync(TestLog log)
    {
        string text = new('x', 8_000);
        for (int batch = 0; batch < 40; batch++)
        {
            string[] events = [.. Enumerable.Range(0, 50).Select(i => TestLog.Event($"{batch}-{i}", ("data.text", $"\"{text}\"")))];
            Assert.Equal(201, (await log.AppendAsync($"[{string.Join(',', events)}]")).Status);
        }
    }

    [Fact]
    public async Task It_ends_at_once_when_the_key_is_revoked_though_nothing_arrives()
    {
        TestLog log = await server.NewLogAsync();
        (string id, string key) = await server.NewKeyAsync("reader", log.Name);
        using EventReader tail = await EventReader.OpenAsync(log with { ReaderKey = key }, "");

        await server.SendAsync(HttpMethod.Delete, "api/keys/" + id, server.AdminKey);

        Assert.Equal("end", (await tail.NextAsync()).Name);
        Assert.Equal(0, tail.SignsOfLife);
        Assert.Null((await tail.NextAsync()).Id);
    }

    [Fact]
    public async Task It_ends_at_once_when_the_key_expires_though_nothing_arrives()
    {
        TestLog log = await server.NewLogAsync();
        string end = (server.Clock.GetUtcNow() + TimeSpan.FromSeconds(2)).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", null);
        Answer made = await server.PostAsync("api/keys", server.AdminKey, $$"""{"kind":"reader","logs":["{{log.Name}}"],"expires":"{{end}}"}""");
        using EventReader tail = await EventReader.OpenAsync(log with { ReaderKey = made.Json.GetProperty("key").GetString()! }, "");

        Assert.Equal("end", (await tail.NextAsync()).Name);
        Assert.Equal(0, tail.SignsOfLife);
    }

    [Fact]
    public async Task It_ends_when_the_server_stops()
    {
        await using var own = new TestServer();
        await own.InitializeAsync();
        TestLog log = await own.NewLogAsync();
        using EventReader tail = await EventReader.OpenAsync(log, "");
        await log.AppendAsync(TestLog.Event("a"));
        Assert.Equal(0, (await tail.NextAsync()).Id);

        Task<(long? Id, string Name, string Data)> next = tail.NextAsync();
        await own.StopAsync();

        Assert.Null((await next).Id);
        await own.StartAsync();
        Assert.Equal(1, log.Size);
    }
}
