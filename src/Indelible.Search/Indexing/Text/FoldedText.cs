using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Text;

namespace Indelible.Search;

/// <summary>A text as an index knows it: its words, folded, with one space between them. What separates words is forgotten.</summary>
/// <remarks>The words are those of <see cref="Words.Next"/>, folded by <see cref="Words.Fold"/>: both must agree with the matcher, which decides what an entry matches.</remarks>
internal static class FoldedText
{
    /// <summary>Between two words.</summary>
    public const byte Space = (byte)' ';

    // What a byte becomes: its small letter, a digit, or a space; 0 beyond ASCII.
    private static readonly byte[] s_ascii = [.. Enumerable.Range(0, 256).Select(c =>
        c >= 0x80 ? (byte)0 : Words.IsWordCharacter(c) ? (byte)Words.Fold(c) : Space)];

    /// <summary>How many bytes a text of so many takes at most: a letter can grow by half, and a character that is a word of its own gets spaces around it.</summary>
    public static int MaxLength(int textBytes) => (textBytes * 2) + 4;

    /// <summary>Folds a text.</summary>
    /// <param name="text">UTF-8; what is none separates words.</param>
    /// <param name="into">At least <see cref="MaxLength"/>.</param>
    /// <returns>The length; 0 where there is no word.</returns>
    public static int Fold(ReadOnlySpan<byte> text, Span<byte> into)
    {
        if (TryFoldShort(text, into, out int shortLength))
        {
            return shortLength;
        }

        ReadOnlySpan<byte> ascii = s_ascii;
        int length = 0;
        byte last = Space;
        for (int at = 0; at < text.Length;)
        {
            byte c = ascii[text[at]];
            if (c == 0)
            {
                length = FoldOther(text, ref at, into, length);
                last = length == 0 ? Space : into[length - 1];
                continue;
            }

            // Of several separators one remains, and none at the beginning.
            into[length] = c;
            length += ((c ^ Space) | (last ^ Space)) != 0 ? 1 : 0;
            last = c;
            at++;
        }

        return length > 0 && last == Space ? length - 1 : length;
    }

    /// <summary>Takes the first word off.</summary>
    /// <param name="folded">What <see cref="Fold"/> gave; becomes the rest.</param>
    /// <param name="word">The word.</param>
    /// <returns>Whether there was one.</returns>
    public static bool Next(ref ReadOnlySpan<byte> folded, out ReadOnlySpan<byte> word)
    {
        int end = folded.IndexOf(Space);
        word = end < 0 ? folded : folded[..end];
        folded = end < 0 ? default : folded[(end + 1)..];
        return !word.IsEmpty;
    }

    /// <summary>Folds a text of at most 64 bytes of ASCII that has one separator between words and none before: it only changes bytes. A tenth of the time, for most texts.</summary>
    private static bool TryFoldShort(ReadOnlySpan<byte> text, Span<byte> into, out int length)
    {
        length = 0;
        int most = Vector512<byte>.Count;
        if (text.Length > most || into.Length < most || text.IsEmpty)
        {
            return false;
        }

        Span<byte> padded = stackalloc byte[most];
        text.CopyTo(padded);
        Vector512<byte> bytes = Vector512.LoadUnsafe(ref MemoryMarshal.GetReference(padded));
        if (bytes.ExtractMostSignificantBits() != 0)
        {
            return false;
        }

        Vector512<byte> small = bytes | Vector512.Create((byte)0x20);
        Vector512<byte> isLetter = Vector512.LessThan(small - Vector512.Create((byte)'a'), Vector512.Create((byte)26));
        Vector512<byte> isDigit = Vector512.LessThan(bytes - Vector512.Create((byte)'0'), Vector512.Create((byte)10));
        ulong separators = ~(isLetter | isDigit).ExtractMostSignificantBits() & (ulong.MaxValue >> (most - text.Length));
        if ((separators & 1) != 0 || (separators & (separators << 1)) != 0)
        {
            return false;
        }

        Vector512<byte> folded = Vector512.ConditionalSelect(isLetter, small, Vector512.ConditionalSelect(isDigit, bytes, Vector512.Create(Space)));
        folded.CopyTo(into);
        length = text.Length - (int)(separators >> (text.Length - 1));
        return true;
    }

    private static int FoldOther(ReadOnlySpan<byte> text, ref int at, Span<byte> into, int length)
    {
        int codePoint = Words.Decode(text, at, out int bytes);
        at += bytes;
        bool isOpen = length > 0 && into[length - 1] != Space;
        if (!Words.IsWordCharacter(codePoint))
        {
            return isOpen ? Separate(into, length) : length;
        }

        bool isAlone = Words.StandsAlone(codePoint);
        if (isAlone && isOpen)
        {
            length = Separate(into, length);
        }

        length += new Rune(Words.Fold(codePoint)).EncodeToUtf8(into[length..]);
        return isAlone ? Separate(into, length) : length;
    }

    private static int Separate(Span<byte> into, int length)
    {
        into[length] = Space;
        return length + 1;
    }
}
