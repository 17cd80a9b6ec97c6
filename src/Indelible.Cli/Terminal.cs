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

    /// <summary>Cuts or fills a text to a column of a fixed width.</summary>
    public static string Column(string text, int width)
    {
        string clean = Clean(text);
        return clean.Length <= width ? clean.PadRight(width) : clean[..(width - 1)] + "…";
    }

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
                Console.WriteLine(CleanJson(System.Text.Encoding.UTF8.GetString(GetBuffer(), 0, (int)Length).TrimEnd('\n')));
            }

            base.Dispose(disposing);
        }
    }
}
