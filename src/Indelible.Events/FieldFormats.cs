using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Indelible.Events;

/// <summary>Checks texts against the forms of the schema. Each takes decoded UTF-8 of a bounded length.</summary>
internal static class FieldFormats
{
    private static readonly SearchValues<byte> s_id =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-"u8);

    private static readonly SearchValues<byte> s_word = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789"u8);

    private static readonly SearchValues<byte> s_typeName = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789._-"u8);

    private static readonly SearchValues<byte> s_lowerHex = SearchValues.Create("0123456789abcdef"u8);

    public static bool IsId(ReadOnlySpan<byte> text) => !text.IsEmpty && !text.ContainsAnyExcept(s_id);

    /// <summary>One to eight words of lower-case letters and digits, joined by single dots, dashes or underscores.</summary>
    public static bool IsAction(ReadOnlySpan<byte> text)
    {
        for (int words = 1; words <= EventLimits.ActionWords; words++)
        {
            int word = text.IndexOfAnyExcept(s_word);
            if (word < 0)
            {
                return !text.IsEmpty;
            }

            if (word == 0 || text[word] is not ((byte)'.' or (byte)'_' or (byte)'-'))
            {
                return false;
            }

            text = text[(word + 1)..];
        }

        return false;
    }

    /// <summary><c>audit/1</c>, or <c>audit/1#&lt;action&gt;@&lt;n&gt;</c> with n from 1 and no leading zero.</summary>
    public static bool IsSchema(ReadOnlySpan<byte> text)
    {
        if (!text.StartsWith("audit/1"u8))
        {
            return false;
        }

        text = text["audit/1"u8.Length..];
        int at = text.LastIndexOf((byte)'@');
        return text.IsEmpty
            || (text[0] == '#' && at > 1 && IsAction(text[1..at]) && text.Length - at is > 1 and <= 10 && text[at + 1] != '0'
                && !text[(at + 1)..].ContainsAnyExceptInRange((byte)'0', (byte)'9'));
    }

    /// <summary>Lower case, starting and ending with a letter or digit; dots, dashes and underscores within.</summary>
    public static bool IsTypeName(ReadOnlySpan<byte> text) =>
        !text.IsEmpty && !text.ContainsAnyExcept(s_typeName) && s_word.Contains(text[0]) && s_word.Contains(text[^1]);

    /// <summary>Lower-case hexadecimal that is not all zeros: zeros mean "none" in W3C Trace Context.</summary>
    public static bool IsLowerHex(ReadOnlySpan<byte> text) => !text.ContainsAnyExcept(s_lowerHex) && text.ContainsAnyExcept((byte)'0');

    public static bool IsWebAddress(ReadOnlySpan<byte> text) =>
        ((text.StartsWith("https://"u8) && text.Length > 8) || (text.StartsWith("http://"u8) && text.Length > 7))
        && !text.ContainsAnyInRange((byte)0, (byte)' ');

    /// <summary>A JSON Pointer (RFC 6901), the empty one included.</summary>
    public static bool IsJsonPointer(ReadOnlySpan<byte> text) =>
        text.IsEmpty || Privacy.PersonalFields.IsPointer(Encoding.UTF8.GetString(text));

    /// <summary>
    /// An IPv4 or IPv6 address in the one spelling of RFC 5952, without zone or port, so that equal addresses are equal texts.
    /// </summary>
    public static bool IsIpAddress(ReadOnlySpan<byte> text)
    {
        if (!text.Contains((byte)':'))
        {
            return IsIpv4(text);
        }

        Span<byte> again = stackalloc byte[64];
        return text.Length <= 45 && !text.Contains((byte)'%')
            && IPAddress.TryParse(Encoding.ASCII.GetString(text), out IPAddress? address)
            && address.AddressFamily == AddressFamily.InterNetworkV6
            && ((IUtf8SpanFormattable)address).TryFormat(again, out int written, default, CultureInfo.InvariantCulture)
            && text.SequenceEqual(again[..written]);
    }

    private static bool IsIpv4(ReadOnlySpan<byte> text)
    {
        for (int part = 0; ; part++)
        {
            int value = 0;
            int length = 0;
            while (length < text.Length && length < 3 && char.IsAsciiDigit((char)text[length]))
            {
                value = (value * 10) + (text[length++] - '0');
            }

            if (length == 0 || value > 255 || (length > 1 && text[0] == '0'))
            {
                return false;
            }

            text = text[length..];
            if (part == 3)
            {
                return text.IsEmpty;
            }

            if (text.IsEmpty || text[0] != '.')
            {
                return false;
            }

            text = text[1..];
        }
    }
}
