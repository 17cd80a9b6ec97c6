using System.Text.Json;

namespace Indelible.Detection;

/// <summary>A question to the past of a log: is there an event of one of a correlation's rules, in this group, with this value, within this time?</summary>
public sealed class HistoryQuestion
{
    private readonly CorrelationPlan _plan;

    internal HistoryQuestion(CorrelationPlan plan, IReadOnlyList<string> group, string? value, long before, DateTimeOffset from, DateTimeOffset? until) =>
        (_plan, Group, Value, Before, From, Until) = (plan, group, value, before, from, until);

    /// <summary>Only events of a smaller index count.</summary>
    public long Before { get; }

    /// <summary>The earliest time that counts.</summary>
    public DateTimeOffset From { get; }

    /// <summary>The latest time that counts; null for any.</summary>
    public DateTimeOffset? Until { get; }

    /// <summary>The values of what the correlation groups by.</summary>
    public IReadOnlyList<string> Group { get; }

    /// <summary>The value of its field, or the network that it is in; null for any.</summary>
    public string? Value { get; }

    /// <summary>The correlation's number.</summary>
    internal int Correlation => _plan.Number;

    /// <summary>For each rule what holds of every event that is asked for: all clauses of one of them.</summary>
    public IReadOnlyList<IReadOnlyList<HistoryClause>> Alternatives => field ??= [.. _plan.Rules.Keys.Order().Select(ClausesOf)];

    /// <summary>Tells whether an event is one that is asked for.</summary>
    /// <param name="matcher">Asks the rules; not one whose last event somebody still needs.</param>
    /// <param name="entry">The event, personal values in clear.</param>
    /// <param name="time">Its time.</param>
    /// <param name="received">When it was received.</param>
    /// <returns>The time that counts of it; null where it is none.</returns>
    /// <exception cref="JsonException">It is no JSON, or a text in it is not Unicode.</exception>
    public DateTimeOffset? TimeOf(RuleMatcher matcher, ReadOnlySpan<byte> entry, DateTimeOffset time, DateTimeOffset received)
    {
        ArgumentNullException.ThrowIfNull(matcher);
        DateTimeOffset at = Correlator.TimeOf(time, received);
        if (at < From || at > Until)
        {
            return null;
        }

        var matched = new List<int>();
        matcher.Match(entry, matched);
        return matched.Exists(rule => _plan.Rules.ContainsKey(rule) && IsInGroup(matcher, rule)) ? at : null;
    }

    private bool IsInGroup(RuleMatcher matcher, int rule)
    {
        int[] places = _plan.GroupPlaces[rule];
        var values = new List<string>();
        for (int i = 0; i < places.Length; i++)
        {
            values.Clear();
            matcher.ValuesAt(places[i], values);
            if (!values.Contains(Group[i], StringComparer.Ordinal))
            {
                return false;
            }
        }

        if (_plan.Rule.Fields.Count == 0)
        {
            return true;
        }

        values.Clear();
        matcher.ValuesAt(_plan.CountedPlaces[rule][0], values);
        return Value is null ? values.Count > 0 : values.Exists(value => _plan.Rule.History!.Counted(value) == Value);
    }

    private List<HistoryClause> ClausesOf(int rule)
    {
        List<HistoryClause> clauses = [.. _plan.GroupPaths[rule].Select((path, i) => new HistoryClause(path.Names, [Group[i]], false))];
        if (_plan.Rule.Fields.Count > 0)
        {
            EntryPath path = _plan.CountedPaths[rule];
            bool isNetwork = Value is not null && _plan.Rule.History!.Network is not null && NetworkPrefix.IsNetwork(Value);
            clauses.Add(new HistoryClause(path.Names, Value is null ? [] : [Value], isNetwork));
        }

        clauses.AddRange(_plan.Required[rule]);
        return clauses;
    }
}
