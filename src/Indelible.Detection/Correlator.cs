using System.Globalization;
using System.IO.Hashing;
using System.Text;

namespace Indelible.Detection;

/// <summary>Follows the events of one log in their order and tells what rules and correlations find. Not thread-safe; a pure function of what it is shown.</summary>
/// <remarks>
/// <para>
/// Time is that of events, held against when they were received: one that lies further ahead than <see cref="DetectionLimits.ClockAhead"/> counts as of then, so that no wrong clock ends all windows
/// of the others. Events may come late and out of order: each is put where its time belongs, and what it completes is told then.
/// </para>
/// <para>
/// What can only grow (counts and sums from some number on, rules within a time) is told at once, and a group that has been told of is quiet until a timespan has gone by without its matching again.
/// What is known only when the time is over (fewer than, a mean, a percentile) is judged by windows that follow one another, as hours do: when the time of events has passed the end of one by
/// <see cref="DetectionLimits.Lateness"/>. What comes still later is passed over, and counted in <see cref="Late"/>.
/// </para>
/// <para>
/// What was before a correlation asks of the log (<see cref="IEventHistory"/>): it remembers only what spares it questions.
/// </para>
/// <para>
/// Memory is bounded: beyond <see cref="DetectionLimits.Groups"/> groups of a correlation those that were touched least lately are forgotten, which can only make it miss something, and
/// <see cref="Forgotten"/> says how many there were.
/// </para>
/// </remarks>
public sealed class Correlator
{
    private readonly CompiledRules _rules;
    private readonly FollowedCorrelation[] _followed;
    private readonly List<string>[] _values;
    private readonly List<string> _counted = [];
    private readonly HashSet<int> _matched = [];
    private long _latest = long.MinValue;
    private long _touches;

    /// <param name="rules">The rules and correlations.</param>
    /// <param name="history">What was before; null for the events that it is shown, which are then all kept in memory as far as correlations ask for them.</param>
    public Correlator(CompiledRules rules, IEventHistory? history = null)
    {
        ArgumentNullException.ThrowIfNull(rules);
        _rules = rules;
        history ??= new GivenEvents();
        _followed = [.. rules.Plans.Select(plan => new FollowedCorrelation(plan, history))];
        _values = [.. Enumerable.Range(0, DetectionLimits.GroupFields).Select(_ => new List<string>())];
    }

    /// <summary>How many groups were forgotten since there were too many.</summary>
    public long Forgotten { get; private set; }

    /// <summary>How many events came when their window had been judged.</summary>
    public long Late { get; private set; }

    /// <summary>How many questions for what was before were not answered: nothing is found then.</summary>
    public long Unanswered => _followed.Sum(followed => followed.Seen?.Unanswered ?? 0);

    /// <summary>How much is remembered so as not to ask again.</summary>
    internal int Remembered => _followed.Sum(followed => followed.Seen?.Remembered ?? 0);

    /// <summary>Takes the next event.</summary>
    /// <param name="matcher">Has just looked at it.</param>
    /// <param name="index">Its index; ascending.</param>
    /// <param name="time">Its time.</param>
    /// <param name="received">When it was received.</param>
    /// <param name="matched">The rules that it matched.</param>
    /// <param name="findings">Receives what is found.</param>
    public void Follow(RuleMatcher matcher, long index, DateTimeOffset time, DateTimeOffset received, IReadOnlyList<int> matched, List<Finding> findings)
    {
        ArgumentNullException.ThrowIfNull(matcher);
        ArgumentNullException.ThrowIfNull(matched);
        ArgumentNullException.ThrowIfNull(findings);
        long at = TimeOf(time, received).UtcTicks;
        _latest = Math.Max(_latest, at);
        _matched.Clear();
        foreach (int rule in matched)
        {
            _matched.Add(rule);
            if (_rules.Raises(rule))
            {
                findings.Add(new Finding(_rules.Rules[rule].Head, Instant(at), Instant(at), [], [index], 1));
            }
        }

        foreach (FollowedCorrelation followed in _followed)
        {
            followed.Completed.Clear();
            followed.ClosedGroups.Clear();
            Close(followed, findings);
            Feed(followed, matcher, index, at, findings);
        }
    }

    /// <summary>The time of events behind which a window is over and is judged, by the next event of whatever kind; null where none is open.</summary>
    public DateTimeOffset? Due
    {
        get
        {
            long due = long.MaxValue;
            foreach (FollowedCorrelation followed in _followed)
            {
                due = Math.Min(due, followed.Due);
            }

            return due == long.MaxValue ? null : Instant(due);
        }
    }

