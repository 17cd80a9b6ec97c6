using System.Buffers.Text;
using System.Globalization;

namespace Indelible.Events;

/// <summary>Numbers as ECMAScript writes them, which is how canonical JSON writes them.</summary>
/// <remarks>
/// RFC 8785, section 3.2.2.3: the shortest digits that read back as the same double, laid out by ECMA-262 <c>Number::toString</c>.
/// .NET finds the same digits but lays them out differently (<c>1E+21</c>, <c>1E-07</c>), so only its digits are used. Thread-safe.
/// </remarks>
public static class JsonNumber
{
    /// <summary>The most bytes that a formatted number takes: <c>-2.2250738585072014e-308</c>.</summary>
    public const int MaxBytes = 25;

    private const int MaxDigits = 17;

    /// <summary>Writes a double as ECMAScript does.</summary>
    /// <param name="value">Any finite double; minus zero is written <c>0</c>.</param>
    /// <param name="destination">Receives ASCII bytes; at least <see cref="MaxBytes"/> long.</param>
    /// <returns>The number of bytes written.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The value is infinite or not a number: JSON has no spelling for it.</exception>
    /// <exception cref="ArgumentException">The destination is too short.</exception>
    public static int Format(double value, Span<byte> destination)
    {
        if (!double.IsFinite(value))
        {
            throw new ArgumentOutOfRangeException(nameof(value), value, "JSON has no infinite numbers and no NaN.");
        }

        if (destination.Length < MaxBytes)
        {
            throw new ArgumentException($"A number needs up to {MaxBytes} bytes, not {destination.Length}.", nameof(destination));
        }

        Decimal shortest = Shortest(value, stackalloc byte[MaxDigits]);
        return shortest.Write(destination);
    }

    /// <summary>Canonicalises the text of a JSON number, if its canonical form denotes exactly the same decimal value.</summary>
    /// <param name="text">Untrusted, but already checked to be a JSON number by its grammar.</param>
    /// <param name="destination">Receives the canonical form; at least <see cref="MaxBytes"/> long.</param>
    /// <param name="written">The bytes written; 0 when refused.</param>
    /// <returns>Null when it was written; else why not, in words for the sender.</returns>
    internal static string? Canonicalize(ReadOnlySpan<byte> text, Span<byte> destination, out int written)
    {
        written = 0;
        if (text.Length > EventLimits.NumberCharacters)
        {
            return $"a number of {text.Length} characters; at most {EventLimits.NumberCharacters} are read: send it as a string";
        }

        Span<byte> digits = stackalloc byte[EventLimits.NumberCharacters];
        Decimal sent = ReadDecimal(text, digits);
        if (sent.Digits.Length == 0)
        {
            destination[0] = (byte)'0';
            written = 1;
            return null;
        }

        if (sent.Point > 16)
        {
            return TooLarge;
        }

        if (sent.Digits.Length > MaxDigits || sent.Point < -400)
        {
            return Inexact;
        }

        // ddd…E±e: the digits and exponent again, without the zeros and the sign, so that what is parsed is short.
        Span<byte> plain = stackalloc byte[MaxDigits + 8];
        sent.Digits.CopyTo(plain);
        int length = sent.Digits.Length;
        plain[length++] = (byte)'E';
        Utf8Formatter.TryFormat(sent.Point - sent.Digits.Length, plain[length..], out int exponentLength);
        double value = double.Parse(plain[..(length + exponentLength)], NumberStyles.AllowExponent, CultureInfo.InvariantCulture);
        if (value > EventLimits.SafeInteger)
        {
            return TooLarge;
        }

        Decimal shortest = Shortest(sent.Negative ? -value : value, stackalloc byte[MaxDigits]);
        if (shortest.Point != sent.Point || !shortest.Digits.SequenceEqual(sent.Digits))
        {
            return Inexact;
        }

        written = shortest.Write(destination);
        return null;
    }

    private const string TooLarge = "a number outside ±9007199254740991 (2^53-1): send it as a string";

    private const string Inexact = "a number that a 64-bit float cannot hold exactly as written: send it as a string";

