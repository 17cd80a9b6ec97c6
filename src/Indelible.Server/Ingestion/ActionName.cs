using System.Text;
using Indelible.Events;

namespace Indelible.Server.Ingestion;

/// <summary>Names of other systems as actions: dotted lower-case words.</summary>
internal static class ActionName
{
    /// <summary>The action that a name stands for: lower case, each run of other characters a dash, the last <see cref="EventLimits.ActionWords"/> words.</summary>
    /// <param name="name">Such as <c>com.example.Invoice/Refunded</c>.</param>
    /// <returns>Empty where nothing is left of it.</returns>
    public static string Of(string name)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        foreach (char c in name)
        {
            if (char.IsAsciiLetterOrDigit(c))
            {
                word.Append(char.ToLowerInvariant(c));
                continue;
            }

            // Between two words stands what stood there, if an action can have it.
            if (word.Length > 0)
            {
                words.Add(word.ToString());
                words.Add(c is '.' or '_' ? c.ToString() : c == '/' ? "." : "-");
                word.Clear();
            }
        }

        if (word.Length > 0)
        {
            words.Add(word.ToString());
        }
        else if (words.Count > 0)
        {
            words.RemoveAt(words.Count - 1);
        }

        const int WordsAndBorders = (2 * EventLimits.ActionWords) - 1;
        string action = string.Concat(words.Skip(Math.Max(0, words.Count - WordsAndBorders)));
        return action.Length <= EventLimits.Action ? action : "";
    }
}
