using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Indelible.Detection;

/// <summary>Reads the selections of a rule (Sigma 2.1, <c>detection</c>): maps, lists of maps, keywords.</summary>
/// <param name="placeholders">Values of placeholders, by name, for the modifier <c>expand</c>.</param>
internal sealed class SelectionReader(IReadOnlyDictionary<string, IReadOnlyList<string>> placeholders)
{
    private int _values;
    private long _characters;

    /// <summary>Reads a selection.</summary>
    /// <exception cref="RuleFaultException">It is wrong, or has a modifier that is not known or cannot be where it is.</exception>
    public RuleNode Read(YamlNode node) => node switch
    {
        YamlMappingNode map => Map(new RuleMap(map)),
        YamlSequenceNode { Children.Count: 0 } => throw new RuleFaultException(node.Start, "A selection without any value selects nothing."),
        YamlSequenceNode list when list.Children.All(item => item is YamlMappingNode) => RuleNode.Any(list.Children.Select(Read)),
        YamlSequenceNode list => RuleNode.Any(list.Children.Select(item => item is YamlMappingNode ? Read(item) : Keyword(item))),
        _ => Keyword(node),
    };

    private RuleNode Map(RuleMap map)
    {
        var nodes = new List<RuleNode>();
        foreach ((string name, YamlNode key, YamlNode value) in map.Members)
        {
            nodes.Add(Member(name, key.Start, value));
        }

        return nodes.Count > 0 ? RuleNode.All(nodes) : throw new RuleFaultException(map.Place, "A selection without any member selects everything: say what it selects.");
    }

    private RuleNode Keyword(YamlNode node) => Values("", [], node.Start, [node]);

    private RuleNode Member(string name, Mark place, YamlNode value)
    {
        string[] parts = name.Split('|');
        return Values(parts[0], parts[1..], place, value is YamlSequenceNode list ? [.. list.Children] : [value]);
    }

    private RuleNode Values(string field, string[] modifiers, Mark place, IReadOnlyList<YamlNode> values)
    {
        var reader = ModifierChain.Read(field, modifiers, place, placeholders);
        if (values.Count == 0)
        {
            throw new RuleFaultException(place, "An empty list selects nothing.");
        }

        if (reader.IsAll && values.Count == 1)
        {
            throw new RuleFaultException(place, "The modifier all needs more than one value.");
        }

        var nodes = new List<RuleNode>();
        foreach (YamlNode value in values)
        {
            if (value is not YamlScalarNode scalar)
            {
                throw new RuleFaultException(value.Start, "A value has to be a text, a number, true, false or null.");
            }

            if (IsNull(scalar) && values.Count > 1)
            {
                throw new RuleFaultException(value.Start, "null cannot be one of several values: make a selection of its own for it.");
            }

            var made = new List<RuleNode>();
            foreach (ValueTest test in reader.Tests(scalar, IsNull(scalar)))
            {
                // Counted as they come: what a short value is made to must not be there before it is refused.
                Count(test, value);
                made.Add(field.Length == 0 ? new KeywordNode(test) : new FieldNode(field, test));
            }

            nodes.Add(RuleNode.Any(made));
        }

        RuleNode node = reader.IsAll ? RuleNode.All(nodes) : RuleNode.Any(nodes);
        return reader.IsNegated ? new NotNode(node) : node;
    }

    private void Count(ValueTest test, YamlNode value)
    {
        _characters += test is TextTest text ? text.Pattern.Parts.Length : 0;
        if (++_values > DetectionLimits.RuleValues)
        {
            throw new RuleFaultException(value.Start, $"The rule compares with more than {DetectionLimits.RuleValues} values.");
        }

        if (_characters > DetectionLimits.RuleCharacters)
        {
            throw new RuleFaultException(value.Start, $"The values that the rule compares with have more than {DetectionLimits.RuleCharacters} characters together.");
        }
    }

    /// <summary>Whether a plain scalar is null: with quotation marks it is a text.</summary>
    private static bool IsNull(YamlScalarNode scalar) => scalar.Style == ScalarStyle.Plain && scalar.Value is (null or "" or "null" or "Null" or "NULL" or "~");
}
