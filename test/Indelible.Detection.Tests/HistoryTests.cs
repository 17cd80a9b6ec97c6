using System.Globalization;
using System.Text;

namespace Indelible.Detection.Tests;

/// <summary>Correlations that ask the log for what was before: what they find, what they refuse, and how much they ask and remember.</summary>
public sealed class HistoryTests
{
    private const string Act = """
        title: act
        name: act
        logsource: {product: indelible}
        detection: {s: {action: sign_in, outcome: success}, condition: s}
        ---

        """;

    private const int Hour = 3_600;
    private const int Day = 24 * Hour;

    [Fact]
    public void A_value_is_new_once_and_only_of_a_group_that_is_known_for_long_enough()
    {
        var followed = new Followed(FirstSeen("{field: ip, learning: 2d}"));
        Assert.Empty(Sign(followed, 0, "a", "10.0.0.1"));
        Assert.Empty(Sign(followed, Day, "a", "10.0.0.2"));
        Assert.Empty(Sign(followed, 2 * Day, "b", "10.0.0.3"));
        Assert.Equal("actor=a [3]", Told(Sign(followed, 3 * Day, "a", "10.0.0.3")));
        Assert.Empty(Sign(followed, 4 * Day, "a", "10.0.0.3"));
        Assert.Empty(Sign(followed, 5 * Day, "a", "10.0.0.1"));

        // What was longer ago than the timespan is new again; and of who was gone for so long nothing is known.
        Assert.Equal("actor=a [6]", Told(Sign(followed, 12 * Day, "a", "10.0.0.2")));
        Assert.Empty(Sign(followed, 40 * Day, "a", "10.0.0.9"));
    }

    [Fact]
    public void What_the_rule_does_not_match_was_not_there()
    {
        var followed = new Followed(FirstSeen("{field: ip, learning: 2d}"));
        Sign(followed, 0, "a", "10.0.0.1");
        Assert.Empty(Sign(followed, 3 * Day, "a", "10.0.0.2", "failure"));
        Assert.Equal("actor=a [2]", Told(Sign(followed, (3 * Day) + 60, "a", "10.0.0.2")));
    }

    [Fact]
    public void A_group_that_shows_one_new_value_after_the_other_is_told_of_once()
    {
        var followed = new Followed(FirstSeen("{field: ip, learning: 2d}"));
        Sign(followed, 0, "a", "10.0.0.1");
        for (int i = 0; i < 200; i++)
        {
            Sign(followed, (3 * Day) + (i * 60), "a", $"10.0.1.{i}");
        }

        Assert.Equal("actor=a [1]", Told(followed.Findings));
        Assert.Equal("actor=a [201]", Told(Sign(followed, (3 * Day) + (200 * 60) + Hour, "a", "10.0.2.1")));
    }

    [Theory]
    [InlineData("10.0.0.1", "10.0.0.250", false)]
    [InlineData("10.0.0.1", "10.0.1.1", true)]
    [InlineData("10.0.0.1", "::ffff:10.0.0.7", false)]
    [InlineData("2001:db8:1:2::1", "2001:DB8:1:ffff::2", false)]
    [InlineData("2001:db8:1:2::1", "2001:db8:2:2::1", true)]
    [InlineData("10.0.0.1", "10.0.0.1x", true)]
    [InlineData("1", "0.0.0.2", true)]
    public void Addresses_of_one_network_are_one_where_it_says_so(string before, string after, bool isNew)
    {
        var followed = new Followed(FirstSeen("{field: ip, learning: 2d, network: {v4: 24, v6: 48}}"));
        Sign(followed, 0, "a", before);
        Assert.Equal(isNew ? 1 : 0, Sign(followed, 3 * Day, "a", after).Count);
    }

    [Fact]
    public void A_group_is_back_when_it_was_silent_for_the_timespan_and_was_seen_before()
    {
        var followed = new Followed(Act + """
            title: back
            correlation: {type: returned, rules: [act], group-by: [actor], timespan: 10d, condition: {within: 100d}}
            """);
        Assert.Empty(Sign(followed, 0, "a", "10.0.0.1"));
        Assert.Empty(Sign(followed, 10 * Day, "a", "10.0.0.1"));
        Assert.Equal("actor=a [2]", Told(Sign(followed, (20 * Day) + 1, "a", "10.0.0.1")));
        Assert.Empty(Sign(followed, (20 * Day) + 2, "a", "10.0.0.1"));
        Assert.Empty(Sign(followed, 50 * Day, "b", "10.0.0.1"));

        // Tries that fail wake nobody, and hide nobody who is woken.
        Assert.Empty(Sign(followed, 60 * Day, "b", "10.0.0.1", "failure"));
        Assert.Equal("actor=b [6]", Told(Sign(followed, (60 * Day) + 1, "b", "10.0.0.1")));

        // So long ago that nobody looks.
        Assert.Empty(Sign(followed, 130 * Day, "a", "10.0.0.1"));
    }

