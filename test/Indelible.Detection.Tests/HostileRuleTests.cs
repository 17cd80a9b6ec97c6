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
    [InlineData("a|base64offset|contains: ''", "base64offset needs a value of two characters at least")]
    [InlineData("a|base64offset|contains: x", "base64offset needs a value of two characters at least")]
    [InlineData("a|wide|wide|wide|wide|wide|wide|wide|wide|wide|wide|wide|wide|wide|wide|wide|wide: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "The encodings make more than")]
    [InlineData("a|base64offset|base64offset|base64offset|base64offset|base64offset|base64offset|base64offset|base64offset|base64offset|base64offset: xyz", "more than 10000 values")]
    [InlineData("a|windash|windash|windash|windash|windash|windash|contains: ' -a -b -c -d'", "more than 10000 values")]
    public void A_selection_that_cannot_be_done_is_refused_with_its_place(string member, string reason)
    {
        RuleFault fault = Refused($"title: a\nlogsource: {{product: indelible}}\ndetection:\n  s:\n    {member}\n  condition: s", reason);
        Assert.Equal(5, fault.Line);
    }

    [Fact]
    public void Modifiers_without_end_are_refused() =>
        Refused($"title: a\nlogsource: {{product: indelible}}\ndetection: {{s: {{'a{string.Concat(Enumerable.Repeat("|windash", 10_000))}': x}}, condition: s}}", "at most 16 modifiers");

    [Fact]
    public void Short_rules_that_are_made_to_much_are_refused_before_it_is_there()
    {
        // 64 KB of rule, 10,000 values of 4,096 characters: a table for them has gigabytes.
        string value = " -a -b -c -d " + string.Concat(Enumerable.Range(0, 1_000).Select(i => (char)('一' + i)));
        string[] values = [.. Enumerable.Range(0, 16).Select(i => $"'{value}{new string('x', DetectionLimits.ValueCharacters - value.Length - 1)}{(char)('a' + i)}'")];
        RuleFault fault = Refused($"title: a\nlogsource: {{product: indelible}}\ndetection:\n  s:\n    m|windash|contains:\n      - {string.Join("\n      - ", values)}\n  condition: s", "more than 1048576 characters together");
        Assert.Equal(("a.yml", 6), (fault.File, fault.Line));
    }

    [Fact]
    public void Texts_that_take_a_table_of_gigabytes_together_are_refused_with_the_rule_that_is_too_much()
    {
        // Each has a megabyte of texts of many different characters.
        string every = string.Concat(Enumerable.Range(0, 4_000).Select(i => (char)(0x100 + (i * 13))).Where(c => !char.IsSurrogate(c)));
        string values = string.Join("\n      - ", Enumerable.Range(0, 60).Select(i => $"'{(char)('A' + i)}{every}'".Replace("\\", "", StringComparison.Ordinal)));
        string rules = string.Join("\n---\n", Enumerable.Range(0, 4).Select(i => $"title: r{i}\nlogsource: {{product: indelible}}\ndetection:\n  s:\n    m{i}|contains:\n      - {values}\n  condition: s"));
        RuleLibrary library = RuleLibrary.Load([.. rules.Split("\n---\n").Select((text, i) => new RuleFile($"{i}.yml", text))]);
        Assert.Equal([], library.Faults.Select(fault => fault.ToString()));
        CompiledRules compiled = CompiledRules.Compile(library, ShippedRules.Mappings);
        Assert.NotEmpty(compiled.Faults);
        Assert.All(compiled.Faults, fault => Assert.Contains("would take more memory than there is for all rules", fault.Reason, StringComparison.Ordinal));
        Assert.Equal(4, compiled.Rules.Count + compiled.Faults.Count);
        Assert.DoesNotContain(compiled.Rules, rule => compiled.Faults.Any(fault => fault.File == rule.Head.File));
    }

    [Fact]
    public void Needles_that_end_each_other_are_all_found()
    {
        CompiledRules rules = Compiled(string.Join("\n---\n", new[] { "c", "bc", "abc", "xbc", "b", "abcd" }.Select(text => $"title: {text}\nlogsource: {{product: indelible}}\ndetection: {{s: {{m|contains: {text}}}, condition: s}}")));
        var matched = new List<int>();
        new RuleMatcher(rules).Match("""{"m":"--abc--"}"""u8, matched);
        Assert.Equal([0, 1, 2, 4], matched);
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
    public void A_selection_without_a_name_is_refused_with_its_place() =>
        Assert.Equal(3, Refused("title: a\nlogsource: {product: indelible}\ndetection: {'': {a: b}, condition: 1 of them}", "A selection has a name, and this one is empty").Line);

    [Theory]
    [InlineData("\f")]
    [InlineData("\r\n")]
    [InlineData("\r")]
    public void The_line_of_a_fault_is_that_of_the_file(string text)
    {
        string yaml = $"title: a\nid: 'x{text}y'\nlogsource: {{product: indelible}}\ndetection: {{s: {{a: []}}, condition: s}}";
        Assert.Equal(text == "\f" ? 4 : 5, Refused(yaml, "An empty list selects nothing").Line);
    }

    [Fact]
    public void A_condition_that_names_all_selections_very_often_is_refused_before_it_is_a_tree()
    {
        string selections = string.Join(", ", Enumerable.Range(0, 3_000).Select(i => $"s{i}: {{a: b}}"));
        Refused($"title: a\nlogsource: {{product: indelible}}\ndetection: {{{selections}, condition: [{string.Join(", ", Enumerable.Repeat("1 of them or all of them", 1_000))}]}}", "names selections more than 20000 times");
    }

    [Theory]
    [InlineData("title: a\ncorrelation: {type: event_count, rules: [r], timespan: 1m, condition: {gt: 1}, aliases: {x: {r: n, !t r: m}}}", "r stands there twice")]
    [InlineData("title: a\nlogsource: {product: indelible}\ndetection: {s: {a: b}, condition: s}\ntests: [{name: t, events: [{a: b, !t a: c}]}]", "a stands there twice")]
    public void A_member_that_stands_there_twice_under_another_tag_is_refused(string yaml, string reason) => Refused(yaml, reason);

    [Fact]
    public void A_mapping_whose_field_stands_there_twice_under_another_tag_is_refused()
    {
        Assert.False(SourceMapping.TryRead(new RuleFile("m.yml", "title: m\nlogsource: {product: p}\nfields: {a: b, !t a: c}"), out _, out RuleFault? fault));
        Assert.Contains("a stands there twice", fault.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Tests_at_the_end_of_time_are_run()
    {
        const string Yaml = """
            title: r
            name: r
            logsource: {product: indelible}
            detection: {s: {a: b}, condition: s}
            ---
            title: c
            correlation: {type: event_count, rules: [r], timespan: 1d, condition: {gte: 2, lte: 2}}
            tests: [{name: t, matches: true, events: [{a: b, time: '9999-12-31T23:59:59.9999999Z'}, {a: b}]}]
            """;
        RuleLibrary library = RuleLibrary.Load([new RuleFile("a.yml", Yaml)]);
        Assert.Empty(library.Faults);
        Assert.Equal("nothing is found.", Assert.Single(RuleTester.Run(library, CompiledRules.Compile(library, ShippedRules.Mappings))).Reason);
    }

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
