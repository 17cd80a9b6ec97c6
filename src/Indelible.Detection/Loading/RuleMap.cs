using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Indelible.Detection;

/// <summary>A map of a file of rules, read member by member: each must be of the kind that is asked for, and who is done asks whether there are others.</summary>
internal sealed class RuleMap(YamlMappingNode node)
{
    /// <summary>Where it begins.</summary>
    public Mark Place => node.Start;

    /// <summary>Its members, in order.</summary>
    public IEnumerable<(string Name, YamlNode Key, YamlNode Value)> Members => node.Children.Select(member => (NameOf(member.Key), member.Key, member.Value));

    /// <summary>Whether it has a member.</summary>
    public bool Has(string name) => Find(name) is not null;

    /// <summary>Where a member's value begins; the map's place where it has none.</summary>
    public Mark PlaceOf(string name) => Find(name)?.Start ?? Place;

    /// <summary>The value of a member; null where it is not there.</summary>
    public YamlNode? Find(string name) => node.Children.TryGetValue(new YamlScalarNode(name), out YamlNode? value) ? value : null;

    /// <summary>A text; null where it is not there.</summary>
    public string? Text(string name) => Find(name) is { } value ? TextOf(value, name) : null;

    /// <summary>A text that must be there.</summary>
    public string RequireText(string name) => Text(name) is { Length: > 0 } text ? text : throw new RuleFaultException(Place, $"The member {name} is missing.");

    /// <summary>A map; null where it is not there.</summary>
    public RuleMap? Map(string name) => Find(name) switch
    {
        null => null,
        YamlMappingNode map => new RuleMap(map),
        { } other => throw new RuleFaultException(other.Start, $"{name} has to be a map."),
    };

    /// <summary>A map that must be there.</summary>
    public RuleMap RequireMap(string name) => Map(name) ?? throw new RuleFaultException(Place, $"The member {name} is missing.");

    /// <summary>Texts, of a list or of one value; none where it is not there.</summary>
    public IReadOnlyList<string> Texts(string name) => Find(name) switch
    {
        null => [],
        YamlSequenceNode list => [.. list.Children.Select(item => TextOf(item, name))],
        { } one => [TextOf(one, name)],
    };

    /// <summary>All members, each of which has to be a text.</summary>
    public Dictionary<string, string> Texts()
    {
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach ((string name, YamlNode key, YamlNode value) in Members)
        {
            // Keys that differ by their tag alone are two to the reader of YAML.
            if (!texts.TryAdd(name, TextOf(value, name)))
            {
                throw new RuleFaultException(key.Start, $"{name} stands there twice.");
            }
        }

        return texts;
    }

    /// <summary>The text of a scalar.</summary>
    public static string TextOf(YamlNode node, string name) =>
        node is YamlScalarNode { Value: { } text } ? text : throw new RuleFaultException(node.Start, $"{name} has to be a text.");

    private static string NameOf(YamlNode key) => key is YamlScalarNode { Value: { } name } ? name : throw new RuleFaultException(key.Start, "The name of a member has to be a text.");
}
