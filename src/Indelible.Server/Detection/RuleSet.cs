using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Indelible.Detection;

namespace Indelible.Server.Detection;

/// <summary>Rules as they were read together, once: with mappings and placeholders, and what was wrong with others.</summary>
public sealed class RuleSet
{
    private readonly Dictionary<string, IReadOnlyList<string>> _tags;

    private RuleSet(RuleLibrary library, CompiledRules rules, IReadOnlyList<SourceMapping> mappings, IReadOnlyList<RuleFault> beside, string sha256, int files)
    {
        (Library, Rules, Mappings, BesideFaults, Sha256, Files) = (library, rules, mappings, beside, sha256, files);
        _tags = Heads.DistinctBy(head => head.Key, StringComparer.Ordinal).ToDictionary(head => head.Key, head => head.Tags, StringComparer.Ordinal);
    }

    /// <summary>The rules and correlations as they were read.</summary>
    public RuleLibrary Library { get; }

    /// <summary>Those that are asked.</summary>
    public CompiledRules Rules { get; }

    /// <summary>Where rules find their fields: of those for a log source, the first counts.</summary>
    public IReadOnlyList<SourceMapping> Mappings { get; }

    /// <summary>What is wrong with mappings and placeholders.</summary>
    public IReadOnlyList<RuleFault> BesideFaults { get; }

    /// <summary>Everything that was refused.</summary>
    public IEnumerable<RuleFault> Faults => [.. BesideFaults, .. Library.Faults, .. Rules.Faults];

    /// <summary>What all files come to: the SHA-256 of each one's path and text, each behind its length in bytes (8, the highest first), in hexadecimal digits.</summary>
    public string Sha256 { get; }

    /// <summary>How many files of rules there were.</summary>
    public int Files { get; }

    /// <summary>What rules and correlations that are asked say about themselves, in the order in which they were read.</summary>
    public IEnumerable<RuleHead> Heads => Rules.Rules.Select(rule => rule.Head).Concat(Rules.Correlations.Select(correlation => correlation.Head));

    /// <summary>The tags of a rule or correlation that is asked; null where there is none of the id.</summary>
    public IReadOnlyList<string>? TagsOf(string key) => _tags.GetValueOrDefault(key);

    /// <summary>Reads rules, and what lies with them.</summary>
    /// <param name="paths">Files, folders, and <see cref="ServerOptions.ShippedRulesName"/>.</param>
    /// <param name="mappingPaths">Files of mappings that come before all others.</param>
    /// <param name="hasHistory">Whether there is somebody to ask for what was before; where not, correlations that need it are refused.</param>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not read it.</exception>
    public static RuleSet Load(IReadOnlyList<string> paths, IReadOnlyList<string> mappingPaths, bool hasHistory = true)
    {
        ArgumentNullException.ThrowIfNull(paths);
        ArgumentNullException.ThrowIfNull(mappingPaths);
        RuleFile[] rules = [.. paths.SelectMany(RuleFolder.Read)];
        RuleFile[] mappingFiles = [.. mappingPaths.SelectMany(RuleFolder.Read), .. RuleFolder.ReadMappings(paths)];
        RuleFile[] placeholderFiles = [.. RuleFolder.ReadPlaceholders(paths)];
        var faults = new List<RuleFault>();
        var mappings = new List<SourceMapping>();
        foreach (RuleFile file in mappingFiles)
        {
            if (SourceMapping.TryRead(file, out SourceMapping? mapping, out RuleFault? fault))
            {
                mappings.Add(mapping);
            }
            else
            {
                faults.Add(fault);
            }
        }

        var placeholders = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (RuleFile file in placeholderFiles)
        {
            if (RulePlaceholders.TryRead(file, out IReadOnlyDictionary<string, IReadOnlyList<string>>? values, out RuleFault? fault))
            {
                foreach ((string name, IReadOnlyList<string> all) in values)
                {
                    placeholders[name] = all;
                }
            }
            else
            {
                faults.Add(fault);
            }
        }

        mappings.AddRange(ShippedRules.Mappings);
        var library = RuleLibrary.Load(rules, placeholders);
        var compiled = CompiledRules.Compile(library, mappings, hasHistory);
        return new RuleSet(library, compiled, mappings, faults, HashOf([.. rules, .. mappingFiles, .. placeholderFiles]), rules.Length);
    }

    private static string HashOf(IEnumerable<RuleFile> files)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> length = stackalloc byte[8];
        foreach (string part in files.SelectMany(file => new[] { file.Path, file.Text }))
        {
            byte[] bytes = Encoding.UTF8.GetBytes(part);
            BinaryPrimitives.WriteInt64BigEndian(length, bytes.Length);
            hash.AppendData(length);
            hash.AppendData(bytes);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
