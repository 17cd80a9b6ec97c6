using System.Collections.Immutable;
using System.Text;

namespace Indelible.Detection;

/// <summary>A Sigma string: text, <c>*</c> for any number of characters, <c>?</c> for one.</summary>
/// <remarks>
/// Kept as pieces of text with what stands between them. Backslashes are read as Sigma 2.1 says: one before a wildcard makes it plain, two are one before a wildcard, and any other backslash
/// is itself, as are two of them.
/// </remarks>
internal sealed class TextPattern : IEquatable<TextPattern>
{
    /// <summary>Any number of characters.</summary>
    public const int Many = -1;

    /// <summary>One character.</summary>
    public const int One = -2;

    private readonly ImmutableArray<int> _parts;

    private TextPattern(IEnumerable<int> parts)
    {
        var kept = new List<int>();
        foreach (int part in parts)
        {
            if (part != Many || kept.Count == 0 || kept[^1] != Many)
            {
                kept.Add(part);
            }
        }

        _parts = [.. kept];
    }

    /// <summary>Code points, <see cref="Many"/> and <see cref="One"/>; never two of the former in a row.</summary>
    public ReadOnlySpan<int> Parts => _parts.AsSpan();

    /// <summary>How many characters are any one.</summary>
    public int Ones => _parts.Count(part => part == One);

    /// <summary>The text, where there is no wildcard; else null.</summary>
    public string? Literal => _parts.All(part => part >= 0) ? Text(_parts) : null;

    /// <summary>Reads a value as a rule has it.</summary>
    public static TextPattern Parse(string value)
    {
        var parts = new List<int>();
        Rune[] runes = [.. value.EnumerateRunes()];
        for (int i = 0; i < runes.Length; i++)
        {
            int next = i + 1 < runes.Length ? runes[i + 1].Value : 0;
            switch (runes[i].Value)
            {
                case '*':
                    parts.Add(Many);
                    break;
                case '?':
                    parts.Add(One);
                    break;
                case '\\' when next is '*' or '?' or '\\':
                    parts.Add(next);
                    i++;
                    break;
                default:
                    parts.Add(runes[i].Value);
                    break;
            }
        }

        return new TextPattern(parts);
    }

    /// <summary>Text without wildcards.</summary>
    public static TextPattern Of(string text) => new(text.EnumerateRunes().Select(rune => rune.Value));

    /// <summary>The pattern with anything before it, or behind it, or both.</summary>
    public TextPattern At(TextPlace where) => where switch
    {
        TextPlace.Start => new TextPattern([.. _parts, Many]),
        TextPlace.End => new TextPattern([Many, .. _parts]),
        TextPlace.Anywhere => new TextPattern([Many, .. _parts, Many]),
        _ => this,
    };

    /// <summary>The pattern with another character at a place.</summary>
    public TextPattern With(int place, int character) => new(_parts.SetItem(place, character));

    /// <inheritdoc/>
    public bool Equals(TextPattern? other) => other is not null && _parts.AsSpan().SequenceEqual(other._parts.AsSpan());

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as TextPattern);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (int part in _parts)
        {
            hash.Add(part);
        }

        return hash.ToHashCode();
    }

    /// <inheritdoc/>
    public override string ToString() => string.Concat(_parts.Select(part => part switch
    {
        Many => "*",
        One => "?",
        '*' or '?' or '\\' => "\\" + (char)part,
        _ => Text([part]),
    }));

    private static string Text(IEnumerable<int> codePoints)
    {
        var text = new StringBuilder();
        foreach (int codePoint in codePoints)
        {
            text.Append(new Rune(codePoint).ToString());
        }

        return text.ToString();
    }
}
