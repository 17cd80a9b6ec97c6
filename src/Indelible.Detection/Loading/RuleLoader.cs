using System.Security.Cryptography;
using System.Text;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Indelible.Detection;

/// <summary>Gathers rules, correlations and filters from files, and puts them together: filters to their rules, correlations to what they are about.</summary>
internal sealed class RuleLoader(IReadOnlyDictionary<string, IReadOnlyList<string>> placeholders)
{
    private readonly List<SigmaRule> _rules = [];
    private readonly List<CorrelationRule> _correlations = [];
    private readonly List<RuleFilter> _filters = [];
    private readonly List<RuleFault> _faults = [];
    private readonly Dictionary<string, string> _names = new(StringComparer.Ordinal);

    /// <summary>Reads a file.</summary>
    public void Read(RuleFile file)
    {
        // Not all that ends a line elsewhere: a form feed does not in YAML, and the lines that faults name are those of the file.
        string text = file.Text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        IReadOnlyList<YamlMappingNode> documents;
        try
        {
            documents = YamlDocuments.Read(text);
        }
        catch (RuleFaultException e)
        {
            _faults.Add(Fault(file.Path, e));
            return;
        }

        for (int i = 0; i < documents.Count; i++)
        {
            try
            {
                Read(file.Path, VersionOf(text, documents[i], i + 1 < documents.Count ? documents[i + 1] : null), new RuleMap(documents[i]));
            }
            catch (RuleFaultException e)
            {
                _faults.Add(Fault(file.Path, e));
            }
        }
    }

    /// <summary>Puts together what was read.</summary>
    public RuleLibrary Finish()
    {
        SigmaRule[] rules = [.. _rules.Select(rule => RuleLibrary.Filtered(rule, _filters))];
        return new RuleLibrary(rules, Ordered(), _filters, _faults);
    }

    private static RuleFault Fault(string file, RuleFaultException e) => new(file, (int)Math.Max(1, e.Place.Line), (int)Math.Max(1, e.Place.Column), e.Message);

    /// <summary>The version of a document: all that stands from its first member to the next document.</summary>
    private static string VersionOf(string text, YamlMappingNode document, YamlMappingNode? next)
    {
        int start = (int)Math.Clamp(document.Start.Index, 0, text.Length);
        int end = next is null ? text.Length : (int)Math.Clamp(next.Start.Index, start, text.Length);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text[start..end])))[..16];
    }

    private void Read(string file, string version, RuleMap map)
    {
        var reader = new RuleReader(file, version, map, placeholders);
        if (_rules.Count + _correlations.Count + _filters.Count >= DetectionLimits.Rules)
        {
            throw new RuleFaultException(map.Place, $"More than {DetectionLimits.Rules} rules are not loaded.");
        }

        switch (reader.ReadOne())
        {
            case SigmaRule rule:
                Take(rule.Head, map.Place);
                _rules.Add(rule);
                break;
            case CorrelationRule correlation:
                Take(correlation.Head, map.Place);
                _correlations.Add(correlation);
                break;
            case RuleFilter filter:
                _filters.Add(filter);
                break;
        }
    }

    /// <summary>Takes the id and the name of a rule: two rules of one would be taken for each other by whoever refers to them.</summary>
    private void Take(RuleHead head, Mark place)
    {
        string[] names = [.. new[] { head.Id, head.Name }.OfType<string>().Distinct()];
        foreach (string name in names)
        {
            if (_names.TryGetValue(name, out string? other))
            {
                throw new RuleFaultException(place, $"{name} is the id or name of another rule already, in {other}.");
            }
        }

        foreach (string name in names)
        {
            _names.Add(name, head.File);
        }
    }

    /// <summary>Correlations behind those that they are about; those that are about what is not there, or about themselves, are refused.</summary>
    private List<CorrelationRule> Ordered()
    {
        var known = new HashSet<string>(_rules.SelectMany(rule => NamesOf(rule.Head)), StringComparer.Ordinal);
        var ordered = new List<CorrelationRule>();
        List<CorrelationRule> waiting = [.. _correlations];
        for (bool hasMoved = true; hasMoved;)
        {
            hasMoved = false;
            foreach (CorrelationRule correlation in waiting.ToList().Where(correlation => correlation.Rules.All(known.Contains)))
            {
                ordered.Add(correlation);
                known.UnionWith(NamesOf(correlation.Head));
                waiting.Remove(correlation);
                hasMoved = true;
            }
        }

        foreach (CorrelationRule correlation in waiting)
        {
            string missing = correlation.Rules.First(name => !known.Contains(name));
            bool isCircle = waiting.Any(other => NamesOf(other.Head).Contains(missing));
            string reason = isCircle ? $"It is about {missing}, which is about it in turn." : $"It is about {missing}, and there is no rule of that id or name, or it was refused.";
            _faults.Add(new RuleFault(correlation.Head.File, correlation.Head.Line, 1, reason));
        }

        return ordered;
    }

    private static IEnumerable<string> NamesOf(RuleHead head) => new[] { head.Id, head.Name }.OfType<string>();
}
