using System.Text;

namespace Indelible.Search;

/// <summary>A pattern: code points, <c>*</c> for any number of them and <c>?</c> for exactly one.</summary>
/// <remarks>
/// Matched with two positions and one point to fall back to, the last star: work is at most (length of the value) x (length of the
/// pattern), whatever the pattern. A general regular expression engine was not used because its worst case is exponential or its
/// start-up is paid for every query.
/// </remarks>
internal sealed class Glob : IEquatable<Glob>
{
    public const int Star = -1;
    public const int One = -2;

    private readonly int[] _parts;

    // What stands between stars at the ends alone: most patterns are so, and are then compared as bytes.
    private readonly byte[]? _inner;

    /// <param name="parts">Code points, <see cref="Star"/> and <see cref="One"/>; stars in a row are one star.</param>
    public Glob(IEnumerable<int> parts)
    {
        var kept = new List<int>();
        foreach (int part in parts)
        {
            if (part != Star || kept.Count == 0 || kept[^1] != Star)
            {
                kept.Add(part);
            }
        }

        _parts = [.. kept];
        Wildcards = kept.Count(part => part < 0);
        int start = _parts is [Star, ..] ? 1 : 0;
        int end = _parts.Length - (_parts.Length > start && _parts[^1] == Star ? 1 : 0);
        _inner = start < end && _parts[start..end].All(part => part >= 0 && Rune.IsValid(part)) ? Encoding.UTF8.GetBytes(Text(_parts[start..end])) : null;
    }

    public ReadOnlySpan<int> Parts => _parts;

    public int Wildcards { get; }

    public bool IsAnything => _parts is [Star];

    /// <summary>The text of a pattern without wildcards.</summary>
    public string Literal => Text(_parts.Where(part => part >= 0));

    /// <summary>Whether the spelling of a number could match.</summary>
    public bool FitsNumbers => !_parts.Any(part => part >= 0 && !(part < 0x80 && (char.IsAsciiDigit((char)part) || (char)part is '-' or '+' or '.' or 'e')));

    /// <summary>What everything that matches begins with, in UTF-8.</summary>
    public byte[] Prefix() => Encoding.UTF8.GetBytes(Text(_parts.TakeWhile(part => part >= 0 && Rune.IsValid(part))));

    /// <summary>Reads the form that <see cref="ToString"/> writes.</summary>
    public static Glob Parse(string source)
    {
        var parts = new List<int>();
        for (int i = 0; i < source.Length; i++)
        {
            bool escaped = source[i] == '\\' && i + 1 < source.Length;
            if (escaped)
            {
                i++;
            }

            if (char.IsHighSurrogate(source[i]) && i + 1 < source.Length && char.IsLowSurrogate(source[i + 1]))
            {
                parts.Add(char.ConvertToUtf32(source[i], source[++i]));
            }
            else
            {
                parts.Add(source[i] switch { '*' when !escaped => Star, '?' when !escaped => One, char c => c });
            }
        }

        return new Glob(parts);
    }

    /// <summary>Whether the pattern covers the whole value.</summary>
    /// <param name="value">UTF-8.</param>
    /// <param name="fold">Whether the value's letters are folded first; the pattern's must be already.</param>
    public bool Matches(ReadOnlySpan<byte> value, bool fold) => Matches(value, fold, out _);

    /// <summary>As <see cref="Matches(ReadOnlySpan{byte}, bool)"/> without folding, of well-formed UTF-8.</summary>
    public bool MatchesExactly(ReadOnlySpan<byte> value)
    {
        if (_inner is null)
        {
            return Matches(value, fold: false, out _);
        }

        bool isOpenBefore = _parts[0] == Star;
        bool isOpenBehind = _parts[^1] == Star;
        return isOpenBefore
            ? isOpenBehind ? value.IndexOf(_inner) >= 0 : value.EndsWith(_inner)
            : isOpenBehind ? value.StartsWith(_inner) : value.SequenceEqual(_inner);
    }

    /// <summary>As <see cref="Matches(ReadOnlySpan{byte}, bool)"/>, and tells how many comparisons it took.</summary>
    public bool Matches(ReadOnlySpan<byte> value, bool fold, out long steps)
    {
        ReadOnlySpan<int> parts = _parts;
        int part = 0;
        int at = 0;
        int star = -1;
        int resume = 0;
        steps = 0;
        while (at < value.Length)
        {
            steps++;
            int codePoint = Words.Decode(value, at, out int length);
            int wanted = part < parts.Length ? parts[part] : int.MinValue;
            if (wanted == Star)
            {
                star = part++;
                resume = at;
                if (part == parts.Length)
                {
                    return true;
                }
            }
            else if (wanted == One || wanted == (fold ? Words.Fold(codePoint) : codePoint))
            {
                part++;
                at += length;
            }
            else if (star >= 0)
            {
                // The last star takes one code point more. Earlier stars need no second try: whatever they could give, it can too.
                part = star + 1;
                Words.Decode(value, resume, out int skipped);
                resume += skipped;
                at = resume;
            }
            else
            {
                return false;
            }
        }

        while (part < parts.Length && parts[part] == Star)
        {
            part++;
        }

        return part == parts.Length;
    }

    public bool Equals(Glob? other) => other is not null && _parts.AsSpan().SequenceEqual(other._parts);

    public override bool Equals(object? obj) => Equals(obj as Glob);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (int part in _parts)
        {
            hash.Add(part);
        }

        return hash.ToHashCode();
    }

    /// <summary>The pattern with a backslash before each star, question mark and backslash that stands for itself.</summary>
    public override string ToString() => Format(static c => c is '*' or '?' or '\\');

    /// <summary>The pattern as a query writes it without quotes: a backslash before everything that could end or start something.</summary>
    public string ToBareText() => Format(static c => c < 0x80 && !char.IsAsciiLetterOrDigit((char)c) && !"._-/@:+".Contains((char)c)
        || c >= 0x80 && c <= 0xFFFF && char.IsWhiteSpace((char)c));

    private static string Text(IEnumerable<int> codePoints) => string.Concat(codePoints.Select(char.ConvertFromUtf32));

    private string Format(Func<int, bool> needsEscape)
    {
        var text = new StringBuilder();
        foreach (int part in _parts)
        {
            switch (part)
            {
                case Star:
                    text.Append('*');
                    break;
                case One:
                    text.Append('?');
                    break;
                default:
                    if (needsEscape(part))
                    {
                        text.Append('\\');
                    }

                    text.Append(char.ConvertFromUtf32(part));
                    break;
            }
        }

        return text.ToString();
    }
}
