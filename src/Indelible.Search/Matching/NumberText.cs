using System.Text;

namespace Indelible.Search;

/// <summary>A decimal number, compared exactly: 9007199254740993 is not 9007199254740992, and 2e2 is 200.</summary>
/// <remarks>
/// Numbers beyond 2^53 travel as strings in entries, so neither doubles nor 28-digit decimals would do. The value is
/// sign x 0.d1d2d3... x 10^exponent with neither leading nor trailing zeros.
/// </remarks>
internal sealed class NumberText
{
    private readonly int _sign;
    private readonly int _exponent;
    private readonly byte[] _digits;

    private NumberText(int sign, int exponent, byte[] digits) => (_sign, _exponent, _digits) = (sign, exponent, digits);

    /// <summary>Reads a number as JSON writes it.</summary>
    public static NumberText? TryParse(string text)
    {
        Span<byte> digits = stackalloc byte[QueryLimits.MaxNumberDigits];
        return TryRead(Encoding.UTF8.GetBytes(text), digits, out int count, out int exponent, out int sign)
            ? new NumberText(sign, exponent, digits[..count].ToArray())
            : null;
    }

    /// <summary>Compares UTF-8 text with this number.</summary>
    /// <param name="text">Anything.</param>
    /// <param name="order">Below, at or above 0 as the text's number is below, at or above this one.</param>
    /// <returns>Whether the text is a number.</returns>
    public bool TryCompare(ReadOnlySpan<byte> text, out int order)
    {
        Span<byte> digits = stackalloc byte[QueryLimits.MaxNumberDigits];
        order = 0;
        if (!TryRead(text, digits, out int count, out int exponent, out int sign))
        {
            return false;
        }

        order = Compare(sign, exponent, digits[..count], _sign, _exponent, _digits);
        return true;
    }

    public int CompareTo(NumberText other) => Compare(_sign, _exponent, _digits, other._sign, other._exponent, other._digits);

    /// <summary>Whether it is a number that can be compared: not too long.</summary>
    public static bool IsComparable(ReadOnlySpan<byte> text)
    {
        Span<byte> digits = stackalloc byte[QueryLimits.MaxNumberDigits];
        return IsWhole(text) || TryRead(text, digits, out _, out _, out _);
    }

    /// <summary>Puts numbers as JSON writes them in order: by value, and those that are equal by their text.</summary>
    public static int Compare(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        int order = CompareValues(left, right);
        return order != 0 ? order : left.SequenceCompareTo(right);
    }

    /// <summary>Compares two numbers as JSON writes them. What is no number, or too long to be compared, is equal to its like and above all others.</summary>
    public static int CompareValues(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        if (IsWhole(left) && IsWhole(right))
        {
            return left.Length != right.Length ? left.Length.CompareTo(right.Length) : left.SequenceCompareTo(right);
        }

        Span<byte> digits = stackalloc byte[QueryLimits.MaxNumberDigits];
        Span<byte> otherDigits = stackalloc byte[QueryLimits.MaxNumberDigits];
        bool isNumber = TryRead(left, digits, out int count, out int exponent, out int sign);
        bool isOther = TryRead(right, otherDigits, out int otherCount, out int otherExponent, out int otherSign);
        return isNumber && isOther
            ? Compare(sign, exponent, digits[..count], otherSign, otherExponent, otherDigits[..otherCount])
            : isOther.CompareTo(isNumber);
    }

    /// <summary>Whether it is written as digits alone: then the longer is the greater.</summary>
    private static bool IsWhole(ReadOnlySpan<byte> text) =>
        text.Length is > 0 and <= QueryLimits.MaxNumberDigits && (text[0] != '0' || text.Length == 1) && !text.ContainsAnyExceptInRange((byte)'0', (byte)'9');

    private static int Compare(
        int sign, int exponent, ReadOnlySpan<byte> digits, int otherSign, int otherExponent, ReadOnlySpan<byte> otherDigits)
    {
        if (sign != otherSign || sign == 0)
        {
            return sign.CompareTo(otherSign);
        }

        int magnitude = exponent != otherExponent ? exponent.CompareTo(otherExponent) : digits.SequenceCompareTo(otherDigits);
        return sign * magnitude;
    }

    private static bool TryRead(ReadOnlySpan<byte> text, Span<byte> digits, out int count, out int exponent, out int sign)
    {
        count = exponent = sign = 0;
        int at = 0;
        bool negative = text.Length > 0 && text[0] == '-';
        if (negative)
        {
            at++;
        }

        int whole = at;
        for (; at < text.Length && text[at] is >= (byte)'0' and <= (byte)'9'; at++)
        {
            if (count > 0 || text[at] != '0')
            {
                if (count == digits.Length)
                {
                    return false;
                }

                digits[count++] = text[at];
                exponent++;
            }
        }

        if (at == whole || (text[whole] == '0' && at > whole + 1))
        {
            return false;
        }

        if (at < text.Length && text[at] == '.')
        {
            int fraction = ++at;
            for (; at < text.Length && text[at] is >= (byte)'0' and <= (byte)'9'; at++)
            {
                if (count == 0 && text[at] == '0')
                {
                    exponent--;
                }
                else if (count == digits.Length)
                {
                    return false;
                }
                else
                {
                    digits[count++] = text[at];
                }
            }

            if (at == fraction)
            {
                return false;
            }
        }

        if (at < text.Length && text[at] is (byte)'e' or (byte)'E')
        {
            if (!TryReadExponent(text[(at + 1)..], out int power))
            {
                return false;
            }

            exponent += power;
            at = text.Length;
        }

        while (count > 0 && digits[count - 1] == '0')
        {
            count--;
        }

        sign = count == 0 ? 0 : negative ? -1 : 1;
        exponent = count == 0 ? 0 : exponent;
        return at == text.Length;
    }

    private static bool TryReadExponent(ReadOnlySpan<byte> text, out int power)
    {
        power = 0;
        bool negative = text.Length > 0 && text[0] == '-';
        if (text.Length > 0 && text[0] is (byte)'+' or (byte)'-')
        {
            text = text[1..];
        }

        // Six digits are far beyond any double and cannot overflow.
        if (text.Length is 0 or > 6)
        {
            return false;
        }

        foreach (byte digit in text)
        {
            if (digit is < (byte)'0' or > (byte)'9')
            {
                return false;
            }

            power = (power * 10) + (digit - '0');
        }

        power = negative ? -power : power;
        return true;
    }
}
