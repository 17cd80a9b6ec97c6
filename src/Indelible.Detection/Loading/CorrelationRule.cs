namespace Indelible.Detection;

/// <summary>What a correlation counts or waits for (Sigma 2.1, correlation rules).</summary>
public enum CorrelationKind
{
    /// <summary>How many events.</summary>
    EventCount,

    /// <summary>How many different values of a field.</summary>
    ValueCount,

    /// <summary>Events of all of its rules, in any order.</summary>
    Temporal,

    /// <summary>Events of all of its rules, in their order.</summary>
    TemporalOrdered,

    /// <summary>The sum of a field.</summary>
    ValueSum,

    /// <summary>The mean of a field.</summary>
    ValueAverage,

    /// <summary>A percentile of a field.</summary>
    ValuePercentile,

    /// <summary>A value of a field that the group had not before. Ours, no part of Sigma.</summary>
    FirstSeen,

    /// <summary>The group does something again after a long silence. Ours, no part of Sigma.</summary>
    Returned,
}

/// <summary>How what was counted is compared.</summary>
public enum CountComparison
{
    /// <summary>The same.</summary>
    Equal,

    /// <summary>Another.</summary>
    NotEqual,

    /// <summary>Fewer.</summary>
    Less,

    /// <summary>Not more.</summary>
    LessOrEqual,

    /// <summary>More.</summary>
    Greater,

    /// <summary>Not fewer.</summary>
    GreaterOrEqual,
}

/// <summary>A Sigma correlation: rules whose events, grouped and within a time, come to something together.</summary>
/// <param name="Head">What it says about itself.</param>
/// <param name="Kind">What it counts or waits for.</param>
/// <param name="Rules">The rules and correlations that it is about, by id or name.</param>
/// <param name="GroupBy">The fields, or aliases, that are the same in the events of one group.</param>
/// <param name="Aliases">By alias, and by rule, the field that is meant.</param>
/// <param name="Timespan">How far the events of one finding lie apart at most.</param>
/// <param name="Fields">The fields that are counted, summed or ranked; of several, the values together.</param>
/// <param name="Percentile">Which percentile, 0 to 100.</param>
/// <param name="Conditions">What the count is compared with; all of them hold.</param>
/// <param name="Generate">Whether its rules raise alerts of their own as well.</param>
/// <param name="Tests">Events that it has to match, or must not; a member of ours.</param>
public sealed record CorrelationRule(
    RuleHead Head,
    CorrelationKind Kind,
    IReadOnlyList<string> Rules,
    IReadOnlyList<string> GroupBy,
    IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> Aliases,
    TimeSpan Timespan,
    IReadOnlyList<string> Fields,
    double Percentile,
    IReadOnlyList<(CountComparison Comparison, double Value)> Conditions,
    bool Generate,
    IReadOnlyList<RuleTest> Tests)
{
    /// <summary>What Sigma calls its kind: as <c>event_count</c>.</summary>
    public string KindWord => RuleReader.WordOf(Kind);

    /// <summary>What a field of this correlation is called in a rule or correlation that it is about.</summary>
    /// <param name="field">The field, or an alias.</param>
    /// <param name="of">That rule or correlation.</param>
    /// <returns>Null where no alias says anything of it.</returns>
    internal string? AliasedIn(RuleHead of, string field) =>
        Aliases.TryGetValue(field, out IReadOnlyDictionary<string, string>? meant) ? meant.FirstOrDefault(alias => alias.Key == of.Id || alias.Key == of.Name).Value : null;

    /// <summary>How it asks for what was before; null for the kinds of Sigma, which remember themselves.</summary>
    public HistoryTerms? History { get; init; }
}
