using System.Runtime.InteropServices;

namespace Indelible.Detection;

/// <summary>What a correlation knows of one group: its occurrences in the order of their times.</summary>
internal sealed class CorrelationGroup(string[] values)
{
    // Of very many that are made fewer, the newest stay as they are, so that a finding names events and not what stands for them.
    private const int Untouched = 1_024;

    private readonly List<Occurrence> _occurrences = [];

    /// <summary>The values that make the group.</summary>
    public string[] Values => values;

    /// <summary>Occurrences, the oldest first; until one is added or forgotten.</summary>
    public ReadOnlySpan<Occurrence> Span => CollectionsMarshal.AsSpan(_occurrences);

    /// <summary>Until when nothing new is told of it: it has matched, and goes on.</summary>
    public long QuietUntil { get; set; } = long.MinValue;

    /// <summary>When it was touched last, in occurrences of all groups.</summary>
    public long Touched { get; set; }

    /// <summary>The place of the first occurrence that is not older; behind the last where all are.</summary>
    public int PlaceOf(long time)
    {
        int low = 0;
        for (int high = _occurrences.Count; low < high;)
        {
            int middle = (low + high) / 2;
            (low, high) = _occurrences[middle].Time < time ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    /// <summary>Adds an occurrence at its place, behind those of the same instant.</summary>
    /// <param name="occurrence">The occurrence.</param>
    /// <param name="plan">What is counted: where events are, one that several of the rules match is one.</param>
    public void Add(in Occurrence occurrence, CorrelationPlan plan)
    {
        int place = PlaceOf(occurrence.Time + 1);
        bool isOnce = plan.Rule.Kind == CorrelationKind.EventCount && plan.IsOfEvents(occurrence.Rule);
        for (int other = place - 1; isOnce && other >= 0 && _occurrences[other].Time == occurrence.Time; other--)
        {
            if (_occurrences[other].Index == occurrence.Index && plan.IsOfEvents(_occurrences[other].Rule))
            {
                return;
            }
        }

        _occurrences.Insert(place, occurrence);
    }

    /// <summary>Forgets occurrences without which every window that ends with the newest comes to the same: what matches nearly every event must not be kept for days, and gone over each time.</summary>
    /// <param name="plan">What is counted, upwards.</param>
    /// <param name="added">What was added last.</param>
    /// <param name="oldest">Older ones are forgotten.</param>
    public void Thin(CorrelationPlan plan, ReadOnlySpan<Occurrence> added, long oldest)
    {
        switch (plan.Rule.Kind)
        {
            case CorrelationKind.ValueCount:
                foreach (ref readonly Occurrence one in added)
                {
                    ulong value = one.Value;
                    ThinAlike(other => other.Value == value);
                }

                break;
            case CorrelationKind.Temporal:
                int rule = added[0].Rule;
                ThinAlike(other => other.Rule == rule);
                break;
            case CorrelationKind.TemporalOrdered:
                ThinRun(PlaceOf(added[0].Time + 1) - 1);
                ThinBeforeFirst();
                break;
        }

        _occurrences.RemoveRange(0, PlaceOf(oldest));
        if (_occurrences.Count > plan.MaxOccurrences && plan.Rule.Kind == CorrelationKind.ValueSum)
        {
            Squeeze(0, _occurrences.Count - Untouched, place => _occurrences[place].Time / plan.Granularity);
        }

        _occurrences.RemoveRange(0, Math.Max(0, _occurrences.Count - plan.MaxOccurrences));
    }

    /// <summary>Makes fewer of the occurrences of a window that is judged when it is over, where there are too many, so that they come to the same.</summary>
    /// <param name="plan">What is counted.</param>
    /// <param name="start">Where the window begins.</param>
    /// <param name="end">Where it ends.</param>
    /// <returns>How many were forgotten, so that they do not come to the same: percentiles need each number.</returns>
    public int Squeeze(CorrelationPlan plan, long start, long end)
    {
        int first = PlaceOf(start);
        int last = PlaceOf(end);
        if (last - first <= plan.MaxOccurrences)
        {
            return 0;
        }

        switch (plan.Rule.Kind)
        {
            case CorrelationKind.EventCount or CorrelationKind.ValueSum or CorrelationKind.ValueAverage:
                Squeeze(first, last - Untouched, place => (place - first) / 2);
                return 0;
            case CorrelationKind.ValueCount or CorrelationKind.ValuePercentile:
                last -= SqueezeAlike(first, last, one => one.Value);
                break;
            case CorrelationKind.Temporal:
                last -= SqueezeAlike(first, last, one => (ulong)one.Rule);
                break;
        }

        int forgotten = Math.Max(0, last - first - plan.MaxOccurrences);
        _occurrences.RemoveRange(first, forgotten);

        // So many different values are more than any that they are compared with.
        return plan.Rule.Kind == CorrelationKind.ValueCount ? 0 : forgotten;
    }

    /// <summary>Makes neighbours one that are of one part: the newest, with what they come to together.</summary>
    private void Squeeze(int first, int end, Func<int, long> partOf)
    {
        int kept = first;
        long part = partOf(first);
        for (int at = first + 1; at < end; at++)
        {
            Occurrence next = _occurrences[at];
            long its = partOf(at);
            if (its == part)
            {
                Occurrence before = _occurrences[kept];
                _occurrences[kept] = next with { Value = BitConverter.DoubleToUInt64Bits(before.Number + next.Number), Times = before.Times + next.Times };
            }
            else
            {
                _occurrences[++kept] = next;
                part = its;
            }
        }

        _occurrences.RemoveRange(kept + 1, end - kept - 1);
    }

    /// <summary>Makes those one that are alike: the newest, which stands for all.</summary>
    /// <returns>How many fewer there are.</returns>
    private int SqueezeAlike(int first, int end, Func<Occurrence, ulong> likeness)
    {
        var times = new Dictionary<ulong, int>();
        int kept = end;
        for (int at = end - 1; at >= first; at--)
        {
            ulong like = likeness(_occurrences[at]);
            if (times.TryAdd(like, 0))
            {
                _occurrences[--kept] = _occurrences[at];
            }

            times[like] += _occurrences[at].Times;
        }

        for (int at = kept; at < end; at++)
        {
            _occurrences[at] = _occurrences[at] with { Times = times[likeness(_occurrences[at])] };
        }

        _occurrences.RemoveRange(first, kept - first);
        return kept - first;
    }

    /// <summary>Of those that count as one, the newest are enough.</summary>
    private void ThinAlike(Predicate<Occurrence> isAlike)
    {
        int count = 0;
        foreach (ref readonly Occurrence one in Span)
        {
            count += isAlike(one) ? 1 : 0;
        }

        if (count > DetectionLimits.AlikeOccurrences)
        {
            _occurrences.RemoveAt(_occurrences.FindIndex(isAlike));
        }
    }

    /// <summary>Of one rule's that follow one another, without another's between them, the newest are enough.</summary>
    private void ThinRun(int place)
    {
        int rule = _occurrences[place].Rule;
        int first = place;
        while (first > 0 && _occurrences[first - 1].Rule == rule)
        {
            first--;
        }

        int end = place + 1;
        while (end < _occurrences.Count && _occurrences[end].Rule == rule)
        {
            end++;
        }

        if (end - first > DetectionLimits.AlikeOccurrences)
        {
            _occurrences.RemoveAt(first);
        }
    }

    /// <summary>What stands before the first of the first rule can matter only to one of that rule that comes late.</summary>
    private void ThinBeforeFirst()
    {
        int first = _occurrences.FindIndex(one => one.Rule == 0);
        _occurrences.RemoveRange(0, Math.Max(0, (first < 0 ? _occurrences.Count : first) - DetectionLimits.OccurrencesBeforeFirst));
    }

    /// <summary>Whether something lies in a window.</summary>
    public bool HasBetween(long start, long end)
    {
        int place = PlaceOf(start);
        return place < _occurrences.Count && _occurrences[place].Time < end;
    }

    /// <summary>Forgets the first occurrences.</summary>
    public void RemoveFirst(int count) => _occurrences.RemoveRange(0, count);

    /// <summary>Whether nothing of it can matter any more to a correlation that can only grow.</summary>
    /// <param name="oldest">The oldest time that an occurrence can have so that it counts.</param>
    public bool IsOver(long oldest) => QuietUntil < oldest && (_occurrences.Count == 0 || _occurrences[^1].Time < oldest);

    /// <summary>Writes it.</summary>
    public void Save(BinaryWriter to)
    {
        foreach (string value in values)
        {
            to.Write(value);
        }

        to.Write(QuietUntil);
        to.Write(Touched);
        to.Write(_occurrences.Count);
        foreach (Occurrence one in _occurrences)
        {
            to.Write(one.Time);
            to.Write(one.Index);
            to.Write(one.Rule);
            to.Write(one.Value);
            to.Write(one.Times);
            to.Write(one.Events?.Length ?? 0);
            foreach (long index in one.Events ?? [])
            {
                to.Write(index);
            }
        }
    }

    /// <summary>One that <see cref="Save"/> wrote.</summary>
    /// <param name="from">What was written.</param>
    /// <param name="plan">The correlation.</param>
    /// <exception cref="IOException">It ends too early.</exception>
    /// <exception cref="InvalidDataException">It cannot be such a group.</exception>
    public static CorrelationGroup Load(BinaryReader from, CorrelationPlan plan)
    {
        string[] values = new string[plan.Rule.GroupBy.Count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = from.ReadString();
        }

        var group = new CorrelationGroup(values) { QuietUntil = from.ReadInt64(), Touched = from.ReadInt64() };

        // Of one that is judged when its windows are over, each of them has its own.
        for (int left = SavedState.ReadCount(from, plan.IsGrowing ? plan.MaxOccurrences : int.MaxValue); left > 0; left--)
        {
            var one = new Occurrence(from.ReadInt64(), from.ReadInt64(), SavedState.ReadCount(from, plan.Rule.Rules.Count - 1), from.ReadUInt64()) { Times = SavedState.ReadCount(from, int.MaxValue), Events = LoadEvents(from) };
            SavedState.Require(group._occurrences.Count == 0 || group._occurrences[^1].Time <= one.Time, "occurrences do not stand in their order");
            SavedState.Require(one.Times > 0, "an occurrence is none");
            group._occurrences.Add(one);
        }

        return group;
    }

    private static long[]? LoadEvents(BinaryReader from)
    {
        long[] events = new long[SavedState.ReadCount(from, DetectionLimits.WindowEvents)];
        for (int i = 0; i < events.Length; i++)
        {
            events[i] = from.ReadInt64();
        }

        return events.Length == 0 ? null : events;
    }
}
