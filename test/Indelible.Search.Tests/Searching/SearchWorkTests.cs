using System.Globalization;

namespace Indelible.Search.Tests.Searching;

/// <summary>How much is asked, visited and looked at: counted, not timed.</summary>
public sealed class SearchWorkTests
{
    private static readonly RowSight[] s_all = [new RowSight(Query.All, true)];

    [Fact]
    public async Task What_an_index_decides_is_looked_at_for_the_page_alone()
    {
        using SeenLog source = new SeenLog(Log(5000), s_all, null).Indexed(1024);
        SearchPage page = await Search(source, new SearchRequest(Entries.Parse("actor:u-1"), null, SearchOrder.NewestFirst, 10, null, null));
        Assert.Equal(new SearchTotal(500, true), page.Total);
        Assert.Equal(10, page.Items.Count);
        Assert.Equal(0, page.Scanned);
        Assert.Equal(5000, page.Indexed);
        Assert.Empty(page.Notices);
        Assert.InRange(source.Shown, 10, 10);
    }

    [Fact]
    public async Task Later_pages_ask_no_index_but_of_the_chunks_they_show()
    {
        var watch = new IndexWatch();
        using SeenLog source = new SeenLog(Log(5000), s_all, null).Indexed(256).Watched(watch);
        var request = new SearchRequest(Entries.Parse("actor:u-1"), null, SearchOrder.OldestFirst, 10, null, null);
        SearchPage first = await Search(source, request);
        long before = watch.Questions;
        SearchPage second = await Search(source, request with { Cursor = first.Next });
        Assert.Equal(new SearchTotal(500, true), second.Total);
        Assert.InRange(watch.Questions - before, 1, 30);
    }

    [Fact]
    public async Task In_the_order_of_time_only_the_page_is_read()
    {
        using SeenLog source = new SeenLog(Log(5000), s_all, null).Indexed(1024);
        var request = new SearchRequest(Query.All, null, SearchOrder.ByTime, 10, null, null);
        SearchPage page = await new IndexedSearch(new ScanLimits { MaxSorted = 1 }).SearchAsync(source, request, TestContext.Current.CancellationToken);
        Assert.Equal(Enumerable.Range(0, 10).Select(i => 4999L - i), page.Items.Select(item => item.Index));
        Assert.Equal(new SearchTotal(5000, true), page.Total);
        Assert.InRange(source.Shown, 10, 11);
    }

    [Fact]
    public async Task What_would_have_to_be_looked_at_to_sort_by_time_is_bounded()
    {
        using SeenLog source = new SeenLog(Log(5000), s_all, null).Indexed(1024);
        var request = new SearchRequest(Entries.Parse("\"opened the\""), null, SearchOrder.ByTime, 10, null, null);
        SearchException refused = await Assert.ThrowsAsync<SearchException>(
            () => new IndexedSearch(new ScanLimits { MaxSorted = 1000 }).SearchAsync(source, request, TestContext.Current.CancellationToken));
        Assert.Equal(SearchFault.TooMuchToSort, refused.Fault);
    }

    [Fact]
    public async Task A_phrase_is_confirmed_on_entries_and_says_where_that_ended()
    {
        using SeenLog source = new SeenLog(Log(5000), s_all, null).Indexed(1024);
        var request = new SearchRequest(Entries.Parse("\"opened the\""), null, SearchOrder.NewestFirst, 10, null, null);
        SearchPage page = await new IndexedSearch(new ScanLimits { MaxScanned = 1000 }).SearchAsync(source, request, TestContext.Current.CancellationToken);
        Assert.False(page.Total.Exact);
        Assert.InRange(page.Total.Value, 500, 1256);
        Assert.Contains("looked at", Assert.Single(page.Notices), StringComparison.Ordinal);
        Assert.NotNull(page.Next);
    }

