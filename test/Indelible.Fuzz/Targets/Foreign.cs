using System.Text;

namespace Indelible.Fuzz.Targets;

/// <summary>How an input's bytes become what a parser takes.</summary>
internal static class Foreign
{
    private const byte CodeUnitsFollow = 0xFF;

    /// <summary>
    /// Text: UTF-8, bytes that are none replaced as everywhere in .NET. Behind a first byte 0xFF, which no UTF-8 begins with, UTF-16 code
    /// units, so that lone surrogates come too.
    /// </summary>
    public static string Text(byte[] input)
    {
        if (input is not [CodeUnitsFollow, ..])
        {
            return Encoding.UTF8.GetString(input);
        }

        char[] units = new char[(input.Length - 1) / 2];
        for (int i = 0; i < units.Length; i++)
        {
            units[i] = (char)((input[1 + (2 * i)] << 8) | input[2 + (2 * i)]);
        }

        return new string(units);
    }

    /// <summary>The input of a text that is not Unicode.</summary>
    public static byte[] OfCodeUnits(string text) => [CodeUnitsFollow, .. Encoding.BigEndianUnicode.GetBytes(text)];

    public static byte[] OfText(string text) => Encoding.UTF8.GetBytes(text);
}
