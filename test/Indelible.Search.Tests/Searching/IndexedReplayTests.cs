using System.Text;
using System.Text.Json;
using CsCheck;

namespace Indelible.Search.Tests.Searching;

/// <summary>A replay shows what looking at every entry would, in order and once, whatever is indexed, damaged or kept from the asker.</summary>
public sealed class IndexedReplayTests
{
    private static readonly Gen<QueryNode> s_passes = Gen.Select(RandomLog.Path, RandomLog.Word.Array[1, 3], Gen.Int[0, 2], (path, words, kind) =>
        (QueryNode)new PassesNode(new FieldPath(path), kind == 0 ? new LengthTest(words[0].Length % 3) : new AnyOfTest(words)));

    private static readonly Gen<Query> s_query = Gen.Select(RandomSearches.Query, s_passes, s_passes, Gen.Int[0, 5], (query, one, two, form) => Query.Of(form switch
    {
        0 => query.Root,
        1 => one,
        2 => Nodes.Not(one),
        3 => Nodes.And([one, query.Root]),
        4 => Nodes.Or([one, query.Root, Nodes.Not(two)]),
        _ => Nodes.And([Nodes.Or([one, two]), Nodes.Not(query.Root)]),
    }));

    private static readonly Gen<Case> s_case = Gen.Select(
        Gen.Select(RandomLog.Entry.Array[0, 150], RandomSearches.Sights),
        Gen.Select(s_query, RandomSearches.Query),
        Gen.Select(Gen.Int[3, 6], Gen.Int[0, 1_000_000]).Select(one => new Chunking(1 << one.Item1, one.Item2)),
        Gen.Select(Gen.Int[0, 20], Gen.Bool, Gen.Int[-40, 60]),
        (log, queries, chunking, how) => new Case(log.Item1, log.Item2, queries.Item1, queries.Item2, chunking, Math.Max(0, log.Item1.Length - how.Item1), how.Item2, Math.Max(-1, how.Item3)));

    [Fact]
    public async Task It_shows_what_looking_at_every_entry_shows() => await s_case.SampleAsync(
        async c =>
        {
            using SeenLog log = Open(c);
            var told = new Told(long.MaxValue);
            ReplayResult result = await IndexedReplay.RunAsync(log, new ReplayRequest(c.Query, c.Range, c.HasTimes, c.AsOf), told, TestContext.Current.CancellationToken);

            List<(long Index, bool IsSelected, long Time, long Received)> wanted = Wanted(c, c.AsOf);
            Assert.Equal(c.HasTimes ? wanted : wanted.Where(one => one.IsSelected), told.All);
            Assert.Equal(c.AsOf, result.To);
            Assert.Equal(wanted.Count(one => one.IsSelected), result.Selected);
            Assert.Equal(Views(c, c.AsOf).Count(one => c.Range.Matches(one.View)), result.InRange);
            Assert.True(result.Read >= result.Selected);
            Assert.Equal(log.Reported.Count > 0, result.Notices.Any(notice => notice.Contains("damaged", StringComparison.Ordinal)));
        },
        iter: 1_500,
        print: c => c.ToString());

    [Fact]
    public async Task Where_it_is_ended_it_has_shown_all_up_to_there_and_nothing_behind() => await Gen.Select(s_case, Gen.Int[0, 12]).SampleAsync(
        async t =>
        {
            (Case c, int looks) = t;
            using SeenLog log = Open(c);
            var told = new Told(looks);
            ReplayResult result = await IndexedReplay.RunAsync(log, new ReplayRequest(c.Query, Query.All, c.HasTimes, c.AsOf), told, TestContext.Current.CancellationToken);

            Assert.InRange(result.To, 0, c.AsOf);
            List<(long Index, bool IsSelected, long Time, long Received)> wanted = Wanted(c, result.To);
            Assert.Equal(wanted.Where(one => one.IsSelected), told.All.Where(one => one.IsSelected));

            // Of the others those behind the last that was read were not told of.
            Assert.Equal(told.All, (c.HasTimes ? wanted : wanted.Where(one => one.IsSelected)).Take(told.All.Count));
        },
        iter: 600,
        print: t => $"{t.Item2} looks, {t.Item1}");

    [Fact]
    public async Task A_size_that_is_not_there_is_refused()
    {
        using var log = new SeenLog([Entries.Of("{}")], [new RowSight(Query.All, true)], null);
        foreach (long size in (long[])[-1, 2])
        {
            SearchException refused = await Assert.ThrowsAsync<SearchException>(
                () => IndexedReplay.RunAsync(log, new ReplayRequest(Query.All, Query.All, false, size), new Told(9), TestContext.Current.CancellationToken));
            Assert.Equal(SearchFault.AsOfOutOfRange, refused.Fault);
        }
    }

