using System.Collections.Immutable;

namespace Indelible.Engine.Sources;

/// <summary>The bytes of a fold's state: the same state, the same bytes, whichever way it was arrived at.</summary>
/// <remarks>Written and read by this version alone; what cannot be read is folded again from the entries.</remarks>
internal static class SourcesState
{
    /// <summary>Changes whenever the fold or its bytes do: an older state is then folded anew.</summary>
    public const int Version = 1;

    public static void Write(BinaryWriter to, LogSources sources)
    {
        to.Write(sources.Size);
        to.Write(sources.LastReceivedTicks);
        to.Write(sources.Totals.Gaps);
        Write(to, sources.Totals.Missing);
        to.Write(sources.Forgotten.Sources);
        to.Write(sources.Forgotten.Streams);
        to.Write(sources.Forgotten.Events);
        to.Write(sources.Forgotten.Gaps);
        Write(to, sources.Forgotten.Missing);

        // Within a principal the order is that in which its sources were first seen.
        Source[] all = [.. sources.InOrder()];
        to.Write(all.Length);
        foreach (Source source in all)
        {
            Write(to, source);
        }

        RefusedEvents[] refused = [.. sources.Refused?.All ?? []];
        to.Write(refused.Length);
        foreach (RefusedEvents count in refused)
        {
            to.Write(count.Log);
            to.Write(count.Principal);
            to.Write(count.Reasons.Count);
            foreach ((string reason, long events) in count.Reasons)
            {
                to.Write(reason);
                to.Write(events);
            }
        }
    }

    /// <exception cref="IOException">It ends too early.</exception>
    /// <exception cref="InvalidDataException">It cannot be such a state.</exception>
    public static void Read(BinaryReader from, LogSources into)
    {
        long size = from.ReadInt64();
        long lastReceived = from.ReadInt64();
        into.Totals.Gaps = from.ReadInt64();
        into.Totals.Missing = ReadWide(from);
        var forgotten = new ForgottenSources(from.ReadInt64(), from.ReadInt64(), from.ReadInt64(), from.ReadInt64(), ReadWide(from));
        into.Begin(size, lastReceived, forgotten);
        for (int left = Count(from, EngineLimits.Sources); left > 0; left--)
        {
            into.Insert(ReadSource(from, into.Totals));
        }

        for (int left = Count(from, EngineLimits.RefusedCounters + 1); left > 0; left--)
        {
            string log = from.ReadString();
            string principal = from.ReadString();
            ImmutableSortedDictionary<string, long> reasons = ImmutableSortedDictionary.Create<string, long>(StringComparer.Ordinal);
            for (int each = Count(from, ushort.MaxValue); each > 0; each--)
            {
                reasons = reasons.SetItem(from.ReadString(), from.ReadInt64());
            }

            (into.Refused ?? throw new InvalidDataException("Refusals are told of in _access alone.")).Add(new RefusedEvents(log, principal, reasons));
        }
    }

    private static void Write(BinaryWriter to, Source source)
    {
        to.Write(source.Key.Principal);
        to.Write(source.Key.Service);
        to.Write(source.Key.Instance);
        Write(to, source.First);
        Write(to, source.Last);
        to.Write(source.Events);
        to.Write(source.Slot);
        for (int slot = 0; slot < Source.Slots; slot++)
        {
            // What is left of an hour long ago is no part of the state.
            to.Write(source.EventsBySlot[slot]);
            to.Write(source.EventsBySlot[slot] == 0 ? 0 : source.LeastDelayMs[slot]);
        }

        to.Write(source.LastDelayMs);
        to.Write(source.AheadEvents);
        to.Write(source.Overlaps);
        Write(to, source.LastOverlap);
        to.Write(source.EarlierStreams);
        to.Write(source.EarlierUnclean);
        to.Write(source.EarlierGaps);
        Write(to, source.EarlierMissing);
        to.Write(source.Streams.Count);
        foreach (ProducerStream stream in source.Streams)
        {
            Write(to, stream);
        }
    }

    private static Source ReadSource(BinaryReader from, GapTotals totals)
    {
        var source = new Source(new SourceKey(from.ReadString(), from.ReadString(), from.ReadString()))
        {
            First = ReadPlace(from),
            Last = ReadPlace(from),
            Events = from.ReadInt64(),
            Slot = from.ReadInt64(),
        };
        for (int slot = 0; slot < Source.Slots; slot++)
        {
            source.EventsBySlot[slot] = from.ReadInt32();
            source.LeastDelayMs[slot] = from.ReadInt64();
        }

        source.LastDelayMs = from.ReadInt64();
        source.AheadEvents = from.ReadInt64();
        source.Overlaps = from.ReadInt64();
        source.LastOverlap = ReadPlaceOrNone(from);
        source.EarlierStreams = from.ReadInt64();
        source.EarlierUnclean = from.ReadInt64();
        source.EarlierGaps = from.ReadInt64();
        source.EarlierMissing = ReadWide(from);
        for (int left = Count(from, EngineLimits.StreamsPerSource); left > 0; left--)
        {
            source.Streams.Add(ReadStream(from, source, totals));
        }

        return source;
    }

