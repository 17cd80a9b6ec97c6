namespace Indelible.Engine.Sources;

/// <summary>Who sends, as far as a log tells senders apart.</summary>
/// <param name="Principal">Who delivered the events.</param>
/// <param name="Service"><c>service.name</c>.</param>
/// <param name="Instance"><c>service.instance_id</c>; empty where none was given.</param>
public readonly record struct SourceKey(string Principal, string Service, string Instance)
{
    /// <summary>The order in which sources are listed: ordinal, member by member.</summary>
    public static IComparer<SourceKey> Order { get; } = Comparer<SourceKey>.Create(static (a, b) =>
    {
        int order = string.CompareOrdinal(a.Principal, b.Principal);
        order = order != 0 ? order : string.CompareOrdinal(a.Service, b.Service);
        return order != 0 ? order : string.CompareOrdinal(a.Instance, b.Instance);
    });
}

/// <summary>What a log knows of one producer. Guarded by its log's <see cref="LogSources"/>.</summary>
internal sealed class Source(SourceKey key)
{
    /// <summary>Ten minutes of attested time: the grain of the last hour's counts.</summary>
    public const long SlotTicks = 10 * TimeSpan.TicksPerMinute;

    /// <summary>Slots of an hour.</summary>
    public const int Slots = 6;

    /// <summary>How far a producer's clock may be ahead of ours without its being remarked, in milliseconds. 1 s: what two synchronised clocks and a network never differ by.</summary>
    public const long AheadMs = 1_000;

    public SourceKey Key { get; } = key;

    public EventPlace First { get; set; }

    public EventPlace Last { get; set; }

    public long Events { get; set; }

    /// <summary>The slot of the last event, counted from year 1.</summary>
    public long Slot { get; set; }

    /// <summary>Events by slot, <see cref="Slot"/> and the five before it.</summary>
    public int[] EventsBySlot { get; } = new int[Slots];

    /// <summary>The least delay from the producer's clock to ours, by slot, in milliseconds.</summary>
    public long[] LeastDelayMs { get; } = new long[Slots];

    public long LastDelayMs { get; set; }

    /// <summary>Events that came from the future by more than <see cref="AheadMs"/>.</summary>
    public long AheadEvents { get; set; }

    /// <summary>Events of a stream of this instance while another of it was live.</summary>
    public long Overlaps { get; set; }

    public EventPlace? LastOverlap { get; set; }

    /// <summary>In the order in which they began.</summary>
    public List<ProducerStream> Streams { get; } = [];

    /// <summary>Streams that were forgotten for younger ones, and what they lacked.</summary>
    public long EarlierStreams { get; set; }

    public long EarlierUnclean { get; set; }

    public long EarlierGaps { get; set; }

    public Int128 EarlierMissing { get; set; }

    /// <summary>The stream that began last.</summary>
    public ProducerStream? Current => Streams.Count == 0 ? null : Streams[^1];

    /// <summary>Notes an event.</summary>
    public void Note(in EventPlace place, long observedTicks)
    {
        First = Events == 0 ? place : First;
        Last = place;
        Events++;
        long slot = place.ReceivedTicks / SlotTicks;
        for (long passed = Math.Max(Slot, slot - Slots) + 1; passed <= slot; passed++)
        {
            EventsBySlot[passed % Slots] = 0;
        }

        Slot = Math.Max(Slot, slot);
        int at = (int)(slot % Slots);
        long delayMs = observedTicks == 0 ? 0 : (place.ReceivedTicks - observedTicks) / TimeSpan.TicksPerMillisecond;
        LeastDelayMs[at] = EventsBySlot[at] == 0 ? delayMs : Math.Min(LeastDelayMs[at], delayMs);
        LastDelayMs = delayMs;
        AheadEvents += delayMs < -AheadMs ? 1 : 0;
        EventsBySlot[at] += EventsBySlot[at] == int.MaxValue ? 0 : 1;
    }

    /// <summary>Events in the hour of attested time up to <paramref name="ticks"/>, by whole slots.</summary>
    public long EventsInHour(long ticks)
    {
        long slot = ticks / SlotTicks;
        long sum = 0;
        for (long at = Math.Max(0, slot - Slots + 1); at <= Math.Min(slot, Slot); at++)
        {
            sum += at > Slot - Slots ? EventsBySlot[at % Slots] : 0;
        }

        return sum;
    }

    /// <summary>The least delay of the hour up to the last event.</summary>
    public long LeastDelay() => Enumerable.Range(0, Slots).Where(at => EventsBySlot[at] > 0).Select(at => LeastDelayMs[at]).DefaultIfEmpty(0).Min();

    /// <summary>Whether a stream was given up without its end: another began in the same instance, or named it as the one before.</summary>
    public bool IsUnclean(ProducerStream stream) => !stream.IsEnded && (stream.IsFollowed || (Key.Instance.Length > 0 && stream != Current));
}
