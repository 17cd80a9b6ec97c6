using System.Text;

namespace Indelible.Search;

/// <summary>Quotes: a backslash makes the next character plain, and only the quote and the backslash need one.</summary>
internal static class QuotedText
{
    public static void Append(StringBuilder text, string value)
    {
        text.Append('"');
        foreach (char c in value)
        {
            if (c is '"' or '\\')
            {
                text.Append('\\');
            }

            text.Append(c);
        }

        text.Append('"');
    }

    public static string Of(string value)
    {
        var text = new StringBuilder(value.Length + 2);
        Append(text, value);
        return text.ToString();
    }
}
