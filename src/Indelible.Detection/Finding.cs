namespace Indelible.Detection;

/// <summary>A rule or a correlation matched.</summary>
/// <param name="Rule">What it says about itself.</param>
/// <param name="From">The time of the first event.</param>
/// <param name="To">The time of the last event.</param>
/// <param name="Group">What the events have in common: the fields that a correlation groups by, with their values. May hold personal values.</param>
/// <param name="Events">Indexes of the events that made it match, ascending; of very many, the newest.</param>
/// <param name="Count">What was counted, summed or ranked; 1 for a rule of one event.</param>
public sealed record Finding(RuleHead Rule, DateTimeOffset From, DateTimeOffset To, IReadOnlyList<(string Field, string Value)> Group, IReadOnlyList<long> Events, double Count);
