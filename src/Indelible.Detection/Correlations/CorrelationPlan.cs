namespace Indelible.Detection;

/// <summary>A correlation made ready: where its fields stand in the events of each rule that can lead to it.</summary>
internal sealed class CorrelationPlan
{
    private readonly bool[] _isOfEvents = [];
    private double? _least;

    /// <summary>The correlation.</summary>
    public required CorrelationRule Rule { get; init; }

    /// <summary>Its number among all.</summary>
    public required int Number { get; init; }

    /// <summary>Rules of one event that it is about, with their place in its list.</summary>
    public required IReadOnlyDictionary<int, int> Rules
    {
        get;
        init
        {
            field = value;
            _isOfEvents = new bool[value.Values.DefaultIfEmpty(-1).Max() + 1];
            foreach (int place in value.Values)
            {
                _isOfEvents[place] = true;
            }
        }
    }

    /// <summary>Correlations that it is about, with their place in its list.</summary>
    public required IReadOnlyDictionary<int, int> Correlations { get; init; }

    /// <summary>By rule of one event that can lead to it, where what it groups by stands.</summary>
    public required IReadOnlyDictionary<int, int[]> GroupPlaces { get; init; }

    /// <summary>By rule of one event that can lead to it, where what it counts stands.</summary>
    public required IReadOnlyDictionary<int, int[]> CountedPlaces { get; init; }

    /// <summary>By rule, the paths of what it groups by; of a correlation that asks for what was before.</summary>
    public IReadOnlyDictionary<int, EntryPath[]> GroupPaths { get; init; } = new Dictionary<int, EntryPath[]>();

    /// <summary>By rule, the path of the field whose values are looked for in the past; of <c>first_seen</c>.</summary>
    public IReadOnlyDictionary<int, EntryPath> CountedPaths { get; init; } = new Dictionary<int, EntryPath>();

    /// <summary>By rule, what holds of every event that matches it and that an index knows.</summary>
    public IReadOnlyDictionary<int, HistoryClause[]> Required { get; init; } = new Dictionary<int, HistoryClause[]>();

    /// <summary>How much later than their time the windows of what it is about can be told to it, for they are judged when they are over; nothing where it is about none such.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>How much later than their time its windows can be told to others.</summary>
    public TimeSpan OwnDelay => IsGrowing ? Delay : Rule.Timespan + Patience;

    /// <summary>Whether it can match without an event, since it is judged when its time is over, or is about one that is.</summary>
    public bool IsTimed => OwnDelay > TimeSpan.Zero;

    /// <summary>How much later than its time something can come and be taken: to what can only grow long afterwards, to a window until it is judged.</summary>
    public TimeSpan Patience => Delay + (IsGrowing && Rule.History is null ? DetectionLimits.LateKept : DetectionLimits.Lateness);

    /// <summary>Sums of very many numbers are kept by parts of the timespan, in ticks: what is older than the timespan by less than one may be counted with it.</summary>
    public long Granularity => Math.Max(1, Rule.Timespan.Ticks / 1_000);

    /// <summary>How far back what it remembers can matter: of what it asks the log for, nothing.</summary>
    public TimeSpan Memory => Rule.History is null ? Rule.Timespan : DetectionLimits.SeenQuiet;

    /// <summary>Whether it is told of by itself, and not only of what it leads to.</summary>
    public bool Raises { get; set; }

    /// <summary>Whether more events can only bring it nearer to matching: then it matches at once, and not when its time is over.</summary>
    public bool IsGrowing => Rule.Kind switch
    {
        CorrelationKind.Temporal or CorrelationKind.TemporalOrdered => Rule.Conditions.Count == 0 || IsUpward,
        CorrelationKind.EventCount or CorrelationKind.ValueCount or CorrelationKind.ValueSum => IsUpward,
        CorrelationKind.FirstSeen or CorrelationKind.Returned => true,
        _ => false,
    };

    /// <summary>How many occurrences of a group are kept; of one that is judged when its windows are over, of each of them.</summary>
    public int MaxOccurrences
    {
        get
        {
            if (!IsGrowing)
            {
                // One more than anything that is counted is compared with.
                return DetectionLimits.GroupOccurrences + 1;
            }

            if (Rule.Kind is not (CorrelationKind.EventCount or CorrelationKind.ValueCount))
            {
                return DetectionLimits.GroupOccurrences;
            }

            // As many as are counted, each value as often as it is kept; one that comes late may need those before newer ones.
            double counted = (Rule.Conditions.Max(condition => condition.Value) + 1) * (Rule.Kind == CorrelationKind.ValueCount ? DetectionLimits.AlikeOccurrences : 1);
            double windows = 1 + Math.Ceiling(DetectionLimits.LateCrowded / Rule.Timespan);
            return (int)Math.Clamp(counted * windows, 1, DetectionLimits.GroupOccurrences);
        }
    }

    /// <summary>Whether one of its rules, by its place in its list, is a rule of one event, and not a correlation.</summary>
    public bool IsOfEvents(int place) => place < _isOfEvents.Length && _isOfEvents[place];

    /// <summary>Where what it groups by, or counts, stands in the group of a correlation that it is about.</summary>
    /// <param name="inner">That correlation.</param>
    /// <param name="rule">The rule by whose event the group was completed; -1 where none was.</param>
    /// <param name="field">The field's name here.</param>
    /// <param name="place">Where the field stands in events of that rule.</param>
    /// <returns>The place among what that correlation groups by; -1 where it is not among it, and the event has to tell.</returns>
    public int PlaceIn(CorrelationPlan inner, int rule, string field, int place)
    {
        if (rule >= 0)
        {
            return Array.IndexOf(inner.GroupPlaces[rule], place);
        }

        string name = Rule.AliasedIn(inner.Rule.Head, field) ?? field;
        return inner.Rule.GroupBy.Index().Where(other => other.Item == name).Select(other => other.Index).FirstOrDefault(-1);
    }

    private bool IsUpward => Rule.Conditions.All(condition => condition.Comparison is CountComparison.Greater or CountComparison.GreaterOrEqual);

    /// <summary>What nothing that it matches comes to less than, where it counts upwards.</summary>
    public double Least => _least ??= Rule.Conditions.Select(condition => condition.Value).DefaultIfEmpty(Rule.Rules.Count).Max();

    /// <summary>Whether a count is what it wants; what is no number (a mean of nothing, or of numbers too great to add up) never is.</summary>
    public bool IsMet(double count) => !double.IsNaN(count) && Rule.Conditions.All(condition => condition.Comparison switch
    {
        CountComparison.Equal => count == condition.Value,
        CountComparison.NotEqual => count != condition.Value,
        CountComparison.Less => count < condition.Value,
        CountComparison.LessOrEqual => count <= condition.Value,
        CountComparison.Greater => count > condition.Value,
        _ => count >= condition.Value,
    });
}
