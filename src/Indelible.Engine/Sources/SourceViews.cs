using Indelible.Events;

namespace Indelible.Engine.Sources;

/// <summary>Sources that a log forgot because there were too many, and what they lacked.</summary>
/// <param name="Sources">How many.</param>
/// <param name="Streams">Streams of theirs.</param>
/// <param name="Events">Events of theirs.</param>
/// <param name="Gaps">Gaps that were open.</param>
/// <param name="Missing">Numbers missing in them.</param>
public sealed record ForgottenSources(long Sources, long Streams, long Events, long Gaps, Int128 Missing);

/// <summary>An event's place, for readers.</summary>
/// <param name="Index">Its leaf index.</param>
/// <param name="ReceivedAt">When it was received.</param>
/// <param name="Time">When it happened, by the producer's clock.</param>
public sealed record PlaceView(long Index, DateTimeOffset ReceivedAt, DateTimeOffset Time);

/// <summary>A gap in a stream's numbers.</summary>
/// <param name="First">The first number that was missing.</param>
/// <param name="Last">The last.</param>
/// <param name="Missing">How many of them are still missing.</param>
/// <param name="Sign">What showed it.</param>
/// <param name="After">The event before it; null where it begins the stream.</param>
/// <param name="Before">The event that showed it.</param>
/// <param name="Closed">The event that closed it; null while it is open.</param>
public sealed record GapView(long First, long Last, long Missing, GapSign Sign, PlaceView? After, PlaceView Before, PlaceView? Closed);

/// <summary>A gap with the stream that it is in.</summary>
/// <param name="Source">The source.</param>
/// <param name="StreamId">The stream.</param>
/// <param name="Gap">The gap.</param>
public sealed record GapOfStream(SourceKey Source, string StreamId, GapView Gap);

/// <summary>Open gaps in a range of time.</summary>
/// <param name="Gaps">The latest of them.</param>
/// <param name="Count">How many there are.</param>
/// <param name="OnlyCounted">Open gaps of any time that are no longer kept one by one.</param>
public sealed record GapsInRange(IReadOnlyList<GapOfStream> Gaps, long Count, long OnlyCounted);

/// <summary>A stream of numbers.</summary>
/// <param name="Id">Its id.</param>
/// <param name="First">Its first event; of a stream that only its successor tells of, that one's.</param>
/// <param name="Last">Its last event.</param>
/// <param name="Events">How many events it has.</param>
/// <param name="Highest">The highest number that arrived or was stated.</param>
/// <param name="Ended">Whether it ended on purpose.</param>
/// <param name="Unclean">Whether it was given up without its end.</param>
/// <param name="PreviousId">The stream that it says its instance wrote before; empty for none.</param>
/// <param name="PreviousSequence">The last number given out there, as it says.</param>
/// <param name="Previous">What the log knows of that one.</param>
/// <param name="Duplicates">Numbers that came again in another event.</param>
/// <param name="Unaccounted">Numbers that came where gaps are only counted: late or again, nobody can tell.</param>
/// <param name="AfterEnd">Events numbered beyond its end.</param>
/// <param name="Contradictions">Statements that contradict what came.</param>
/// <param name="Foreign">Events of other principals under its id.</param>
/// <param name="OpenGaps">Gaps that are open.</param>
/// <param name="ClosedGaps">Gaps that were closed.</param>
/// <param name="Missing">Numbers missing.</param>
/// <param name="CountedGaps">Open gaps that are not listed, only counted: they count as open for ever.</param>
/// <param name="CountedMissing">Numbers missing in those.</param>
/// <param name="Gaps">The open gaps, then those closed lately.</param>
public sealed record StreamView(
    string Id,
    PlaceView First,
    PlaceView Last,
    long Events,
    long Highest,
    bool Ended,
    bool Unclean,
    string PreviousId,
    long PreviousSequence,
    PreviousStream Previous,
    long Duplicates,
    long Unaccounted,
    long AfterEnd,
    long Contradictions,
    long Foreign,
    long OpenGaps,
    long ClosedGaps,
    long Missing,
    long CountedGaps,
    long CountedMissing,
    IReadOnlyList<GapView> Gaps);

