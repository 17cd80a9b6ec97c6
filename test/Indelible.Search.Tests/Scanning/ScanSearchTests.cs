using System.Text;
using CsCheck;

namespace Indelible.Search.Tests.Scanning;

public sealed class ScanSearchTests
{
    private static readonly Gen<byte[]?> Entry = Gen.Select(Gen.Int[0, 9], Gen.Int[0, 3], Gen.Int[0, 40], Gen.Int[0, 60]).Select(
        (kind, actor, minute, expired) => expired == 0
            ? null
            : Encoding.UTF8.GetBytes(
                $$"""{"action":"a.{{kind}}","actor":{"id":"u-{{actor}}"},"time":"2026-11-23T10:{{minute:00}}:00Z"}"""));

    private static readonly Gen<(byte[]?[] Log, int Limit, int Budget, int PageBytes, SearchOrder Order, string Query)> Case = Gen.Select(
        Entry.Array[0, 1500],
        Gen.Int[1, 60],
        Gen.Int[1, 2000],
        Gen.Int[1, 5000],
        Gen.Int[0, 2],
        Gen.Int[0, 3]).Select((log, limit, budget, bytes, order, query) => (
            log, limit, budget, bytes, (SearchOrder)order, ((string[])["*", "actor:u-1", "action:a.7 -actor:u-2", "action:none"])[query]));

    [Fact]
    public async Task Pages_together_are_what_brute_force_finds()
    {
        await Case.SampleAsync(
            async c =>
            {
                Query query = Entries.Parse(c.Query);
                var range = new TimeRange(new(2026, 11, 23, 10, 5, 0, TimeSpan.Zero), new(2026, 11, 23, 10, 35, 0, TimeSpan.Zero));
                List<long> wanted = Wanted(c.Log, query, range, c.Order);
                var source = new MemoryLog(c.Log);
                var search = new ScanSearch(new ScanLimits { MaxScanned = c.Budget, MaxPageBytes = c.PageBytes });
                var found = new List<long>();
                string? cursor = null;
                do
                {
                    SearchPage page = await search.SearchAsync(
                        source, new SearchRequest(query, range, c.Order, c.Limit, cursor, null), TestContext.Current.CancellationToken);
                    found.AddRange(page.Items.Select(item => item.Index));
                    Assert.Equal(c.Log.Length, page.AsOf);
                    Assert.True(page.Items.Count <= c.Limit);
                    Assert.True(page.Total.Exact ? page.Total.Value == wanted.Count : page.Total.Value <= wanted.Count);
                    Assert.True(page.Total.Value >= found.Count);
                    Assert.True(c.Order == SearchOrder.ByTime || page.Scanned < c.Budget + 256);
                    Assert.True(page.Next is not null || page.Total.Exact);
                    foreach (SearchHit hit in page.Items)
                    {
                        Assert.Equal(c.Log[hit.Index], hit.View.ToArray());
                    }

                    cursor = page.Next;
                }
                while (cursor is not null);
                Assert.Equal(wanted, found);
            },
            iter: 300,
            print: c => $"{c.Log.Length} entries, limit {c.Limit}, budget {c.Budget}, bytes {c.PageBytes}, {c.Order}, {c.Query}");
    }

    [Theory]
    [InlineData(SearchOrder.NewestFirst)]
    [InlineData(SearchOrder.OldestFirst)]
    [InlineData(SearchOrder.ByTime)]
    public async Task No_empty_page_follows_when_everything_was_counted(SearchOrder order)
    {
        var source = new MemoryLog(Log(1000));
        var request = new SearchRequest(Entries.Parse("actor:u-1"), null, order, 50, null, null);
        SearchPage first = await Search(source, request);
        Assert.Equal(new SearchTotal(100, true), first.Total);
        SearchPage second = await Search(source, request with { Cursor = first.Next });
        Assert.Equal(new SearchTotal(100, true), second.Total);
        Assert.Equal(50, second.Items.Count);
        Assert.Null(second.Next);
    }

