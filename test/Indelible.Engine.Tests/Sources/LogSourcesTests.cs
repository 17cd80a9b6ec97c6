using CsCheck;
using Indelible.Engine.Sources;
using Indelible.Events;
using Xunit;

namespace Indelible.Engine.Tests.Sources;

public sealed class LogSourcesTests
{
    private static readonly DateTimeOffset s_start = new(2026, 11, 23, 6, 15, 0, TimeSpan.Zero);

    private readonly LogSources _sources = new();
    private DateTimeOffset _now = s_start;

    [Fact]
    public void Numbers_in_order_leave_no_gap_and_a_jump_does_until_the_missing_arrive_in_any_order()
    {
        Fold(new Producing("s", 1), new Producing("s", 2), new Producing("s", 6));
        GapView gap = Assert.Single(Stream("s").Gaps);
        Assert.Equal((3, 5, 3, GapSign.Jump), (gap.First, gap.Last, gap.Missing, gap.Sign));
        Assert.Equal((1L, 2L), (gap.After!.Index, gap.Before.Index));
        Assert.Equal((1, 3), _sources.ReadTotals());

        Fold(new Producing("s", 4), new Producing("s", 3));
        Assert.Equal(1, Assert.Single(Stream("s").Gaps).Missing);
        Fold(new Producing("s", 5));
        Assert.Equal((0L, 1L), (Stream("s").OpenGaps, Stream("s").ClosedGaps));
        Assert.Equal(5, Assert.Single(Stream("s").Gaps).Closed!.Index);
        Assert.Equal((0, 0), _sources.ReadTotals());
    }

    [Fact]
    public void What_has_arrived_is_what_a_set_of_numbers_says()
    {
        // Few jumps over many numbers: within the bounds, every number is accounted for.
        Gen<int[]> numbers = Gen.Int[1, 24].Array[1, 60];
        numbers.Sample(
            arrived =>
            {
                var sources = new LogSources();
                var seen = new HashSet<int>();
                long duplicates = 0;
                foreach (int number in arrived)
                {
                    sources.Apply(s_start.UtcTicks, "p", new Producing("s", number).ToFacts(), []);
                    duplicates += seen.Add(number) ? 0 : 1;
                }

                StreamView stream = sources.Read(null, 1).Sources[0].Streams[0];
                long missing = Enumerable.Range(1, arrived.Max()).Count(number => !seen.Contains(number));
                return stream.Highest == arrived.Max() && stream.Missing == missing && stream.Duplicates == duplicates && sources.ReadTotals().Missing == missing
                    && (missing == 0) == (stream.OpenGaps == 0);
            },
            iter: 500);
    }

    [Fact]
    public void Every_state_is_kept_and_gone_on_from_as_if_it_had_never_been_left()
    {
        Gen<(int Principal, int Stream, int Number, int Kind)> one = Gen.Select(Gen.Int[0, 2], Gen.Int[0, 11], Gen.Int[1, 40], Gen.Int[0, 9], (p, s, n, k) => (p, s, n, k));
        Gen.Select(one.Array[1, 120], Gen.Int[0, 120], (events, cut) => (events, cut)).Sample(
            sample =>
            {
                var whole = new LogSources();
                var parted = new LogSources();
                for (int i = 0; i < sample.events.Length; i++)
                {
                    if (i == sample.cut)
                    {
                        parted = Again(parted);
                    }

                    (int principal, int stream, int number, int kind) = sample.events[i];
                    ProducerFacts facts = new Producing(
                        "s" + stream,
                        kind == 9 ? null : number,
                        kind == 1,
                        kind == 2 ? "s" + ((stream + 1) % 12) : null,
                        kind == 2 ? number * 2 : null,
                        kind == 3 ? number * 3 : null,
                        Instance: kind == 4 ? null : "i" + (stream / 3)).ToFacts();
                    long at = s_start.AddMinutes(7 * i).UtcTicks;
                    whole.Apply(at, "p" + principal, facts, []);
                    parted.Apply(at, "p" + principal, facts, []);
                }

                return whole.Save().Bytes.Span.SequenceEqual(parted.Save().Bytes.Span) && whole.Save().Bytes.Span.SequenceEqual(Again(whole).Save().Bytes.Span);
            },
            iter: 300);
    }

    [Fact]
    public void A_heartbeat_shows_what_was_given_out_and_has_not_come()
    {
        Fold(new Producing("s", 1), new Producing("s", 2, Highest: 5));
        GapView gap = Assert.Single(Stream("s").Gaps);
        Assert.Equal((3, 5, GapSign.Stated), (gap.First, gap.Last, gap.Sign));
        Fold(new Producing("s", 3), new Producing("s", 4), new Producing("s", 5), new Producing("s", Highest: 5));
        Assert.Equal((0, 1), (Stream("s").OpenGaps, Stream("s").ClosedGaps));
    }

