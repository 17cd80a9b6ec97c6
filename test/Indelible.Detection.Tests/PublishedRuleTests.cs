using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Indelible.Detection.Tests;

/// <summary>Published rules over a real trail, where they lie beside the repository.</summary>
[Trait("Needs", "shared-data")]
public sealed class PublishedRuleTests
{
    [Fact]
    public void Every_published_rule_is_loaded()
    {
        RuleLibrary library = RuleLibrary.Load(Files());
        Assert.Equal([], library.Faults.Select(fault => fault.ToString()));
        CompiledRules compiled = CompiledRules.Compile(library, ShippedRules.Mappings);
        Assert.Equal([], compiled.Faults.Select(fault => fault.ToString()));
        Assert.Equal(125, compiled.Rules.Count);
    }

    [Fact]
    public void Rules_for_CloudTrail_match_the_records_that_each_rule_says()
    {
        RuleLibrary library = RuleLibrary.Load(Files());
        CompiledRules compiled = CompiledRules.Compile(library, ShippedRules.Mappings);
        var matcher = new RuleMatcher(compiled);
        int[] trail = [.. Enumerable.Range(0, compiled.Rules.Count).Where(i => compiled.Rules[i].LogSource is { Product: "aws", Service: "cloudtrail" })];
        Assert.Equal(57, trail.Length);
        PlainSigma[] plain = [.. trail.Select(i => new PlainSigma(File.ReadAllText(compiled.Rules[i].Head.File), field => "data.original." + field, "data.original"))];
        var found = new HashSet<string>();
        int records = 0;
        foreach (string record in Records())
        {
            string entry = $$$"""{"data":{"original":{{{record}}}}}""";
            var matched = new List<int>();
            matcher.Match(Encoding.UTF8.GetBytes(entry), matched);
            int[] expected = [.. trail.Where((_, i) => plain[i].Matches(entry))];
            Assert.Equal(expected, matched);
            found.UnionWith(matched.Select(i => compiled.Rules[i].Head.Title));
            records++;
        }

        Assert.Equal(1_233, records);
        Assert.NotEmpty(found);
    }

    private static IEnumerable<RuleFile> Files()
    {
        Assert.SkipWhen(RepositoryFolder.SharedData is null, "There is no shared/data beside the repository.");
        return Directory.GetFiles(Path.Combine(RepositoryFolder.SharedData!, "sigma"), "*.yml", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(path => new RuleFile(path, File.ReadAllText(path)));
    }

    private static IEnumerable<string> Records() => Directory.GetFiles(Path.Combine(RepositoryFolder.SharedData!, "cloudtrail"), "*.json").Order(StringComparer.Ordinal)
        .SelectMany(path => JsonNode.Parse(File.ReadAllText(path))!["Records"]!.AsArray().Select(record => record!.ToJsonString(JsonSerializerOptions.Default)));
}
