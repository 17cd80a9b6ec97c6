using System.Globalization;

namespace Indelible.Search.Tests.Searching;

/// <summary>Counting values of which most are different, so that indexes keep them as hashes: more of them than entries may be looked at.</summary>
public sealed class HashedCountsTests : IDisposable
{
    private const int ChunkRows = 5_000;
    private const int Rows = (4 * ChunkRows) + 4_700;

    // Of each of 30 popular values so many more than of the next that their order is certain.
    private const int Popular = 30;
    private static readonly ScanLimits s_few = new() { MaxBundlesToCount = 20 };
    private static readonly RowSight[] s_all = [new RowSight(Query.All, false)];
    private readonly List<SeenLog> _logs = [];
    private readonly IndexedCounts _counts = new(s_few);

    [Theory]
    [InlineData("*", 10)]
    [InlineData("*", 25)]
    [InlineData("action:a", 10)]
    [InlineData("-action:a", 5)]
    public async Task The_most_frequent_values_are_found_without_looking_at_all_entries(string query, int top)
    {
        SeenLog log = LogOf(row => TargetOf(row));
        var counts = new IndexedCounts(s_few);
        var request = new CountRequest(Entries.Parse(query), null, Target, top, null);
        (List<ValueCount> wanted, int distinct, long occurrences) = Wanted(log, request.Query);
        for (int again = 0; again < 3; again++)
        {
            CountResult result = await counts.CountAsync(log, request, TestContext.Current.CancellationToken);
            Assert.Equal(wanted.Take(top), result.Values);
            Assert.Equal(occurrences - wanted.Take(top).Sum(value => value.Count), result.OtherValues);
            Assert.InRange(result.Distinct, distinct - (distinct / 100) - 1, distinct);
            Assert.False(result.ValuesExact);
            Assert.Contains(result.Notices, notice => notice.Contains("counted by hashes", StringComparison.Ordinal));
            Assert.InRange(result.Scanned, again == 0 ? top : 0, 3 * top + 20);
        }
    }

    [Fact]
    public async Task Values_that_one_chunk_keeps_as_they_are_and_another_as_hashes_add_up()
    {
        // The first two chunks have popular values alone: no more of them than a dictionary takes.
        SeenLog log = LogOf(row => row < 2 * ChunkRows ? PopularOf(row) : TargetOf(row));
        (List<ValueCount> wanted, int distinct, long occurrences) = Wanted(log, Query.All);
        CountResult result = await new IndexedCounts(s_few).CountAsync(log, new CountRequest(Query.All, null, Target, 10, null), TestContext.Current.CancellationToken);
        Assert.Equal(wanted.Take(10), result.Values);
        Assert.Equal(occurrences - wanted.Take(10).Sum(value => value.Count), result.OtherValues);
        Assert.InRange(result.Distinct, distinct - (distinct / 100) - 1, distinct);
        Assert.False(result.ValuesExact);
    }

    [Fact]
    public async Task Values_whose_hashes_are_alike_are_told_apart_where_their_entries_are_looked_at()
    {
        SeenLog log = LogOf(row => (row % 4000) switch { 7 => "Ward 7", 8 => "ward-7", _ => $"x{row:x6}" });
        CountResult result = await new IndexedCounts(new ScanLimits { MaxBundlesToCount = 40 }).CountAsync(log, new CountRequest(Query.All, null, Target, 2, null), TestContext.Current.CancellationToken);
        Assert.Equal([new ValueCount("Ward 7", 7), new ValueCount("ward-7", 7)], result.Values);
    }

    [Fact]
    public async Task What_is_kept_of_chunks_that_do_not_change_holds_while_the_log_grows()
    {
        SeenLog log = LogOf(row => TargetOf(row));
        var counts = new IndexedCounts(s_few);
        for (long asOf = Rows - 650; asOf <= Rows; asOf += 325)
        {
            var request = new CountRequest(Query.All, null, Target, 10, asOf);
            (List<ValueCount> wanted, int distinct, _) = Wanted(log, Query.All, (int)asOf);
            CountResult result = await counts.CountAsync(log, request, TestContext.Current.CancellationToken);
            Assert.Equal(wanted.Take(10), result.Values);
            Assert.InRange(result.Distinct, distinct - (distinct / 100) - 1, distinct);
        }
    }