    [Fact]
    public void A_new_stream_shows_what_the_one_before_lacks_at_its_end()
    {
        Fold(new Producing("a", 1), new Producing("a", 2), new Producing("b", 1, Previous: "a", PreviousSeq: 4));
        StreamView before = Stream("a");
        GapView gap = Assert.Single(before.Gaps);
        Assert.Equal((3, 4, GapSign.Successor), (gap.First, gap.Last, gap.Sign));
        Assert.True(before.Unclean);
        Assert.Equal((PreviousStream.Known, "a", 4L), (Stream("b").Previous, Stream("b").PreviousId, Stream("b").PreviousSequence));
        Assert.Equal((1, 1), (Source().Restarts, Source().UncleanRestarts));

        // What the spool still held arrives, its end as well.
        Fold(new Producing("a", 3), new Producing("a", 4, End: true));
        Assert.Equal((0, 0, 0, 0), (Stream("a").OpenGaps, Source().UncleanRestarts, Source().Overlaps, Stream("a").AfterEnd));
        Assert.True(Stream("a").Ended);
    }

    [Fact]
    public void A_stream_of_which_nothing_came_is_missing_as_a_whole()
    {
        Fold(new Producing("b", 1, Previous: "a", PreviousSeq: 7));
        Assert.Equal(["a", "b"], Source().Streams.Select(stream => stream.Id));
        Assert.Equal((PreviousStream.Unseen, 7L, 0L), (Stream("b").Previous, Stream("a").Missing, Stream("a").Events));
        Assert.Equal("p", _sources.OwnerOf("a"));
        Fold([.. Enumerable.Range(1, 7).Select(number => new Producing("a", number))]);
        Assert.Equal((0L, 7L, 0L), (Stream("a").Missing, Stream("a").Events, Source().Overlaps));
    }

    [Fact]
    public void A_statement_about_somebody_elses_stream_changes_nothing_there()
    {
        Fold(new Producing("a", 1));
        FoldAs("mallory", new Producing("m", 1, Previous: "a", PreviousSeq: 1_000));
        Assert.Equal((0L, 1L, false), (Stream("a").Missing, Stream("a").Highest, Stream("a").Unclean));
        Assert.Equal((PreviousStream.Foreign, 1L), (Stream("m").Previous, Stream("m").Contradictions));
    }

    [Fact]
    public void Two_live_streams_of_one_instance_are_flagged_and_late_events_are_not()
    {
        Fold(new Producing("a", 1), new Producing("b", 1), new Producing("a", 2));
        Assert.Equal((1L, 2L), (Source().Overlaps, Source().LastOverlap!.Index));

        // Without instances nobody can tell one process from two.
        Fold(new Producing("x", 1, Instance: null), new Producing("y", 1, Instance: null), new Producing("x", 2, Instance: null));
        Assert.Equal(0, _sources.Read(null, 10).Sources.Single(source => source.Key.Instance.Length == 0).Overlaps);
    }

    [Fact]
    public void A_restart_is_clean_where_the_stream_was_ended()
    {
        Fold(new Producing("a", 1), new Producing("a", 2, End: true), new Producing("b", 1, Previous: "a", PreviousSeq: 2), new Producing("c", 1));
        Assert.Equal((2L, 1L), (Source().Restarts, Source().UncleanRestarts));
        Fold(new Producing("a", 3));
        Assert.Equal(1, Stream("a").AfterEnd);
    }

    [Fact]
    public void Duplicates_and_contradictions_are_counted()
    {
        Fold(new Producing("a", 1), new Producing("a", 1), new Producing("b", 1, Previous: "a", PreviousSeq: 1), new Producing("b", 2, Previous: "z", PreviousSeq: 9));
        Assert.Equal((1L, 1L), (Stream("a").Duplicates, Stream("b").Contradictions));
        Assert.Equal(2, Source().Streams.Count);
    }

    [Fact]
    public void Numbers_at_the_limit_are_counted_exactly()
    {
        Fold(new Producing("s", EventLimits.SafeInteger));
        Assert.Equal(EventLimits.SafeInteger - 1, Stream("s").Missing);
        Fold(new Producing("s", 1), new Producing("s", EventLimits.SafeInteger - 1), new Producing("s", EventLimits.SafeInteger), new Producing("s", Highest: EventLimits.SafeInteger));
        Assert.Equal((EventLimits.SafeInteger - 3, 1L), (Stream("s").Missing, Stream("s").Duplicates));

        // The sum over many such streams is more than 64 bits hold; what is shown stays exact in JSON.
        Fold([.. Enumerable.Range(0, 5_000).Select(i => new Producing("t" + i, EventLimits.SafeInteger, Instance: "i" + (i % 500)))]);
        Assert.Equal(EventLimits.SafeInteger, _sources.ReadTotals().Missing);
        Assert.True(_sources.Totals.Missing > long.MaxValue);
    }