    private static void Write(BinaryWriter to, ProducerStream stream)
    {
        to.Write(stream.Id);
        Write(to, stream.First);
        Write(to, stream.Last);
        to.Write(stream.Events);
        to.Write(stream.Highest);
        Write(to, stream.HighestAt);
        to.Write(stream.Floor);
        to.Write(stream.IsEnded);
        to.Write(stream.EndSequence);
        to.Write(stream.IsFollowed);
        to.Write(stream.StatedLast);
        to.Write(stream.PreviousId);
        to.Write(stream.PreviousSequence);
        to.Write((byte)stream.Previous);
        to.Write(stream.Duplicates);
        to.Write(stream.BelowFloor);
        to.Write(stream.AfterEnd);
        to.Write(stream.Contradictions);
        to.Write(stream.Foreign);
        to.Write(stream.ClosedCount);
        to.Write(stream.CountedGaps);
        to.Write(stream.CountedMissing);
        Write(to, stream.Open);
        Write(to, stream.Closed);
    }

    private static ProducerStream ReadStream(BinaryReader from, Source source, GapTotals totals)
    {
        var stream = new ProducerStream(from.ReadString(), source, totals)
        {
            First = ReadPlace(from),
            Last = ReadPlace(from),
            Events = from.ReadInt64(),
            Highest = from.ReadInt64(),
            HighestAt = ReadPlaceOrNone(from),
            Floor = from.ReadInt64(),
            IsEnded = from.ReadBoolean(),
            EndSequence = from.ReadInt64(),
            IsFollowed = from.ReadBoolean(),
            StatedLast = from.ReadInt64(),
            PreviousId = from.ReadString(),
            PreviousSequence = from.ReadInt64(),
            Previous = (PreviousStream)from.ReadByte(),
            Duplicates = from.ReadInt64(),
            BelowFloor = from.ReadInt64(),
            AfterEnd = from.ReadInt64(),
            Contradictions = from.ReadInt64(),
            Foreign = from.ReadInt64(),
            ClosedCount = from.ReadInt64(),
            CountedGaps = from.ReadInt64(),
            CountedMissing = from.ReadInt64(),
        };
        ReadGaps(from, stream.Open, EngineLimits.OpenGaps);
        ReadGaps(from, stream.Closed, EngineLimits.ClosedGaps);
        return stream;
    }

    private static void Write(BinaryWriter to, List<SequenceGap> gaps)
    {
        to.Write(gaps.Count);
        foreach (SequenceGap gap in gaps)
        {
            to.Write(gap.First);
            to.Write(gap.Last);
            to.Write((byte)gap.Sign);
            Write(to, gap.After);
            Write(to, gap.Before);
            Write(to, gap.Closed);
            to.Write(gap.Pieces.Count);
            foreach ((long first, long last) in gap.Pieces)
            {
                to.Write(first);
                to.Write(last);
            }
        }
    }

    private static void ReadGaps(BinaryReader from, List<SequenceGap> into, int most)
    {
        for (int left = Count(from, most); left > 0; left--)
        {
            long first = from.ReadInt64();
            long last = from.ReadInt64();
            var sign = (GapSign)from.ReadByte();
            EventPlace? after = ReadPlaceOrNone(from);
            EventPlace before = ReadPlace(from);
            EventPlace? closed = ReadPlaceOrNone(from);
            var pieces = new List<(long First, long Last)>();
            for (int each = Count(from, EngineLimits.GapPieces + 1); each > 0; each--)
            {
                pieces.Add((from.ReadInt64(), from.ReadInt64()));
            }

            into.Add(new SequenceGap(first, last, sign, after, before, closed, pieces));
        }
    }

    private static void Write(BinaryWriter to, in EventPlace place)
    {
        to.Write(place.Index);
        to.Write(place.ReceivedTicks);
        to.Write(place.TimeTicks);
    }

    private static void Write(BinaryWriter to, EventPlace? place) => Write(to, place ?? new EventPlace(-1, 0, 0));

    private static EventPlace ReadPlace(BinaryReader from) => new(from.ReadInt64(), from.ReadInt64(), from.ReadInt64());

    private static EventPlace? ReadPlaceOrNone(BinaryReader from) => ReadPlace(from) is { Index: >= 0 } place ? place : null;

    private static void Write(BinaryWriter to, Int128 wide)
    {
        to.Write((long)(wide >> 64));
        to.Write(unchecked((ulong)wide));
    }

    private static Int128 ReadWide(BinaryReader from)
    {
        long upper = from.ReadInt64();
        return ((Int128)upper << 64) | from.ReadUInt64();
    }

    private static int Count(BinaryReader from, int most)
    {
        int count = from.ReadInt32();
        return count >= 0 && count <= most ? count : throw new InvalidDataException($"{count} where at most {most} can be.");
    }
}
