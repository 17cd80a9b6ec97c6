using System.Globalization;

namespace Indelible.Detection.Tests;

/// <summary>Correlations about correlations: what each hears of the others, by an event and by time that goes by, after restarts as well.</summary>
public sealed class NestedCorrelationTests
{
    private const string Few = """
        title: act
        name: act
        logsource: {product: indelible}
        detection: {s: {k: a}, condition: s}
        ---
        title: few
        name: few
        correlation: {type: event_count, rules: [act], group-by: [actor], timespan: 10m, condition: {lt: 2}}
        ---

        """;

    [Theory]
    [InlineData("type: event_count, rules: [few], timespan: 1h, condition: {gte: 3}", "3: [0,1,2] 3")]
    [InlineData("type: event_count, rules: [few], timespan: 1h, condition: {gte: 4}", "")]
    [InlineData("type: value_count, rules: [few], timespan: 1h, condition: {field: actor, gte: 3}", "3: [0,1,2] 3")]
    [InlineData("type: event_count, rules: [few], group-by: [actor], timespan: 1h, condition: {gte: 2}", "")]
    [InlineData("type: event_count, rules: [few], timespan: 10m, condition: {gte: 2, lte: 3}", "3: [0,1,2] 3")]
    public void Windows_that_are_over_at_once_are_heard_of_one_by_one(string outer, string found) =>
        Assert.Equal(found, Told($"{Few}title: outer\ncorrelation: {{{outer}}}", (0, "a"), (1, "b"), (2, "c"), (20_000, "d")));

    [Theory]
    [InlineData("event_count", "condition: {gte: 1}", "3: [2] 1")]
    [InlineData("temporal", "", "3: [2] 1")]
    public void A_third_correlation_hears_of_what_the_time_completed(string kind, string condition, string found) => Assert.Equal(
        found,
        Told(
            $$"""
            {{Few}}title: many
            name: many
            correlation: {type: event_count, rules: [few], timespan: 1h, condition: {gte: 3} }
            ---
            title: outer
            correlation:
                type: {{kind}}
                rules: [many]
                timespan: 1h
                {{condition}}
            """,
            (0, "a"),
            (1, "b"),
            (2, "c"),
            (20_000, "d")));

    [Fact]
    public void What_is_found_is_the_same_whether_events_come_often_or_seldom()
    {
        const string Outer = "title: outer\ncorrelation: {type: event_count, rules: [few], group-by: [actor], timespan: 1h, condition: {gte: 2, lte: 2}}";
        string seldom = Told(Few + Outer, (0, "a"), (700, "a"), (90_000, "b"));
        string often = Told(Few + Outer, [(0, "a"), (700, "a"), .. Enumerable.Range(8, 92).Select(i => ((double)i * 1_000, "b"))]);
        Assert.Equal("2: [0,1] 2", seldom);
        Assert.EndsWith(": [0,1] 2", often.Split('|').Single(line => line.Contains("[0,1]", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public void Time_that_goes_by_without_an_event_is_told_to_others_as_well()
    {
        var followed = new Followed(Few + "title: outer\ncorrelation: {type: event_count, rules: [few], timespan: 1h, condition: {gte: 2}}");
        followed.Take(Event(0, "a"));
        followed.Take(Event(1, "b"));
        var findings = new List<Finding>();
        followed.Correlator.Pass(Followed.TimeOf(901), findings);
        Finding finding = Assert.Single(findings);
        Assert.Equal(("outer", 2.0, Followed.TimeOf(0), Followed.TimeOf(1)), (finding.Rule.Title, finding.Count, finding.From, finding.To));
        Assert.Equal([0, 1], finding.Events);
    }

    [Fact]
    public void An_event_of_two_groups_of_which_one_is_complete_counts_for_that_one_alone()
    {
        foreach (bool restarts in new[] { false, true })
        {
            var followed = new Followed("""
                title: act
                name: act
                logsource: {product: indelible}
                detection: {s: {k: a}, condition: s}
                ---
                title: twice
                name: twice
                correlation: {type: event_count, rules: [act], group-by: [tenant], timespan: 10m, condition: {gte: 2}}
                ---
                title: again
                correlation: {type: event_count, rules: [twice], group-by: [of], timespan: 1d, condition: {gte: 2}, aliases: {of: {act: tenant} } }
                """);
            Take(0, "\"t1\"");
            Take(1, "\"t1\",\"t2\"");
            Take(2_000, "\"t2\"");
            Take(2_001, "\"t2\"");
            Assert.Empty(followed.Findings);
            Take(4_000, "\"t1\"");
            Take(4_001, "\"t1\"");
            Finding finding = Assert.Single(followed.Findings);
            Assert.Equal(("of", "t1"), finding.Group.Single());
            Assert.Equal([1, 5], finding.Events);

            void Take(int time, string tenants)
            {
                followed.Take(string.Create(CultureInfo.InvariantCulture, $$"""{"k":"a","tenant":[{{tenants}}],"t":{{time}}}"""));
                if (restarts)
                {
                    followed.Restart();
                }
            }
        }
    }

    [Theory]
    [InlineData("type: value_count, rules: [few], timespan: 1h, condition: {field: ip, gte: 3}")]
    [InlineData("type: event_count, rules: [few], group-by: [ip], timespan: 1h, condition: {gte: 3}")]
    [InlineData("type: event_count, rules: [more], group-by: [ip], timespan: 1h, condition: {gte: 3}")]
    public void What_only_an_event_could_tell_is_refused_where_the_time_may_complete(string outer)
    {
        const string More = "title: more\nname: more\ncorrelation: {type: event_count, rules: [few], group-by: [actor], timespan: 1h, condition: {gte: 2}}\n---\n";
        RuleLibrary library = RuleLibrary.Load([new RuleFile("c.yml", $"{Few}{More}title: outer\ncorrelation: {{{outer}}}")]);
        Assert.Empty(library.Faults);
        Assert.Contains("there is no event then to take other fields of", Assert.Single(CompiledRules.Compile(library, ShippedRules.Mappings).Faults).Reason, StringComparison.Ordinal);
    }

    private static string Told(string yaml, params (double Time, string Actor)[] events)
    {
        var both = new List<string>();
        foreach (bool restarts in new[] { false, true })
        {
            var followed = new Followed(yaml);
            var told = new List<string>();
            for (int i = 0; i < events.Length; i++)
            {
                told.AddRange(followed.Take(Event(events[i].Time, events[i].Actor)).Select(finding => string.Create(CultureInfo.InvariantCulture, $"{i}: [{string.Join(',', finding.Events)}] {finding.Count}")));
                if (restarts)
                {
                    followed.Restart();
                }
            }

            both.Add(string.Join('|', told));
        }

        Assert.Equal(both[0], both[1]);
        return both[0];
    }

    private static string Event(double time, string actor) => string.Create(CultureInfo.InvariantCulture, $$"""{"k":"a","actor":{"id":"{{actor}}"},"t":{{time}}}""");
}
