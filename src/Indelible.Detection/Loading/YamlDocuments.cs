using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace Indelible.Detection;

/// <summary>Reads the documents of a file of rules, within the bounds of <see cref="DetectionLimits"/>.</summary>
/// <remarks>
/// A file is gone over once before a tree is made of it: the reader of YAML goes as deep on the stack as the file is nested. Aliases are refused: of a few lines they make a tree without end,
/// and no published rule has one.
/// </remarks>
internal static class YamlDocuments
{
    /// <summary>Reads all documents.</summary>
    /// <param name="text">Untrusted.</param>
    /// <param name="form">What is said of a document that is no map.</param>
    /// <exception cref="RuleFaultException">It is no YAML, or beyond a bound.</exception>
    public static IReadOnlyList<YamlMappingNode> Read(string text, string form = "A rule is a map of members, as title and detection; this is none.")
    {
        if (text.Length > DetectionLimits.FileBytes)
        {
            throw new RuleFaultException(Mark.Empty, $"The file has {text.Length} characters; at most {DetectionLimits.FileBytes} are read.");
        }

        var parser = new Parser(new StringReader(text));
        try
        {
            Check(parser);
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            return [.. stream.Documents.Select(document => document.RootNode).Where(root => root is not YamlScalarNode { Value: null or "" }).Select(root => Map(root, form))];
        }
        catch (YamlException e)
        {
            throw new RuleFaultException(e.Start, $"This is no YAML: {e.Message}");
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            // The reader of YAML has not a word of its own for everything that is wrong.
            throw new RuleFaultException(parser.Current?.End ?? Mark.Empty, "Behind this is no YAML.");
        }
    }

    private static YamlMappingNode Map(YamlNode node, string form) => node as YamlMappingNode ?? throw new RuleFaultException(node.Start, form);

    private static void Check(Parser parser)
    {
        int depth = 0;
        for (int nodes = 0; parser.MoveNext(); nodes++)
        {
            ParsingEvent at = parser.Current!;
            depth += at.NestingIncrease;
            if (at is AnchorAlias)
            {
                throw new RuleFaultException(at.Start, "Aliases are not read: write the value again.");
            }

            // Stream and document are a level each.
            if (depth > DetectionLimits.FileDepth + 2 || nodes > DetectionLimits.FileNodes)
            {
                throw new RuleFaultException(at.Start, $"Here are more than {DetectionLimits.FileDepth} maps and lists in each other, or more than {DetectionLimits.FileNodes} values.");
            }
        }
    }
}
