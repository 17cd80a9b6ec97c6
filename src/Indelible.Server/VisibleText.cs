using System.Globalization;
using System.Text;

namespace Indelible.Server;

/// <summary>Texts of callers that people will read: without what is not seen, or changes how the rest is seen.</summary>
internal static class VisibleText
{
    private const int ExcerptLength = 64;

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

    private static bool IsVisible(Rune rune) => Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
        or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned);
}
