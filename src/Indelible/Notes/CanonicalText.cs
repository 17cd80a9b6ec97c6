using System.Globalization;
using System.Text;

namespace Indelible.Notes;

/// <summary>The spellings that notes, checkpoints and proofs share: strict UTF-8, decimals and base64, each in one form only.</summary>
internal static class CanonicalText
{
    /// <summary>A decoder that refuses what is not UTF-8, instead of replacing it.</summary>
    public static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads UTF-8 without a byte order mark and without control characters other than LF.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out string text)
    {
        text = "";
        if (bytes.StartsWith("\uFEFF"u8))
        {
            return false;
        }

        foreach (byte b in bytes)
        {
            if (b < 0x20 && b != (byte)'\n')
            {
                return false;
            }
        }

        try
        {
            text = StrictUtf8.GetString(bytes);
            return true;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }

    /// <summary>Reads a decimal: digits only, no sign, no leading zero, at most 2^63 − 1.</summary>
    public static bool TryParseDecimal(ReadOnlySpan<char> text, out long value) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && (text.Length == 1 || text[0] != '0');

    /// <summary>Reads standard base64 with padding, in its one canonical spelling.</summary>
    public static bool TryParseBase64(string text, out byte[] bytes)
    {
        bytes = new byte[text.Length / 4 * 3];
        if (!Convert.TryFromBase64String(text, bytes, out int written))
        {
            return false;
        }

        bytes = bytes[..written];
        return Convert.ToBase64String(bytes) == text;
    }
}
