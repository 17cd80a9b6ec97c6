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
/// An event that comes later than <see cref="DetectionLimits.LateKept"/> is passed over there: it would change what nobody could know any more after a start that goes over the log again.
/// What is known only when the time is over (fewer than, a mean, a percentile) is judged by windows that follow one another, as hours do: when the time of events has passed the end of one by
/// <see cref="DetectionLimits.Lateness"/>. What comes still later is passed over; both is counted in <see cref="Late"/>. Windows are judged one by one in the order of their ends, whenever the next event shows that they are over, and
/// each is told to the correlations that are about it before the next: what is found is the same whether events come often or seldom.
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
    private readonly WindowCount[] _counts;
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
        _counts = [.. rules.Plans.Select(plan => new WindowCount(plan.Rule))];
        _values = [.. Enumerable.Range(0, DetectionLimits.GroupFields).Select(_ => new List<string>())];
    }

    /// <summary>How many groups were forgotten since there were too many; without those that only what comes later than <see cref="DetectionLimits.Lateness"/> could have needed.</summary>
    public long Forgotten { get; private set; }

    /// <summary>How many occurrences came too late: when their window had been judged, or where nothing waits for windows, later than <see cref="DetectionLimits.LateKept"/>.</summary>
    public long Late { get; private set; }

    /// <summary>How many occurrences were forgotten of windows that had too many, so that what these come to is not exact: of percentiles, and of what is to stay below something in order.</summary>
    public long Cut { get; private set; }

    /// <summary>How many questions for what was before were not answered: nothing is found then.</summary>
    public long Unanswered => _followed.Sum(followed => followed.Seen?.Unanswered ?? 0);

    /// <summary>How many windows wait for their end.</summary>
    internal int Open => _followed.Sum(followed => followed.Open);

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

        Advance(findings);
        Begin();
        foreach (FollowedCorrelation followed in _followed)
        {
            foreach ((int rule, int place) in followed.Plan.Rules)
            {
                if (_matched.Contains(rule))
                {
                    Occur(followed, matcher, rule, place, index, at, findings);
                }
            }

            Hear(followed, matcher, _latest, findings);
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
        Advance(findings);
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

    /// <summary>Nothing has matched yet, of the next event or at the next moment.</summary>
    private void Begin()
    {
        foreach (FollowedCorrelation followed in _followed)
        {
            followed.Completed.Clear();
        }
    }

    /// <summary>Judges the windows that are over, the one that ends first before the others; of one end, those of a correlation before those of others that are about it.</summary>
    private void Advance(List<Finding> findings)
    {
        while (true)
        {
            FollowedCorrelation? first = null;
            long now = _latest;
            foreach (FollowedCorrelation followed in _followed)
            {
                if (followed.Due < now)
                {
                    (first, now) = (followed, followed.Due);
                }
            }

            if (first is null)
            {
                return;
            }

            Begin();
            Close(first, findings);
            if (first.Completed.Count > 0)
            {
                for (int outer = first.Plan.Number + 1; outer < _followed.Length; outer++)
                {
                    Hear(_followed[outer], null, now, findings);
                }
            }
        }
    }

    /// <summary>Tells a correlation what has matched of those that it is about.</summary>
    /// <param name="followed">The correlation.</param>
    /// <param name="matcher">Has just looked at the event; null where the time did it.</param>
    /// <param name="now">The time of events at which it is told.</param>
    /// <param name="findings">Receives what is found.</param>
    private void Hear(FollowedCorrelation followed, RuleMatcher? matcher, long now, List<Finding> findings)
    {
        CorrelationPlan plan = followed.Plan;
        foreach ((int correlation, int place) in plan.Correlations)
        {
            FollowedCorrelation inner = _followed[correlation];
            foreach (Completion completion in inner.Completed)
            {
                // What counts series counts one that goes on once; what waits for something after it waits from its end on.
                if (!completion.IsMore || plan.Rule.Kind is CorrelationKind.Temporal or CorrelationKind.TemporalOrdered)
                {
                    Occur(followed, matcher, inner.Plan, completion, place, now, findings);
                }
            }
        }
    }

    /// <summary>A group of a correlation that it is about has matched: in the group that it belongs to, or in each that the event belongs to that completed it, as far as it does not tell.</summary>
    private void Occur(FollowedCorrelation followed, RuleMatcher? matcher, CorrelationPlan inner, Completion completion, int place, long now, List<Finding> findings)
    {
        CorrelationPlan plan = followed.Plan;
        int[]? places = completion.Rule < 0 ? null : plan.GroupPlaces[completion.Rule];
        for (int i = 0; i < plan.Rule.GroupBy.Count; i++)
        {
            Read(plan.Rule.GroupBy[i], places?[i] ?? -1, _values[i]);
            if (_values[i].Count == 0)
            {
                return;
            }
        }

        var one = new Occurrence(completion.Time, completion.Index, place, 0) { Events = completion.Events };
        int[]? counted = completion.Rule < 0 ? null : plan.CountedPlaces[completion.Rule];
        Occurrence[] occurrences = Occurrences(plan, one, (i, values) => Read(plan.Rule.Fields[i], counted?[i] ?? -1, values));
        if (occurrences.Length > 0)
        {
            foreach (string[] values in Groups(plan.Rule.GroupBy.Count))
            {
                Take(followed, values, occurrences, completion.Rule, now, findings);
            }
        }

        void Read(string field, int placeOfEvent, List<string> values)
        {
            int known = plan.PlaceIn(inner, completion.Rule, field, placeOfEvent);
            values.Clear();
            if (known >= 0)
            {
                values.Add(completion.Group[known]);
            }
            else
            {
                ReadEvent(matcher!, placeOfEvent, values);
            }
        }
    }

    /// <summary>The values of a place of the event, each once: one that stands there twice is no second group.</summary>
    private static void ReadEvent(RuleMatcher matcher, int place, List<string> values)
    {
        values.Clear();
        matcher.ValuesAt(place, values);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        values.RemoveAll(value => !seen.Add(value));
    }

    /// <summary>One of its rules has matched this event: in each group that the event belongs to.</summary>
    private void Occur(FollowedCorrelation followed, RuleMatcher matcher, int rule, int place, long index, long at, List<Finding> findings)
    {
        int[] places = followed.Plan.GroupPlaces[rule];
        for (int i = 0; i < places.Length; i++)
        {
            ReadEvent(matcher, places[i], _values[i]);
            if (_values[i].Count == 0)
            {
                // Without a value it belongs to no group.
                return;
            }
        }

        if (followed.Seen is not null)
        {
            Look(followed, matcher, rule, index, at, findings);
            return;
        }

        Occurrence[] occurrences = Occurrences(followed.Plan, new Occurrence(at, index, place, 0), (i, values) => matcher.ValuesAt(followed.Plan.CountedPlaces[rule][i], values));
        if (occurrences.Length == 0)
        {
            return;
        }

        foreach (string[] values in Groups(places.Length))
        {
            Take(followed, values, occurrences, rule, _latest, findings);
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

            followed.Complete(new Completion(rule, group, verdict == SeenVerdict.More, at, index, null));
        }
    }

    /// <summary>The occurrence, for each value that is counted.</summary>
    /// <param name="plan">What is counted.</param>
    /// <param name="one">The occurrence.</param>
    /// <param name="read">Reads the values of one of the fields that are counted, into an empty list.</param>
    private static Occurrence[] Occurrences(CorrelationPlan plan, Occurrence one, Action<int, List<string>> read)
    {
        if (plan.Rule.Fields.Count == 0)
        {
            return [one];
        }

        var values = new List<string>();
        if (plan.Rule.Fields.Count > 1)
        {
            // Several fields are counted by their values together.
            var together = new StringBuilder();
            for (int i = 0; i < plan.Rule.Fields.Count; i++)
            {
                values.Clear();
                read(i, values);
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

        read(0, values);
        bool isOfTexts = plan.Rule.Kind == CorrelationKind.ValueCount || (plan.Rule.Kind == CorrelationKind.ValuePercentile && double.IsNaN(plan.Rule.Percentile));
        IEnumerable<ulong> each = isOfTexts ? values.Distinct(StringComparer.Ordinal).Select(HashOf) : values.Select(NumberOf).OfType<double>().Select(BitConverter.DoubleToUInt64Bits);
        return [.. each.Select(value => one with { Value = value })];
    }

    private static double? NumberOf(string value) => double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number) ? number : null;

    private static ulong HashOf(string text) => XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(text));

    private void Take(FollowedCorrelation followed, string[] values, Occurrence[] occurrences, int rule, long now, List<Finding> findings)
    {
        CorrelationPlan plan = followed.Plan;
        long time = occurrences[0].Time;
        long start = time - (time % plan.Rule.Timespan.Ticks);
        long end = start + plan.Rule.Timespan.Ticks;
        if ((plan.IsGrowing ? time : end) + plan.Patience.Ticks < now)
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

        foreach (Occurrence occurrence in occurrences)
        {
            group.Add(occurrence, plan);
        }

        if (plan.IsGrowing)
        {
            // Judged before anything is forgotten: what it comes to now is told as it is.
            Judge(followed, group, occurrences[0], rule, findings);
            group.Thin(plan, occurrences, followed.OldestKept(now));
        }
        else
        {
            Cut += group.Squeeze(plan, start, end);
        }

        if (isNew && followed.Count > DetectionLimits.Groups)
        {
            Forgotten += followed.Forget(_latest);
        }
    }

    /// <summary>Looks at the windows that an occurrence can complete: the one that ends with it, and where it came late, those that end later.</summary>
    private void Judge(FollowedCorrelation followed, CorrelationGroup group, in Occurrence added, int rule, List<Finding> findings)
    {
        CorrelationPlan plan = followed.Plan;
        long span = plan.Rule.Timespan.Ticks;
        ReadOnlySpan<Occurrence> all = group.Span;
        if (all[^1].Time == added.Time && added.Time <= group.QuietUntil && plan.Rule.Kind == CorrelationKind.ValueCount)
        {
            GoOn(followed, group, added, rule);
            return;
        }

        WindowCount count = _counts[plan.Number];
        count.Clear();
        int start = group.PlaceOf(added.Time - span);
        int first = plan.Rule.Kind == CorrelationKind.TemporalOrdered ? start : group.PlaceOf(added.Time);
        count.Add(all[start..first]);
        for (int end = first; end < all.Length && all[end].Time <= added.Time + span;)
        {
            long to = all[end].Time;
            int next = WindowCount.EndOfInstant(all, end);
            count.Add(all[end..next]);
            end = next;
            if (to < added.Time)
            {
                continue;
            }

            for (; all[start].Time < to - span; start++)
            {
                count.RemoveOldest(all[start]);
            }

            double counted = count.Of(all[start..end], to - span);
            if (!IsMet(plan, counted))
            {
                continue;
            }

            bool isMore = to <= group.QuietUntil;
            if (!isMore)
            {
                followed.Tell(group, all[StoryOf(plan.Rule.Kind, all, start)..end], counted, findings);
            }

            followed.Complete(new Completion(rule, group.Values, isMore, added.Time, added.Index, added.Events));
            group.QuietUntil = Math.Max(group.QuietUntil, to + span);
        }
    }

    /// <summary>The newest occurrence of a group that is quiet: nobody asks by how much it matches, only whether it still does, and a few of the newest values tell. Of a group that goes on for long, most are such.</summary>
    private void GoOn(FollowedCorrelation followed, CorrelationGroup group, in Occurrence added, int rule)
    {
        CorrelationPlan plan = followed.Plan;
        WindowCount count = _counts[plan.Number];
        count.Clear();
        ReadOnlySpan<Occurrence> all = group.Span;
        long oldest = added.Time - plan.Rule.Timespan.Ticks;
        for (int at = all.Length - 1; at >= 0 && all[at].Time >= oldest; at--)
        {
            count.Add(all.Slice(at, 1));
            double counted = count.Of(all[at..], oldest);
            if (counted >= plan.Least && IsMet(plan, counted))
            {
                followed.Complete(new Completion(rule, group.Values, true, added.Time, added.Index, added.Events));
                group.QuietUntil = Math.Max(group.QuietUntil, added.Time + plan.Rule.Timespan.Ticks);
                return;
            }
        }
    }

    private static bool IsMet(CorrelationPlan plan, double count) => plan.Rule.Conditions.Count == 0 ? count >= plan.Rule.Rules.Count : plan.IsMet(count);

    /// <summary>Where the story of a window begins: with its first occurrence, and where order counts, with the first of the first rule.</summary>
    private static int StoryOf(CorrelationKind kind, ReadOnlySpan<Occurrence> all, int start)
    {
        int begin = start;
        while (kind == CorrelationKind.TemporalOrdered && all[begin].Rule != 0)
        {
            begin++;
        }

        // Events of one instant follow one another either way.
        while (begin > start && all[begin - 1].Time == all[begin].Time)
        {
            begin--;
        }

        return begin;
    }

    /// <summary>Judges the window that is over next.</summary>
    private void Close(FollowedCorrelation followed, List<Finding> findings)
    {
        (CorrelationGroup group, long end) = followed.TakeClosed();
        int length = group.PlaceOf(end);
        if (length > 0)
        {
            ReadOnlySpan<Occurrence> window = group.Span[..length];
            double count = _counts[followed.Plan.Number].Whole(window);
            if (followed.Plan.IsMet(count))
            {
                followed.Tell(group, window, count, findings);
                long[] events = FollowedCorrelation.EventsOf(window, DetectionLimits.WindowEvents);
                followed.Complete(new Completion(-1, group.Values, false, window[^1].Time, events[^1], events));
            }

            group.RemoveFirst(length);
        }

        if (group.Span.IsEmpty)
        {
            followed.Remove(group);
        }
    }
}
