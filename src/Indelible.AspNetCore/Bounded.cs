using System.Text;

namespace Indelible.AspNetCore;

/// <summary>Makes texts from requests fit an event: what a caller sends must never be the reason why an event cannot be recorded.</summary>
internal static class Bounded
{
    /// <summary>The text, at most so many UTF-16 units long and valid Unicode; null for none.</summary>
    public static string? Text(string? text, int most)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        if (text.Length > most)
        {
            text = text[..(char.IsHighSurrogate(text[most - 1]) ? most - 1 : most)];
        }

        return IsValid(text) ? text : Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
    }

    private static bool IsValid(ReadOnlySpan<char> text)
    {
        int at = text.IndexOfAnyInRange('\uD800', '\uDFFF');
        if (at < 0)
        {
            return true;
        }

        foreach (Rune rune in text[at..].EnumerateRunes())
        {
            if (rune == Rune.ReplacementChar)
            {
                return false;
            }
        }

        return true;
    }
}
