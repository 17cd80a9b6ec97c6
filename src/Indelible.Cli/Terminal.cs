using System.Text;

namespace Indelible.Cli;

/// <summary>What may be written to a terminal: entries hold hostile text, and a terminal obeys control characters.</summary>
internal static class Terminal
{
    /// <summary>Replaces control characters (line feeds kept) and those that turn the writing direction around.</summary>
    public static string Clean(string text)
    {
        var clean = new StringBuilder(text.Length);
        foreach (char c in text)
        {
            clean.Append((char.IsControl(c) && c != '\n') || c is (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069') or '\u200E' or '\u200F' ? '\uFFFD' : c);
        }

        return clean.ToString();
    }

    /// <summary>Cuts or fills a text to a column of a fixed width.</summary>
    public static string Column(string text, int width)
    {
        string clean = Clean(text).Replace('\n', ' ');
        return clean.Length <= width ? clean.PadRight(width) : clean[..(width - 1)] + "…";
    }
}
