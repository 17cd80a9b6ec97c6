using System.Globalization;
using System.Text;
using CsCheck;

namespace Indelible.Detection.Tests;

/// <summary>Random events, late ones and such with several values among them: what is new, and who is back, is what the definition says, whether the past is in memory or in a log, wherever one begins and goes on from what was written down.</summary>
public sealed class RandomHistoryTests
{
    private static readonly DateTimeOffset s_start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly Gen<(int Step, int Actors, int Values, bool Matches)[]> s_events =
        (from step in Gen.Int[0, 9].Select(i => new[] { 0, 1, 300, 1800, 3600, 3601, 40_000, 90_000, -5_000, -30_000 }[i])
         from actors in Gen.Int[1, 7]
         from values in Gen.Int[0, 7]
         from matches in Gen.Int[0, 4]
         select (step, actors, values, matches > 0)).Array[1, 40];

    [Fact]
    public void What_is_found_is_what_the_definition_says_whatever_keeps_the_past() => Gen.Select(Gen.Bool, Gen.Bool, s_events, Gen.Int[0, 39]).Sample(
        (isFirstSeen, isNetwork, events, begun) =>
        {
            string condition = isFirstSeen ? $"{{field: v, learning: 6h{(isNetwork ? ", network: {v4: 24, v6: 48}" : "")}}}" : "{within: 5d}";
            CompiledRules rules = Compiled($$"""
                title: act
                name: act
                logsource: {product: indelible}
                detection: {s: {action: 'doc.READ', outcome: success}, condition: s}
                ---
                title: found
                correlation: {type: {{(isFirstSeen ? "first_seen" : "returned")}}, rules: [act], group-by: [g], timespan: 2d, condition: {{condition}}}
                """);
            var plain = new PlainHistory(isFirstSeen, Seconds(2), Seconds(0.25), Seconds(5), DetectionLimits.SeenQuiet.TotalSeconds);
            var stored = new StoredEvents(rules);
            var matcher = new RuleMatcher(rules);
            var inMemory = new Correlator(rules);
            var ofTheLog = new Correlator(rules, stored);
            var restarted = new Correlator(rules, stored);
            Correlator? late = null;
            double time = Seconds(30);
            for (int i = 0; i < events.Length; i++)
            {
                (int step, int actors, int values, bool matches) = events[i];
                time += Math.Max(0, step);
                double at = step < 0 ? time + step : time;
                string[] groups = [.. Set(actors).Select(bit => $"u-{bit}")];
                string[] shown = [.. Set(values).Select(bit => isNetwork ? $"10.0.{bit / 2}.{bit}" : $"v-{bit}")];
                string json = $$"""{"action":"doc.read","outcome":"{{(matches ? "success" : "failure")}}","g":[{{Joined(groups)}}],"v":[{{Joined(shown)}}]}""";
                DateTimeOffset instant = s_start.AddSeconds(at);
                stored.Events.Add((json, instant, instant));
                var matched = new List<int>();
                matcher.Match(Encoding.UTF8.GetBytes(json), matched);

                // One that begins in the middle, as after a restart: behind a gap, for what was told of in the hour before it cannot know.
                late ??= i >= begun && step >= 90_000 ? new Correlator(rules, stored) : null;
                string[] expected = matches
                    ? [.. plain.Take(at, i, groups, [.. shown.Select(value => isNetwork ? value[..value.LastIndexOf('.')] : value)]).Order(StringComparer.Ordinal)]
                    : [];
                foreach (Correlator correlator in new[] { inMemory, ofTheLog, restarted, late }.OfType<Correlator>())
                {
                    var findings = new List<Finding>();
                    correlator.Follow(matcher, i, instant, instant, matched, findings);
                    Assert.Equal(expected, findings.Select(finding => finding.Group.Single().Value).Order(StringComparer.Ordinal));
                    Assert.All(findings, finding => Assert.Equal((i, 1.0, instant), (finding.Events.Single(), finding.Count, finding.To)));
                }

                restarted = Followed.Restarted(restarted, rules, stored);
            }
        },
        iter: 4_000);

    private static double Seconds(double days) => TimeSpan.FromDays(days).TotalSeconds;

    private static IEnumerable<int> Set(int bits) => Enumerable.Range(0, 3).Where(bit => (bits & (1 << bit)) != 0);

    private static string Joined(string[] texts) => string.Join(',', texts.Select(text => string.Create(CultureInfo.InvariantCulture, $"\"{text}\"")));

    private static CompiledRules Compiled(string yaml)
    {
        var library = RuleLibrary.Load([new RuleFile("rules.yml", yaml)]);
        Assert.Empty(library.Faults);
        var rules = CompiledRules.Compile(library, ShippedRules.Mappings);
        Assert.Empty(rules.Faults);
        return rules;
    }
}
