using System.Globalization;
using System.Text;

namespace Indelible.Search;

/// <summary>An IP address and how many of its bits count. An IPv4 address inside IPv6 (<c>::ffff:…</c>) is the IPv4 address.</summary>
internal readonly record struct AddressText(bool IsV4, UInt128 Value, int Bits)
{
    /// <summary>The longest text of an address: eight groups, the last two as IPv4.</summary>
    private const int MaxLength = 45;

    private int Width => IsV4 ? 32 : 128;

    /// <summary>The addresses inside this network.</summary>
    public AddressRange Range
    {
        get
        {
            UInt128 host = Bits == 0 ? UInt128.MaxValue >> (128 - Width) : (UInt128.One << (Width - Bits)) - 1;
            return new AddressRange(AddressRange.Widen(IsV4, Value & ~host), AddressRange.Widen(IsV4, Value | host), IsV4);
        }
    }

    /// <summary>Reads an address, or an address with a prefix length (<c>10.0.0.0/8</c>).</summary>
    public static AddressText? TryParse(string text)
    {
        if (text.Length > MaxLength + 4)
        {
            return null;
        }

        int slash = text.IndexOf('/', StringComparison.Ordinal);
        if (!TryRead(Encoding.UTF8.GetBytes(slash < 0 ? text : text[..slash]), out bool isV4, out UInt128 value, out bool mapped))
        {
            return null;
        }

        int width = isV4 ? 32 : 128;
        if (slash < 0)
        {
            return new AddressText(isV4, value, width);
        }

        string length = text[(slash + 1)..];
        if (length.Length is 0 or > 3 || (length[0] == '0' && length.Length > 1)
            || !int.TryParse(length, NumberStyles.None, CultureInfo.InvariantCulture, out int bits))
        {
            return null;
        }

        bits = mapped ? bits - 96 : bits;
        return bits >= 0 && bits <= width ? new AddressText(isV4, value, bits) : null;
    }

    /// <summary>Whether UTF-8 text is an address inside this network.</summary>
    public bool Contains(ReadOnlySpan<byte> text)
    {
        if (!TryRead(text, out bool isV4, out UInt128 value, out _) || isV4 != IsV4)
        {
            return false;
        }

        return Bits == 0 || (value ^ Value) >> (Width - Bits) == UInt128.Zero;
    }

    /// <summary>Compares UTF-8 text with this address; false when it is no address of the same family.</summary>
    public bool TryCompare(ReadOnlySpan<byte> text, out int order)
    {
        order = 0;
        if (!TryRead(text, out bool isV4, out UInt128 value, out _) || isV4 != IsV4)
        {
            return false;
        }

        order = value.CompareTo(Value);
        return true;
    }

    /// <summary>Reads UTF-8 text as an address of 128 bits, IPv4 as <c>::ffff:a.b.c.d</c>.</summary>
    public static bool TryRead(ReadOnlySpan<byte> text, out UInt128 value)
    {
        bool isAddress = TryRead(text, out bool isV4, out value, out _);
        if (isV4)
        {
            value |= (UInt128)0xFFFF << 32;
        }

        return isAddress;
    }

    private static bool TryRead(ReadOnlySpan<byte> text, out bool isV4, out UInt128 value, out bool mapped)
    {
        mapped = false;
        isV4 = false;
        value = default;
        if (text.Length is < 2 or > MaxLength)
        {
            return false;
        }

        if (TryReadV4(text, out uint v4))
        {
            (isV4, value) = (true, v4);
            return true;
        }

        if (!TryReadV6(text, out value))
        {
            return false;
        }

        if (value >> 32 == (UInt128)0xFFFF)
        {
            (isV4, mapped, value) = (true, true, value & uint.MaxValue);
        }

        return true;
    }

    private static bool TryReadV4(ReadOnlySpan<byte> text, out uint value)
    {
        value = 0;
        int at = 0;
        for (int octet = 0; octet < 4; octet++)
        {
            if (octet > 0 && (at == text.Length || text[at++] != '.'))
            {
                return false;
            }

            int start = at;
            uint number = 0;
            for (; at < text.Length && at - start < 3 && text[at] is >= (byte)'0' and <= (byte)'9'; at++)
            {
                number = (number * 10) + (uint)(text[at] - '0');
            }

            // A leading zero means octal to some readers: two readers must not see two addresses.
            if (at == start || number > 255 || (text[start] == '0' && at > start + 1))
            {
                return false;
            }

            value = (value << 8) | number;
        }

        return at == text.Length;
    }

    private static bool TryReadV6(ReadOnlySpan<byte> text, out UInt128 value)
    {
        value = default;
        UInt128 groups = default;
        int count = 0;
        int gap = -1;
        int at = 0;
        if (text[0] == ':')
        {
            if (text[1] != ':')
            {
                return false;
            }

            gap = 0;
            at = 2;
        }

        while (at < text.Length)
        {
            int start = at;
            int number = 0;
            for (; at < text.Length && at - start < 4 && HexDigit(text[at]) is >= 0 and int digit; at++)
            {
                number = (number << 4) | digit;
            }

            if (at < text.Length && text[at] == '.' && count <= 6 && TryReadV4(text[start..], out uint v4))
            {
                groups = (groups << 32) | v4;
                count += 2;
                at = text.Length;
                break;
            }

            if (at == start || count == 8)
            {
                return false;
            }

            groups = (groups << 16) | (uint)number;
            count++;
            if (at == text.Length)
            {
                break;
            }

            if (text[at++] != ':' || at == text.Length)
            {
                return false;
            }

            if (text[at] == ':')
            {
                if (gap >= 0)
                {
                    return false;
                }

                gap = count;
                at++;
            }
        }

        if (gap < 0)
        {
            value = groups;
            return count == 8;
        }

        if (count > 7)
        {
            return false;
        }

        // Groups behind the gap are at their place already; those before it move up by the zeros it stands for.
        int behind = (count - gap) * 16;
        UInt128 low = behind == 0 ? UInt128.Zero : groups & ((UInt128.One << behind) - 1);
        UInt128 high = gap == 0 ? UInt128.Zero : groups >> behind << (128 - (gap * 16));
        value = high | low;
        return true;
    }

    private static int HexDigit(byte c) => c switch
    {
        >= (byte)'0' and <= (byte)'9' => c - '0',
        >= (byte)'a' and <= (byte)'f' => c - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => c - 'A' + 10,
        _ => -1,
    };
}
