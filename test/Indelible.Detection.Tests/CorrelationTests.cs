using System.Globalization;

namespace Indelible.Detection.Tests;

/// <summary>Correlations of each kind, over events that tell a story.</summary>
public sealed class CorrelationTests
{
    private const string Rules = """
        title: failed
        name: failed
        logsource: {product: indelible}
        detection: {selection: {action: sign_in, outcome: failure}, condition: selection}
        ---
        title: succeeded
        name: succeeded
        logsource: {product: indelible}
        detection: {selection: {action: sign_in, outcome: success}, condition: selection}
        ---
        title: read
        name: read
        logsource: {product: indelible}
        detection: {selection: {action: read}, condition: selection}
        ---

        """;

    [Theory]
    [InlineData("event_count", "gte: 3", "f0 a, f1 a, f2 b, f3 a", "3: [0,1,3] 3")]
    [InlineData("event_count", "gte: 3", "f0 a, f1 a, f600 a", "2: [0,1,2] 3")]
    [InlineData("event_count", "gte: 3", "f0 a, f1 a, f601 a, f602 a", "")]
    [InlineData("event_count", "gt: 2", "f0 a, f1 a, f2 a, f3 a, f4 a", "2: [0,1,2] 3")]
    [InlineData("event_count", "gte: 3", "f0 a, f1 a, f2 a, f700 a, f1400 a, f1401 a, f1402 a", "2: [0,1,2] 3|6: [4,5,6] 3")]
    [InlineData("event_count", "gte: 3", "f100 a, f0 a, f50 a", "2: [0,1,2] 3")]
    [InlineData("event_count", "gte: 3", "f100 a, f0 a, f800 a", "")]
    [InlineData("event_count", "gte: 3", "f5000 b, f0 a, f1 a, f2 a", "3: [1,2,3] 3")]
    [InlineData("event_count", "gte: 3", "f5000 a, f0 a, f1 a, f2 a", "3: [1,2,3] 3")]
    [InlineData("event_count", "gte: 3", "f86400 b, f0 a, f1 a, f2 a", "3: [1,2,3] 3")]
    [InlineData("event_count", "gte: 3", "f86402 b, f0 a, f1 a, f2 a", "")]
    [InlineData("event_count", "{gte: 2, lte: 2}", "f0 a, f1 a, f2000 b", "2: [0,1] 2")]
    [InlineData("event_count", "{gte: 2, lte: 2}", "f0 a, f1 a, f2 a, f2000 b", "")]
    [InlineData("event_count", "lt: 2", "f0 a, f100 b, f101 b, f2000 c", "3: [0] 1")]
    [InlineData("value_count", "{field: ip, gte: 3}", "f0 a 1, f1 a 2, f2 a 1, f3 a 3", "3: [0,1,2,3] 3")]
    [InlineData("value_count", "{field: ip, gte: 3}", "f0 a 1, f1 a 2, f2 b 3", "")]
    [InlineData("value_sum", "{field: n, gt: 10}", "f0 a 4, f1 a 4, f2 a 3", "2: [0,1,2] 11")]
    [InlineData("value_avg", "{field: n, gte: 5}", "f0 a 2, f1 a 8, f2000 b 1", "2: [0,1] 5")]
    [InlineData("value_percentile", "{field: n, percentile: 50, gt: 5}", "f0 a 1, f1 a 6, f2 a 7, f2000 b 1", "3: [0,1,2] 6")]
    [InlineData("value_percentile", "{field: n, lte: 34}", "f0 a 1, f1 a 1, f2 a 7, f2000 b 1", "3: [0,1,2] 33.333")]
    public void Counts_what_it_says(string kind, string condition, string events, string found) => Assert.Equal(found, Told(
        $$"""
        title: counted
        level: high
        correlation:
          type: {{kind}}
          rules: [failed]
          group-by: [actor]
          timespan: 10m
          condition: {{(condition.StartsWith('{') ? condition : "{" + condition + "}")}}
        """,
        events));