    [Fact]
    public void Gaps_beyond_the_bounds_are_counted_and_stay_open()
    {
        Fold([.. Enumerable.Range(1, 100).Select(i => new Producing("s", 2 * i))]);
        StreamView stream = Stream("s");
        Assert.Equal((100L, 100L, 84L), (stream.OpenGaps, stream.Missing, stream.CountedGaps));
        Assert.Equal(EngineLimits.OpenGaps, stream.Gaps.Count);

        // The first is only counted by now: whether its number comes late or again nobody can tell, so it stays open.
        Fold(new Producing("s", 1), new Producing("s", 199));
        Assert.Equal((1L, 99L, 1L), (Stream("s").Unaccounted, Stream("s").Missing, Stream("s").ClosedGaps));
    }

    [Fact]
    public void A_gap_that_falls_into_too_many_pieces_is_only_counted()
    {
        Fold(new Producing("s", 1), new Producing("s", 1_000));
        Fold([.. Enumerable.Range(1, 100).Select(i => new Producing("s", 4 * i))]);
        StreamView stream = Stream("s");
        Assert.Equal((0, 1L), (stream.Gaps.Count, stream.CountedGaps));
        Assert.Equal(998 - EngineLimits.GapPieces, stream.Missing);
        Assert.Equal(100 - EngineLimits.GapPieces, stream.Unaccounted);
    }

    [Fact]
    public void A_flood_of_sources_forgets_its_own_and_keeps_what_others_have()
    {
        FoldAs("honest", new Producing("h", 1), new Producing("h", 5));
        for (int i = 0; i < 3 * EngineLimits.SourcesPerPrincipal; i++)
        {
            FoldAs("flood", new Producing("f" + i, 2, Instance: "i" + i));
        }

        SourcesPage page = _sources.Read(null, int.MaxValue - 1);
        Assert.Equal(EngineLimits.SourcesPerPrincipal + 1, page.Count);
        Assert.Equal("honest", _sources.OwnerOf("h"));
        Assert.Equal((2L * EngineLimits.SourcesPerPrincipal, 2L * EngineLimits.SourcesPerPrincipal), (page.Forgotten.Sources, (long)page.Forgotten.Missing));
        Assert.Equal((3L * EngineLimits.SourcesPerPrincipal) + 3, page.Missing);

        for (int i = 0; i < 2 * EngineLimits.Sources; i++)
        {
            FoldAs("many" + (i % 300), new Producing("m" + i, 1, Instance: "i" + i));
        }

        Assert.Equal(EngineLimits.Sources, _sources.Read(null, 1).Count);
        Assert.Equal("honest", _sources.OwnerOf("h"));
        Assert.True(Again(_sources).Save().Bytes.Span.SequenceEqual(_sources.Save().Bytes.Span));
    }

    [Fact]
    public void As_many_principals_as_sources_leave_room_for_one_more()
    {
        for (int i = 0; i < EngineLimits.Sources + 10; i++)
        {
            FoldAs("p" + i, new Producing("s" + i, 1));
        }

        Assert.Equal(EngineLimits.Sources, _sources.Read(null, 1).Count);
        Assert.NotNull(_sources.OwnerOf("s" + (EngineLimits.Sources + 9)));
    }

    [Fact]
    public void Streams_of_a_source_beyond_the_bound_are_counted_together()
    {
        for (int i = 0; i < 20; i++)
        {
            Fold(new Producing("s" + i, 3));
        }

        Assert.Equal((19L, 19L, 12L, 40L), (Source().Restarts, Source().UncleanRestarts, Source().EarlierStreams, Source().Missing));
        Assert.Equal(EngineLimits.StreamsPerSource, Source().Streams.Count);
    }

    [Fact]
    public void Clocks_that_are_ahead_are_told_from_events_that_come_late()
    {
        _now = s_start;
        Fold(new Producing("s", 1, Time: "2026-11-23T06:10:00Z", Observed: "2026-11-23T06:14:59.5Z"));
        Assert.Equal((500L, 500L, 0L), (Source().LastDelayMs, Source().LeastDelayMs, Source().AheadEvents));
        Fold(new Producing("s", 2, Time: "2026-11-23T06:15:30Z"));
        Assert.Equal((-30_000L, -30_000L, 1L), (Source().LastDelayMs, Source().LeastDelayMs, Source().AheadEvents));
        _now += TimeSpan.FromHours(2);
        Fold(new Producing("s", 3, Time: "2026-11-23T06:15:00Z"));
        Assert.Equal((7_200_000L, 7_200_000L, 1L), (Source().LastDelayMs, Source().LeastDelayMs, Source().AheadEvents));
    }

