using System.Text;
using CsCheck;

namespace Indelible.Detection.Tests;

/// <summary>Random rules over random events: what many rules made into one say is what each says by itself, read as the specification reads.</summary>
public sealed class RandomRuleTests
{
    [Fact]
    public void Compiled_rules_match_what_each_rule_says() => Gen.Select(RandomRules.Rule.Array[1, 8], RandomRules.Event.Array[1, 8]).Sample(
        (rules, events) =>
        {
            RuleLibrary library = RuleLibrary.Load(rules.Select((rule, i) => new RuleFile(i.ToString("D3", null), rule)));
            Assert.Empty(library.Faults);
            CompiledRules compiled = CompiledRules.Compile(library, [Plain()]);
            Assert.Equal(rules.Length, compiled.Rules.Count);
            var matcher = new RuleMatcher(compiled);
            foreach (string json in events)
            {
                var matched = new List<int>();
                matcher.Match(Encoding.UTF8.GetBytes(json), matched);
                for (int i = 0; i < rules.Length; i++)
                {
                    Assert.True(new PlainSigma(rules[i], field => field, "").Matches(json) == matched.Contains(i), $"{rules[i]}\n{json}\nis said to {(matched.Contains(i) ? "match" : "differ")}");
                }
            }
        },
        iter: 1_000);

    private static SourceMapping Plain() => SourceMapping.TryRead(new RuleFile("plain", "{logsource: {product: indelible}}"), out SourceMapping? mapping, out RuleFault? fault) ? mapping : throw new FormatException(fault.ToString());
}
