using System.Globalization;

namespace Indelible.Detection.Tests;

/// <summary>Groups of very many events: what they come to is exact, or as exact as is said, and what is kept of them is bounded.</summary>
public sealed class LargeCorrelationTests
{
    [Fact]
    public void A_sum_counts_more_numbers_than_are_kept()
    {
        // 40 KB, 25,000 times within the hour.
        var followed = new Followed(Rules("value_sum", "1h", "{field: n, gte: 1000000000}"));
        for (int i = 0; i < 24_999; i++)
        {
            Assert.Empty(followed.Take(Event(i * 0.12, "a", 40_000)));
        }

        followed.Restart();
        Finding finding = Assert.Single(followed.Take(Event(24_999 * 0.12, "a", 40_000)));
        Assert.Equal(1_000_000_000, finding.Count);
        Assert.Equal(Enumerable.Range(24_900, 100).Select(i => (long)i), finding.Events);
    }

    [Fact]
    public void A_sum_forgets_what_is_older_than_the_timespan_by_more_than_a_thousandth()
    {
        // Twelve an instant's tenth: never more than 36,012 within the hour and its thousandth.
        var followed = new Followed(Rules("value_sum", "1h", "{field: n, gt: 36050}"));
        for (int i = 0; i < 80_000; i++)
        {
            Assert.Empty(followed.Take(Event(i * 0.1, "a", 1)));
        }
    }

    [Theory]
    [InlineData("event_count", "{gte: 11000, lte: 12001}", "refused")]
    [InlineData("event_count", "{gte: 2, lte: 10000}", "")]
    [InlineData("event_count", "{neq: 10000}", "12000")]
    [InlineData("value_sum", "{field: n, lt: 1000000}", "200000")]
    [InlineData("value_avg", "{field: n, gt: 16}", "16.667")]
    [InlineData("value_count", "{field: n, lte: 2}", "2")]
    [InlineData("value_percentile", "{field: n, percentile: 90, gte: 100}", "100")]
    [InlineData("value_percentile", "{field: n, percentile: 80, lt: 100}", "0")]
    public void A_window_comes_to_what_all_of_its_events_do(string kind, string condition, string found)
    {
        if (found == "refused")
        {
            RuleLibrary library = RuleLibrary.Load([new RuleFile("r.yml", Rules(kind, "1h", condition))]);
            Assert.Contains("It counts beyond", Assert.Single(CompiledRules.Compile(library, ShippedRules.Mappings).Faults).Reason, StringComparison.Ordinal);
            return;
        }

        var followed = new Followed(Rules(kind, "1h", condition));
        for (int i = 0; i < 12_000; i++)
        {
            followed.Take(Event(i * 0.2, "a", i < 2_000 ? 100 : 0));
        }

        followed.Restart();
        followed.Findings.Clear();
        followed.Take(Event(10_000, "b", 0));
        Assert.Equal(found, string.Join('|', followed.Findings.Select(finding => string.Create(CultureInfo.InvariantCulture, $"{Math.Round(finding.Count, 3)}"))));
        Assert.Equal(0, followed.Correlator.Cut);
    }

    [Fact]
    public void A_window_keeps_its_events_whatever_comes_in_the_next()
    {
        // They were forgotten for newer ones, and a window of nothing has no percentile.
        var followed = new Followed(Rules("value_percentile", "10m", "{field: n, percentile: 50, gte: 0}"));
        followed.Take(Event(599, "a", 7));
        for (int i = 0; i < 10_100; i++)
        {
            followed.Take(Event(600 + (i * 0.02), "a", i));
        }

        Finding finding = Assert.Single(followed.Take(Event(901, "b", 0)));
        Assert.Equal((7.0, 0L), (finding.Count, finding.Events.Single()));
        Assert.Equal(99, followed.Correlator.Cut);
    }

    [Fact]
    public void Different_values_beyond_what_is_counted_are_not_kept()
    {
        var followed = new Followed(Rules("value_count", "10m", "{field: n, gte: 3}"));
        for (int i = 0; i < 10_000; i++)
        {
            followed.Take(Event(i * 0.05, "a", i));
        }

        Finding finding = Assert.Single(followed.Findings);
        Assert.Equal((3.0, 2L), (finding.Count, finding.Events[^1]));
        Assert.InRange(Followed.Saved(followed.Correlator).Length, 1, 20_000);
    }

    [Fact]
    public void An_event_of_more_values_than_are_kept_is_told_with_all_of_them()
    {
        var followed = new Followed(Rules("value_count", "10m", "{field: n, gte: 1}"));
        string values = string.Join(',', Enumerable.Range(0, 5_000));
        Assert.Equal(5_000, Assert.Single(followed.Take($$"""{"k":"a","actor":{"id":"a"},"n":[{{values}}],"t":0}""")).Count);
    }

    [Fact]
    public void Windows_of_groups_that_are_forgotten_are_forgotten_with_them()
    {
        var followed = new Followed(Rules("event_count", "90d", "{lt: 2}"));
        for (int i = 0; i < DetectionLimits.Groups + 20_000; i++)
        {
            followed.Take(Event(1, string.Create(CultureInfo.InvariantCulture, $"u{i}"), 0));
        }

        Assert.True(followed.Correlator.Forgotten > 0);
        Assert.InRange(followed.Correlator.Open, DetectionLimits.Groups / 2, DetectionLimits.Groups);
        followed.Restart();
        var findings = new List<Finding>();
        followed.Correlator.Pass(Followed.TimeOf(TimeSpan.FromDays(200).TotalSeconds), findings);
        Assert.InRange(findings.Count, DetectionLimits.Groups / 2, DetectionLimits.Groups);
    }

    private static string Rules(string kind, string timespan, string condition) => $$"""
        title: act
        name: act
        logsource: {product: indelible}
        detection: {s: {k: a}, condition: s}
        ---
        title: counted
        correlation: {type: {{kind}}, rules: [act], group-by: [actor], timespan: {{timespan}}, condition: {{condition}}}
        """;

    private static string Event(double time, string actor, int n) => string.Create(CultureInfo.InvariantCulture, $$"""{"k":"a","actor":{"id":"{{actor}}"},"n":{{n}},"t":{{time}}}""");
}
