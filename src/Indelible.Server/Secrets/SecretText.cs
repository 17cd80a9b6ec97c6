using System.Text;
using Indelible.Detection;
using YamlDotNet.RepresentationModel;

namespace Indelible.Server.Secrets;

/// <summary>Texts of files in YAML that say where secrets are that belong in them: <c>{env:NAME}</c> and <c>{file:PATH}</c>.</summary>
internal static class SecretText
{
    private static readonly string[] s_forms = ["{env:", "{file:"];

    /// <summary>The text of a member with its secrets. Unquoted, <c>{env:NAME}</c> alone is a map of one member to YAML, and is taken for what is meant.</summary>
    /// <param name="node">The member's value.</param>
    /// <param name="member">Its name.</param>
    /// <exception cref="RuleFaultException">It is no text, or a secret is not there; the message names the place and never what was found.</exception>
    public static string Of(YamlNode node, string member)
    {
        string text = TextOf(node, member);
        try
        {
            return Fill(text);
        }
        catch (SecretNotFoundException e)
        {
            throw new RuleFaultException(node.Start, $"{member}: {e.Message}");
        }
    }

    /// <summary>A secret that may not stand in the file itself: the whole text says where it is.</summary>
    /// <param name="node">The member's value.</param>
    /// <param name="member">Its name.</param>
    /// <exception cref="RuleFaultException">As of <see cref="Of"/>; or it is no such reference.</exception>
    public static string OfReference(YamlNode node, string member)
    {
        string text = TextOf(node, member);
        return NextOf(text) == 0 && text.IndexOf('}', StringComparison.Ordinal) == text.Length - 1
            ? Of(node, member)
            : throw new RuleFaultException(node.Start, $"{member}: where the secret is, not the secret: \"{{env:NAME}}\" or \"{{file:PATH}}\".");
    }

    private static string TextOf(YamlNode node, string member) =>
        node is YamlMappingNode { Children.Count: 1 } map && map.Children[0] is { Key: YamlScalarNode { Value: { } name }, Value: YamlScalarNode { Value: null or "" } }
            ? "{" + name + "}"
            : RuleMap.TextOf(node, member);

    private static string Fill(string text)
    {
        var filled = new StringBuilder();
        ReadOnlySpan<char> rest = text;
        while (NextOf(rest) is >= 0 and var at)
        {
            int end = rest[at..].IndexOf('}');
            if (end < 0)
            {
                throw new SecretNotFoundException("a reference to a secret has no end: {env:NAME} or {file:PATH}");
            }

            filled.Append(rest[..at]).Append(SecretReference.Resolve(rest.Slice(at + 1, end - 1).ToString()));
            rest = rest[(at + end + 1)..];
        }

        return filled.Append(rest).ToString();
    }

    private static int NextOf(ReadOnlySpan<char> text)
    {
        int next = -1;
        foreach (string form in s_forms)
        {
            int at = text.IndexOf(form, StringComparison.Ordinal);
            next = at >= 0 && (next < 0 || at < next) ? at : next;
        }

        return next;
    }
}
