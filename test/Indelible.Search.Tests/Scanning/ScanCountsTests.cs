using System.Text;

namespace Indelible.Search.Tests.Scanning;

public sealed class ScanCountsTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 23, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Counts_by_time_and_by_value()
    {
        CountResult result = await Count(Log(7200), "actor:(u-1, u-2)", "role");
        Assert.Equal(new SearchTotal(1440, true), result.Total);
        Assert.Equal(TimeSpan.FromMinutes(1), result.Interval);
        Assert.Equal(120, result.Histogram.Count);
        Assert.All(result.Histogram, bar => Assert.Equal(12, bar.Count));
        Assert.Equal(Start, result.Histogram[0].From);
        Assert.Equal([new ValueCount("all", 1440), new ValueCount("r-1", 720), new ValueCount("r-2", 720)], result.Values);
        Assert.Equal(0, result.OtherValues);
    }

    [Fact]
    public async Task What_is_not_shown_is_still_counted()
    {
        CountResult result = await Count(Log(12_000), "*", "id", top: 10);
        Assert.Equal(10, result.Values.Count);
        Assert.Equal(11_990, result.OtherValues);
        Assert.False(result.ValuesExact);
        Assert.InRange(result.Histogram.Count, 1, ScanCounts.MaxIntervals);
        Assert.Equal(12_000, result.Histogram.Sum(bar => bar.Count));
    }

    [Fact]
    public async Task Numbers_lists_and_times_that_are_none_are_counted_as_they_are()
    {
        string[] entries =
        [
            """{"data":{"x":[1,true,null,"a",{"y":2}]},"time":"2026-11-23T00:00:00Z"}""",
            """{"data":{"x":{"$pii":{"ct":"z"}}},"time":"soon"}""",
            """{"data":{"x":[["a"],"a"]},"time":"9998-12-31T23:59:59Z"}""",
            """{"data":{"x":"b"},"time":"0001-01-01T00:00:00Z"}""",
        ];
        CountResult result = await Count([.. entries.Select(Encoding.UTF8.GetBytes)], "*", "data.x");
        Assert.Equal(["a", "1", "b", "null", "true"], result.Values.Select(value => value.Value));
        Assert.Equal(2, result.Values[0].Count);
        Assert.Equal(1, result.Untimed);
        Assert.Equal(3, result.Histogram.Count);
    }

    [Fact]
    public async Task Where_the_bound_cut_is_said()
    {
        CountResult result = await new ScanCounts(new ScanLimits { MaxSorted = 1000 }).CountAsync(
            new MemoryLog(Log(5000)), new CountRequest(Query.All, null, null, 1, null), TestContext.Current.CancellationToken);
        Assert.False(result.Total.Exact);
        Assert.Equal(5000 - result.CountedFrom, result.Total.Value);
        Assert.InRange(result.Total.Value, 1000, 1255);
    }

    [Theory]
    [InlineData("target.type", "targets.type")]
    [InlineData("ip", "source.ip")]
    [InlineData("data.\"a b\"", "data.\"a b\"")]
    public void Fields_are_named_as_in_queries(string text, string full)
    {
        Assert.True(Field.TryParse(text, out Field? field, out _));
        Assert.Equal(full, field.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("colour")]
    [InlineData("data.")]
    [InlineData("data x")]
    [InlineData("9")]
    public void What_is_no_field_is_refused(string text)
    {
        Assert.False(Field.TryParse(text, out _, out QueryError? error));
        Assert.InRange(error.Position, 0, text.Length);
    }

    private static Task<CountResult> Count(byte[]?[] log, string query, string by, int top = 100)
    {
        Assert.True(Field.TryParse(by, out Field? field, out _));
        return new ScanCounts().CountAsync(
            new MemoryLog(log), new CountRequest(Entries.Parse(query), null, field, top, null), TestContext.Current.CancellationToken);
    }

    private static byte[]?[] Log(int size) => [.. Enumerable.Range(0, size).Select(i => Encoding.UTF8.GetBytes(
        $$"""{"actor":{"id":"u-{{i % 10}}","roles":["r-{{i % 10}}","all"]},"id":"{{i}}","time":"{{Start.AddSeconds(i):yyyy-MM-dd'T'HH:mm:ss'Z'}}"}"""))];
}
