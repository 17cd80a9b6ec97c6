using System.Diagnostics.CodeAnalysis;
using YamlDotNet.RepresentationModel;

namespace Indelible.Detection;

/// <summary>The values of placeholders (<c>%admins%</c>), which rules of the modifier <c>expand</c> name and whoever runs them gives.</summary>
/// <remarks>Written as YAML: a map of names to a value each, or to a list of values.</remarks>
public static class RulePlaceholders
{
    /// <summary>Reads a file of placeholders.</summary>
    /// <param name="file">The file; it is foreign.</param>
    /// <param name="values">The values by name; null where there is a fault.</param>
    /// <param name="fault">What is wrong; null where nothing is.</param>
    /// <returns>Whether it was read.</returns>
    public static bool TryRead(RuleFile file, [NotNullWhen(true)] out IReadOnlyDictionary<string, IReadOnlyList<string>>? values, [NotNullWhen(false)] out RuleFault? fault)
    {
        ArgumentNullException.ThrowIfNull(file);
        (values, fault) = (null, null);
        try
        {
            var read = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
            foreach (YamlMappingNode document in YamlDocuments.Read(file.Text))
            {
                var map = new RuleMap(document);
                foreach ((string name, _, _) in map.Members)
                {
                    read[name] = map.Texts(name);
                }
            }

            values = read;
            return true;
        }
        catch (RuleFaultException e)
        {
            fault = new RuleFault(file.Path, (int)Math.Max(1, e.Place.Line), (int)Math.Max(1, e.Place.Column), e.Message);
            return false;
        }
    }
}
