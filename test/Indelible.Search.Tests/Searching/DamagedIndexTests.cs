using CsCheck;
using Indelible.Search.Tests.Language;

namespace Indelible.Search.Tests.Searching;

public sealed class DamagedIndexTests
{
    private static readonly Gen<(TestEntry?[] Log, RowSight[] Sights, Query Query, string[] By, int DamagedAt, Chunking Chunking, SearchOrder Order)> s_case = Gen.Select(
        RandomLog.Entry.Array[1, 100],
        RandomSearches.Sights,
        Gen.Frequency((3, RandomSearches.Query), (1, Gen.Const(Query.All))),
        RandomLog.Path,
        Gen.Int[0, 60],
        Gen.Select(Gen.Int[3, 6], Gen.Int[0, 1_000_000]).Select(one => new Chunking(1 << one.Item1, one.Item2)),
        RandomQueries.Of(SearchOrder.NewestFirst, SearchOrder.OldestFirst, SearchOrder.ByTime));

    [Fact]
    public async Task Wherever_an_index_proves_damaged_the_answer_is_that_of_the_scan() => await s_case.SampleAsync(
        async c =>
        {
            var request = new SearchRequest(c.Query, null, c.Order, 10, null, null);
            string? cursor = null;
            do
            {
                using SeenLog source = new SeenLog(c.Log, c.Sights, c.Chunking).Watched(new IndexWatch { DamagedAt = c.DamagedAt });
                SearchPage wanted = await new ScanSearch().SearchAsync(source, request with { Cursor = cursor }, TestContext.Current.CancellationToken);
                SearchPage page = await new IndexedSearch().SearchAsync(source, request with { Cursor = cursor }, TestContext.Current.CancellationToken);
                Assert.Equal(wanted.Items.Select(item => item.Index), page.Items.Select(item => item.Index));
                Assert.Equal(wanted.Total, page.Total);
                Assert.Equal(wanted.Next, page.Next);
                IsSaid(source, page.Indexed, page.Notices);
                cursor = page.Next;
            }
            while (cursor is not null);
        },
        iter: 400);

    [Fact]
    public async Task And_the_counts_are() => await s_case.SampleAsync(
        async c =>
        {
            using SeenLog source = new SeenLog(c.Log, c.Sights, c.Chunking).Watched(new IndexWatch { DamagedAt = c.DamagedAt });
            Assert.True(Field.TryParse(string.Join('.', c.By.Select(name => $"\"{name.Replace("\"", "\\\"", StringComparison.Ordinal)}\"")), out Field? field, out _));
            var request = new CountRequest(c.Query, null, field, 10, null);
            CountResult wanted = await new ScanCounts().CountAsync(source, request, TestContext.Current.CancellationToken);
            CountResult result = await new IndexedCounts().CountAsync(source, request, TestContext.Current.CancellationToken);
            Assert.Equal(wanted.Total, result.Total);
            Assert.Equal(wanted.Histogram, result.Histogram);
            Assert.Equal(wanted.Untimed, result.Untimed);
            Assert.Equal(wanted.Values, result.Values);
            Assert.Equal(wanted.OtherValues, result.OtherValues);
            IsSaid(source, result.Indexed, result.Notices);
        },
        iter: 400);

    private static void IsSaid(SeenLog source, long indexed, IReadOnlyList<string> notices)
    {
        Assert.Equal(source.Chunks.Except(source.Reported).Sum(chunk => chunk.Rows), indexed);
        Assert.Equal(source.Reported.Count > 0, notices.Any(notice => notice.Contains("damaged", StringComparison.Ordinal)));
        Assert.Equal(source.Reported.Count, source.Reported.Distinct().Count());
    }
}
