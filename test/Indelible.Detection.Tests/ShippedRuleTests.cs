using System.Text.RegularExpressions;

namespace Indelible.Detection.Tests;

/// <summary>The rules that ship: each says what it has to say, and does what its own tests say.</summary>
public sealed class ShippedRuleTests
{
    public static TheoryData<string> Files { get; } = [.. Directory.GetFiles(Path.Combine(RepositoryFolder.Path, "rules"), "*.yml").Order(StringComparer.Ordinal).Select(path => Path.GetFileName(path)!)];

    [Fact]
    public void All_of_them_are_loaded_together_without_a_fault()
    {
        RuleLibrary library = RuleLibrary.Load(Files.Select(file => Read(file.Data)));
        Assert.Equal([], library.Faults.Select(fault => fault.ToString()));
        CompiledRules compiled = CompiledRules.Compile(library, ShippedRules.Mappings);
        Assert.Equal([], compiled.Faults.Select(fault => fault.ToString()));
        Assert.Equal(Files.Count, Told(library, compiled).Count());
    }

    [Fact]
    public void Ids_are_unique_and_random()
    {
        RuleLibrary library = RuleLibrary.Load(Files.Select(file => Read(file.Data)));
        string[] ids = [.. library.Rules.Select(rule => rule.Head).Concat(library.Correlations.Select(correlation => correlation.Head)).Select(head => head.Id!)];
        Assert.All(ids, id => Assert.Matches("^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$", id));
        Assert.Equal(ids.Length, ids.Distinct(StringComparer.Ordinal).Count());
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void A_rule_says_what_whoever_is_woken_by_it_needs(string file)
    {
        (RuleHead head, IReadOnlyList<RuleTest> tests) = One(Read(file));
        Assert.Equal(["Indelible", "test"], [head.Author, head.Status]);
        Assert.InRange(head.Description!.Length, 40, 600);
        Assert.NotEmpty(head.FalsePositives);
        Assert.NotEmpty(head.Compliance);
        Assert.All(head.Compliance, reference => Assert.Matches("^(pci-dss|hipaa|iso27001|soc2|nist):[A-Z0-9][A-Za-z0-9.()-]+$", reference));
        Assert.NotEmpty(head.Tags);
        Assert.All(head.Tags, tag => Assert.Matches(@"^attack\.(t[0-9]{4}(\.[0-9]{3})?|[a-z]+(-[a-z]+)*)$", tag));
        Assert.Contains(head.Tags, tag => Regex.IsMatch(tag, @"^attack\.t[0-9]", RegexOptions.None, TimeSpan.FromSeconds(1)));
        Assert.Contains(head.Tags, tag => !Regex.IsMatch(tag, @"^attack\.t[0-9]", RegexOptions.None, TimeSpan.FromSeconds(1)));
        Assert.StartsWith("1. ", head.Response, StringComparison.Ordinal);
        Assert.Contains('`', head.Response!);
        Assert.Contains(tests, test => test.Matches);
        Assert.Contains(tests, test => !test.Matches);

        // So that a list of a file's text says how grave it is, rather than what is read where nothing stands.
        Assert.Contains("\nlevel: " + head.Level.ToString().ToLowerInvariant() + "\n", File.ReadAllText(head.File).ReplaceLineEndings("\n"), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Its_own_tests_hold(string file) => TestsHold(Read(file));

    [Fact]
    public void The_rule_on_the_page_is_one()
    {
        string page = File.ReadAllText(Path.Combine(RepositoryFolder.Path, "rules", "README.md")).ReplaceLineEndings("\n");
        TestsHold(new RuleFile("README.md", page.Split("```yaml\n")[1].Split("```")[0]));
    }

    [Fact]
    public void The_product_has_them_with_it() => Assert.Equal(Files.Select(file => "rules/" + file.Data), ShippedRules.Files.Select(file => file.Path));

    [Fact]
    public void The_table_of_the_page_names_each_of_them_with_its_level()
    {
        string[] rows = [.. File.ReadLines(Path.Combine(RepositoryFolder.Path, "rules", "README.md")).Where(line => line.StartsWith("| [", StringComparison.Ordinal))];
        Assert.Equal(
            Files.Select(file => One(Read(file.Data)).Head).Select(head => $"| [{head.Title}]({Path.GetFileName(head.File)}) | {head.Level.ToString().ToLowerInvariant()} |").Order(StringComparer.Ordinal),
            rows.Select(row => string.Join('|', row.Split('|')[..3]) + "|").Order(StringComparer.Ordinal));
    }

    private static void TestsHold(RuleFile file)
    {
        var library = RuleLibrary.Load([file]);
        Assert.Equal([], RuleTester.Run(library, CompiledRules.Compile(library, ShippedRules.Mappings)).Select(failure => failure.ToString()));
    }

    /// <summary>The one rule of a file that is told of; the others are what it is about.</summary>
    private static (RuleHead Head, IReadOnlyList<RuleTest> Tests) One(RuleFile file)
    {
        RuleLibrary library = RuleLibrary.Load([file]);
        Assert.Equal([], library.Faults.Select(fault => fault.ToString()));
        CompiledRules compiled = CompiledRules.Compile(library, ShippedRules.Mappings);
        Assert.Equal([], compiled.Faults.Select(fault => fault.ToString()));
        return Assert.Single(Told(library, compiled));
    }

    private static IEnumerable<(RuleHead Head, IReadOnlyList<RuleTest> Tests)> Told(RuleLibrary library, CompiledRules compiled) =>
        [
            .. library.Rules.Where((_, i) => compiled.Raises(i)).Select(rule => (rule.Head, rule.Tests)),
            .. compiled.Plans.Where(plan => plan.Raises).Select(plan => (plan.Rule.Head, plan.Rule.Tests)),
        ];

    private static RuleFile Read(string file)
    {
        string path = Path.Combine(RepositoryFolder.Path, "rules", file);
        return new RuleFile(path, File.ReadAllText(path));
    }
}