    [Fact]
    public async Task What_nobody_waits_for_ends()
    {
        using SeenLog log = new SeenLog([.. Enumerable.Range(0, 600).Select(i => Entries.Of($$"""{"a":"{{i}}"}"""))], [new RowSight(Query.All, true)], null).Indexed(256);
        using var gone = new CancellationTokenSource();
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => IndexedReplay.RunAsync(log, new ReplayRequest(Query.All, Query.All, true, 600), new Told(long.MaxValue), gone.Token));
    }

    [Fact]
    public void A_tree_of_nothing_selects_nothing_and_one_of_everything_everything()
    {
        Assert.True(QueryTree.Or([]).IsNone);
        Assert.True(QueryTree.And([]).IsAll);
        Assert.True(QueryTree.Or([QueryTree.None, QueryTree.All]).IsAll);
        Assert.True(QueryTree.And([QueryTree.There(["a"]), QueryTree.None]).IsNone);
        Assert.True(QueryTree.Not(QueryTree.All).IsNone);
        Assert.True(QueryTree.Not(QueryTree.None).IsAll);
        Assert.True(QueryTree.Between(["time"], default).IsAll);
        DateTimeOffset now = Entries.Now;
        Assert.True(QueryTree.Between(["time"], new TimeRange(now, now)).IsNone);
        Assert.False(QueryTree.None.ToQuery().Matches("{}"u8));
        Assert.True(QueryTree.Null(["a"]).ToQuery().Matches("""{"a":[1,null]}"""u8));
    }

    private static SeenLog Open(Case c)
    {
        var log = new SeenLog(c.Log, c.Sights, c.Chunking);
        return c.DamagedAt < 0 ? log : log.Watched(new IndexWatch { DamagedAt = c.DamagedAt });
    }

    private static IEnumerable<(long Index, byte[] View)> Views(Case c, long to)
    {
        for (int index = 0; index < to; index++)
        {
            if (c.Log[index] is { } entry && c.Sights.FirstOrDefault(sight => sight.Rows.Matches(entry.Logged)) is { } seen)
            {
                yield return (index, seen.IsClear ? entry.Clear : entry.Logged);
            }
        }
    }

    private static List<(long Index, bool IsSelected, long Time, long Received)> Wanted(Case c, long to) =>
        [.. Views(c, to).Select(one => c.Query.Matches(one.View) ? (one.Index, true, 0, 0) : (one.Index, false, EntryTime.Read(one.View), Received(one.View)))];

    private static long Received(ReadOnlySpan<byte> view)
    {
        // The same member under the name that is read.
        JsonElement entry = JsonElement.Parse(view);
        return entry.TryGetProperty("received_at", out JsonElement at) ? EntryTime.Read(Encoding.UTF8.GetBytes($$"""{"time":{{at.GetRawText()}}}""")) : -1;
    }

    private sealed record Case(TestEntry?[] Log, RowSight[] Sights, Query Query, Query Range, Chunking Chunking, long AsOf, bool HasTimes, int DamagedAt)
    {
        public override string ToString() =>
            $"{Query} in {Range}, as of {AsOf}, {(HasTimes ? "with times, " : "")}{Chunking}, damaged at {DamagedAt}, seen {string.Join(" then ", Sights.Select(s => $"{(s.IsClear ? "clear" : "sealed")} {s.Rows}"))} in\n"
                + string.Join("\n", Log.Select((entry, index) => $"{index}: {entry}"));
    }

    private sealed class Told(long looks) : IEntryFollower
    {
        private long _looks = looks;

        public List<(long Index, bool IsSelected, long Time, long Received)> All { get; } = [];

        public bool GoesOn => _looks-- > 0;

        public void OnSelected(long index, ReadOnlySpan<byte> view) => All.Add((index, true, 0, 0));

        public void OnOther(long index, ReadOnlySpan<byte> view) => All.Add((index, false, EntryTime.Read(view), Received(view)));

        public void OnTimes(long index, long time, long received) => All.Add((index, false, time, received));
    }

    private sealed class AnyOfTest(string[] texts) : IValueTest
    {
        public IReadOnlyList<string> Texts => texts;

        public bool Passes(ReadOnlySpan<byte> value, JsonTokenType type) => texts.Contains(Encoding.UTF8.GetString(value), StringComparer.OrdinalIgnoreCase);
    }

    private sealed class LengthTest(int rest) : IValueTest
    {
        public IReadOnlyList<string>? Texts => null;

        public bool Passes(ReadOnlySpan<byte> value, JsonTokenType type) => (value.Length + (int)type) % 3 == rest;
    }
}
