using System.Globalization;
using System.Text;

namespace Indelible.Search;

/// <summary>What a word is, and when two letters are the same.</summary>
/// <remarks>
/// A word is a longest run of letters, digits, numbers and combining marks; a character of a script that is written without spaces
/// (Han, Hiragana, Katakana) is a word of its own, so that a phrase finds it inside a sentence. Letters are compared after the invariant
/// mapping to upper and then to lower case: by upper first, the three sigmas are one letter. No locale, and no Unicode normalisation.
/// </remarks>
internal static class Words
{
    public static int Fold(int codePoint)
    {
        if (codePoint < 0x80)
        {
            return codePoint is >= 'A' and <= 'Z' ? codePoint | 0x20 : codePoint;
        }

        return Rune.IsValid(codePoint) ? Rune.ToLowerInvariant(Rune.ToUpperInvariant(new Rune(codePoint))).Value : codePoint;
    }

    public static bool IsWordCharacter(int codePoint)
    {
        if (codePoint < 0x80)
        {
            return codePoint is (>= '0' and <= '9') or (>= 'a' and <= 'z') or (>= 'A' and <= 'Z');
        }

        return Rune.IsValid(codePoint) && Rune.GetUnicodeCategory(new Rune(codePoint)) is UnicodeCategory.UppercaseLetter
            or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter or UnicodeCategory.ModifierLetter
            or UnicodeCategory.OtherLetter or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark
            or UnicodeCategory.EnclosingMark or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber
            or UnicodeCategory.OtherNumber;
    }

    public static bool StandsAlone(int codePoint) => codePoint >= 0x3040
        && codePoint is <= 0x30FF or (>= 0x3400 and <= 0x4DBF) or (>= 0x4E00 and <= 0x9FFF) or (>= 0xF900 and <= 0xFAFF)
            or (>= 0x20000 and <= 0x3FFFF);

    /// <summary>Finds the next word of UTF-8 text at or after <paramref name="position"/>, and moves behind it.</summary>
    public static bool Next(ReadOnlySpan<byte> text, ref int position, out int start, out int end)
    {
        int at = position;
        while (at < text.Length)
        {
            int codePoint = Decode(text, at, out int length);
            if (IsWordCharacter(codePoint))
            {
                start = at;
                at += length;
                if (!StandsAlone(codePoint))
                {
                    at = EndOfRun(text, at);
                }

                position = end = at;
                return true;
            }

            at += length;
        }

        position = start = end = at;
        return false;
    }

    public static int Decode(ReadOnlySpan<byte> text, int at, out int length)
    {
        byte first = text[at];
        if (first < 0x80)
        {
            length = 1;
            return first;
        }

        Rune.DecodeFromUtf8(text[at..], out Rune rune, out length);
        return rune.Value;
    }

    private static int EndOfRun(ReadOnlySpan<byte> text, int at)
    {
        while (at < text.Length)
        {
            int codePoint = Decode(text, at, out int length);
            if (!IsWordCharacter(codePoint) || StandsAlone(codePoint))
            {
                break;
            }

            at += length;
        }

        return at;
    }
}