    [Fact]
    public void The_rate_counts_the_last_hour_of_attested_time()
    {
        Fold(new Producing("s", 1), new Producing("s", 2));
        _now += TimeSpan.FromMinutes(30);
        Fold(new Producing("s", 3));
        Assert.Equal(3, Source().EventsLastHour);
        _now += TimeSpan.FromMinutes(40);
        Fold(new Producing(null, Service: "other"));
        Assert.Equal(1, _sources.Read(null, 10).Sources.Single(source => source.Key.Service == "ehr").EventsLastHour);
        _now += TimeSpan.FromDays(1);
        Fold(new Producing(null, Service: "other"));
        Assert.Equal([0L, 1L], _sources.Read(null, 10).Sources.Select(source => source.EventsLastHour));
    }

    [Fact]
    public void An_entry_of_another_principal_under_a_streams_id_does_not_touch_it()
    {
        Fold(new Producing("s", 1));
        FoldAs("mallory", new Producing("s", 500, End: true));
        Assert.Equal((1L, 1L, false, 0L), (Stream("s").Foreign, Stream("s").Highest, Stream("s").Ended, Stream("s").Missing));
        Assert.Equal("p", _sources.OwnerOf("s"));
    }

    [Fact]
    public void A_log_that_goes_on_for_another_does_not_miss_what_that_one_has()
    {
        var sources = new LogSources { BeginsElsewhere = true };
        sources.Apply(s_start.UtcTicks, "p", new Producing("s", 400, Previous: "r", PreviousSeq: 9).ToFacts(), []);
        sources.Apply(s_start.UtcTicks, "p", new Producing("s", 402).ToFacts(), []);
        StreamView stream = Assert.Single(sources.Read(null, 1).Sources[0].Streams);
        Assert.Equal((1L, PreviousStream.Forgotten), (stream.Missing, stream.Previous));
    }

    [Fact]
    public void Gaps_of_a_range_are_those_whose_events_may_have_happened_in_it()
    {
        Fold(
            new Producing("s", 1, Time: "2026-11-23T01:00:00Z"),
            new Producing("s", 3, Time: "2026-11-23T02:00:00Z"),
            new Producing("s", 4, Time: "2026-11-23T05:00:00Z"),
            new Producing("s", 9, Time: "2026-11-23T06:00:00Z"));
        Assert.Equal([5L, 2L], _sources.GapsBetween(null, null, 10, 5).Gaps.Select(gap => gap.Gap.First));
        Assert.Equal([2L], _sources.GapsBetween(null, At(3), 10, 5).Gaps.Select(gap => gap.Gap.First));
        Assert.Equal([5L], _sources.GapsBetween(At(3), null, 10, 5).Gaps.Select(gap => gap.Gap.First));
        Assert.Empty(_sources.GapsBetween(At(3), At(4), 10, 5).Gaps);
        Assert.Equal([2L], _sources.GapsBetween(null, null, 3, 5).Gaps.Select(gap => gap.Gap.First));
        Assert.Equal((1, 2L), (_sources.GapsBetween(null, null, 10, 1).Gaps.Count, _sources.GapsBetween(null, null, 10, 1).Count));
        static DateTimeOffset At(int hour) => new(2026, 11, 23, hour, 0, 0, TimeSpan.Zero);
    }

    [Fact]
    public void Pages_list_every_source_once_in_order()
    {
        Fold([.. Enumerable.Range(0, 25).Select(i => new Producing(null, Instance: "i" + i))]);
        var listed = new List<SourceKey>();
        SourceKey? after = null;
        do
        {
            SourcesPage page = _sources.Read(after, 7);
            listed.AddRange(page.Sources.Select(source => source.Key));
            after = page.Next;
        }
        while (after is not null);
        Assert.Equal(25, listed.Distinct().Count());
        Assert.Equal(listed.Order(SourceKey.Order), listed);
    }

    private static LogSources Again(LogSources sources)
    {
        var again = new LogSources();
        using var reader = new BinaryReader(new MemoryStream(sources.Save().Bytes.ToArray()));
        SourcesState.Read(reader, again);
        return again;
    }

    private void Fold(params Producing[] events) => FoldAs("p", events);

    private void FoldAs(string principal, params Producing[] events)
    {
        foreach (Producing one in events)
        {
            _sources.Apply(_now.UtcTicks, principal, one.ToFacts(), []);
        }
    }

    private SourceView Source() => _sources.Read(null, 10).Sources.First(source => source.Key == new SourceKey("p", "ehr", "ehr-1"));

    private StreamView Stream(string id) => _sources.Read(null, 5_000).Sources.SelectMany(source => source.Streams).Single(stream => stream.Id == id);
}
