using System.Text;

namespace Indelible.Search;

/// <summary>What an index asks of a phrase.</summary>
internal static class FoldedPhrase
{
    /// <summary>The folded text that a value has whose words are those of the phrase; for a phrase without wildcards.</summary>
    public static byte[] Of(Phrase phrase)
    {
        var text = new StringBuilder();
        foreach (Glob word in phrase.Words)
        {
            text.Append(text.Length == 0 ? "" : " ").Append(word.Literal);
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>Whether one of its words can be of more bytes than an index keeps of a word in a string that it keeps as a hash.</summary>
    public static bool MayBeLong(Phrase phrase)
    {
        foreach (Glob word in phrase.Words)
        {
            int bytes = 0;
            foreach (int part in word.Parts)
            {
                bytes += part switch
                {
                    Glob.Star => LiveWords.MaxBytes + 1,
                    Glob.One => 4,
                    _ => new Rune(part).Utf8SequenceLength,
                };
            }

            if (bytes > LiveWords.MaxBytes)
            {
                return true;
            }
        }

        return false;
    }
}