    [Theory]
    [InlineData("data.n:*{0}*?*?*?*?*?*")]
    [InlineData("*{0}*?*?*?*?*?*")]
    [InlineData("data.n~*{0}*?*?*?*?*?*")]
    [InlineData("data.n>{0}")]
    public async Task Hundreds_of_wildcards_visit_no_more_terms_than_the_work_allows(string clause)
    {
        const long work = 4_000_000;
        var watch = new IndexWatch();
        using SeenLog source = new SeenLog(Log(4096), s_all, null).Indexed(1024).Watched(watch);
        string text = string.Join(" OR ", Enumerable.Range(0, 100).Select(i => string.Format(CultureInfo.InvariantCulture, clause, $"1{i}")));
        var request = new SearchRequest(Entries.Parse(text), null, SearchOrder.NewestFirst, 10, null, null);
        SearchPage wanted = await new ScanSearch().SearchAsync(source, request with { Limit = 1000 }, TestContext.Current.CancellationToken);
        var search = new IndexedSearch(new ScanLimits { MaxWork = work });
        var found = new List<long>();
        string? cursor = null;
        do
        {
            long before = watch.Visits;
            SearchPage page = await search.SearchAsync(source, request with { Cursor = cursor, Limit = 1000 }, TestContext.Current.CancellationToken);

            // One chunk's allowance may be begun when nearly all is spent.
            Assert.InRange(watch.Visits - before, 0, work * 9 / 8 / SearchBudget.TermWork);
            found.AddRange(page.Items.Select(item => item.Index));
            cursor = page.Next;
        }
        while (cursor is not null && found.Count < 1000);
        Assert.Equal(wanted.Items.Select(item => item.Index), found.Take(1000));
    }

    [Fact]
    public async Task A_search_can_be_cancelled_while_terms_are_visited()
    {
        using var cancel = new CancellationTokenSource();
        int visits = 0;
        var watch = new IndexWatch { OnVisit = () => { if (++visits == 300) { cancel.Cancel(); } } };
        using SeenLog source = new SeenLog(Log(10_000), s_all, null).Indexed(10_000).Watched(watch);
        var request = new SearchRequest(Entries.Parse("data.n:*no*where*"), null, SearchOrder.NewestFirst, 10, null, null);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new IndexedSearch().SearchAsync(source, request, cancel.Token));
        Assert.InRange(visits, 300, 600);
    }

    [Fact]
    public async Task Nothing_more_is_asked_once_no_row_is_left()
    {
        var watch = new IndexWatch();
        using SeenLog source = new SeenLog(Log(4096), s_all, null).Indexed(4096).Watched(watch);
        SearchPage page = await Search(source, new SearchRequest(Entries.Parse("data.n:*7* actor:nobody *x* data.n>5"), null, SearchOrder.NewestFirst, 10, null, null));
        Assert.Equal(new SearchTotal(0, true), page.Total);
        Assert.Equal(0, watch.Visits);
    }

    [Fact]
    public async Task Values_that_were_counted_once_are_counted_again_without_a_visit()
    {
        var watch = new IndexWatch();
        using SeenLog source = new SeenLog(Log(4096), s_all, null).Indexed(1024).Watched(watch);
        Assert.True(Field.TryParse("actor", out Field? actor, out _));
        var counts = new IndexedCounts();
        CountResult first = await counts.CountAsync(source, new CountRequest(Query.All, null, actor, 3, null), TestContext.Current.CancellationToken);
        long visits = watch.Visits;
        CountResult second = await counts.CountAsync(source, new CountRequest(Entries.Parse("actor:(u-1, u-2)"), null, actor, 3, null), TestContext.Current.CancellationToken);
        Assert.Equal(10, first.Distinct);
        Assert.Equal(["u-1", "u-2"], second.Values.Select(value => value.Value));
        Assert.Equal(visits, watch.Visits);
    }

    [Fact]
    public async Task What_is_kept_of_values_is_bounded_and_no_column_is_kept_beyond()
    {
        var watch = new IndexWatch();
        using SeenLog source = new SeenLog(Log(4096), s_all, null).Indexed(1024).Watched(watch);
        Assert.True(Field.TryParse("actor", out Field? actor, out _));
        var counts = new IndexedCounts(null, new SearchCache(1));
        var request = new CountRequest(Query.All, null, actor, 3, null);
        CountResult first = await counts.CountAsync(source, request, TestContext.Current.CancellationToken);
        long visits = watch.Visits;
        CountResult second = await counts.CountAsync(source, request, TestContext.Current.CancellationToken);
        Assert.Equal(first.Values, second.Values);
        Assert.True(watch.Visits > visits);
    }

    private static Task<SearchPage> Search(IIndexedSource source, SearchRequest request) =>
        new IndexedSearch().SearchAsync(source, request, TestContext.Current.CancellationToken);

    private static TestEntry[] Log(int size) => [.. Enumerable.Range(0, size).Select(i => Entries.Of(
        $$"""{"actor":{"id":"u-{{i % 10}}"},"data":{"n":"{{i % 900}}"},"id":"{{i}}","message":"opened the {{(i % 2 == 0 ? "record" : "file")}} {{i}}","time":"2026-11-23T{{i / 3600:00}}:{{i / 60 % 60:00}}:{{i % 60:00}}Z"}"""))];
}
