using System.Globalization;
using System.Runtime.InteropServices;

namespace Indelible.Detection;

/// <summary>A correlation with its groups.</summary>
internal sealed class FollowedCorrelation(CorrelationPlan plan, IEventHistory history)
{
    private readonly Dictionary<string, CorrelationGroup> _groups = new(StringComparer.Ordinal);
    private readonly PriorityQueue<(CorrelationGroup Group, long End), (long End, long Touched)> _closing = new();

    public CorrelationPlan Plan => plan;

    /// <summary>What asks for what was before; null for a correlation that remembers itself.</summary>
    public SeenBefore? Seen { get; } = plan.Rule.History is null ? null : new SeenBefore(plan, history);

    /// <summary>What has matched, by this event or at this moment.</summary>
    public List<Completion> Completed { get; } = [];

    public int Count => _groups.Count;

    /// <summary>How many windows wait for their end.</summary>
    public int Open => _closing.Count;

    /// <summary>The time behind which its next window is judged; the greatest there is, where none is open.</summary>
    public long Due => _closing.TryPeek(out (CorrelationGroup Group, long End) next, out _) ? next.End + plan.Patience.Ticks : long.MaxValue;

    public CorrelationGroup Group(string[] values, out bool isNew)
    {
        string key = KeyOf(values);
        isNew = !_groups.TryGetValue(key, out CorrelationGroup? group);
        if (group is null)
        {
            group = new CorrelationGroup(values);
            _groups.Add(key, group);
        }

        return group;
    }

    public void Remove(CorrelationGroup group) => _groups.Remove(KeyOf(group.Values));

    public void CloseAt(CorrelationGroup group, long end) => _closing.Enqueue((group, end), (end, group.Touched));

    /// <summary>Takes the window that is due next; there is one.</summary>
    public (CorrelationGroup Group, long End) TakeClosed() => _closing.Dequeue();

    /// <summary>Says that a group has matched, unless that is said.</summary>
    public void Complete(in Completion completion)
    {
        foreach (ref readonly Completion other in CollectionsMarshal.AsSpan(Completed))
        {
            if (completion.IsSaidBy(other))
            {
                return;
            }
        }

        Completed.Add(completion);
    }

    public void Tell(CorrelationGroup group, ReadOnlySpan<Occurrence> window, double count, List<Finding> findings)
    {
        if (!plan.Raises)
        {
            return;
        }

        findings.Add(new Finding(
            plan.Rule.Head,
            new DateTimeOffset(window[0].Time, TimeSpan.Zero),
            new DateTimeOffset(window[^1].Time, TimeSpan.Zero),
            [.. plan.Rule.GroupBy.Zip(group.Values)],
            EventsOf(window, DetectionLimits.FindingEvents),
            count));
    }

    /// <summary>The events of a window, ascending; of very many, the newest.</summary>
    public static long[] EventsOf(ReadOnlySpan<Occurrence> window, int most)
    {
        var events = new SortedSet<long>();
        foreach (ref readonly Occurrence one in window)
        {
            if (one.Events is null)
            {
                events.Add(one.Index);
            }
            else
            {
                events.UnionWith(one.Events);
            }
        }

        return [.. events.TakeLast(most)];
    }

    /// <summary>Forgets a sixteenth of the groups: first those that hold nothing any more, then those that only what comes very late could need, then those that were touched least lately.</summary>
    /// <returns>How many of them could have mattered to what comes in time.</returns>
    public long Forget(long latest)
    {
        long over = OldestKept(latest);
        long late = latest - plan.Rule.Timespan.Ticks - DetectionLimits.Lateness.Ticks;
        (string Key, CorrelationGroup Group, int Worth)[] oldest =
        [
            .. _groups.Select(group => (group.Key, group.Value, Worth: !plan.IsGrowing ? 2 : group.Value.IsOver(over) ? 0 : group.Value.IsOver(late) ? 1 : 2))
                .OrderBy(group => group.Worth).ThenBy(group => group.Value.Touched).Take(DetectionLimits.Groups / 16),
        ];
        foreach ((string key, _, _) in oldest)
        {
            _groups.Remove(key);
        }

        // Their windows hold them, and would until they are over, which can be months.
        ((CorrelationGroup Group, long End) Element, (long End, long Touched) Priority)[] open = [.. _closing.UnorderedItems.Where(one => IsKept(one.Element.Group))];
        _closing.Clear();
        _closing.EnqueueRange(open);
        return oldest.Count(group => group.Worth == 2);
    }

    /// <summary>Writes what it remembers; of what spares it questions, nothing.</summary>
    /// <param name="to">Receives it.</param>
    /// <param name="latest">The greatest time of events that there was.</param>
    /// <exception cref="IOException">It takes too much room.</exception>
    public void Save(BinaryWriter to, long latest)
    {
        CorrelationGroup[] groups = [.. _groups.Values.Where(group => !plan.IsGrowing || !group.IsOver(OldestKept(latest)))];
        to.Write(groups.Length);
        foreach (CorrelationGroup group in groups)
        {
            group.Save(to);
            SavedState.RequireRoom(to);
        }

        (CorrelationGroup Group, long End, long Touched)[] closing = [.. _closing.UnorderedItems.Select(one => (one.Element.Group, one.Element.End, one.Priority.Touched))];
        to.Write(closing.Length);
        if (closing.Length > 0)
        {
            Dictionary<CorrelationGroup, int> numbers = groups.Index().ToDictionary(group => group.Item, group => group.Index);
            foreach ((CorrelationGroup group, long end, long touched) in closing)
            {
                to.Write(numbers[group]);
                to.Write(end);
                to.Write(touched);
            }
        }

        Seen?.Save(to);
    }

    /// <summary>Takes over what <see cref="Save"/> wrote; into one that has seen nothing.</summary>
    /// <exception cref="IOException">It ends too early.</exception>
    /// <exception cref="InvalidDataException">It cannot be such a state.</exception>
    public void Load(BinaryReader from)
    {
        var groups = new CorrelationGroup[SavedState.ReadCount(from, DetectionLimits.Groups)];
        for (int i = 0; i < groups.Length; i++)
        {
            groups[i] = CorrelationGroup.Load(from, plan);
            SavedState.Require(_groups.TryAdd(KeyOf(groups[i].Values), groups[i]), "a group stands there twice");
        }

        for (int left = SavedState.ReadCount(from, int.MaxValue); left > 0; left--)
        {
            CorrelationGroup group = groups[SavedState.ReadCount(from, groups.Length - 1)];
            long end = from.ReadInt64();
            _closing.Enqueue((group, end), (end, from.ReadInt64()));
        }

        Seen?.Load(from);
    }

    /// <summary>The oldest time that an occurrence can have so that it counts.</summary>
    public long OldestKept(long latest) => latest - plan.Rule.Timespan.Ticks - plan.Patience.Ticks;

    private bool IsKept(CorrelationGroup group) => _groups.TryGetValue(KeyOf(group.Values), out CorrelationGroup? kept) && kept == group;

    private static string KeyOf(string[] values) => values is [string only] ? only : string.Concat(values.Select(value => string.Create(CultureInfo.InvariantCulture, $"{value.Length}:{value}")));
}
