using System.Globalization;
using CsCheck;
using Indelible.Search.Tests.Language;

namespace Indelible.Search.Tests.Searching;

public sealed class IndexedCountsTests
{
    private static readonly long[] s_widths = [1, 5, 15, 60, 300, 900, 3600, 10_800, 43_200, 86_400, 604_800, 2_419_200, 31_449_600, 314_496_000, 3_144_960_000];

    private static readonly Gen<Case> s_case = Gen.Select(
        Gen.Select(RandomLog.Entry.Array[0, 200], RandomSearches.Sights, Gen.Frequency((1, RandomSearches.Query), (1, Gen.Const(Query.All)))),
        Gen.Select(RandomLog.Path, Gen.Int[0, 4], Gen.Int[1, 30], Gen.Int[0, 40]),
        RandomQueries.Of<int?>(null, null, 1, 3600, 86_400, 1_000_000),
        Gen.Select(Gen.Int[3, 6], Gen.Int[0, 1_000_000])).Select((log, request, interval, chunking) => new Case(
            log.Item1,
            log.Item2,
            new CountRequest(
                log.Item3,
                request.Item2 == 0 ? new TimeRange(new(2026, 11, 5, 0, 0, 0, TimeSpan.Zero), new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero)) : null,
                FieldOf(request.Item1),
                request.Item3,
                Math.Max(0, log.Item1.Length - request.Item4),
                interval is { } seconds ? TimeSpan.FromSeconds(seconds) : null),
            new Chunking(1 << chunking.Item1, chunking.Item2)));

    [Fact]
    public async Task Counts_are_those_of_brute_force_and_of_the_scan() => await s_case.SampleAsync(
        async c =>
        {
            using var source = new SeenLog(c.Log, c.Sights, c.Chunking);
            var counts = new IndexedCounts();
            CountResult wanted = await BruteForceAsync(source, c.Request);
            Same(wanted, await new ScanCounts().CountAsync(source, c.Request, TestContext.Current.CancellationToken));
            CountResult result = await counts.CountAsync(source, c.Request, TestContext.Current.CancellationToken);
            Same(wanted, result);
            Assert.Equal(source.Chunks.Sum(chunk => Math.Clamp(c.Request.AsOf!.Value - chunk.First, 0, chunk.Rows)), result.Indexed);

            // Once more, with what is kept of the first time.
            Same(wanted, await counts.CountAsync(source, c.Request, TestContext.Current.CancellationToken));
        },
        iter: 1200,
        print: c => c.ToString());

    [Fact]
    public async Task What_a_small_budget_leaves_out_is_said() => await Gen.Select(s_case, Gen.Int[1, 100], Gen.Int[1, 100], Gen.Int[1, 100_000]).SampleAsync(
        async t =>
        {
            (Case c, int sorted, int scanned, int work) = t;
            using var source = new SeenLog(c.Log, c.Sights, c.Chunking);
            var limits = new ScanLimits { MaxSorted = sorted, MaxScanned = scanned, MaxWork = work };
            CountResult result = await new IndexedCounts(limits).CountAsync(source, c.Request, TestContext.Current.CancellationToken);
            CountResult wanted = await BruteForceAsync(source, c.Request, result.CountedFrom);
            Assert.Equal(wanted.Total.Value, result.Total.Value);
            Assert.Equal(result.CountedFrom == 0, result.Total.Exact);
            Assert.Equal(wanted.Histogram, result.Histogram);
            Assert.Equal(wanted.Untimed, result.Untimed);
            if (result.ValuesExact)
            {
                Assert.Equal(wanted.Values, result.Values);
                Assert.Equal(wanted.OtherValues, result.OtherValues);
            }
            else
            {
                Assert.True(result.Distinct <= wanted.Distinct);
                bool isByHash = result.Notices.Any(notice => notice.Contains("counted by hashes", StringComparison.Ordinal));
                Assert.True(result.Values.Sum(value => value.Count) <= wanted.Values.Sum(value => value.Count) + (isByHash ? wanted.OtherValues : 0));
            }

            Assert.True((result.Total.Exact && result.ValuesExact) || result.Notices.Count > 0);
        },
        iter: 600,
        print: t => $"sorted {t.Item2}, scanned {t.Item3}, work {t.Item4}, {t.Item1}");

    [Theory]
    [InlineData(0)]
    [InlineData(-60)]
    [InlineData(0.5)]
    [InlineData(90.5)]
    [InlineData(1e11)]
    public async Task Widths_that_cannot_be_are_refused(double seconds)
    {
        SearchException refused = await Assert.ThrowsAsync<SearchException>(() => new IndexedCounts().CountAsync(
            new SeenLog([], [], null), new CountRequest(Query.All, null, null, 1, null, TimeSpan.FromSeconds(seconds)), TestContext.Current.CancellationToken));
        Assert.Equal(SearchFault.IntervalOutOfRange, refused.Fault);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task More_intervals_than_anybody_looks_at_are_refused(bool isIndexed)
    {
        TestEntry[] log = [.. Enumerable.Range(0, ScanCounts.MaxChosenIntervals + 1).Select(i => Entries.Of($$"""{"time":"{{Start.AddMinutes(i):yyyy-MM-dd'T'HH:mm:ss'Z'}}"}"""))];
        using var source = new SeenLog(log, [new RowSight(Query.All, false)], isIndexed ? new Chunking(16_384, 1) : null);
        SearchException refused = await Assert.ThrowsAsync<SearchException>(() => new IndexedCounts().CountAsync(
            source, new CountRequest(Query.All, null, null, 1, null, TimeSpan.FromMinutes(1)), TestContext.Current.CancellationToken));
        Assert.Equal(SearchFault.IntervalOutOfRange, refused.Fault);
        CountResult wider = await new IndexedCounts().CountAsync(
            source, new CountRequest(Query.All, null, null, 1, null, TimeSpan.FromHours(1)), TestContext.Current.CancellationToken);
        Assert.Equal(log.Length, wider.Histogram.Sum(bar => bar.Count));
    }

    private static readonly DateTimeOffset Start = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);

    private static Field FieldOf(string[] path)
    {
        // In quotes each name is taken as it stands.
        Assert.True(Field.TryParse(string.Join('.', path.Select(name => $"\"{name.Replace("\"", "\\\"", StringComparison.Ordinal)}\"")), out Field? field, out QueryError? error), error?.ToString());
        return field;
    }

    private static void Same(CountResult wanted, CountResult result)
    {
        Assert.Equal(wanted.AsOf, result.AsOf);
        Assert.Equal(wanted.Total, result.Total);
        Assert.Equal(wanted.CountedFrom, result.CountedFrom);
        Assert.Equal(wanted.Interval, result.Interval);
        Assert.Equal(wanted.Histogram, result.Histogram);
        Assert.Equal(wanted.Untimed, result.Untimed);
        Assert.Equal(wanted.Values, result.Values);
        Assert.Equal(wanted.OtherValues, result.OtherValues);
        Assert.Equal(wanted.Distinct, result.Distinct);
        Assert.True(result.ValuesExact);
    }

    private static async Task<CountResult> BruteForceAsync(SeenLog source, CountRequest request, long from = 0)
    {
        Query query = request.Query.Within(request.Time);
        var times = new List<long>();
        var values = new List<string>();
        for (long index = from; index < request.AsOf; index++)
        {
            await source.ReadAsync(index, index + 1, Visit, TestContext.Current.CancellationToken);
        }

        void Visit(long index, ReadOnlySpan<byte> view)
        {
            if (query.Matches(view))
            {
                times.Add(EntryTime.Read(view));
                var here = new HashSet<string>(StringComparer.Ordinal);
                EntryValues.Visit(view, request.By!.Path, value => here.Add(value));
                values.AddRange(here);
            }
        }

        List<long> timed = [.. times.Where(time => time >= 0)];
        long width = request.Interval?.Ticks ?? s_widths.Select(seconds => seconds * TimeSpan.TicksPerSecond).First(
            ticks => timed.Select(time => time / ticks).Distinct().Count() <= ScanCounts.MaxIntervals);
        List<ValueCount> all = [.. values
            .GroupBy(value => value, StringComparer.Ordinal)
            .Select(group => new ValueCount(group.Key, group.Count()))
            .OrderByDescending(value => value.Count)
            .ThenBy(value => value.Value, StringComparer.Ordinal)];
        return new CountResult(
            request.AsOf!.Value,
            new SearchTotal(times.Count, true),
            from,
            TimeSpan.FromTicks(width),
            [.. timed.GroupBy(time => time / width).OrderBy(group => group.Key).Select(group => new TimeCount(new DateTimeOffset(group.Key * width, TimeSpan.Zero), group.Count()))],
            times.Count - timed.Count,
            [.. all.Take(request.Top)],
            all.Skip(request.Top).Sum(value => value.Count),
            all.Count,
            true,
            0,
            0,
            []);
    }

    private sealed record Case(TestEntry?[] Log, RowSight[] Sights, CountRequest Request, Chunking Chunking)
    {
        public override string ToString() =>
            string.Create(CultureInfo.InvariantCulture, $"{Request.Query} by {Request.By}, top {Request.Top}, as of {Request.AsOf}, time {Request.Time}, interval {Request.Interval}, limit of {Chunking}, seen {string.Join(" then ", Sights.Select(s => $"{(s.IsClear ? "clear" : "sealed")} {s.Rows}"))} in\n")
                + string.Join("\n", Log.Select((entry, index) => $"{index}: {entry}"));
    }
}
