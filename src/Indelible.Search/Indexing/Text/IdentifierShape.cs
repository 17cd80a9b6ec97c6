using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Indelible.Search;

/// <summary>What the identifiers of a path look like: enough to know of most words that none of them holds it.</summary>
/// <remarks>
/// An identifier is a value without white space that has 1 to <see cref="MaxWords"/> words of ASCII letters and digits, each of at most <see cref="MaxWordBytes"/>, one of them with a
/// digit: <c>01931c3e-7f3a-7c31-9a55-3f6d0c2b9e10</c>, <c>order-4711</c>. Its words with digits are in no index, for they are hardly ever the same twice; those of letters alone
/// are. A value with white space is a text, whatever numbers are in it, and all its words are in the index.
/// A word is of one of three kinds, and a phrase can only be inside an identifier where each of its words has the kind and length of some word there.
/// </remarks>
internal struct IdentifierShape
{
    /// <summary>The most words of an identifier.</summary>
    public const int MaxWords = 8;

    /// <summary>The most bytes of one of its words: a length is a bit of 64.</summary>
    public const int MaxWordBytes = 64;

    /// <summary>How many words the identifier with the most has; 0 where there is no identifier.</summary>
    public int MostWords;

    /// <summary>Lengths of words with a digit whose letters, if any, are among a to f; length 1 is the lowest bit.</summary>
    public ulong HexLengths;

    /// <summary>Lengths of words with a digit and a letter beyond f.</summary>
    public ulong MixedLengths;

    /// <summary>Lengths of words without a digit.</summary>
    public ulong LetterLengths;

    [Flags]
    private enum Kind : byte
    {
        Digits = 1,
        HexLetters = 2,
        OtherLetters = 4,
        Other = 8,
    }

    // By folded byte; 0 for the space between words.
    private static readonly Kind[] s_kinds = [.. Enumerable.Range(0, 256).Select<int, Kind>(c => c switch
    {
        FoldedText.Space => 0,
        >= '0' and <= '9' => Kind.Digits,
        >= 'a' and <= 'f' => Kind.HexLetters,
        >= 'g' and <= 'z' => Kind.OtherLetters,
        _ => Kind.Other,
    })];

    /// <summary>Reads the shape of one value.</summary>
    /// <param name="value">As it stands in the entry.</param>
    /// <param name="folded">Its folded words.</param>
    /// <param name="shape">Its shape.</param>
    /// <returns>Whether it is an identifier.</returns>
    public static bool TryRead(ReadOnlySpan<byte> value, ReadOnlySpan<byte> folded, out IdentifierShape shape)
    {
        shape = default;
        if (folded.Length is 0 or > MaxWords * (MaxWordBytes + 1) || value.ContainsAnyInRange((byte)0, (byte)' '))
        {
            return false;
        }

        if (folded.Length < Vector512<byte>.Count)
        {
            return TryReadShort(folded, out shape);
        }

        // A table and no branches: whether a digit or a letter comes next in an identifier, no processor can guess.
        int length = 0;
        Kind seen = 0;
        ReadOnlySpan<Kind> kinds = s_kinds;
        foreach (byte c in folded)
        {
            Kind kind = kinds[c];
            if (kind == 0)
            {
                if (!shape.AddWord(length, seen))
                {
                    return false;
                }

                (length, seen) = (0, 0);
                continue;
            }

            length++;
            seen |= kind;
        }

        return shape.AddWord(length, seen) && (shape.HexLengths | shape.MixedLengths) != 0;
    }

    /// <summary>Reads the shape of fewer than 64 bytes: all at once, then word by word.</summary>
    private static bool TryReadShort(ReadOnlySpan<byte> folded, out IdentifierShape shape)
    {
        shape = default;
        Span<byte> padded = stackalloc byte[Vector512<byte>.Count];
        folded.CopyTo(padded);
        Vector512<byte> bytes = Vector512.LoadUnsafe(ref MemoryMarshal.GetReference(padded));
        ulong digits = InRange(bytes, '0', 10);
        ulong hexLetters = InRange(bytes, 'a', 6);
        ulong otherLetters = InRange(bytes, 'g', 20);
        ulong end = 1UL << folded.Length;
        ulong ends = InRange(bytes, (char)FoldedText.Space, 1) | end;
        if ((digits | hexLetters | otherLetters | ends) != end - 1 + end)
        {
            return false;
        }

        for (ulong seen = 0; ends != 0; ends &= ends - 1)
        {
            // All up to the next end, less what lies before the word.
            ulong word = ((ends & (~ends + 1)) - 1) & ~seen;
            Kind kinds = ((word & digits) != 0 ? Kind.Digits : 0) | ((word & otherLetters) != 0 ? Kind.OtherLetters : 0);
            if (!shape.AddWord(BitOperations.PopCount(word), kinds))
            {
                return false;
            }

            seen |= word | (ends & (~ends + 1));
        }

        return (shape.HexLengths | shape.MixedLengths) != 0;
    }