    [Fact]
    public async Task Later_pages_do_not_count_again()
    {
        var source = new MemoryLog(Log(10_000));
        var request = new SearchRequest(Query.All, null, SearchOrder.NewestFirst, 10, null, null);
        SearchPage first = await Search(source, request);
        long before = source.Shown;
        SearchPage second = await Search(source, request with { Cursor = first.Next });
        Assert.Equal(new SearchTotal(10_000, true), second.Total);
        Assert.InRange(source.Shown - before, 1, 512);
    }

    [Fact]
    public async Task A_search_is_not_moved_by_what_is_appended_meanwhile()
    {
        var source = new MemoryLog(Log(600)) { Size = 500 };
        var request = new SearchRequest(Query.All, null, SearchOrder.NewestFirst, 300, null, null);
        SearchPage first = await Search(source, request);
        source.Size = 600;
        SearchPage second = await Search(source, request with { Cursor = first.Next });
        Assert.Equal(500, second.AsOf);
        Assert.Equal(199, second.Items[0].Index);
        SearchPage again = await Search(source, request with { AsOf = 500 });
        Assert.Equal(first.Items.Select(item => item.Index), again.Items.Select(item => item.Index));
        Assert.Equal(first.Next, again.Next);
    }

    [Fact]
    public async Task A_budget_that_runs_out_is_told_and_gone_on_from()
    {
        var search = new ScanSearch(new ScanLimits { MaxScanned = 1000 });
        var request = new SearchRequest(Entries.Parse("actor:u-0 action:nowhere OR id:0"), null, SearchOrder.NewestFirst, 10, null, null);
        var source = new MemoryLog(Log(5000));
        SearchPage page = await search.SearchAsync(source, request, TestContext.Current.CancellationToken);
        Assert.Empty(page.Items);
        Assert.Equal(new SearchTotal(0, false), page.Total);
        int pages = 1;
        while (page.Next is not null)
        {
            page = await search.SearchAsync(source, request with { Cursor = page.Next }, TestContext.Current.CancellationToken);
            pages++;
        }

        Assert.Equal(0, Assert.Single(page.Items).Index);
        Assert.Equal(new SearchTotal(1, true), page.Total);
        Assert.InRange(pages, 4, 6);
    }

    [Fact]
    public async Task Work_is_bounded_by_bytes_and_clauses_too()
    {
        var source = new MemoryLog(Log(5000));
        var search = new ScanSearch(new ScanLimits { MaxWork = 1_000_000 });
        Query heavy = Entries.Parse(string.Join(" OR ", Enumerable.Repeat("nowhere", 500)));
        var request = new SearchRequest(heavy, null, SearchOrder.OldestFirst, 10, null, null);
        SearchPage page = await search.SearchAsync(source, request, TestContext.Current.CancellationToken);
        Assert.Equal(256, page.Scanned);
        Assert.NotNull(page.Next);
        Assert.False(page.Total.Exact);
        SearchException refused = await Assert.ThrowsAsync<SearchException>(
            () => search.SearchAsync(source, request with { Order = SearchOrder.ByTime }, TestContext.Current.CancellationToken));
        Assert.Equal(SearchFault.TooMuchToSort, refused.Fault);
    }

