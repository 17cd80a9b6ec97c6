using CsCheck;

namespace Indelible.Search.Tests.Searching;

public sealed class IndexedSearchTests
{
    private static readonly Gen<Case> s_case = Gen.Select(
        Gen.Select(RandomLog.Entry.Array[0, 150], RandomSearches.Sights, RandomSearches.Query),
        Gen.Select(Gen.Int[0, 2], Gen.Int[1, 40], Gen.Int[0, 4], Gen.Int[0, 40]),
        Gen.Select(Gen.Int[3, 6], Gen.Int[0, 1_000_000]).Array[1, 3],
        (log, request, chunkings) => new Case(
            log.Item1,
            log.Item2,
            log.Item3,
            request.Item3 == 0 ? new TimeRange(new(2026, 11, 5, 0, 0, 0, TimeSpan.Zero), new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero)) : null,
            (SearchOrder)request.Item1,
            request.Item2,
            Math.Max(0, log.Item1.Length - request.Item4),
            [.. chunkings.Select(one => new Chunking(1 << one.Item1, one.Item2))]));

    [Fact]
    public async Task Pages_are_those_of_the_scan_whatever_is_indexed() => await s_case.SampleAsync(
        async c =>
        {
            var limits = new ScanLimits { MaxPageBytes = 2000 };
            var search = new IndexedSearch(limits);
            var scan = new ScanSearch(limits);
            string? cursor = null;
            int pages = 0;
            do
            {
                // What is indexed changes between the pages.
                using var source = new SeenLog(c.Log, c.Sights, c.Chunkings[pages++ % c.Chunkings.Length]);
                var request = new SearchRequest(c.Query, c.Time, c.Order, c.Limit, cursor, c.AsOf);
                SearchPage wanted = await scan.SearchAsync(source, request, TestContext.Current.CancellationToken);
                SearchPage page = await search.SearchAsync(source, request, TestContext.Current.CancellationToken);
                Assert.Equal(wanted.Items.Select(item => item.Index), page.Items.Select(item => item.Index));
                Assert.Equal(wanted.Items.Select(item => item.View.ToArray()), page.Items.Select(item => item.View.ToArray()));
                Assert.Equal(wanted.Total, page.Total);
                Assert.Equal(wanted.Next, page.Next);
                Assert.Equal(source.Chunks.Sum(chunk => Math.Clamp(c.AsOf - chunk.First, 0, chunk.Rows)), page.Indexed);
                Assert.True(page.Scanned >= c.AsOf - page.Indexed || page.Items.Count == c.Limit || cursor is not null);
                Assert.Empty(source.Reported);
                cursor = page.Next;
            }
            while (cursor is not null);
        },
        iter: 1200,
        print: c => c.ToString());

    [Fact]
    public async Task Small_budgets_lose_nothing_and_double_nothing() => await Gen.Select(s_case, Gen.Int[1, 60], Gen.Int[1, 40_000]).SampleAsync(
        async t =>
        {
            (Case c, int budget, int work) = t;
            Case inOrder = c with { Order = c.Order == SearchOrder.ByTime ? SearchOrder.NewestFirst : c.Order };
            var limits = new ScanLimits { MaxScanned = budget, MaxWork = work, MaxPageBytes = 3000 };
            using var source = new SeenLog(c.Log, c.Sights, null);
            SearchPage all = await new ScanSearch().SearchAsync(
                source, new SearchRequest(c.Query, c.Time, inOrder.Order, 1000, null, c.AsOf), TestContext.Current.CancellationToken);
            var found = new List<long>();
            string? cursor = null;
            int pages = 0;
            do
            {
                using var divided = new SeenLog(c.Log, c.Sights, c.Chunkings[pages++ % c.Chunkings.Length]);
                SearchPage page = await new IndexedSearch(limits).SearchAsync(
                    divided, new SearchRequest(c.Query, c.Time, inOrder.Order, c.Limit, cursor, c.AsOf), TestContext.Current.CancellationToken);
                found.AddRange(page.Items.Select(item => item.Index));
                Assert.True(page.Total.Exact ? page.Total.Value == all.Items.Count : page.Total.Value <= all.Items.Count);
                Assert.True(page.Total.Value >= found.Count);
                Assert.True(page.Next is not null || page.Total.Exact);
                Assert.True(page.Total.Exact || page.Notices.Count > 0);
                Assert.True(page.Scanned < budget + 256);
                Assert.InRange(pages, 1, 1000);
                cursor = page.Next;
            }
            while (cursor is not null);
            Assert.Equal(all.Items.Select(item => item.Index), found);
        },
        iter: 600,
        print: t => $"looked at {t.Item2}, work {t.Item3}, {t.Item1}");

    private sealed record Case(
        TestEntry?[] Log, RowSight[] Sights, Query Query, TimeRange? Time, SearchOrder Order, int Limit, long AsOf, Chunking[] Chunkings)
    {
        public override string ToString() =>
            $"{Query} by {Order}, limit {Limit}, as of {AsOf}, time {Time}, {string.Join(" then ", (object[])Chunkings)}, seen {string.Join(" then ", Sights.Select(s => $"{(s.IsClear ? "clear" : "sealed")} {s.Rows}"))} in\n"
                + string.Join("\n", Log.Select((entry, index) => $"{index}: {entry}"));
    }
}
