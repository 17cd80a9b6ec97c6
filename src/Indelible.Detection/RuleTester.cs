using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Indelible.Detection;

/// <summary>A test of a rule that does not hold.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Test">The test.</param>
/// <param name="Reason">What was found in place of what was expected.</param>
public sealed record RuleTestFailure(RuleHead Rule, RuleTest Test, string Reason)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Rule.File}:{Test.Line}: the test \"{Test.Name}\" of {Rule.Title} does not hold: {Reason}";
}

/// <summary>Runs the tests that stand with rules.</summary>
/// <remarks>
/// A rule of one event is asked of each event of a test: all of them match, or none. A correlation is shown the events in their order, and has to find something or nothing. An event's time is what
/// it says, or a second after the one before.
/// </remarks>
public static class RuleTester
{
    private static readonly DateTimeOffset s_start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Runs all tests.</summary>
    /// <param name="library">The rules.</param>
    /// <param name="rules">The same, compiled.</param>
    /// <returns>Those that do not hold, in the order of the rules.</returns>
    public static IReadOnlyList<RuleTestFailure> Run(RuleLibrary library, CompiledRules rules)
    {
        ArgumentNullException.ThrowIfNull(library);
        ArgumentNullException.ThrowIfNull(rules);
        var failures = new List<RuleTestFailure>();
        var matcher = new RuleMatcher(rules);
        for (int i = 0; i < rules.Rules.Count; i++)
        {
            SigmaRule rule = rules.Rules[i];
            failures.AddRange(rule.Tests.Select(test => Ask(matcher, i, rule.Head, test)).OfType<RuleTestFailure>());
        }

        foreach (CorrelationRule correlation in library.Correlations)
        {
            failures.AddRange(correlation.Tests.Select(test => Ask(rules, matcher, correlation.Head, test)).OfType<RuleTestFailure>());
        }

        return failures;
    }

    private static RuleTestFailure? Ask(RuleMatcher matcher, int rule, RuleHead head, RuleTest test)
    {
        for (int i = 0; i < test.Events.Count; i++)
        {
            var matched = new List<int>();
            matcher.Match(Encoding.UTF8.GetBytes(test.Events[i]), matched);
            if (matched.Contains(rule) != test.Matches)
            {
                return new RuleTestFailure(head, test, string.Create(CultureInfo.InvariantCulture, $"event {i + 1} {(test.Matches ? "does not match" : "matches")}."));
            }
        }

        return null;
    }

    private static RuleTestFailure? Ask(CompiledRules rules, RuleMatcher matcher, RuleHead head, RuleTest test)
    {
        var correlator = new Correlator(rules);
        var findings = new List<Finding>();
        DateTimeOffset time = s_start;
        for (int i = 0; i < test.Events.Count; i++)
        {
            time = TimeOf(test.Events[i]) ?? Later(time, TimeSpan.FromSeconds(1));
            var matched = new List<int>();
            matcher.Match(Encoding.UTF8.GetBytes(test.Events[i]), matched);
            correlator.Follow(matcher, i, time, time, matched, findings);
        }

        // What is known only when its time is over: let it be.
        correlator.Pass(Later(time, TimeSpan.FromDays(2 * DetectionLimits.TimespanDays)), findings);
        bool isFound = findings.Exists(finding => finding.Rule == head);
        return isFound == test.Matches ? null : new RuleTestFailure(head, test, test.Matches ? "nothing is found." : "something is found.");
    }

    /// <summary>A time so much later, or the last that there is.</summary>
    private static DateTimeOffset Later(DateTimeOffset time, TimeSpan by) => DateTimeOffset.MaxValue - time > by ? time + by : DateTimeOffset.MaxValue;

    private static DateTimeOffset? TimeOf(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("time", out JsonElement time) && time.ValueKind == JsonValueKind.String && time.TryGetDateTimeOffset(out DateTimeOffset read)
            ? read
            : null;
    }
}
