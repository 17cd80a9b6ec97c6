using System.Reflection;

namespace Indelible.Detection;

/// <summary>The rules and mappings that come with the product: the folder <c>rules</c>.</summary>
public static class ShippedRules
{
    private const string RuleFolder = "rules/";
    private const string MappingFolder = "rules/mappings/";

    private static readonly Lazy<IReadOnlyList<RuleFile>> s_files = new(() => [.. Read(RuleFolder).Where(file => !file.Path.StartsWith(MappingFolder, StringComparison.Ordinal))]);
    private static readonly Lazy<IReadOnlyList<SourceMapping>> s_mappings = new(() => [.. Read(MappingFolder).Select(Mapping)]);

    /// <summary>The files of rules, by name.</summary>
    public static IReadOnlyList<RuleFile> Files => s_files.Value;

    /// <summary>The mappings, by the name of their file.</summary>
    public static IReadOnlyList<SourceMapping> Mappings => s_mappings.Value;

    private static IEnumerable<RuleFile> Read(string folder)
    {
        Assembly assembly = typeof(ShippedRules).Assembly;
        foreach (string name in assembly.GetManifestResourceNames().Where(name => name.StartsWith(folder, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            yield return new RuleFile(name, reader.ReadToEnd());
        }
    }

    private static SourceMapping Mapping(RuleFile file) =>
        SourceMapping.TryRead(file, out SourceMapping? mapping, out RuleFault? fault) ? mapping : throw new InvalidOperationException($"A mapping of ours is wrong: {fault}");
}
