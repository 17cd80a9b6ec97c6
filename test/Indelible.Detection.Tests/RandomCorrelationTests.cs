using System.Globalization;
using CsCheck;

namespace Indelible.Detection.Tests;

/// <summary>Random correlations over random events, late ones among them: what is found is what the definition says, whenever one is stopped and goes on from what was written down.</summary>
public sealed class RandomCorrelationTests
{
    private const double Span = 600;

    private static readonly Gen<(double Step, int Actor, int Kind, int Value, bool Restarts)[]> s_events =
        (from step in OneOf(0, 0, 1, 30, 200, 400, 1500, 90_000, -1, -100, -290, -1_200, -5_000, -85_000, -88_000) from actor in Gen.Int[0, 2] from kind in Gen.Int[0, 3] from value in Gen.Int[1, 5] from restarts in Gen.Bool select ((double)step, actor, kind, value, restarts)).Array[1, 24];

    private static readonly Gen<(string Kind, string Comparison, int Threshold, int Percentile)> s_correlation =
        from kind in Gen.Int[0, 6].Select(i => new[] { "event_count", "value_count", "value_sum", "value_avg", "value_percentile", "temporal", "temporal_ordered" }[i])
        from comparison in Gen.Int[0, 7].Select(i => new[] { "gte", "gte", "gte", "gt", "lt", "lte", "eq", "neq" }[i])
        from threshold in Gen.Int[1, 6]
        from percentile in OneOf(10, 50, 90, 100)
        select (kind, comparison, threshold, percentile);

    [Fact]
    public void What_is_found_is_what_the_definition_says() => Gen.Select(s_correlation, s_events).Sample(
        (correlation, events) =>
        {
            (string kind, string comparison, int threshold, int percentile) = correlation;
            bool isTemporal = kind.StartsWith("temporal", StringComparison.Ordinal);
            string field = kind is "event_count" ? "" : kind == "value_percentile" ? string.Create(CultureInfo.InvariantCulture, $"field: n, percentile: {percentile}, ") : "field: n, ";
            string condition = isTemporal ? "" : string.Create(CultureInfo.InvariantCulture, $", condition: {{{field}{comparison}: {threshold}}}");
            var followed = new Followed($$"""
                title: first
                name: first
                logsource: {product: indelible}
                detection: {s: {k|contains: 'a'}, condition: s}
                ---
                title: second
                name: second
                logsource: {product: indelible}
                detection: {s: {k|contains: 'b'}, condition: s}
                ---
                title: found
                correlation: {type: {{kind}}, rules: [first, second], group-by: [actor], timespan: 10m{{condition}}}
                """);
            var plain = new PlainCorrelation(kind, 2, isTemporal ? null : count => Compares(count, comparison, threshold), comparison is "gt" or "gte", percentile, Span, DetectionLimits.Lateness.TotalSeconds, DetectionLimits.LateKept.TotalSeconds);
            double latest = 200_000;
            for (int i = 0; i < events.Length; i++)
            {
                (double step, int actor, int matches, int value, bool restarts) = events[i];
                double time = latest + step;
                latest = Math.Max(latest, time);
                string k = matches switch { 0 => "a", 1 => "b", 2 => "ab", _ => "c" };
                IReadOnlyList<Finding> found = followed.Take(string.Create(CultureInfo.InvariantCulture, $$$"""{"t":{{{time}}},"actor":{"id":"{{{actor}}}"},"k":"{{{k}}}","n":{{{value}}}}"""));
                List<string> expected = plain.Take(time, i, actor.ToString(CultureInfo.InvariantCulture), [.. new[] { (0, 'a'), (1, 'b') }.Where(one => k.Contains(one.Item2, StringComparison.Ordinal)).Select(one => one.Item1)], value);
                if (restarts)
                {
                    followed.Restart();
                }

                Assert.Equal(expected.Order(StringComparer.Ordinal), found.Select(one => $"[{string.Join(',', one.Events)}] {Math.Round(one.Count, 6)}").Order(StringComparer.Ordinal));
            }
        },
        iter: 3_000);

    private static bool Compares(double count, string comparison, double with) => comparison switch
    {
        "gt" => count > with,
        "gte" => count >= with,
        "lt" => count < with,
        "lte" => count <= with,
        "eq" => count == with,
        _ => count != with,
    };

    private static Gen<int> OneOf(params int[] numbers) => Gen.Int[0, numbers.Length - 1].Select(i => numbers[i]);
}
