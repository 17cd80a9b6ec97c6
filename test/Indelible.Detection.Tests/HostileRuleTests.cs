using System.Text;

namespace Indelible.Detection.Tests;

/// <summary>Rules and events that mean harm: refused with a place, or answered within bounds.</summary>
public sealed class HostileRuleTests
{
    [Fact]
    public void Nesting_without_end_is_refused_before_it_is_a_tree() =>
        Refused("title: a\ndetection: " + new string('[', 20_000), "maps and lists in each other");

    [Fact]
    public void Aliases_that_multiply_are_refused() =>
        Refused("title: a\na: &a [x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\nc: [*b, *b, *b, *b, *b, *b, *b, *b]", "Aliases are not read");

    [Fact]
    public void A_file_that_is_too_large_is_refused() => Refused("title: " + new string('a', DetectionLimits.FileBytes), "characters; at most");

    [Theory]
    [InlineData("a|windash: '-a -b -c -d -e'", "windash makes more than 625")]
    [InlineData("a: '????????????????????????????????????????'", "more than 32 question marks")]
    [InlineData("a|re: '(a+)+\\1$'", "Look-around and back-references")]
    [InlineData("a|re: '('", "This is no regular expression")]
    [InlineData("a|expand: '%names%'", "The placeholder %names% has no values here")]
    [InlineData("a|contains|re: x", "The modifier re means nothing behind the ones before it")]
    [InlineData("a|cidr: 10.0.0.0/40", "is no network")]
    [InlineData("a|gt: many", "many is no number")]
    [InlineData("a|all: [x]", "The modifier all needs more than one value")]
    [InlineData("a: [x, null]", "null cannot be one of several values")]
    [InlineData("a: []", "An empty list selects nothing")]
    [InlineData("a: {b: c}", "A value has to be a text")]
    public void A_selection_that_cannot_be_done_is_refused_with_its_place(string member, string reason)
    {
        RuleFault fault = Refused($"title: a\nlogsource: {{product: indelible}}\ndetection:\n  s:\n    {member}\n  condition: s", reason);
        Assert.Equal(5, fault.Line);
    }

    [Theory]
    [InlineData("s and", "ends where the name of a selection was expected")]
    [InlineData("(s", "ends where a closing parenthesis was expected")]
    [InlineData("s s", "has s where and, or, or the end was expected")]
    [InlineData("1 of t*", "no selection has such a name")]
    [InlineData("s | count() > 5", "are no part of Sigma any more")]
    [InlineData("nobody", "there is no selection of that name")]
    public void A_condition_that_is_wrong_is_refused_with_what_was_expected(string condition, string reason) =>
        Assert.Equal(4, Refused($"title: a\nlogsource: {{product: indelible}}\ndetection: {{s: {{a: b}},\n  condition: '{condition}'}}", reason).Line);

    [Fact]
    public void Parentheses_without_end_are_refused() =>
        Refused($"title: a\nlogsource: {{product: indelible}}\ndetection: {{s: {{a: b}}, condition: '{new string('(', 4_000)}s'}}", "parentheses and negations in each other");

    [Fact]
    public void A_condition_that_names_much_very_often_is_refused()
    {
        string members = string.Join(", ", Enumerable.Range(0, 100).Select(i => $"f{i}: x"));
        string condition = string.Join(" or ", Enumerable.Repeat("s", 300));
        RuleLibrary library = RuleLibrary.Load([new RuleFile("a.yml", $"title: a\nlogsource: {{product: indelible}}\ndetection: {{s: {{{members}}}, condition: {condition}}}")]);
        Assert.Empty(library.Faults);
        Assert.Contains("comes to more than", Assert.Single(CompiledRules.Compile(library, ShippedRules.Mappings).Faults).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Needles_that_stand_everywhere_in_a_long_text_are_looked_at_once()
    {
        // Each place of the text ends hundreds of needles: looked at each time, this would take hours.
        string values = string.Join(", ", Enumerable.Range(1, 400).Select(i => $"'{new string('a', i)}*b'"));
        CompiledRules rules = Compiled($"title: a\nlogsource: {{product: indelible}}\ndetection: {{s: {{m|contains: [{values}]}}, condition: s}}");
        var matched = new List<int>();
        new RuleMatcher(rules).Match(Encoding.UTF8.GetBytes($$"""{"m":"{{new string('a', 60_000)}}"}"""), matched);
        Assert.Empty(matched);
    }

    [Fact]
    public void A_deep_entry_is_gone_over_to_its_end()
    {
        CompiledRules rules = Compiled("title: a\nlogsource: {product: indelible}\ndetection: {s: [needle], condition: s}");
        string deep = string.Concat(Enumerable.Repeat("{\"a\":[", 30)) + "\"needle\"" + string.Concat(Enumerable.Repeat("]}", 30));
        var matched = new List<int>();
        new RuleMatcher(rules).Match(Encoding.UTF8.GetBytes(deep), matched);
        Assert.Equal([0], matched);
    }

    [Fact]
    public void A_rule_that_is_refused_keeps_no_other_from_being_used()
    {
        RuleLibrary library = RuleLibrary.Load([new RuleFile("a.yml", "title: a\n---\ntitle: b\nlogsource: {product: indelible}\ndetection: {s: {a: b}, condition: s}\n"), new RuleFile("b.yml", "a: [")]);
        Assert.Equal("b", Assert.Single(library.Rules).Head.Title);
        Assert.Equal(["a.yml", "b.yml"], library.Faults.Select(fault => fault.File));
    }

    [Fact]
    public void Two_rules_of_one_id_are_not_taken_for_each_other() =>
        Refused("title: a\nid: x\nlogsource: {product: indelible}\ndetection: {s: {a: b}, condition: s}\n---\ntitle: b\nid: x\nlogsource: {product: indelible}\ndetection: {s: {a: b}, condition: s}", "x is the id or name of another rule already");

    private static CompiledRules Compiled(string yaml)
    {
        RuleLibrary library = RuleLibrary.Load([new RuleFile("a.yml", yaml)]);
        Assert.Empty(library.Faults);
        return CompiledRules.Compile(library, ShippedRules.Mappings);
    }

    private static RuleFault Refused(string yaml, string reason)
    {
        RuleFault fault = Assert.Single(RuleLibrary.Load([new RuleFile("a.yml", yaml)]).Faults);
        Assert.Contains(reason, fault.Reason, StringComparison.Ordinal);
        return fault;
    }
}
