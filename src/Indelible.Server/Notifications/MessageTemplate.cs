using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Indelible.Server.Notifications;

/// <summary>A text with <c>{{names}}</c> in it. Values are put in as they are, never read as a template themselves.</summary>
internal sealed class MessageTemplate
{
    /// <summary>What stands before the name of a field that the alert's events have in common.</summary>
    public const string GroupPrefix = "group.";

    private const string Begin = "{{";
    private const string End = "}}";

    private readonly (string Text, bool IsName)[] _parts;

    private MessageTemplate((string Text, bool IsName)[] parts) => _parts = parts;

    /// <summary>The names that are used.</summary>
    public IEnumerable<string> Names => _parts.Where(part => part.IsName).Select(part => part.Text);

    /// <summary>Reads a template.</summary>
    /// <param name="text">The text.</param>
    /// <param name="template">The template; null where there is a fault.</param>
    /// <param name="fault">What is wrong; null where nothing is.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out MessageTemplate? template, [NotNullWhen(false)] out string? fault)
    {
        (template, fault) = (null, null);
        var parts = new List<(string, bool)>();
        for (int at = 0; at < text.Length;)
        {
            int begin = text.IndexOf(Begin, at, StringComparison.Ordinal);
            parts.Add((text[at..(begin < 0 ? text.Length : begin)], false));
            if (begin < 0)
            {
                break;
            }

            int end = text.IndexOf(End, begin, StringComparison.Ordinal);
            if (end < 0)
            {
                fault = $"Behind {VisibleText.Excerpt(text[begin..])} the closing {End} is missing.";
                return false;
            }

            string name = text[(begin + Begin.Length)..end].Trim();
            if (!NotifyValues.Names.Contains(name) && !(name.StartsWith(GroupPrefix, StringComparison.Ordinal) && name.Length > GroupPrefix.Length))
            {
                fault = $"There is no {{{{{VisibleText.Escape(name)}}}}}; there are {string.Join(", ", NotifyValues.Names)} and {GroupPrefix}FIELD.";
                return false;
            }

            parts.Add((name, true));
            at = end + End.Length;
        }

        template = new MessageTemplate([.. parts]);
        return true;
    }

    /// <summary>The text with values in it: visible characters and line feeds.</summary>
    /// <param name="valueOf">The value of a name.</param>
    /// <param name="most">How many characters it has at most; the rest is cut off.</param>
    public string Render(Func<string, string> valueOf, int most)
    {
        var text = new StringBuilder();
        foreach ((string part, bool isName) in _parts)
        {
            text.Append(isName ? valueOf(part) : part);
        }

        string clean = VisibleText.Clean(text.ToString(), keepLines: true).TrimEnd('\n', ' ');
        return clean.Length <= most ? clean : clean[..(char.IsHighSurrogate(clean[most - 2]) ? most - 2 : most - 1)] + "…";
    }

    /// <summary>As <see cref="Render"/>, in one line.</summary>
    public string RenderLine(Func<string, string> valueOf, int most) => Render(valueOf, most).Replace('\n', ' ');
}
