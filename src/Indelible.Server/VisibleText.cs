using System.Globalization;
using System.Text;

namespace Indelible.Server;

/// <summary>Texts of strangers that people will read: without what is not seen, or changes how the rest is seen.</summary>
internal static class VisibleText
{
    private const int ExcerptLength = 64;

    // Marks that stand above or below the letter before them, without end, cover the lines around. No language needs as many as these.
    private const int MostMarks = 8;

    /// <summary>Whether every character of a text is seen as itself.</summary>
    public static bool IsVisible(string text) => text.EnumerateRunes().All(IsVisible);

    /// <summary>A caller's text made fit to be repeated to him: in quotes, at most 64 characters.</summary>
    public static string Excerpt(string text)
    {
        var excerpt = new StringBuilder();
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (excerpt.Length >= ExcerptLength)
            {
                return $"'{excerpt}…'";
            }

            excerpt.Append(IsVisible(rune) ? rune.ToString() : "?");
        }

        return $"'{excerpt}'";
    }

    /// <summary>A text with the replacement character for each that is not seen as itself: controls, what hides or reorders, what breaks lines, endless marks, halves of pairs.</summary>
    /// <param name="text">From a stranger.</param>
    /// <param name="keepLines">Whether line feeds stay.</param>
    public static string Clean(ReadOnlySpan<char> text, bool keepLines = false) =>
        Replace(text, static (clean, rune, keepLines) => clean.Append(keepLines && rune.Value == '\n' ? "\n" : "\ufffd"), keepLines);

    /// <summary>JSON of the same meaning, in which such characters are escaped; between its parts they become spaces.</summary>
    /// <param name="json">JSON from a stranger; of a text that is none, nothing is promised but that all of it is visible.</param>
    public static string CleanJson(ReadOnlySpan<char> json) => Replace(json, AppendEscaped, state: 0);

    /// <summary>A text with <c>\uXXXX</c>, for each unit of it, in the place of what is not seen as itself.</summary>
    /// <param name="text">From a stranger.</param>
    public static string Escape(ReadOnlySpan<char> text) => Replace(text, static (clean, rune, _) => AppendUnits(clean, rune), state: 0);

    // JSON has line feeds and their like between its parts only. A line feed there could write a line of its own among the lines of results.
    private static StringBuilder AppendEscaped(StringBuilder clean, Rune rune, int state) =>
        rune.Value is '\n' or '\r' or '\t' ? clean.Append(' ') : AppendUnits(clean, rune);

    private static StringBuilder AppendUnits(StringBuilder clean, Rune rune)
    {
        foreach (char unit in rune.ToString())
        {
            clean.Append(CultureInfo.InvariantCulture, $"\\u{(int)unit:x4}");
        }

        return clean;
    }

    private static string Replace<T>(ReadOnlySpan<char> text, Func<StringBuilder, Rune, T, StringBuilder> replacement, T state)
    {
        if (!text.ContainsAnyExceptInRange(' ', '~'))
        {
            return text.ToString();
        }

        var clean = new StringBuilder(text.Length);
        int marks = 0;

        // The runes of a text have the replacement character where half of a pair stands alone.
        foreach (Rune rune in text.EnumerateRunes())
        {
            marks = Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark ? marks + 1 : 0;
            _ = IsVisible(rune) && marks <= MostMarks ? clean.Append(rune.ToString()) : replacement(clean, rune, state);
        }

        return clean.ToString();
    }

    private static bool IsVisible(Rune rune) => !IsIgnorable(rune.Value) && Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
        or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned);

    /// <summary>What is drawn as nothing although its category is that of a letter or mark: Default_Ignorable_Code_Point of Unicode's DerivedCoreProperties, and the empty Braille cell.</summary>
    private static bool IsIgnorable(int value) => value is 0x034F or 0x115F or 0x1160 or 0x17B4 or 0x17B5 or (>= 0x180B and <= 0x180F) or 0x2800 or 0x3164
        or (>= 0xFE00 and <= 0xFE0F) or 0xFFA0 or (>= 0xE0000 and <= 0xE0FFF);
}