    [Theory]
    [InlineData("temporal", "f0 a, r5 a, s9 a", "2: [0,1,2] 3")]
    [InlineData("temporal", "r0 a, s1 a, f2 a", "2: [0,1,2] 3")]
    [InlineData("temporal", "r0 a, s1 a, f2 b", "")]
    [InlineData("temporal", "f0 a, s1 a, r700 a", "")]
    [InlineData("temporal_ordered", "f0 a, s5 a, r9 a", "2: [0,1,2] 3")]
    [InlineData("temporal_ordered", "r0 a, s1 a, f2 a", "")]
    [InlineData("temporal_ordered", "f0 a, r1 a, s2 a, r3 a", "3: [0,1,2,3] 3")]
    [InlineData("temporal_ordered", "f0 a, r9 a, s5 a", "2: [0,1,2] 3")]
    [InlineData("temporal_ordered", "r0 a, s1 a, f2 a, s3 a, r4 a", "4: [2,3,4] 3")]
    [InlineData("temporal_ordered", "r2 a, s2 a, f2 a", "2: [0,1,2] 3")]
    [InlineData("temporal_ordered", "r9 a, s5 a, f0 a", "2: [0,1,2] 3")]
    public void Waits_for_all_of_its_rules(string kind, string events, string found) => Assert.Equal(found, Told(
        $$"""
        title: together
        correlation:
          type: {{kind}}
          rules: [failed, succeeded, read]
          group-by: [actor]
          timespan: 10m
        """,
        events));

    [Fact]
    public void Chained_correlations_find_many_failures_and_then_a_success() => Assert.Equal("4: [2,4] 2", Told(
        """
        title: guessed
        correlation: {type: temporal_ordered, rules: [many, succeeded], group-by: [actor], timespan: 10m}
        ---
        title: many
        name: many
        correlation: {type: event_count, rules: [failed], group-by: [actor, ip], timespan: 5m, condition: {gte: 3}}
        """,
        "f0 a 1, f1 a 1, f2 a 1, s3 b 1, s4 a 9"));

    [Fact]
    public void A_success_after_a_series_that_goes_on_for_hours_is_found_once()
    {
        const string Correlations = """
            title: guessed
            correlation: {type: temporal_ordered, rules: [many, succeeded], group-by: [actor], timespan: 10m}
            ---
            title: many
            name: many
            correlation: {type: event_count, rules: [failed], group-by: [actor], timespan: 5m, condition: {gte: 3}}
            """;
        string failures = string.Join(", ", Enumerable.Range(0, 120).Select(minute => string.Create(CultureInfo.InvariantCulture, $"f{minute * 60} a")));
        string told = Told(Correlations, failures + ", s7150 a, f7160 a, f7170 a, s7180 a");
        Assert.StartsWith("120: [", told, StringComparison.Ordinal);
        Assert.EndsWith(",120] 2", told, StringComparison.Ordinal);
    }

    [Fact]
    public void A_correlation_that_counts_another_counts_a_series_once() => Assert.Equal("7: [2,7] 2", Told(
        """
        title: again
        correlation: {type: event_count, rules: [many], group-by: [actor], timespan: 1d, condition: {gte: 2}}
        ---
        title: many
        name: many
        correlation: {type: event_count, rules: [failed], group-by: [actor], timespan: 5m, condition: {gte: 3}}
        """,
        "f0 a, f1 a, f2 a, f3 a, f4 a, f900 a, f901 a, f902 a"));

    [Fact]
    public void An_alias_means_another_field_in_each_rule() => Assert.Equal("1: [0,1] 2", Told(
        """
        title: carried off
        correlation:
          type: temporal
          rules: [failed, read]
          group-by: [place]
          timespan: 10m
          aliases: {place: {failed: n, read: ip}}
        """,
        "f0 a 7, r1 b 7, r2 b 8"));

    [Theory]
    [InlineData("place: {many: spot, read: ip}")]
    [InlineData("place: {failed: n, read: ip}")]
    public void An_alias_of_a_correlation_means_what_that_calls_it(string aliases) => Assert.Equal("2: [1,2] 2", Told(
        $$"""
        title: many
        name: many
        correlation:
          type: event_count
          rules: [failed]
          group-by: [spot]
          timespan: 10m
          condition: {gte: 2}
          aliases: {spot: {failed: n} }
        ---
        title: carried off
        correlation:
          type: temporal_ordered
          rules: [many, read]
          group-by: [place]
          timespan: 10m
          aliases: { {{aliases}} }
        """,
        "f0 a 7, f1 b 7, r2 c 7, r3 d 8"));

