using System.Globalization;
using System.Text;
using Indelible.Server;

namespace Indelible.Cli;

/// <summary>What may be written to a terminal: entries, files' names and servers' answers hold hostile text, and a terminal obeys control characters.</summary>
/// <remarks>
/// Whoever prints a stranger's text cleans it here, so that it keeps to its line or column. What was forgotten is cleaned by
/// <see cref="VisibleWriter"/>, through which all goes that is printed.
/// </remarks>
internal static class Terminal
{
    /// <summary>Makes a text one line of visible characters.</summary>
    /// <remarks>A line feed in a file's name could otherwise write a line of its own into a report.</remarks>
    public static string Clean(string text) => VisibleText.Clean(text);

    /// <summary>As <see cref="Clean"/>, with line feeds kept: for texts that have lines by nature.</summary>
    public static string CleanLines(string text) => VisibleText.Clean(text, keepLines: true);

    /// <summary>Makes JSON one line of visible characters that means the same: what is not visible is escaped.</summary>
    public static string CleanJson(string json) => VisibleText.CleanJson(json);

    /// <summary>A text as one word of a command that people may copy into a shell: nothing in it means anything there.</summary>
    public static string ShellWord(string text) => $"'{Clean(text).Replace("'", "'\\''", StringComparison.Ordinal)}'";

    /// <summary>Cuts or fills a text to a column of a fixed width.</summary>
    public static string Column(string text, int width)
    {
        string clean = Clean(text);
        int has = WidthOf(clean);
        if (has <= width)
        {
            return clean + new string(' ', width - has);
        }

        var cut = new StringBuilder();
        int left = width - 1;
        foreach (Rune rune in clean.EnumerateRunes())
        {
            left -= WidthOf(rune);
            if (left < 0)
            {
                break;
            }

            cut.Append(rune.ToString());
        }

        string shown = cut.Append('…').ToString();
        return shown + new string(' ', width - WidthOf(shown));
    }

    /// <summary>How many columns of a terminal a clean text takes.</summary>
    public static int WidthOf(string clean)
    {
        if (!clean.AsSpan().ContainsAnyExceptInRange(' ', '~'))
        {
            return clean.Length;
        }

        return clean.EnumerateRunes().Sum(WidthOf);
    }

    /// <summary>Marks take none; the wide and full-width characters of East Asia, and pictures, take two (Unicode's East_Asian_Width).</summary>
    private static int WidthOf(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark ? 0 : rune.Value switch
    {
        < 0x1100 => 1,
        <= 0x115F or (>= 0x2E80 and <= 0x303E) or (>= 0x3041 and <= 0xA4CF) or (>= 0xA960 and <= 0xA97F) or (>= 0xAC00 and <= 0xD7A3) or (>= 0xF900 and <= 0xFAFF) => 2,
        (>= 0xFE30 and <= 0xFE6F) or (>= 0xFF00 and <= 0xFF60) or (>= 0xFFE0 and <= 0xFFE6) or (>= 0x1F300 and <= 0x1FAFF) or (>= 0x20000 and <= 0x3FFFD) => 2,
        _ => 1,
    };

    /// <summary>Where a command writes the JSON that it answers with; printed, on one line, when it is disposed of.</summary>
    public static Stream OpenJson() => new JsonLine();

    private sealed class JsonLine : MemoryStream
    {
        private bool _isWritten;

        protected override void Dispose(bool disposing)
        {
            if (disposing && !_isWritten)
            {
                _isWritten = true;
                Console.WriteLine(CleanJson(Encoding.UTF8.GetString(GetBuffer(), 0, (int)Length).TrimEnd('\n')));
            }

            base.Dispose(disposing);
        }
    }
}
