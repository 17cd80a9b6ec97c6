namespace Indelible.Detection;

/// <summary>A test that stands with a rule.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Line">The line that it begins at, from 1.</param>
/// <param name="Matches">Whether the rule has to match.</param>
/// <param name="Events">The events in order, as JSON; a rule of one event is asked of each, a correlation of all.</param>
public sealed record RuleTest(string Name, int Line, bool Matches, IReadOnlyList<string> Events);
