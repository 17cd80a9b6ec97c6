using System.Text.Json;
using Indelible.Detection;
using Indelible.Search;

namespace Indelible.Server.Backtests;

/// <summary>Makes a query of what rules ask of an index.</summary>
internal static class RuleQuery
{
    /// <summary>The entries that a sketch holds for.</summary>
    public static QueryTree Of(RuleSketch sketch) => sketch switch
    {
        RuleSketch.All all => QueryTree.And([.. all.Parts.Select(Of)]),
        RuleSketch.Any any => QueryTree.Or([.. any.Parts.Select(Of)]),
        RuleSketch.Not not => QueryTree.Not(Of(not.Part)),
        RuleSketch.There there => QueryTree.There(there.Path),
        RuleSketch.Null none => QueryTree.Null(none.Path),
        RuleSketch.Value value => QueryTree.Passes(value.Path, new Test(value.Probe)),
        _ => throw new InvalidOperationException($"There is no query for {sketch.GetType().Name}."),
    };

    /// <summary>Entries of a time, as detection has it: their own, but not more than <see cref="DetectionLimits.ClockAhead"/> ahead of when they were received.</summary>
    /// <returns>All of them; and some that lie before it by their receipt, though not by their own time.</returns>
    public static QueryTree Within(TimeRange range)
    {
        if (range.To is not { } to)
        {
            // What is dated ahead counts as of its receipt, and is in it either way.
            return QueryTree.Between(["time"], range);
        }

        DateTimeOffset? received = range.From is { } from ? Minus(from, DetectionLimits.ClockAhead) : null;
        return QueryTree.Or([
            QueryTree.Between(["time"], range),
            QueryTree.And([
                QueryTree.Between(["time"], new TimeRange(to, null)),
                QueryTree.Between(["received_at"], new TimeRange(received, Minus(to, DetectionLimits.ClockAhead))),
            ]),
        ]);
    }

    /// <summary>An instant so much earlier; the first there is, where there is no such.</summary>
    public static DateTimeOffset Minus(DateTimeOffset time, TimeSpan span) => time - DateTimeOffset.MinValue > span ? time - span : DateTimeOffset.MinValue;

    private sealed class Test(ValueProbe probe) : IValueTest
    {
        public IReadOnlyList<string>? Texts => probe.Texts;

        public bool Passes(ReadOnlySpan<byte> value, JsonTokenType type) => probe.Passes(value, type);
    }
}