    /// <summary>Takes events into account that match nothing, and whose time is not behind <see cref="Due"/>.</summary>
    /// <param name="time">The greatest time of theirs, as <see cref="Follow"/> would have it.</param>
    public void Reach(DateTimeOffset time) => _latest = Math.Max(_latest, time.UtcTicks);

    /// <summary>The time that an event counts as of: its own, but not far ahead of when it was received.</summary>
    /// <param name="time">Its time.</param>
    /// <param name="received">When it was received.</param>
    public static DateTimeOffset TimeOf(DateTimeOffset time, DateTimeOffset received) => Instant(Math.Min(time.UtcTicks, received.UtcTicks + DetectionLimits.ClockAhead.Ticks));

    /// <summary>Lets time pass without an event: windows that are over by then are judged.</summary>
    /// <param name="time">The time of events that is reached, as <see cref="Follow"/> would have it.</param>
    /// <param name="findings">Receives what is found.</param>
    public void Pass(DateTimeOffset time, List<Finding> findings)
    {
        ArgumentNullException.ThrowIfNull(findings);
        _latest = Math.Max(_latest, time.UtcTicks);
        foreach (FollowedCorrelation followed in _followed)
        {
            followed.ClosedGroups.Clear();
            Close(followed, findings);
        }
    }

    /// <summary>Writes what it remembers, so that another goes on as this one would: of the same rules, compiled by the same program.</summary>
    /// <remarks>Holds what rules group by in clear, personal values among it. Counts of what was forgotten and late begin anew.</remarks>
    /// <param name="to">Receives it; over a stream that has a position.</param>
    /// <exception cref="IOException">It takes more than <see cref="DetectionLimits.SavedBytes"/>.</exception>
    public void Save(BinaryWriter to)
    {
        ArgumentNullException.ThrowIfNull(to);
        to.Write(SavedState.Version);
        to.Write(_latest);
        to.Write(_touches);
        to.Write(_followed.Length);
        foreach (FollowedCorrelation followed in _followed)
        {
            followed.Save(to, _latest);
        }
    }

    /// <summary>One that goes on from what <see cref="Save"/> wrote.</summary>
    /// <param name="rules">The rules and correlations: the same.</param>
    /// <param name="history">What was before.</param>
    /// <param name="from">What was written.</param>
    /// <exception cref="IOException">It ends too early.</exception>
    /// <exception cref="InvalidDataException">It cannot be such a state.</exception>
    public static Correlator Load(CompiledRules rules, IEventHistory history, BinaryReader from)
    {
        ArgumentNullException.ThrowIfNull(history);
        ArgumentNullException.ThrowIfNull(from);
        SavedState.Require(from.ReadInt32() == SavedState.Version, "it is of another version");
        var correlator = new Correlator(rules, history) { _latest = from.ReadInt64(), _touches = from.ReadInt64() };
        SavedState.Require(from.ReadInt32() == correlator._followed.Length, "it is of other correlations");
        foreach (FollowedCorrelation followed in correlator._followed)
        {
            followed.Load(from);
        }

        SavedState.Require(from.BaseStream.Position == from.BaseStream.Length, "something stands behind its end");
        return correlator;
    }

    private static DateTimeOffset Instant(long ticks) => new(ticks, TimeSpan.Zero);

    private void Feed(FollowedCorrelation followed, RuleMatcher matcher, long index, long at, List<Finding> findings)
    {
        CorrelationPlan plan = followed.Plan;
        foreach ((int rule, int place) in plan.Rules)
        {
            if (_matched.Contains(rule))
            {
                Occur(followed, matcher, rule, place, index, at, findings);
            }
        }

        foreach ((int correlation, int place) in plan.Correlations)
        {
            FollowedCorrelation other = _followed[correlation];
            foreach ((int rule, bool isMore) in other.Completed)
            {
                // What counts series counts one that goes on once; what waits for something after it waits from its end on.
                if (isMore && plan.Rule.Kind is not (CorrelationKind.Temporal or CorrelationKind.TemporalOrdered))
                {
                    continue;
                }

                Occur(followed, matcher, rule, place, index, at, findings);
            }

            foreach ((string[] values, long end) in other.ClosedGroups)
            {
                string[] mine = [.. plan.Rule.GroupBy.Select(field => values[other.Plan.Rule.GroupBy.ToList().IndexOf(plan.Rule.AliasedIn(other.Plan.Rule.Head, field) ?? field)])];
                Take(followed, mine, [new Occurrence(end, index, place, 0)], -1, findings);
            }
        }
    }

