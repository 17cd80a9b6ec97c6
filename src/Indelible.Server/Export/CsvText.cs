using System.Globalization;
using System.Text;

namespace Indelible.Server.Export;

/// <summary>Cells of a CSV file (RFC 4180) that a spreadsheet takes for text, and that people see all of.</summary>
/// <remarks>
/// <para>
/// A spreadsheet computes a cell that begins with <c>=</c>, <c>+</c>, <c>-</c> or <c>@</c>, and so may what an attacker has written into his name. Such a cell gets
/// an apostrophe in front (negative numbers do not), and so does one that begins with an apostrophe itself: take one away from each cell that begins with it, and you have the text.
/// </para>
/// <para>
/// What is not seen as itself (controls, line ends, what reorders text) is written <c>\uXXXX</c>, and so is a backslash before a <c>u</c>: replace these and you have the
/// text. A semicolon before one of those four is written so too: where the semicolon is the list separator, a spreadsheet divides the line there.
/// </para>
/// </remarks>
internal static class CsvText
{
    // Also their wide forms, which some spreadsheets take for the same.
    private const string Triggers = "=+-@\uff1d\uff0b\uff0d\uff20";

    /// <summary>Adds a cell.</summary>
    /// <param name="line">The line so far.</param>
    /// <param name="text">The text; null for an empty cell.</param>
    public static void AppendCell(StringBuilder line, string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return;
        }

        string cell = Guard(MakeVisible(text));
        if (cell.AsSpan().ContainsAny(",\"; "))
        {
            line.Append('"').Append(cell.Replace("\"", "\"\"", StringComparison.Ordinal)).Append('"');
        }
        else
        {
            line.Append(cell);
        }
    }

    /// <summary>A negative number is no formula.</summary>
    private static bool IsNumber(string text) => text[0] == '-' && decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out _);

    private static string Guard(string text)
    {
        string start = text.TrimStart(' ');
        return text[0] == '\'' || (start.Length > 0 && Triggers.Contains(start[0], StringComparison.Ordinal) && !IsNumber(text)) ? "'" + text : text;
    }

    private static string MakeVisible(string text) => VisibleText.Escape(text.AsSpan().ContainsAny('\\', ';') ? EscapeOurs(text) : text);

    private static string EscapeOurs(string text)
    {
        var escaped = new StringBuilder(text.Length + 16);
        for (int i = 0; i < text.Length; i++)
        {
            bool isEscape = text[i] == '\\' && i + 1 < text.Length && text[i + 1] == 'u';
            bool isDivider = text[i] == ';' && text.AsSpan(i + 1).TrimStart(' ') is { Length: > 0 } rest && Triggers.Contains(rest[0], StringComparison.Ordinal);
            _ = isEscape || isDivider ? escaped.Append(CultureInfo.InvariantCulture, $"\\u{(int)text[i]:x4}") : escaped.Append(text[i]);
        }

        return escaped.ToString();
    }
}
