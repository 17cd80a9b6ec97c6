namespace Indelible.Client.Recording.Sending;

/// <summary>Best-effort events on their way, in bounded memory; the oldest are dropped for the newest. Thread-safe.</summary>
internal sealed class BestEffortBuffer(long limit)
{
    private readonly Lock _gate = new();
    private readonly Queue<OutgoingEvent> _events = new();
    private long _bytes;
    private int _taken;
    private DroppedRange _dropped;

    /// <summary>Whether nothing waits, and nothing that was taken out is still on its way.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (_gate)
            {
                return _events.Count == 0 && _taken == 0;
            }
        }
    }

    /// <summary>The lowest number that waits; the highest there is where nothing does.</summary>
    public long Lowest
    {
        get
        {
            lock (_gate)
            {
                return _events.TryPeek(out OutgoingEvent next) ? next.Sequence : long.MaxValue;
            }
        }
    }

    /// <summary>Adds an event, numbered in here so that the order is that of the numbers.</summary>
    /// <param name="make">Numbers it.</param>
    /// <returns>How many were dropped for it.</returns>
    public int Add(Func<OutgoingEvent> make)
    {
        lock (_gate)
        {
            OutgoingEvent one = make();
            _events.Enqueue(one);
            _bytes += CostOf(one);
            int dropped = 0;
            while (_bytes > limit && _events.Count > 1)
            {
                OutgoingEvent oldest = _events.Dequeue();
                _bytes -= CostOf(oldest);
                _dropped = _dropped.With(oldest.Sequence, oldest.Sequence, 1);
                dropped++;
            }

            return dropped;
        }
    }

    /// <summary>Takes the oldest events out, to be <see cref="Settle"/>d or <see cref="PutBack"/>.</summary>
    /// <param name="most">How many at most.</param>
    /// <param name="mostBytes">Bytes of them at most; one comes however large.</param>
    /// <param name="upTo">The highest number wanted.</param>
    public List<OutgoingEvent> Take(int most, long mostBytes, long upTo)
    {
        var taken = new List<OutgoingEvent>();
        lock (_gate)
        {
            long bytes = 0;
            while (taken.Count < most && (bytes < mostBytes || taken.Count == 0) && _events.TryPeek(out OutgoingEvent next) && next.Sequence <= upTo)
            {
                taken.Add(_events.Dequeue());
                _bytes -= CostOf(next);
                bytes += next.Json.Length;
            }

            _taken += taken.Count;
        }

        return taken;
    }

    /// <summary>Says that events that were taken out have arrived.</summary>
    public void Settle(int count)
    {
        lock (_gate)
        {
            _taken -= count;
        }
    }

    /// <summary>Puts events back that were taken out and not sent, in front; those that no longer fit are dropped.</summary>
    /// <returns>How many were dropped.</returns>
    public int PutBack(IReadOnlyList<OutgoingEvent> events)
    {
        lock (_gate)
        {
            _taken -= events.Count;
            OutgoingEvent[] newer = [.. _events];
            long room = limit - _bytes;
            int from = events.Count;
            while (from > 0 && room >= CostOf(events[from - 1]))
            {
                room -= CostOf(events[--from]);
            }

            for (int i = 0; i < from; i++)
            {
                _dropped = _dropped.With(events[i].Sequence, events[i].Sequence, 1);
            }

            _events.Clear();
            foreach (OutgoingEvent one in events.Skip(from))
            {
                _events.Enqueue(one);
                _bytes += CostOf(one);
            }

            foreach (OutgoingEvent one in newer)
            {
                _events.Enqueue(one);
            }

            return from;
        }
    }

    /// <summary>What was dropped since the last call.</summary>
    public DroppedRange TakeDropped()
    {
        lock (_gate)
        {
            DroppedRange dropped = _dropped;
            _dropped = default;
            return dropped;
        }
    }

    private static long CostOf(OutgoingEvent one) => one.Json.Length + (2L * one.Id.Length) + 100;
}

/// <summary>Events that were dropped: how many, and between which numbers.</summary>
internal readonly record struct DroppedRange(long Count, long From, long To)
{
    public DroppedRange With(long from, long to, long count) => Count == 0
        ? new DroppedRange(count, from, to)
        : new DroppedRange(Count + count, Math.Min(From, from), Math.Max(To, to));
}