    /// <summary>One of its rules has matched this event: in each group that the event belongs to.</summary>
    private void Occur(FollowedCorrelation followed, RuleMatcher matcher, int rule, int place, long index, long at, List<Finding> findings)
    {
        int[] places = followed.Plan.GroupPlaces[rule];
        for (int i = 0; i < places.Length; i++)
        {
            _values[i].Clear();
            matcher.ValuesAt(places[i], _values[i]);
            if (_values[i].Count == 0)
            {
                // Without a value it belongs to no group.
                return;
            }

            // One that stands there twice is no second group.
            var seen = new HashSet<string>(StringComparer.Ordinal);
            _values[i].RemoveAll(value => !seen.Add(value));
        }

        if (followed.Seen is not null)
        {
            Look(followed, matcher, rule, index, at, findings);
            return;
        }

        Occurrence[] occurrences = Occurrences(followed.Plan, matcher, rule, new Occurrence(at, index, place, 0));
        if (occurrences.Length == 0)
        {
            return;
        }

        foreach (string[] values in Groups(places.Length))
        {
            Take(followed, values, occurrences, rule, findings);
        }
    }

    /// <summary>The groups that the event belongs to, by the values of each field.</summary>
    private IEnumerable<string[]> Groups(int fields)
    {
        long groups = 1;
        for (int i = 0; i < fields; i++)
        {
            groups *= _values[i].Count;
        }

        for (int group = 0; group < Math.Min(groups, DetectionLimits.GroupsOfEvent); group++)
        {
            string[] values = new string[fields];
            for (int i = 0, rest = group; i < fields; i++)
            {
                values[i] = _values[i][rest % _values[i].Count];
                rest /= _values[i].Count;
            }

            yield return values;
        }
    }

    /// <summary>Looks whether a group has what it had not before, or is back.</summary>
    private void Look(FollowedCorrelation followed, RuleMatcher matcher, int rule, long index, long at, List<Finding> findings)
    {
        CorrelationPlan plan = followed.Plan;
        string?[] counted = [null];
        if (plan.Rule.Fields.Count > 0)
        {
            _counted.Clear();
            matcher.ValuesAt(plan.CountedPlaces[rule][0], _counted);
            counted = [.. _counted.Select(plan.Rule.History!.Counted).Distinct(StringComparer.Ordinal)];
        }

        foreach ((string[] group, string? value) in Groups(plan.GroupPlaces[rule].Length).SelectMany(group => counted.Select(value => (group, value))).Take(DetectionLimits.GroupsOfEvent))
        {
            SeenVerdict verdict = followed.Seen!.Take(group, value, at, index);
            if (verdict == SeenVerdict.Known)
            {
                continue;
            }

            if (verdict == SeenVerdict.New && plan.Raises)
            {
                findings.Add(new Finding(plan.Rule.Head, Instant(at), Instant(at), [.. plan.Rule.GroupBy.Zip(group)], [index], 1));
            }

            followed.Completed.Add((rule, verdict == SeenVerdict.More));
        }
    }

    /// <summary>The occurrence, for each value that is counted.</summary>
    private static Occurrence[] Occurrences(CorrelationPlan plan, RuleMatcher matcher, int rule, Occurrence one)
    {
        int[] counted = plan.CountedPlaces[rule];
        if (counted.Length == 0)
        {
            return [one];
        }

        var values = new List<string>();
        if (counted.Length > 1)
        {
            // Several fields are counted by their values together.
            var together = new StringBuilder();
            foreach (int place in counted)
            {
                values.Clear();
                matcher.ValuesAt(place, values);
                if (values.Count == 0)
                {
                    return [];
                }

                foreach (string value in values)
                {
                    together.Append(value.Length).Append(':').Append(value);
                }
            }

            return [one with { Value = HashOf(together.ToString()) }];
        }

        matcher.ValuesAt(counted[0], values);
        bool isOfTexts = plan.Rule.Kind == CorrelationKind.ValueCount || (plan.Rule.Kind == CorrelationKind.ValuePercentile && double.IsNaN(plan.Rule.Percentile));
        IEnumerable<ulong> each = isOfTexts ? values.Distinct(StringComparer.Ordinal).Select(HashOf) : values.Select(NumberOf).OfType<double>().Select(BitConverter.DoubleToUInt64Bits);
        return [.. each.Select(value => one with { Value = value })];
    }