    [Fact]
    public void Rules_that_are_part_of_a_correlation_raise_nothing_unless_it_says_so()
    {
        const string Correlation = "title: c\ncorrelation: {type: event_count, rules: [failed], group-by: [actor], timespan: 10m, condition: {gte: 5}GENERATE}";
        Assert.Equal("", Told(Correlation.Replace("GENERATE", "", StringComparison.Ordinal), "f0 a"));
        Assert.Equal("0: [0] 1", Told(Correlation.Replace("GENERATE", ", generate: true", StringComparison.Ordinal), "f0 a"));
    }

    [Fact]
    public void A_clock_that_is_far_ahead_ends_no_window_of_others()
    {
        var followed = new Followed(Rules + "title: c\ncorrelation: {type: event_count, rules: [failed], group-by: [actor], timespan: 10m, condition: {gte: 3}}") { Received = Followed.TimeOf(0) };
        Assert.Empty(followed.Take(Event("f0 a")));
        Assert.Empty(followed.Take(Event("f1 a")));
        followed.Received = Followed.TimeOf(2);
        Assert.Empty(followed.Take(Event("f999999999 b")));
        Assert.Equal("c", Assert.Single(followed.Take(Event("f2 a"))).Rule.Title);
    }

    [Fact]
    public void Groups_beyond_the_bound_are_forgotten_and_counted()
    {
        var followed = new Followed(Rules + "title: c\ncorrelation: {type: event_count, rules: [failed], group-by: [actor], timespan: 10m, condition: {gte: 2}}");
        for (int i = 0; i <= DetectionLimits.Groups; i++)
        {
            followed.Take(Event(string.Create(CultureInfo.InvariantCulture, $"f1 actor{i}")));
        }

        Assert.InRange(followed.Correlator.Forgotten, 1, DetectionLimits.Groups / 8);
        Assert.Empty(followed.Take(Event("f2 actor0")));
        Assert.Single(followed.Take(Event(string.Create(CultureInfo.InvariantCulture, $"f2 actor{DetectionLimits.Groups}"))));
    }

