namespace Indelible.Search.Tests.Language;

public sealed class TimeBoundsTests
{
    private static readonly DateTimeOffset s_now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("*", null, null)]
    [InlineData("time:>=2026-11-23T03:00:00Z", 3, null)]
    [InlineData("time:<2026-11-23T05:00:00Z outcome:failure", null, 5)]
    [InlineData("time:>=2026-11-23T03:00:00Z time:<2026-11-23T05:00:00Z time:>=2026-11-23T01:00:00Z", 3, 5)]
    [InlineData("time:last2h", 10, null)]
    [InlineData("time:>=2026-11-23T03:00:00Z OR outcome:failure", null, null)]
    [InlineData("NOT time:>=2026-11-23T03:00:00Z", null, null)]
    [InlineData("observed_time:>=2026-11-23T03:00:00Z", null, null)]
    public void The_time_that_a_query_leaves_is_known(string text, int? from, int? to)
    {
        Assert.True(Query.TryParse(text, s_now, out Query? query, out _));
        TimeRange bounds = query.TimeBounds(null);
        Assert.Equal(At(from), bounds.From);
        Assert.True(to is null ? bounds.To is null || bounds.To >= s_now : bounds.To == At(to), $"{bounds.To}");
    }

    [Fact]
    public void The_narrower_of_what_is_asked_beside_it_and_the_query_holds()
    {
        Assert.True(Query.TryParse("time:>=2026-11-23T03:00:00Z time:<2026-11-23T05:00:00Z", s_now, out Query? query, out _));
        Assert.Equal(new TimeRange(At(4), At(5)), query.TimeBounds(new TimeRange(At(4), At(9))));
        Assert.Equal(new TimeRange(At(3), At(4)), query.TimeBounds(new TimeRange(null, At(4))));
    }

    private static DateTimeOffset? At(int? hour) => hour is { } at ? new DateTimeOffset(2026, 11, 23, at, 0, 0, TimeSpan.Zero) : null;
}
