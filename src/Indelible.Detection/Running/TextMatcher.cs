using System.Text;

namespace Indelible.Detection;

/// <summary>A pattern made ready to be compared with UTF-8.</summary>
/// <remarks>Two positions and one to fall back to, the last star: work is at most the length of the text times that of the piece between two stars. A plain piece is looked for as a whole.</remarks>
internal sealed class TextMatcher
{
    // Bytes, and the two wildcards.
    private readonly short[] _tokens;

    /// <param name="pattern">The pattern.</param>
    /// <param name="isCased">Whether capital letters count; where not, texts are given folded.</param>
    public TextMatcher(TextPattern pattern, bool isCased)
    {
        var tokens = new List<short>();
        var text = new StringBuilder();
        Needle = [];
        foreach (int part in pattern.Parts)
        {
            if (part >= 0)
            {
                text.Append(new Rune(part).ToString());
                continue;
            }

            Take();
            tokens.Add((short)part);
        }

        Take();
        _tokens = [.. tokens];
        IsAnywhere = _tokens is [TextPattern.Many, .. var inner, TextPattern.Many] && inner.All(token => token >= 0);

        void Take()
        {
            byte[] bytes = isCased ? Encoding.UTF8.GetBytes(text.ToString()) : FoldedText.Of(text.ToString());
            byte[] folded = FoldedText.Of(text.ToString());
            Needle = folded.Length > Needle.Length ? folded : Needle;
            tokens.AddRange(bytes.Select(b => (short)b));
            text.Clear();
        }
    }

    /// <summary>The longest plain piece, folded: whatever fits has it somewhere. Empty where there is none.</summary>
    public byte[] Needle { get; private set; }

    /// <summary>Whether it is one plain piece that may stand anywhere.</summary>
    public bool IsAnywhere { get; }

    /// <summary>Whether a text fits.</summary>
    public bool Fits(ReadOnlySpan<byte> text)
    {
        int token = 0;
        int at = 0;
        int star = -1;
        int starAt = 0;
        while (at < text.Length)
        {
            int next = token < _tokens.Length ? _tokens[token] : 0x100;
            if (next == TextPattern.Many)
            {
                (star, starAt) = (++token, at);
                if (star == _tokens.Length)
                {
                    return true;
                }
            }
            else if (next == TextPattern.One)
            {
                Rune.DecodeFromUtf8(text[at..], out _, out int bytes);
                at += bytes;
                token++;
            }
            else if (next == text[at])
            {
                at++;
                token++;
            }
            else if (star < 0)
            {
                return false;
            }
            else
            {
                // To the next place where the piece behind the star can begin.
                int skip = _tokens[star] >= 0 ? text[(starAt + 1)..].IndexOf((byte)_tokens[star]) : 0;
                if (skip < 0)
                {
                    return false;
                }

                starAt += skip + 1;
                (token, at) = (star, starAt);
            }
        }

        while (token < _tokens.Length && _tokens[token] == TextPattern.Many)
        {
            token++;
        }

        return token == _tokens.Length;
    }
}
