using System.Text.Json;
using Xunit;

namespace Indelible.Server.Tests.Api;

/// <summary>Counts over HTTP: histograms of a chosen width, values and how many there are, refusals.</summary>
public sealed class CountsTests(TestServer server) : IClassFixture<TestServer>
{
    [Theory]
    [InlineData("1s", 1, 30)]
    [InlineData("15m", 900, 30)]
    [InlineData("1h", 3_600, 8)]
    [InlineData("1d", 86_400, 1)]
    [InlineData("2w", 1_209_600, 1)]
    public async Task A_histogram_has_the_width_that_was_asked_for(string interval, long seconds, int intervals)
    {
        TestLog log = await server.NewLogAsync();
        await AppendEveryQuarterAsync(log, 30);

        JsonElement counts = (await log.GetAsync("counts?interval=" + interval)).Json;

        Assert.Equal(seconds, counts.GetProperty("interval_seconds").GetInt64());
        Assert.Equal(intervals, counts.GetProperty("histogram").GetArrayLength());
        Assert.Equal(30, counts.GetProperty("histogram").EnumerateArray().Sum(one => one.GetProperty("count").GetInt64()));
    }

    [Theory]
    [InlineData("h")]
    [InlineData("0h")]
    [InlineData("-1h")]
    [InlineData("1")]
    [InlineData("1.5h")]
    [InlineData("1y")]
    [InlineData("1h ")]
    [InlineData("10000000w")]
    [InlineData("99999999999999999999d")]
    [InlineData("١h")]
    public async Task A_width_that_is_none_is_refused_by_its_name(string interval)
    {
        TestLog log = await server.NewLogAsync();

        (await log.GetAsync("counts?interval=" + Uri.EscapeDataString(interval))).ShouldBeProblem(400, "invalid-parameter", "interval");
    }

    [Fact]
    public async Task A_width_that_makes_too_many_intervals_is_refused_by_its_name()
    {
        TestLog log = await server.NewLogAsync();
        string[] events = [.. Enumerable.Range(0, 10_001).Select(i => TestLog.Event($"e-{i}", ("time", $"\"{new DateTime(2026, 1, 1).AddSeconds(2 * i):yyyy-MM-dd'T'HH:mm:ss'Z'}\"")))];
        foreach (string[] batch in events.Chunk(5_000))
        {
            Assert.Equal(201, (await log.AppendAsync($"[{string.Join(',', batch)}]")).Status);
        }

        (await log.GetAsync("counts?interval=1s")).ShouldBeProblem(400, "invalid-parameter", "interval");
        Assert.Equal(200, (await log.GetAsync("counts?interval=1m")).Status);
    }

    [Fact]
    public async Task Says_how_many_different_values_there_are_and_what_the_answer_covers()
    {
        TestLog log = await server.NewLogAsync();
        string[] events = [.. Enumerable.Range(0, 60).Select(i => TestLog.Event($"e-{i}", ("data.n", $"{i % 37}")))];
        Assert.Equal(201, (await log.AppendAsync($"[{string.Join(',', events)}]")).Status);

        JsonElement counts = (await log.GetAsync("counts?by=data.n&top=5")).Json;

        Assert.Equal(37, counts.GetProperty("distinct").GetInt64());
        Assert.True(counts.GetProperty("values_exact").GetBoolean());
        Assert.Equal(5, counts.GetProperty("values").GetArrayLength());
        Assert.Equal(50, counts.GetProperty("other_values").GetInt64());
        Assert.InRange(counts.GetProperty("indexed").GetInt64(), 0, 60);
        Assert.Empty(counts.GetProperty("notices").EnumerateArray());
    }

    private static async Task AppendEveryQuarterAsync(TestLog log, int count)
    {
        string[] events = [.. Enumerable.Range(0, count).Select(i => TestLog.Event($"e-{i}", ("time", $"\"{new DateTime(2026, 3, 3, 8, 0, 0).AddMinutes(15 * i):yyyy-MM-dd'T'HH:mm:ss'Z'}\"")))];
        Assert.Equal(201, (await log.AppendAsync($"[{string.Join(',', events)}]")).Status);
    }
}