    // The value of a JSON number's text: leading and trailing zeros taken away, at most 64 digits because the text is bounded.
    private static Decimal ReadDecimal(ReadOnlySpan<byte> text, Span<byte> digits)
    {
        bool negative = text[0] == '-';
        int count = 0;
        int point = 0;
        bool fraction = false;
        int exponent = 0;
        for (int i = negative ? 1 : 0; i < text.Length; i++)
        {
            byte b = text[i];
            if (b is (byte)'e' or (byte)'E')
            {
                exponent = ReadExponent(text[(i + 1)..]);
                break;
            }

            if (b == '.')
            {
                fraction = true;
                continue;
            }

            bool leadingZero = count == 0 && b == '0';
            if (fraction)
            {
                point -= leadingZero ? 1 : 0;
            }
            else
            {
                point += leadingZero ? 0 : 1;
            }

            if (!leadingZero)
            {
                digits[count++] = b;
            }
        }

        ReadOnlySpan<byte> significant = digits[..count].TrimEnd((byte)'0');
        return new Decimal(significant, point + exponent, negative);
    }

    // Saturates at a million: a text of 64 characters cannot move the point back from there.
    private static int ReadExponent(ReadOnlySpan<byte> text)
    {
        bool negative = text[0] == '-';
        int exponent = 0;
        foreach (byte b in text[(text[0] is (byte)'-' or (byte)'+' ? 1 : 0)..])
        {
            exponent = Math.Min((exponent * 10) + (b - '0'), 1_000_000);
        }

        return negative ? -exponent : exponent;
    }

    // The shortest digits that read back as this double, and where the point stands. .NET's default format finds them.
    private static Decimal Shortest(double value, Span<byte> digits)
    {
        Span<byte> text = stackalloc byte[32];
        value.TryFormat(text, out int length, default, CultureInfo.InvariantCulture);
        Span<byte> read = stackalloc byte[EventLimits.NumberCharacters];
        Decimal found = ReadDecimal(text[..length], read);
        found.Digits.CopyTo(digits);
        return new Decimal(digits[..found.Digits.Length], found.Point, found.Negative);
    }

    // 0.DIGITS × 10^Point, no leading and no trailing zeros; zero has no digits.
    private readonly ref struct Decimal(ReadOnlySpan<byte> digits, int point, bool negative)
    {
        public ReadOnlySpan<byte> Digits { get; } = digits;

        public int Point { get; } = point;

        public bool Negative { get; } = negative;

        // ECMA-262, Number::toString, steps 6 to 10: k digits, n = Point.
        public int Write(Span<byte> destination)
        {
            if (Digits.Length == 0)
            {
                destination[0] = (byte)'0';
                return 1;
            }

            int at = 0;
            if (Negative)
            {
                destination[at++] = (byte)'-';
            }

            int k = Digits.Length;
            if (Point is > 21 or <= -6)
            {
                return WriteExponential(destination, at);
            }

            if (Point >= k)
            {
                Digits.CopyTo(destination[at..]);
                destination.Slice(at + k, Point - k).Fill((byte)'0');
                return at + Point;
            }

            if (Point > 0)
            {
                Digits[..Point].CopyTo(destination[at..]);
                destination[at + Point] = (byte)'.';
                Digits[Point..].CopyTo(destination[(at + Point + 1)..]);
                return at + k + 1;
            }

            "0."u8.CopyTo(destination[at..]);
            destination.Slice(at + 2, -Point).Fill((byte)'0');
            Digits.CopyTo(destination[(at + 2 - Point)..]);
            return at + 2 - Point + k;
        }

        private int WriteExponential(Span<byte> destination, int at)
        {
            destination[at++] = Digits[0];
            if (Digits.Length > 1)
            {
                destination[at++] = (byte)'.';
                Digits[1..].CopyTo(destination[at..]);
                at += Digits.Length - 1;
            }

            destination[at++] = (byte)'e';
            int exponent = Point - 1;
            destination[at++] = exponent < 0 ? (byte)'-' : (byte)'+';
            Utf8Formatter.TryFormat(Math.Abs(exponent), destination[at..], out int length);
            return at + length;
        }
    }
}
