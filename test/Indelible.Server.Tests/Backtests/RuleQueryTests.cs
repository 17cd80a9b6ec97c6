using System.Text;
using System.Text.Json;
using CsCheck;
using Indelible.Detection;
using Indelible.Detection.Tests;
using Indelible.Search;
using Indelible.Server.Backtests;
using Xunit;

namespace Indelible.Server.Tests.Backtests;

/// <summary>Random rules over random events: whatever a rule matches, an index that is asked for it gives, however little it knows.</summary>
public sealed class RuleQueryTests
{
    private static readonly SourceMapping s_plain = MappingOf("{logsource: {product: indelible}}");
    private static readonly SourceMapping s_chosen = MappingOf("{logsource: {product: indelible}, when: {a|exists: true, 'n|gte': 7}, fields: {b: c.d}}");

    [Fact]
    public void What_rules_match_is_selected_whatever_is_indexed() => Gen.Select(RandomRules.Rule.Array[1, 3], RandomRules.Event.Array[1, 40], Gen.Bool, Gen.Int[0, 1_000_000]).Sample(
        (rules, events, isChosen, seed) =>
        {
            CompiledRules compiled = Compile(rules, isChosen ? s_chosen : s_plain);
            using var log = new RandomIndexedLog(events, seed);
            HashSet<long> matched = Matched(compiled, log);
            HashSet<long> selected = Selected(compiled, log);
            Assert.True(matched.IsSubsetOf(selected), $"{string.Join('\n', rules)}\n{string.Join('\n', matched.Except(selected).Select(index => $"{index}: {log.ViewOf(index)}"))}\nis matched and not selected");
        },
        iter: 600);

    [Fact]
    public void What_an_index_can_say_is_said_to_the_letter() => Gen.Select(RandomRules.Rule.Where(IsSayable).Array[1, 3], RandomRules.Event.Array[1, 40], Gen.Int[0, 1_000_000]).Sample(
        (rules, events, seed) =>
        {
            CompiledRules compiled = Compile(rules, s_plain);
            using var log = new RandomIndexedLog(events, seed);
            Assert.Equal(Matched(compiled, log).Order(), Selected(compiled, log).Order());
        },
        iter: 300);

    [Theory]
    [InlineData("action: Invoice.READ", """{"action":"invoice.read"}""", """{"action":"invoice.reads"}""")]
    [InlineData("action|cased: Invoice.READ", """{"action":"Invoice.READ"}""", """{"action":"invoice.read"}""")]
    [InlineData("actor: straße", """{"actor":{"id":"STRAßE"}}""", """{"actor":{"id":"STRASSE"}}""")]
    [InlineData("ip|cidr: 10.0.0.0/8", """{"source":{"ip":"::ffff:10.1.1.1"}}""", """{"source":{"ip":"11.1.1.1"}}""")]
    [InlineData("status: 404", """{"request":{"status":404}}""", """{"request":{"status":4040}}""")]
    [InlineData("status|gte: 400", """{"request":{"status":"4e2"}}""", """{"request":{"status":399}}""")]
    [InlineData("auth.mfa: 'TRUE'", """{"auth":{"mfa":true}}""", """{"auth":{"mfa":false}}""")]
    [InlineData("target: p-1", """{"targets":[{"id":"p-0"},{"id":"P-1"}]}""", """{"targets":[{"id":"p-0"}]}""")]
    [InlineData("data.x: null", """{"data":{"x":null}}""", """{"data":{"x":1}}""")]
    [InlineData("data.x: null", """{"data":{}}""", """{"data":{"x":[1]}}""")]
    [InlineData("action|endswith: '.read'", """{"action":"invoice.READ"}""", """{"action":"invoice.reader"}""")]
    [InlineData("action|re: '^inv.*[de]$'", """{"action":"invoice.read"}""", """{"action":"invoice.write!"}""")]
    public void A_test_selects_what_it_means_and_nothing_else(string member, string chosen, string other)
    {
        CompiledRules compiled = Compile([$"{{title: t, logsource: {{product: indelible}}, detection: {{s: {{{member}}}, condition: s}}}}"], ShippedRules.Mappings);
        for (int seed = 0; seed < 24; seed++)
        {
            using var log = new RandomIndexedLog([other, chosen, other], seed);
            Assert.Equal(Matched(compiled, log), Selected(compiled, log));
        }

        using var whole = new RandomIndexedLog([other, chosen, other], RandomIndexedLog.Whole);
        Assert.Equal([1], Selected(compiled, whole));
    }

