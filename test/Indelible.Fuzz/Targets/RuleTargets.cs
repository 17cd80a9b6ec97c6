using System.Text.Json;
using Indelible.Detection;
using Indelible.Fuzz.Driving;

namespace Indelible.Fuzz.Targets;

/// <summary>Files of rules, and events that rules are asked of.</summary>
internal static class RuleTargets
{
    private const string Plain = """
        title: a
        id: 1
        logsource: {product: indelible}
        detection:
          one: {actor: [x, 'y*', 'a?b'], n|gte: 5, ip|cidr: 10.0.0.0/8, t|hour: 3, m|re|i: '^a.*[0-9]$', f|fieldref|contains: g}
          two: ['word', 'an*other']
          three: {c|contains|all: [a, b], d: null, e|exists: true, w|windash: '-x', b|base64offset|contains: abc}
          condition: one and not 1 of two* or all of them
        tests: [{name: t, matches: false, events: [{actor: z, n: 1}]}]
        """;

    private const string Correlation = """
        title: c
        correlation: {type: event_count, rules: [r, s], group-by: [actor], timespan: 5m, condition: {gt: 1, lte: 10}, aliases: {actor: {r: user}}, generate: true}
        ---
        title: r
        name: r
        logsource: {product: indelible}
        detection: {s: {a: b}, condition: s}
        ---
        title: s
        name: s
        correlation: {type: value_percentile, rules: [r], group-by: [x, y], timespan: 1d, condition: {field: n, percentile: 90, lt: 1}}
        ---
        title: f
        logsource: {product: indelible}
        filter: {rules: [r], selection: {z: 1}, condition: not selection}
        """;

    private static readonly byte[][] s_events =
    [
        Foreign.OfText("""{"actor":"x","n":7,"ip":"10.1.2.3","t":"2026-11-23T03:14:25Z","m":"ab1","f":"xgx","g":"g","c":"ab","e":null,"w":"/x","b":"YWJj","a":"b","x":["1","2"],"y":{"z":1}}"""),
        Foreign.OfText("{}"),
        Foreign.OfText("[[[1,\"\\u0061\",null],{\"a\":{\"a\":[{}]}}],true]"),
    ];

    private static readonly CompiledRules s_rules = Compiled(Load(Plain + "\n---\n" + Correlation));

    public static IEnumerable<FuzzTarget> All { get; } =
    [
        new("rule-file", "Every document becomes a rule, a correlation or a filter, or a fault with its place; rules that were loaded can be asked of any event.", RulesOf, () => [Foreign.OfText(Plain), Foreign.OfText(Correlation)])
        {
            Words =
            [
                "|contains", "|all", "|re", "|re|i", "|cidr", "|exists", "|cased", "|lt", "|gte", "|neq", "|fieldref", "|expand", "|base64", "|base64offset", "|wide", "|windash", "|hour", "1 of ", "all of ", "them", " and ", " or ",
                "not ", "(", ")", "*", "?", "\\", "&a ", "*a", "<<: ", "---\n", "[", "]", "{", "}", ": ", "- ", "'", "\"", "~", "null", "true", "1e999", "%x%", "timespan: 90d", "event_count", "value_sum", "temporal_ordered", "::/0", "(?=a)", "[z-a]", "'': ", "!t ", "percentile: 101", "lt: 2", "9999-12-31T23:59:59Z",
            ],
            MaxBytes = 1024,
            Slowness = 10,
        },
        new("ruled-event", "Asking rules about any bytes ends in the rules that match, or JsonException.", EventOf, () => s_events)
        {
            Words = ["{", "}", "[", "]", ",", ":", "\"", "\\ud83d\\ude00", "\\u0041", "null", "\"actor\":", "\"n\":", "\"ip\":", "\"t\":", "1e999", "-0", "\"::ffff:10.0.0.1\"", "\"x\""],
            Slowness = 4,
        },
    ];

    private static bool RulesOf(byte[] input)
    {
        string text = Foreign.Text(input);
        RuleLibrary library = Load(text);
        CompiledRules rules = Compiled(library);
        foreach (RuleFault fault in library.Faults.Concat(rules.Faults))
        {
            Must.Hold(fault.Line >= 1 && fault.Column >= 1 && fault.Reason.Length > 0 && fault.Line <= text.Count(c => c is '\n' or '\r' or '\u0085' or '\u2028' or '\u2029') + 2, "A fault has a place in the file");
        }

        var matcher = new RuleMatcher(rules);
        var correlator = new Correlator(rules);
        var findings = new List<Finding>();
        for (int i = 0; i < s_events.Length; i++)
        {
            Follow(matcher, correlator, i, s_events[i], findings);
        }

        _ = RuleTester.Run(library, rules);
        return rules.Rules.Count > 0;
    }

    private static bool EventOf(byte[] input)
    {
        var matcher = new RuleMatcher(s_rules);
        try
        {
            Follow(matcher, new Correlator(s_rules), 0, input, []);

            // What was seen before changes nothing of what is seen then.
            var first = new List<int>();
            matcher.Match(s_events[0], first);
            var fresh = new List<int>();
            new RuleMatcher(s_rules).Match(s_events[0], fresh);
            Must.Hold(first.SequenceEqual(fresh), "An event matches the same rules whatever came before");
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static void Follow(RuleMatcher matcher, Correlator correlator, int index, byte[] entry, List<Finding> findings)
    {
        var matched = new List<int>();
        matcher.Match(entry, matched);
        correlator.Follow(matcher, index, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch, matched, findings);
    }

    private static RuleLibrary Load(string text) => RuleLibrary.Load([new RuleFile("rules.yml", text)]);

    private static CompiledRules Compiled(RuleLibrary library) => CompiledRules.Compile(library, ShippedRules.Mappings);
}
