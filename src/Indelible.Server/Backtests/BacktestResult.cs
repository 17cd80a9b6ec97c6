using Indelible.Detection;

namespace Indelible.Server.Backtests;

/// <summary>What rules would have found.</summary>
/// <param name="Findings">The first findings, in the order in which they would have been raised.</param>
/// <param name="Total">How many there are.</param>
/// <param name="ByRule">How many of each rule that raises something, in the order of the rules.</param>
/// <param name="ByDay">How many of each day, ascending.</param>
/// <param name="To">Entries below this index were gone over: the size asked for, unless it took too long.</param>
/// <param name="InRange">Events in the range.</param>
/// <param name="Selected">Events in the range that the index did not exclude.</param>
/// <param name="Matched">Events in the range that a rule matched.</param>
/// <param name="Read">Entries that were read, those before the range that correlations look back to among them.</param>
/// <param name="Indexed">How many entries an index covers.</param>
/// <param name="Elapsed">How long it took.</param>
/// <param name="Notices">What the asker should know of it.</param>
internal sealed record BacktestResult(
    IReadOnlyList<Finding> Findings,
    long Total,
    IReadOnlyList<(RuleHead Rule, long Count)> ByRule,
    IReadOnlyList<(DateOnly Day, long Count)> ByDay,
    long To,
    long InRange,
    long Selected,
    long Matched,
    long Read,
    long Indexed,
    TimeSpan Elapsed,
    IReadOnlyList<string> Notices);
