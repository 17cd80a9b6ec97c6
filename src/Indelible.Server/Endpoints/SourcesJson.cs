using System.Text.Json;
using Indelible.Engine.Sources;
using Indelible.Events;
using Indelible.Server.Sources;

namespace Indelible.Server.Endpoints;

/// <summary>Writes what a log knows of its producers.</summary>
internal static class SourcesJson
{
    public static void Write(
        Utf8JsonWriter json, string log, SourcesPage page, IReadOnlyList<ExpectedState> expected, IReadOnlyList<RefusedEvents> refused, DateTimeOffset now, string? next)
    {
        json.WriteStartObject();
        json.WriteString("log", log);
        json.WriteNumber("as_of", page.Size);
        Write(json, "last_received_at", page.LastReceivedAt);
        json.WriteStartObject("totals");
        json.WriteNumber("sources", page.Count);
        json.WriteNumber("open_gaps", page.OpenGaps);
        json.WriteNumber("missing", page.Missing);
        json.WriteNumber("silent", expected.Count(source => source.IsSilent));
        json.WriteNumber("unread_entries", page.Unread);
        json.WriteStartObject("forgotten");
        json.WriteNumber("sources", page.Forgotten.Sources);
        json.WriteNumber("streams", page.Forgotten.Streams);
        json.WriteNumber("events", page.Forgotten.Events);
        json.WriteNumber("open_gaps", page.Forgotten.Gaps);
        json.WriteNumber("missing", (long)Int128.Min(page.Forgotten.Missing, EventLimits.SafeInteger));
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteStartArray("sources");
        foreach (SourceView source in page.Sources)
        {
            Write(json, source);
        }

        json.WriteEndArray();
        WriteExpected(json, expected, now);
        WriteRefused(json, refused);
        json.WriteString("next", next);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, SourceView source)
    {
        json.WriteStartObject();
        json.WriteString("principal", source.Key.Principal);
        json.WriteString("service", source.Key.Service);
        json.WriteString("instance", source.Key.Instance.Length == 0 ? null : source.Key.Instance);
        Write(json, "first", source.First);
        Write(json, "last", source.Last);
        json.WriteNumber("events", source.Events);
        json.WriteNumber("events_last_hour", source.EventsLastHour);
        json.WriteStartObject("clock");
        json.WriteNumber("last_delay_ms", source.LastDelayMs);
        json.WriteNumber("least_delay_ms", source.LeastDelayMs);
        json.WriteNumber("ahead_events", source.AheadEvents);
        json.WriteEndObject();
        json.WriteNumber("restarts", source.Restarts);
        json.WriteNumber("unclean_restarts", source.UncleanRestarts);
        json.WriteNumber("overlaps", source.Overlaps);
        Write(json, "last_overlap", source.LastOverlap);
        json.WriteNumber("open_gaps", source.OpenGaps);
        json.WriteNumber("missing", source.Missing);
        json.WriteStartArray("flags");
        foreach (string flag in FlagsOf(source))
        {
            json.WriteStringValue(flag);
        }

        json.WriteEndArray();
        json.WriteNumber("earlier_streams", source.EarlierStreams);
        json.WriteStartArray("streams");
        foreach (StreamView stream in source.Streams)
        {
            Write(json, stream);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>What somebody should look at, in a word each.</summary>
    private static IEnumerable<string> FlagsOf(SourceView source)
    {
        (string Flag, bool IsSet)[] flags =
        [
            ("gap", source.OpenGaps > 0),
            ("duplicate", source.Streams.Any(stream => stream.Duplicates > 0)),
            ("unclean_restart", source.UncleanRestarts > 0),
            ("two_live_streams", source.Overlaps > 0),
            ("after_end", source.Streams.Any(stream => stream.AfterEnd > 0)),
            ("contradiction", source.Streams.Any(stream => stream.Contradictions > 0)),
            ("foreign_events", source.Streams.Any(stream => stream.Foreign > 0)),
            ("clock_ahead", source.LeastDelayMs < -AheadMs),
        ];
        return flags.Where(flag => flag.IsSet).Select(flag => flag.Flag);
    }

    private const long AheadMs = 1_000;

    private static void Write(Utf8JsonWriter json, StreamView stream)
    {
        json.WriteStartObject();
        json.WriteString("id", stream.Id);
        Write(json, "first", stream.First);
        Write(json, "last", stream.Last);
        json.WriteNumber("events", stream.Events);
        json.WriteNumber("highest", stream.Highest);
        json.WriteBoolean("ended", stream.Ended);
        json.WriteBoolean("unclean", stream.Unclean);
        if (stream.Previous == PreviousStream.NotNamed)
        {
            json.WriteNull("previous");
        }
        else
        {
            json.WriteStartObject("previous");
            json.WriteString("stream", stream.PreviousId);
            json.WriteNumber("seq", stream.PreviousSequence);
            json.WriteString("known", stream.Previous switch
            {
                PreviousStream.Known => "yes",
                PreviousStream.Unseen => "unseen",
                PreviousStream.Foreign => "foreign",
                _ => "cannot_tell",
            });
            json.WriteEndObject();
        }

        json.WriteNumber("duplicates", stream.Duplicates);
        json.WriteNumber("after_end", stream.AfterEnd);
        json.WriteNumber("contradictions", stream.Contradictions);
        json.WriteNumber("foreign_events", stream.Foreign);
        json.WriteStartObject("gaps");
        json.WriteNumber("open", stream.OpenGaps);
        json.WriteNumber("missing", stream.Missing);
        json.WriteNumber("closed", stream.ClosedGaps);
        json.WriteNumber("only_counted", stream.CountedGaps);
        json.WriteNumber("only_counted_missing", stream.CountedMissing);
        json.WriteNumber("unaccounted", stream.Unaccounted);
        json.WriteStartArray("items");
        foreach (GapView gap in stream.Gaps)
        {
            Write(json, gap);
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, GapView gap)
    {
        json.WriteStartObject();
        json.WriteNumber("first", gap.First);
        json.WriteNumber("last", gap.Last);
        json.WriteNumber("missing", gap.Missing);
        json.WriteString("shown_by", gap.Sign switch { GapSign.Jump => "jump", GapSign.Stated => "statement", _ => "next_stream" });
        Write(json, "after", gap.After);
        Write(json, "before", gap.Before);
        Write(json, "closed", gap.Closed);
        json.WriteEndObject();
    }

    private static void WriteExpected(Utf8JsonWriter json, IReadOnlyList<ExpectedState> expected, DateTimeOffset now)
    {
        json.WriteStartArray("expected");
        foreach (ExpectedState state in expected)
        {
            json.WriteStartObject();
            json.WriteString("name", state.Expected.Name);
            json.WriteString("principal", state.Expected.Principal);
            json.WriteString("service", state.Expected.Service);
            json.WriteString("instance", state.Expected.Instance);
            json.WriteNumber("interval_s", (long)state.Expected.Interval.TotalSeconds);
            json.WriteString("since", Instant.Format(state.Expected.Since));
            if (state.Last is { } last)
            {
                json.WriteStartObject("last");
                json.WriteNumber("index", last.Index);
                json.WriteString("received_at", Instant.Format(last.ReceivedAt));
                json.WriteEndObject();
            }
            else
            {
                json.WriteNull("last");
            }

            json.WriteBoolean("silent", state.IsSilent);
            Write(json, "silent_since", state.IsSilent ? state.SilentSince : null);
            json.WriteEndObject();
        }

        json.WriteEndArray();

        // By which clock "silent" was decided, since no entry attests that time went on.
        json.WriteStartObject("clock");
        json.WriteString("of", "server");
        json.WriteString("now", Instant.Format(now));
        json.WriteEndObject();
    }

    private static void WriteRefused(Utf8JsonWriter json, IReadOnlyList<RefusedEvents> refused)
    {
        json.WriteStartArray("refused");
        foreach (RefusedEvents count in refused)
        {
            json.WriteStartObject();
            json.WriteString("principal", count.Principal);
            json.WriteNumber("events", count.Reasons.Values.Sum());
            json.WriteStartObject("reasons");
            foreach ((string reason, long events) in count.Reasons)
            {
                json.WriteNumber(reason, events);
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, string name, PlaceView? place)
    {
        if (place is null)
        {
            json.WriteNull(name);
            return;
        }

        json.WriteStartObject(name);
        json.WriteNumber("index", place.Index);
        json.WriteString("received_at", Instant.Format(place.ReceivedAt));
        json.WriteString("time", Instant.Format(place.Time));
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string name, DateTimeOffset? time) => json.WriteString(name, time is { } instant ? Instant.Format(instant) : null);
}