    private static ulong InRange(Vector512<byte> bytes, char first, byte count) =>
        Vector512.LessThan(bytes - Vector512.Create((byte)first), Vector512.Create(count)).ExtractMostSignificantBits();

    /// <summary>Whether a word of an identifier is left out of the words of the index.</summary>
    public static bool IsLeftOut(ReadOnlySpan<byte> word) => word.ContainsAnyInRange((byte)'0', (byte)'9');

    /// <summary>Takes in the shape of one more identifier.</summary>
    public void Add(in IdentifierShape other)
    {
        MostWords = Math.Max(MostWords, other.MostWords);
        HexLengths |= other.HexLengths;
        MixedLengths |= other.MixedLengths;
        LetterLengths |= other.LetterLengths;
    }

    /// <summary>Whether consecutive words can stand inside any identifier at all with one of its left-out words among them.</summary>
    public static bool MayHold(Phrase phrase) =>
        new IdentifierShape { MostWords = MaxWords, HexLengths = ulong.MaxValue, MixedLengths = ulong.MaxValue, LetterLengths = ulong.MaxValue }.CanHold(phrase);

    /// <summary>Whether consecutive words can stand inside an identifier with one of its left-out words among them.</summary>
    public readonly bool CanHold(Phrase phrase)
    {
        if (phrase.Words.Length > MostWords)
        {
            return false;
        }

        bool isLeftOut = false;
        foreach (Glob word in phrase.Words)
        {
            bool asLeftOut = CanHold(word, HexLengths, Kind.Digits | Kind.HexLetters, Kind.Digits)
                || CanHold(word, MixedLengths, Kind.Digits | Kind.HexLetters | Kind.OtherLetters, Kind.Digits | Kind.OtherLetters);
            if (!asLeftOut && !CanHold(word, LetterLengths, Kind.HexLetters | Kind.OtherLetters, 0))
            {
                return false;
            }

            isLeftOut |= asLeftOut;
        }

        return isLeftOut;
    }

    /// <summary>Whether a word can be one of those lengths, of characters of some kinds, one of which it must have.</summary>
    private static bool CanHold(Glob word, ulong lengths, Kind allowed, Kind needed)
    {
        int least = 0;
        bool hasStar = false;
        Kind seen = 0;
        foreach (int part in word.Parts)
        {
            if (part == Glob.Star)
            {
                hasStar = true;
                continue;
            }

            least++;
            if (part == Glob.One)
            {
                continue;
            }

            if (part is not ((>= '0' and <= '9') or (>= 'a' and <= 'z')))
            {
                return false;
            }

            seen |= part <= '9' ? Kind.Digits : part <= 'f' ? Kind.HexLetters : Kind.OtherLetters;
        }

        if ((seen & ~allowed) != 0 || least > MaxWordBytes || (word.Wildcards == 0 && (seen & needed) != needed))
        {
            return false;
        }

        return hasStar ? lengths >> Math.Max(0, least - 1) != 0 : least > 0 && (lengths >> (least - 1) & 1) != 0;
    }

    private bool AddWord(int length, Kind seen)
    {
        if (length > MaxWordBytes || MostWords == MaxWords || (seen & Kind.Other) != 0)
        {
            return false;
        }

        ulong bit = 1UL << (length - 1);
        if ((seen & Kind.Digits) == 0)
        {
            LetterLengths |= bit;
        }
        else if ((seen & Kind.OtherLetters) == 0)
        {
            HexLengths |= bit;
        }
        else
        {
            MixedLengths |= bit;
        }

        MostWords++;
        return true;
    }
}