    [Fact]
    public async Task A_search_can_be_cancelled_inside_a_bundle()
    {
        using var cancel = new CancellationTokenSource();
        var source = new MemoryLog(Log(1000)) { OnShown = shown => { if (shown == 10) { cancel.Cancel(); } } };
        var request = new SearchRequest(Query.All, null, SearchOrder.NewestFirst, 10, null, null);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new ScanSearch().SearchAsync(source, request, cancel.Token));
        Assert.Equal(10, source.Shown);
    }

    [Fact]
    public void Bounds_below_one_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new ScanSearch(new ScanLimits { MaxScanned = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ScanSearch(new ScanLimits { MaxPageBytes = 0 }));
    }

    [Fact]
    public async Task A_cursor_of_another_request_is_refused()
    {
        var source = new MemoryLog(Log(100));
        var request = new SearchRequest(Query.All, null, SearchOrder.NewestFirst, 10, null, null);
        string cursor = (await Search(source, request)).Next!;
        var from = new TimeRange(Entries.Now, null);
        foreach (SearchRequest other in (SearchRequest[])[
            request with { Query = Entries.Parse("actor:u-1") }, request with { Order = SearchOrder.OldestFirst }, request with { Time = from },
            request with { AsOf = 99 }])
        {
            SearchException refused = await Assert.ThrowsAsync<SearchException>(() => Search(source, other with { Cursor = cursor }));
            Assert.Equal(SearchFault.CursorOfAnotherRequest, refused.Fault);
        }
    }

    [Fact]
    public async Task What_is_no_cursor_is_refused()
    {
        var source = new MemoryLog(Log(100));
        var request = new SearchRequest(Query.All, null, SearchOrder.NewestFirst, 10, null, null);
        string cursor = (await Search(source, request)).Next!;
        foreach (string bad in (string[])["", "x", cursor[1..], cursor + "A", "B" + cursor[1..], cursor + "=", cursor[..^1] + "*", " " + cursor])
        {
            SearchException refused = await Assert.ThrowsAsync<SearchException>(() => Search(source, request with { Cursor = bad }));
            Assert.Equal(SearchFault.InvalidCursor, refused.Fault);
        }
    }

    [Fact]
    public async Task Sizes_limits_and_sorts_out_of_range_are_refused()
    {
        var source = new MemoryLog(Log(100));
        var request = new SearchRequest(Query.All, null, SearchOrder.ByTime, 10, null, null);
        await Refused(SearchFault.AsOfOutOfRange, request with { AsOf = 101 });
        await Refused(SearchFault.AsOfOutOfRange, request with { AsOf = -1 });
        await Refused(SearchFault.LimitOutOfRange, request with { Limit = 0 });
        await Refused(SearchFault.LimitOutOfRange, request with { Limit = ScanLimits.MaxPageItems + 1 });
        var small = new ScanSearch(new ScanLimits { MaxSorted = 99 });
        SearchException refused = await Assert.ThrowsAsync<SearchException>(
            () => small.SearchAsync(source, request, TestContext.Current.CancellationToken));
        Assert.Equal(SearchFault.TooMuchToSort, refused.Fault);

        async Task Refused(SearchFault fault, SearchRequest bad) =>
            Assert.Equal(fault, (await Assert.ThrowsAsync<SearchException>(() => Search(source, bad))).Fault);
    }

    private static Task<SearchPage> Search(IEntrySource source, SearchRequest request) =>
        new ScanSearch().SearchAsync(source, request, TestContext.Current.CancellationToken);

    private static byte[]?[] Log(int size) =>
        [.. Enumerable.Range(0, size).Select(i => Encoding.UTF8.GetBytes($$"""{"actor":{"id":"u-{{i % 10}}"},"id":"{{i}}","time":"2026-11-23T10:00:00Z"}"""))];

    private static List<long> Wanted(byte[]?[] log, Query query, TimeRange range, SearchOrder order)
    {
        var wanted = new List<(long Index, string Time)>();
        for (int i = 0; i < log.Length; i++)
        {
            if (log[i] is { } entry && query.Matches(entry))
            {
                string time = System.Text.Json.JsonDocument.Parse(entry).RootElement.GetProperty("time").GetString()!;
                DateTimeOffset at = DateTimeOffset.Parse(time, System.Globalization.CultureInfo.InvariantCulture);
                if (at >= range.From && at < range.To)
                {
                    wanted.Add((i, time));
                }
            }
        }

        IEnumerable<(long Index, string Time)> ordered = order switch
        {
            SearchOrder.OldestFirst => wanted,
            SearchOrder.NewestFirst => wanted.OrderByDescending(w => w.Index),
            _ => wanted.OrderByDescending(w => w.Time, StringComparer.Ordinal).ThenByDescending(w => w.Index),
        };
        return [.. ordered.Select(w => w.Index)];
    }
}