    [Fact]
    public async Task Values_that_were_rare_and_become_frequent_in_the_newest_entries_are_found_with_all_that_they_have()
    {
        // Each value of the chunks that do not change is there twice; of the newest entries some have ten of those, and more have others a little less often than these have now altogether.
        SeenLog log = LogOf(row => row switch
        {
            < 4 * ChunkRows => $"x{row % (2 * ChunkRows):x6}",
            < (4 * ChunkRows) + 30 => $"x{row % 10 * 700:x6}",
            < (4 * ChunkRows) + 30 + 160 => $"z{row % 40:x2}",
            _ => $"y{row:x6}",
        });
        for (int again = 0; again < 2; again++)
        {
            CountResult result = await _counts.CountAsync(log, new CountRequest(Query.All, null, Target, 10, Rows - 100), TestContext.Current.CancellationToken);
            Assert.Equal(Enumerable.Range(0, 10).Select(i => new ValueCount($"x{i * 700:x6}", 5)), result.Values);
            Assert.DoesNotContain(result.Notices, notice => notice.Contains("not be shown", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Where_all_values_are_rare_it_is_said_how_frequent_one_may_be_that_is_not_shown()
    {
        SeenLog log = LogOf(row => row is >= 4 * ChunkRows and < (4 * ChunkRows) + 5 ? $"x{(row % 5) * 3_000:x6}" : $"x{row:x6}");
        CountResult result = await _counts.CountAsync(log, new CountRequest(Query.All, null, Target, 200, Rows - 100), TestContext.Current.CancellationToken);
        Assert.Equal(1, result.Values[^1].Count);
        Assert.Contains(result.Notices, notice => notice.Contains("one may be there 2 times and not be shown", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_row_that_has_a_value_twice_counts_once()
    {
        SeenLog log = LogOf(Rare, row => row % 50 == 1 ? Rare(row) : $"y{row:x6}");
        (List<ValueCount> wanted, _, long occurrences) = Wanted(log, Query.All);
        CountResult result = await new IndexedCounts(s_few).CountAsync(log, new CountRequest(Query.All, null, Target, 10, null), TestContext.Current.CancellationToken);
        Assert.Equal(wanted.Take(1), result.Values.Take(1));
        Assert.Equal(occurrences, result.Values.Sum(value => value.Count) + result.OtherValues);

        // So few of them twice that a chunk keeps hashes while it fills.
        static string Rare(int row) => row % 100 == 0 ? PopularName(0) : $"x{row:x6}";
    }

    [Theory]
    [InlineData(5)]     // while it is asked which rows there are: then they are looked at
    [InlineData(100)]   // while hashes are counted
    [InlineData(200)]
    [InlineData(700)]
    public async Task A_damaged_index_is_reported_and_no_row_is_lost(int damagedAt)
    {
        SeenLog log = LogOf(row => TargetOf(row)).Watched(new IndexWatch { DamagedAt = damagedAt });
        CountResult result = await new IndexedCounts(s_few).CountAsync(log, new CountRequest(Query.All, null, Target, 10, null), TestContext.Current.CancellationToken);
        Assert.NotEmpty(log.Reported);
        Assert.Equal(Rows, result.Total.Value);
        Assert.False(result.ValuesExact);
        Assert.Contains(result.Notices, notice => notice.Contains("damaged", StringComparison.Ordinal));
        Assert.Equal(Rows, result.Values.Sum(value => value.Count) + result.OtherValues);
    }

    public void Dispose() => _logs.ForEach(log => log.Dispose());

    private static Field Target { get; } = Field.TryParse("target", out Field? target, out _) ? target : throw new InvalidOperationException();

    // Value i is in 3 × (Popular − i) of each thousand rows or so; the others are in one row each.
    private static string TargetOf(int row)
    {
        int place = (int)(row * 7919L % 4001);
        int value = 0;
        for (int end = 3 * Popular; value < Popular && place >= end; end += 3 * (Popular - ++value))
        {
        }

        return value < Popular ? PopularName(value) : $"x-{row.ToString("x6", CultureInfo.InvariantCulture)}";
    }

    private static string PopularOf(int row)
    {
        string target = TargetOf(row);
        return target.StartsWith('x') ? PopularName(0) : target;
    }

    private static string PopularName(int value) => $"patient-{value.ToString("00", CultureInfo.InvariantCulture)}";

    private static (List<ValueCount> Values, int Distinct, long Occurrences) Wanted(SeenLog log, Query query, int size = Rows)
    {
        var values = new List<string>();
        foreach (TestEntry? entry in log.Entries.Take(size).Where(entry => query.Matches(entry!.Clear)))
        {
            var here = new HashSet<string>(StringComparer.Ordinal);
            EntryValues.Visit(entry!.Clear, Target.Path, value => here.Add(value));
            values.AddRange(here);
        }

        List<ValueCount> all = [.. values.GroupBy(value => value, StringComparer.Ordinal)
            .Select(group => new ValueCount(group.Key, group.Count()))
            .OrderByDescending(value => value.Count)
            .ThenBy(value => value.Value, StringComparer.Ordinal)];
        return (all, all.Count, values.Count);
    }

    private SeenLog LogOf(params Func<int, string>[] targets)
    {
        TestEntry[] entries = [.. Enumerable.Range(0, Rows).Select(row => Entries.Of(
            $$"""{"action":"{{(row % 3 == 0 ? "a" : "b")}}","targets":[{{string.Join(',', targets.Select(target => $$"""{"id":"{{target(row)}}"}"""))}}],"time":"2026-11-23T06:14:25Z"}"""))];
        _logs.Add(new SeenLog(entries, s_all, null).Written(ChunkRows));
        return _logs[^1];
    }
}