    [Fact]
    public void What_is_new_leads_to_other_correlations()
    {
        var followed = new Followed(FirstSeen("{field: ip, learning: 2d}", "name: new_address") + """

            ---
            title: read
            name: read
            logsource: {product: indelible}
            detection: {s: {action: read}, condition: s}
            ---
            title: new and read
            correlation: {type: temporal_ordered, rules: [new_address, read], group-by: [actor], timespan: 1h}
            """);
        Sign(followed, 0, "a", "10.0.0.1");
        Sign(followed, 3 * Day, "a", "10.0.0.2");
        Assert.Empty(followed.Findings);
        Assert.Equal("actor=a [1,2]", Told(followed.Take(string.Create(CultureInfo.InvariantCulture, $$$"""{"t":{{{(3 * Day) + 60}}},"action":"read","actor":{"id":"a"}}"""))));
    }

    [Fact]
    public void What_lies_in_memory_of_a_correlation_begins_an_hour_back_however_far_it_asks() =>
        Assert.Equal(DetectionLimits.SeenQuiet + DetectionLimits.Lateness, new Followed(FirstSeen("{field: ip, learning: 2d}")).Rules.Horizon);

    [Theory]
    [InlineData("type: first_seen, rules: [act], timespan: 7d, condition: {field: ip, learning: 1d}", "group-by is missing")]
    [InlineData("type: first_seen, rules: [act], group-by: [actor], timespan: 7d", "condition is missing")]
    [InlineData("type: first_seen, rules: [act], group-by: [actor], timespan: 7d, condition: {learning: 1d}", "needs one field")]
    [InlineData("type: first_seen, rules: [act], group-by: [actor], timespan: 7d, condition: {field: [ip, n], learning: 1d}", "needs one field")]
    [InlineData("type: first_seen, rules: [act], group-by: [actor], timespan: 7d, condition: {field: ip}", "learning is missing")]
    [InlineData("type: first_seen, rules: [act], group-by: [actor], timespan: 7d, condition: {field: ip, learning: 7d}", "shorter than the timespan")]
    [InlineData("type: first_seen, rules: [act], group-by: [actor], timespan: 7d, condition: {field: ip, learning: soon}", "learning soon is no number")]
    [InlineData("type: first_seen, rules: [act], group-by: [actor], timespan: 731d, condition: {field: ip, learning: 7d}", "up to 730 days")]
    [InlineData("type: first_seen, rules: [act], group-by: [actor], timespan: 7d, condition: {field: ip, learning: 1d, gte: 3}", "has no gte")]
    [InlineData("type: first_seen, rules: [act], group-by: [actor], timespan: 7d, condition: {field: ip, learning: 1d, network: 24}", "network has to be a map")]
    [InlineData("type: first_seen, rules: [act], group-by: [actor], timespan: 7d, condition: {field: ip, learning: 1d, network: {v4: 24}}", "v6 is missing")]
    [InlineData("type: first_seen, rules: [act], group-by: [actor], timespan: 7d, condition: {field: ip, learning: 1d, network: {v4: 33, v6: 48}}", "1 to 32")]
    [InlineData("type: first_seen, rules: [act], group-by: [actor], timespan: 7d, condition: {field: ip, learning: 1d, network: {v4: 24, v6: 48, v5: 1}}", "network has no v5")]
    [InlineData("type: returned, rules: [act], timespan: 7d", "group-by is missing")]
    [InlineData("type: returned, rules: [act], group-by: [actor], timespan: 7d, condition: {field: ip}", "has no field")]
    [InlineData("type: returned, rules: [act], group-by: [actor], timespan: 7d, condition: {within: 7d}", "longer than the timespan")]
    [InlineData("type: returned, rules: [act], group-by: [actor], timespan: 730d", "longer than the timespan")]
    [InlineData("type: returned, rules: [often], group-by: [actor], timespan: 7d", "about rules alone")]
    public void What_is_malformed_is_refused_with_its_reason(string correlation, string reason)
    {
        var library = RuleLibrary.Load([new RuleFile("rules.yml", Act + $$$"""
            title: often
            name: often
            correlation: {type: event_count, rules: [act], group-by: [actor], timespan: 1h, condition: {gte: 3}}
            ---
            title: wrong
            correlation: {{{{correlation}}}}
            """)]);
        Assert.Contains(reason, Assert.Single(library.Faults.Concat(CompiledRules.Compile(library, ShippedRules.Mappings).Faults)).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_million_groups_take_bounded_memory_and_a_question_each()
    {
        CompiledRules rules = Compiled(FirstSeen("{field: ip, learning: 2d}"));
        var stored = new StoredEvents(rules) { Always = HistoryAnswer.None };
        var correlator = new Correlator(rules, stored);
        var matcher = new RuleMatcher(rules);
        var findings = new List<Finding>();
        for (int i = 0; i < 1_000_000; i++)
        {
            Follow(matcher, correlator, i, $$$"""{"action":"sign_in","outcome":"success","actor":{"id":"u-{{{i}}}"},"source":{"ip":"10.0.0.1"}}""", Followed.TimeOf(i), findings);
        }

        Assert.Empty(findings);
        Assert.Equal(1_000_000, stored.Questions);
        Assert.InRange(correlator.Remembered, 1, 3 * DetectionLimits.SeenKeys);
    }

    [Fact]
    public void One_event_with_very_many_values_asks_a_bounded_number_of_questions()
    {
        CompiledRules rules = Compiled(FirstSeen("{field: ip, learning: 2d}"));
        var stored = new StoredEvents(rules) { Always = HistoryAnswer.At(Followed.TimeOf(-3 * Day)) };
        var correlator = new Correlator(rules, stored);
        string values = string.Join(',', Enumerable.Range(0, 4_000).Select(i => $"\"x{i}\""));
        Follow(new RuleMatcher(rules), correlator, 0, $$$"""{"action":"sign_in","outcome":"success","actor":{"id":["a","b"]},"source":{"ip":[{{{values}}}]}}""", Followed.TimeOf(0), []);
        Assert.InRange(stored.Questions, 1, 2 * DetectionLimits.GroupsOfEvent);
    }

    [Fact]
    public void What_comes_often_is_asked_for_once()
    {
        CompiledRules rules = Compiled(FirstSeen("{field: ip, learning: 2d}"));
        var stored = new StoredEvents(rules) { Always = HistoryAnswer.None };
        var correlator = new Correlator(rules, stored);
        var matcher = new RuleMatcher(rules);
        for (int i = 0; i < 1_000; i++)
        {
            Follow(matcher, correlator, i, """{"action":"sign_in","outcome":"success","actor":{"id":"a"},"source":{"ip":"10.0.0.1"}}""", Followed.TimeOf(i), []);
        }

        Assert.Equal(1, stored.Questions);
    }

    [Fact]
    public void What_cannot_be_told_is_counted_and_raises_nothing()
    {
        CompiledRules rules = Compiled(FirstSeen("{field: ip, learning: 2d}"));
        var correlator = new Correlator(rules, new StoredEvents(rules) { Always = HistoryAnswer.Unknown });
        var findings = new List<Finding>();
        Follow(new RuleMatcher(rules), correlator, 0, """{"action":"sign_in","outcome":"success","actor":{"id":"a"},"source":{"ip":"10.0.0.1"}}""", Followed.TimeOf(0), findings);
        Assert.Empty(findings);
        Assert.Equal(1, correlator.Unanswered);
    }

    private static void Follow(RuleMatcher matcher, Correlator correlator, long index, string json, DateTimeOffset time, List<Finding> findings)
    {
        var matched = new List<int>();
        matcher.Match(Encoding.UTF8.GetBytes(json), matched);
        correlator.Follow(matcher, index, time, time, matched, findings);
    }

    private static CompiledRules Compiled(string yaml)
    {
        var library = RuleLibrary.Load([new RuleFile("rules.yml", yaml)]);
        Assert.Empty(library.Faults);
        return CompiledRules.Compile(library, ShippedRules.Mappings);
    }

    private static string FirstSeen(string condition, string more = "level: high") => Act + $$"""
        title: new
        {{more}}
        correlation: {type: first_seen, rules: [act], group-by: [actor], timespan: 7d, condition: {{condition}}}
        """;

    private static IReadOnlyList<Finding> Sign(Followed followed, double time, string actor, string ip, string outcome = "success") =>
        followed.Take(string.Create(CultureInfo.InvariantCulture, $$$"""{"t":{{{time}}},"action":"sign_in","outcome":"{{{outcome}}}","actor":{"id":"{{{actor}}}"},"source":{"ip":"{{{ip}}}"}}"""));

    private static string Told(IReadOnlyList<Finding> findings) =>
        string.Join('|', findings.Select(finding => $"{string.Join(' ', finding.Group.Select(part => $"{part.Field}={part.Value}"))} [{string.Join(',', finding.Events)}]"));
}