/// <summary>A producer, as a log knows it.</summary>
/// <param name="Key">Who it is.</param>
/// <param name="First">Its first event.</param>
/// <param name="Last">Its last event.</param>
/// <param name="Events">How many events it has.</param>
/// <param name="EventsLastHour">How many of them in the last hour of the log's attested time, to ten minutes.</param>
/// <param name="LastDelayMs">From its clock to ours at its last event, in milliseconds; negative where its clock is ahead.</param>
/// <param name="LeastDelayMs">The least of its last hour.</param>
/// <param name="AheadEvents">Events from the future, by more than a second.</param>
/// <param name="Restarts">Streams after the first.</param>
/// <param name="UncleanRestarts">Streams that were given up without their end.</param>
/// <param name="Overlaps">Events of one stream while another of the same instance was live.</param>
/// <param name="LastOverlap">The last of them.</param>
/// <param name="OpenGaps">Gaps that are open.</param>
/// <param name="Missing">Numbers missing in them.</param>
/// <param name="EarlierStreams">Streams that are no longer kept apart; their gaps are in <paramref name="OpenGaps"/>.</param>
/// <param name="Streams">The others, the one that began first first.</param>
public sealed record SourceView(
    SourceKey Key,
    PlaceView First,
    PlaceView Last,
    long Events,
    long EventsLastHour,
    long LastDelayMs,
    long LeastDelayMs,
    long AheadEvents,
    long Restarts,
    long UncleanRestarts,
    long Overlaps,
    PlaceView? LastOverlap,
    long OpenGaps,
    long Missing,
    long EarlierStreams,
    IReadOnlyList<StreamView> Streams);

/// <summary>A page of a log's sources.</summary>
/// <param name="Size">The entries that it tells of.</param>
/// <param name="LastReceivedAt">When the last of them was received; null where there is none.</param>
/// <param name="Count">How many sources the log keeps apart.</param>
/// <param name="OpenGaps">Open gaps of all, the forgotten ones included.</param>
/// <param name="Missing">Numbers missing in them.</param>
/// <param name="Forgotten">Sources that are no longer kept apart.</param>
/// <param name="Unread">Entries that could not be read, and are missing in all of this.</param>
/// <param name="Sources">The page.</param>
/// <param name="Next">The key to go on behind; null on the last page.</param>
public sealed record SourcesPage(
    long Size, DateTimeOffset? LastReceivedAt, int Count, long OpenGaps, long Missing, ForgottenSources Forgotten, long Unread, IReadOnlyList<SourceView> Sources, SourceKey? Next);

/// <summary>Makes what readers see of the fold, under its lock.</summary>
internal static class SourceViews
{
    public static SourceView Of(Source source, long nowTicks) => new(
        source.Key,
        Of(source.First),
        Of(source.Last),
        source.Events,
        source.EventsInHour(nowTicks),
        source.LastDelayMs,
        source.LeastDelay(),
        source.AheadEvents,
        Math.Max(0, source.EarlierStreams + source.Streams.Count - 1),
        source.EarlierUnclean + source.Streams.Count(source.IsUnclean),
        source.Overlaps,
        Of(source.LastOverlap),
        source.EarlierGaps + source.Streams.Sum(stream => stream.OpenCount),
        Number(source.EarlierMissing + source.Streams.Aggregate((Int128)0, (sum, stream) => sum + stream.Missing)),
        source.EarlierStreams,
        [.. source.Streams.Select(Of)]);

    public static GapOfStream Of(ProducerStream stream, SequenceGap gap) => new(stream.Source.Key, stream.Id, Of(gap));

    public static DateTimeOffset TimeOf(long ticks) => new(ticks, TimeSpan.Zero);

    /// <summary>A count that JSON can carry exactly.</summary>
    public static long Number(Int128 count) => (long)Int128.Min(count, EventLimits.SafeInteger);

    private static StreamView Of(ProducerStream stream) => new(
        stream.Id,
        Of(stream.First),
        Of(stream.Last),
        stream.Events,
        stream.Highest,
        stream.IsEnded,
        stream.Source.IsUnclean(stream),
        stream.PreviousId,
        stream.PreviousSequence,
        stream.Previous,
        stream.Duplicates,
        stream.BelowFloor,
        stream.AfterEnd,
        stream.Contradictions,
        stream.Foreign,
        stream.OpenCount,
        stream.ClosedCount,
        stream.Missing,
        stream.CountedGaps,
        stream.CountedMissing,
        [.. stream.Open.Concat(stream.Closed).Select(Of)]);

    private static GapView Of(SequenceGap gap) => new(gap.First, gap.Last, gap.Missing, gap.Sign, Of(gap.After), Of(gap.Before), Of(gap.Closed));

    private static PlaceView Of(EventPlace place) => new(place.Index, TimeOf(place.ReceivedTicks), TimeOf(place.TimeTicks));

    private static PlaceView? Of(EventPlace? place) => place is { } there ? Of(there) : null;
}