    [Fact]
    public void Letters_that_are_one_without_regard_to_case_are_one_to_words_that_are_hashed()
    {
        // What finds hashed strings compares folded words; what rules compare are capital letters.
        for (int c = 1; c <= 0x1FFFF; c++)
        {
            if (!Rune.IsValid(c))
            {
                continue;
            }

            string text = new Rune(c).ToString();
            string capital = text.ToUpperInvariant();
            if (text == capital)
            {
                continue;
            }

            string stored = $"x{text}y {new string('z', 1_100)}";
            CompiledRules compiled = Compile([$"{{title: t, logsource: {{product: indelible}}, detection: {{s: {{a: {JsonSerializer.Serialize(stored.ToUpperInvariant())}}}, condition: s}}}}"], s_plain);
            using var log = new RandomIndexedLog([JsonSerializer.Serialize(new { a = stored })], RandomIndexedLog.Whole);
            Assert.True(Matched(compiled, log).IsSubsetOf(Selected(compiled, log)), $"U+{c:X4}");
        }
    }

    private static bool IsSayable(string rule) =>
        !rule.Contains("fieldref", StringComparison.Ordinal) && !rule.Contains("null", StringComparison.Ordinal) && !rule.Contains("  other: [\"", StringComparison.Ordinal);

    private static SourceMapping MappingOf(string yaml) => SourceMapping.TryRead(new RuleFile("mapping", yaml), out SourceMapping? mapping, out RuleFault? fault) ? mapping : throw new FormatException(fault.ToString());

    private static CompiledRules Compile(string[] rules, params IReadOnlyList<SourceMapping> mappings)
    {
        RuleLibrary library = RuleLibrary.Load(rules.Select((rule, i) => new RuleFile(i.ToString("D3", null), rule)));
        Assert.Empty(library.Faults);
        CompiledRules compiled = CompiledRules.Compile(library, mappings);
        Assert.Equal(rules.Length, compiled.Rules.Count);
        return compiled;
    }

    private static HashSet<long> Matched(CompiledRules rules, RandomIndexedLog log)
    {
        var matcher = new RuleMatcher(rules);
        var all = new HashSet<long>();
        for (long index = 0; index < log.Size; index++)
        {
            var matched = new List<int>();
            matcher.Match(Encoding.UTF8.GetBytes(log.ViewOf(index)), matched);
            if (matched.Count > 0)
            {
                all.Add(index);
            }
        }

        return all;
    }

    private static HashSet<long> Selected(CompiledRules rules, RandomIndexedLog log)
    {
        var follower = new Follower();
        ReplayResult result = IndexedReplay.RunAsync(log, new ReplayRequest(RuleQuery.Of(rules.Sketch()).ToQuery(), Query.All, false, log.Size), follower, TestContext.Current.CancellationToken).GetAwaiter().GetResult();
        Assert.Equal((log.Size, log.Size, follower.Selected.Count), (result.To, result.InRange, result.Selected));
        Assert.Equal(follower.Selected.Order(), follower.Selected);
        return [.. follower.Selected];
    }

    private sealed class Follower : IEntryFollower
    {
        public List<long> Selected { get; } = [];

        public bool GoesOn => true;

        public void OnSelected(long index, ReadOnlySpan<byte> view) => Selected.Add(index);

        public void OnOther(long index, ReadOnlySpan<byte> view) => Assert.Fail("Nobody asked for times.");

        public void OnTimes(long index, long time, long received) => Assert.Fail("Nobody asked for times.");
    }
}