    private static double? NumberOf(string value) => double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number) ? number : null;

    private static ulong HashOf(string text) => XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(text));

    private void Take(FollowedCorrelation followed, string[] values, Occurrence[] occurrences, int rule, List<Finding> findings)
    {
        CorrelationPlan plan = followed.Plan;
        long time = occurrences[0].Time;
        long start = time - (time % plan.Rule.Timespan.Ticks);
        long end = start + plan.Rule.Timespan.Ticks;
        if (!plan.IsGrowing && end + DetectionLimits.Lateness.Ticks < _latest)
        {
            Late++;
            return;
        }

        CorrelationGroup group = followed.Group(values, out bool isNew);
        group.Touched = ++_touches;
        if (!plan.IsGrowing && !group.HasBetween(start, end))
        {
            followed.CloseAt(group, end);
        }

        long keptFrom = plan.IsGrowing ? followed.OldestKept(_latest) : long.MinValue;
        foreach (Occurrence occurrence in occurrences)
        {
            int place = group.Add(occurrence, keptFrom, plan.MaxOccurrences);
            if (plan.IsGrowing)
            {
                group.Thin(plan.Rule.Kind, place);
            }
        }

        if (plan.IsGrowing)
        {
            Judge(followed, group, time, rule, findings);
        }

        if (isNew && followed.Count > DetectionLimits.Groups)
        {
            Forgotten += followed.Forget(_latest);
        }
    }

    /// <summary>Looks at the windows that an occurrence can complete: the one that ends with it, and where it came late, those that end later.</summary>
    private static void Judge(FollowedCorrelation followed, CorrelationGroup group, long time, int rule, List<Finding> findings)
    {
        CorrelationPlan plan = followed.Plan;
        long span = plan.Rule.Timespan.Ticks;
        ReadOnlySpan<Occurrence> all = group.Span;
        for (int end = 0; end < all.Length; end++)
        {
            long to = all[end].Time;
            if (to < time || to > time + span || (end + 1 < all.Length && all[end + 1].Time == to))
            {
                continue;
            }

            int start = StartOf(plan.Rule.Kind, all[..(end + 1)], to - span);
            if (start > end)
            {
                continue;
            }

            ReadOnlySpan<Occurrence> window = all[start..(end + 1)];
            double count = WindowCount.Of(plan.Rule, window);
            bool isMet = plan.Rule.Conditions.Count == 0 ? count >= plan.Rule.Rules.Count : plan.IsMet(count);
            if (!isMet)
            {
                continue;
            }

            bool isMore = to <= group.QuietUntil;
            if (!isMore)
            {
                followed.Tell(group, window, count, findings);
            }

            if (rule >= 0)
            {
                followed.Completed.Add((rule, isMore));
            }

            group.QuietUntil = Math.Max(group.QuietUntil, to + span);
        }
    }

    /// <summary>Where a window begins: with its first occurrence, and where order counts, with the first of the first rule; behind the last where there is none.</summary>
    private static int StartOf(CorrelationKind kind, ReadOnlySpan<Occurrence> all, long oldest)
    {
        int start = 0;
        while (start < all.Length && (all[start].Time < oldest || (kind == CorrelationKind.TemporalOrdered && all[start].Rule != 0)))
        {
            start++;
        }

        // Events of one instant follow one another either way.
        while (start > 0 && start < all.Length && all[start - 1].Time == all[start].Time)
        {
            start--;
        }

        return start;
    }

    /// <summary>Judges the windows that are over.</summary>
    private void Close(FollowedCorrelation followed, List<Finding> findings)
    {
        while (followed.TryTakeClosed(_latest, out CorrelationGroup? group, out long end))
        {
            Occurrence[] window = [.. group.Occurrences.TakeWhile(one => one.Time < end)];
            double count = WindowCount.Of(followed.Plan.Rule, window);
            if (window.Length > 0 && followed.Plan.IsMet(count))
            {
                followed.Tell(group, window, count, findings);
                followed.ClosedGroups.Add((group.Values, window[^1].Time));
            }

            group.RemoveFirst(window.Length);
            if (group.Occurrences.Count == 0)
            {
                followed.Remove(group);
            }
        }
    }
}
