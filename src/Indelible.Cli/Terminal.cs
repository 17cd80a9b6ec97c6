using System.Globalization;
using System.Text;

namespace Indelible.Cli;

/// <summary>What may be written to a terminal: entries, files' names and servers' answers hold hostile text, and a terminal obeys control characters.</summary>
internal static class Terminal
{
    /// <summary>Makes a text one line: replaces control and format characters (those that hide, reorder or break), and halves of surrogate pairs.</summary>
    /// <remarks>A line feed in a file's name could otherwise write a line of its own into a report.</remarks>
    public static string Clean(string text) => Clean(text, keepLines: false);

    /// <summary>As <see cref="Clean(string)"/>, with line feeds kept: for texts that have lines by nature.</summary>
    public static string CleanLines(string text) => Clean(text, keepLines: true);

    /// <summary>Cuts or fills a text to a column of a fixed width.</summary>
    public static string Column(string text, int width)
    {
        string clean = Clean(text);
        return clean.Length <= width ? clean.PadRight(width) : clean[..(width - 1)] + "…";
    }

    private static string Clean(string text, bool keepLines)
    {
        var clean = new StringBuilder(text.Length);

        // The runes of a string have the replacement character where half of a pair stands alone.
        foreach (Rune rune in text.EnumerateRunes())
        {
            bool isHostile = Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
            clean.Append((isHostile && !(keepLines && rune.Value == '\n') ? Rune.ReplacementChar : rune).ToString());
        }

        return clean.ToString();
    }
}
