namespace Indelible.Detection;

/// <summary>A correlation made ready: where its fields stand in the events of each rule that can lead to it.</summary>
internal sealed class CorrelationPlan
{
    /// <summary>The correlation.</summary>
    public required CorrelationRule Rule { get; init; }

    /// <summary>Its number among all.</summary>
    public required int Number { get; init; }

    /// <summary>Rules of one event that it is about, with their place in its list.</summary>
    public required IReadOnlyDictionary<int, int> Rules { get; init; }

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

    /// <summary>How many occurrences of a group are kept.</summary>
    public int MaxOccurrences
    {
        get
        {
            if (Rule.Kind != CorrelationKind.EventCount || !IsGrowing)
            {
                return DetectionLimits.GroupOccurrences;
            }

            // As many as are counted; an event may be one for each rule, and a late one may need those before newer ones.
            double counted = Rule.Conditions.Max(condition => condition.Value) + 1;
            double windows = 1 + Math.Ceiling(DetectionLimits.Lateness / Rule.Timespan);
            return (int)Math.Clamp(counted * Rule.Rules.Count * windows, 1, DetectionLimits.GroupOccurrences);
        }
    }

    private bool IsUpward => Rule.Conditions.All(condition => condition.Comparison is CountComparison.Greater or CountComparison.GreaterOrEqual);

    /// <summary>Whether a count is what it wants.</summary>
    public bool IsMet(double count) => Rule.Conditions.All(condition => condition.Comparison switch
    {
        CountComparison.Equal => count == condition.Value,
        CountComparison.NotEqual => count != condition.Value,
        CountComparison.Less => count < condition.Value,
        CountComparison.LessOrEqual => count <= condition.Value,
        CountComparison.Greater => count > condition.Value,
        _ => count >= condition.Value,
    });
}