    [Theory]
    [InlineData("rules: [nobody], group-by: [actor], timespan: 10m, condition: {gte: 2}", "It is about nobody, and there is no rule of that id or name")]
    [InlineData("rules: [failed], group-by: [actor], timespan: 10, condition: {gte: 2}", "The timespan 10 is no number with s, m, h or d")]
    [InlineData("rules: [failed], group-by: [actor], timespan: 10m", "The member condition is missing")]
    [InlineData("rules: [failed], group-by: [actor], timespan: 10m, condition: {field: ip, gte: 2}", "its condition has no field")]
    [InlineData("rules: [failed], group-by: [actor], timespan: 10m, condition: {more: 2}", "There is no condition more")]
    [InlineData("rules: [c], group-by: [actor], timespan: 10m, condition: {gte: 2}", "which is about it in turn")]
    public void Refuses_what_it_cannot_do(string members, string reason)
    {
        RuleLibrary library = RuleLibrary.Load([new RuleFile("c.yml", Rules + $"title: c\nname: c\ncorrelation: {{type: event_count, {members}}}")]);
        Assert.Contains(reason, Assert.Single(library.Faults).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void What_comes_later_than_is_kept_is_counted()
    {
        var followed = new Followed(Rules + "title: c\ncorrelation: {type: event_count, rules: [failed], group-by: [actor], timespan: 10m, condition: {gte: 3}}");
        foreach (string text in new[] { "f90000 b", "f3600 a", "f3599 a", "f3598 a" })
        {
            Assert.Empty(followed.Take(Event(text)));
            followed.Restart();
        }

        Assert.Empty(followed.Take(Event("f3000 a")));
        Assert.Equal(1, followed.Correlator.Late);
    }

    [Theory]
    [InlineData("type: value_sum, rules: [failed], timespan: 10m, condition: {field: [n, ip], gte: 2}", "this correlation takes one field")]
    [InlineData("type: value_avg, rules: [failed], timespan: 10m, condition: {field: [n, ip], gte: 2}", "this correlation takes one field")]
    [InlineData("type: value_percentile, rules: [failed], timespan: 10m, condition: {field: [n, ip], percentile: 50, gte: 2}", "this correlation takes one field")]
    [InlineData("type: value_percentile, rules: [failed], timespan: 10m, condition: {field: n, percentile: 101, gte: 2}", "percentile is a number from 0 to 100")]
    [InlineData("type: value_percentile, rules: [failed], timespan: 10m, condition: {field: n, percentile: -1, gte: 2}", "percentile is a number from 0 to 100")]
    [InlineData("type: value_count, rules: [failed], timespan: 10m, condition: {field: '', gte: 2}", "A field has 1 to 128 characters")]
    public void Refuses_to_count_what_is_no_number(string members, string reason)
    {
        RuleLibrary library = RuleLibrary.Load([new RuleFile("c.yml", Rules + $"title: c\ncorrelation: {{{members}}}")]);
        Assert.Contains(reason, Assert.Single(library.Faults).Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("temporal_ordered", "[failed, succeeded, failed]")]
    [InlineData("temporal_ordered", "[failed, failed, succeeded]")]
    [InlineData("temporal", "[failed, failed]")]
    [InlineData("temporal", "[many, failed, many]")]
    public void Refuses_to_wait_for_one_rule_twice(string kind, string rules)
    {
        const string Many = "title: m\nname: many\ncorrelation: {type: event_count, rules: [failed], timespan: 5m, condition: {gte: 3}}";
        RuleLibrary library = RuleLibrary.Load([new RuleFile("c.yml", Rules + Many + $"\n---\ntitle: c\ncorrelation: {{type: {kind}, rules: {rules}, timespan: 10m}}")]);
        Assert.Empty(library.Faults);
        RuleFault fault = Assert.Single(CompiledRules.Compile(library, ShippedRules.Mappings).Faults);
        Assert.Contains("twice, and cannot tell which of its events is which", fault.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_correlation_that_is_refused_when_rules_are_put_together_keeps_what_it_is_about_not_quiet()
    {
        RuleLibrary library = RuleLibrary.Load([new RuleFile("c.yml", Rules + """
            title: many
            name: many
            correlation: {type: event_count, rules: [failed], group-by: [actor], timespan: 5m, condition: {gte: 2}}
            ---
            title: too much
            correlation: {type: event_count, rules: [many], group-by: [actor], timespan: 1d, condition: {gte: 20000}}
            """)]);
        Assert.Empty(library.Faults);
        CompiledRules rules = CompiledRules.Compile(library, ShippedRules.Mappings);
        Assert.Contains("It counts beyond", Assert.Single(rules.Faults).Reason, StringComparison.Ordinal);
        var matcher = new RuleMatcher(rules);
        var correlator = new Correlator(rules);
        var findings = new List<Finding>();
        for (int i = 0; i < 2; i++)
        {
            var matched = new List<int>();
            matcher.Match(System.Text.Encoding.UTF8.GetBytes(Event($"f{i} a")), matched);
            correlator.Follow(matcher, i, Followed.TimeOf(i), Followed.TimeOf(i), matched, findings);
        }

        Assert.Equal("many", Assert.Single(findings).Rule.Title);
    }

    private static string Told(string correlation, string events)
    {
        var followed = new Followed(Rules + correlation);
        var told = new List<string>();
        string[] all = events.Split(", ");
        for (int i = 0; i < all.Length; i++)
        {
            told.AddRange(followed.Take(Event(all[i])).Select(finding => string.Create(CultureInfo.InvariantCulture, $"{i}: [{string.Join(',', finding.Events)}] {Math.Round(finding.Count, 3)}")));
        }

        return string.Join('|', told);
    }

    /// <summary>A letter for what happens, the second in which it does, who does it, and a number.</summary>
    private static string Event(string text)
    {
        string[] parts = text.Split(' ');
        (string action, string outcome) = parts[0][0] switch { 'f' => ("sign_in", "failure"), 's' => ("sign_in", "success"), _ => ("read", "success") };
        string n = parts.Length > 2 ? parts[2] : "0";
        return $$$"""{"action":"{{{action}}}","outcome":"{{{outcome}}}","t":{{{parts[0][1..]}}},"actor":{"id":"{{{parts[1]}}}"},"source":{"ip":"{{{n}}}"},"n":{{{n}}}}""";
    }
}
