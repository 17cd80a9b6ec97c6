using System.Globalization;
using CsCheck;

namespace Indelible.Detection.Tests;

/// <summary>What correlations keep is enough: over events in the order of their times, they tell what is told by whoever forgets nothing.</summary>
public sealed class CorrelationWindowTests
{
    private const int Span = 600;

    // One of the rules matches far more often than the others, and now and then nothing happens for long.
    private static readonly Gen<(int Step, int Rule, int Value)[]> s_events =
        from often in Gen.Int[0, 2]
        from events in Gen.Select(
            Gen.Frequency((8, Gen.Const(1)), (3, Gen.Int[2, 30]), (1, Gen.Int[200, 620])),
            Gen.Frequency((30, Gen.Const(often)), (1, Gen.Const(0)), (1, Gen.Const(1)), (1, Gen.Const(2))),
            Gen.Frequency((8, Gen.Const(1)), (2, Gen.Int[2, 6]))).Array[0, 300]
        select events;

    [Theory]
    [InlineData("value_count", "condition: {field: n, gte: 4}")]
    [InlineData("temporal", "")]
    [InlineData("temporal_ordered", "")]
    [InlineData("event_count", "condition: {gte: 40}")]
    public void Nothing_is_missed_by_what_was_forgotten(string kind, string condition) => s_events.Sample(
        events =>
        {
            var followed = new Followed($"""
                {Rule(0)}
                {Rule(1)}
                {Rule(2)}
                title: c
                correlation:
                    type: {kind}
                    rules: [r0, r1, r2]
                    group-by: [actor]
                    timespan: {Span}s
                    {condition}
                """);
            var seen = new List<(int Time, int Rule, int Value)>();
            int quietUntil = int.MinValue;
            int time = 0;
            foreach ((int step, int rule, int value) in events)
            {
                time += step;
                seen.Add((time, rule, value));
                bool isFound = followed.Take(string.Create(CultureInfo.InvariantCulture, $$"""{"actor":{"id":"a"},"rule":{{rule}},"n":{{value}},"t":{{time}} }""")).Count > 0;
                bool isMet = IsMet(kind, [.. seen.Where(one => one.Time >= time - Span)]);
                Assert.Equal(isMet && time > quietUntil, isFound);
                quietUntil = isMet ? time + Span : quietUntil;
            }
        },
        iter: 400);

    private static string Rule(int number) => string.Create(CultureInfo.InvariantCulture, $"title: r{number}\nname: r{number}\nlogsource: {{product: indelible}}\ndetection: {{s: {{rule: {number}}}, condition: s}}\n---");

    private static bool IsMet(string kind, (int Time, int Rule, int Value)[] window)
    {
        switch (kind)
        {
            case "value_count":
                return window.Select(one => one.Value).Distinct().Count() >= 4;
            case "temporal":
                return window.Select(one => one.Rule).Distinct().Count() == 3;
            case "temporal_ordered":
                int reached = 0;
                foreach ((_, int rule, _) in window)
                {
                    reached += rule == reached ? 1 : 0;
                }

                return reached == 3;
            default:
                return window.Length >= 40;
        }
    }
}
