using System.Runtime.InteropServices;

namespace Indelible.Detection;

/// <summary>What a correlation knows of one group: its occurrences in the order of their times.</summary>
internal sealed class CorrelationGroup(string[] values)
{
    private readonly List<Occurrence> _occurrences = [];

    /// <summary>The values that make the group.</summary>
    public string[] Values => values;

    /// <summary>Occurrences, the oldest first.</summary>
    public IReadOnlyList<Occurrence> Occurrences => _occurrences;

    /// <summary>The same, until one is added or forgotten.</summary>
    public ReadOnlySpan<Occurrence> Span => CollectionsMarshal.AsSpan(_occurrences);

    /// <summary>Until when nothing new is told of it: it has matched, and goes on.</summary>
    public long QuietUntil { get; set; } = long.MinValue;

    /// <summary>When it was touched last, in occurrences of all groups.</summary>
    public long Touched { get; set; }

    /// <summary>Adds an occurrence at its place.</summary>
    /// <param name="occurrence">The occurrence.</param>
    /// <param name="oldest">Older ones are forgotten.</param>
    /// <param name="most">Of more than these, the oldest are forgotten.</param>
    /// <returns>Its place.</returns>
    public int Add(in Occurrence occurrence, long oldest, int most)
    {
        int place = _occurrences.Count;
        while (place > 0 && _occurrences[place - 1].Time > occurrence.Time)
        {
            place--;
        }

        _occurrences.Insert(place, occurrence);
        int old = _occurrences.FindIndex(one => one.Time >= oldest);
        int forgotten = Math.Max(old < 0 ? _occurrences.Count : old, _occurrences.Count - most);
        _occurrences.RemoveRange(0, forgotten);
        return place - forgotten;
    }

    /// <summary>Forgets occurrences without which every window that ends with the newest comes to the same: what matches nearly every event must not be kept for days, and gone over each time.</summary>
    /// <param name="kind">What is counted, upwards.</param>
    /// <param name="place">The one that was added.</param>
    public void Thin(CorrelationKind kind, int place)
    {
        if (place < 0)
        {
            return;
        }

        switch (kind)
        {
            case CorrelationKind.ValueCount:
                ulong value = _occurrences[place].Value;
                ThinAlike(one => one.Value == value);
                break;
            case CorrelationKind.Temporal:
                int rule = _occurrences[place].Rule;
                ThinAlike(one => one.Rule == rule);
                break;
            case CorrelationKind.TemporalOrdered:
                ThinRun(place);
                ThinBeforeFirst();
                break;
        }
    }

    /// <summary>Of those that count as one, the newest are enough.</summary>
    private void ThinAlike(Predicate<Occurrence> isAlike)
    {
        int count = 0;
        foreach (Occurrence one in _occurrences)
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
        foreach (Occurrence one in _occurrences)
        {
            if (one.Time >= start && one.Time < end)
            {
                return true;
            }
        }

        return false;
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
        for (int left = SavedState.ReadCount(from, plan.MaxOccurrences); left > 0; left--)
        {
            var one = new Occurrence(from.ReadInt64(), from.ReadInt64(), SavedState.ReadCount(from, plan.Rule.Rules.Count - 1), from.ReadUInt64());
            SavedState.Require(group._occurrences.Count == 0 || group._occurrences[^1].Time <= one.Time, "occurrences do not stand in their order");
            group._occurrences.Add(one);
        }

        return group;
    }
}
