namespace Indelible.Events;

/// <summary>Instants as events and entries write them: RFC 3339 in UTC with <c>Z</c>, up to seven fractional digits.</summary>
public static class Instant
{
    /// <summary>The length of an instant with all seven digits: <c>2026-11-23T06:14:25.1234567Z</c>.</summary>
    public const int FixedWidth = 28;

    /// <summary>Reads an instant.</summary>
    /// <param name="text">Untrusted; <c>yyyy-mm-ddThh:mm:ss</c>, then nothing or a dot and one to seven digits, then <c>Z</c>; capitals
    /// only.</param>
    /// <param name="ticks">100 ns since the start of year 1, as <see cref="DateTime.Ticks"/> counts.</param>
    /// <returns>Whether it is a real instant: 30 February, hour 24 and second 60 are not.</returns>
    public static bool TryParse(ReadOnlySpan<byte> text, out long ticks)
    {
        ticks = 0;
        if (text.Length is < 20 or > FixedWidth || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':'
            || text[^1] != 'Z')
        {
            return false;
        }

        if (!TryDigits(text[..4], out int year) || !TryDigits(text[5..7], out int month) || !TryDigits(text[8..10], out int day)
            || !TryDigits(text[11..13], out int hour) || !TryDigits(text[14..16], out int minute)
            || !TryDigits(text[17..19], out int second)
            || year == 0 || month is 0 or > 12 || day == 0 || day > DateTime.DaysInMonth(year, month)
            || hour > 23 || minute > 59 || second > 59)
        {
            return false;
        }

        int fraction = 0;
        if (text.Length > 20)
        {
            ReadOnlySpan<byte> digits = text[20..^1];
            if (text[19] != '.' || digits.IsEmpty || !TryDigits(digits, out fraction))
            {
                return false;
            }

            for (int i = digits.Length; i < 7; i++)
            {
                fraction *= 10;
            }
        }

        ticks = new DateTime(year, month, day, hour, minute, second, DateTimeKind.Utc).Ticks + fraction;
        return true;
    }

    /// <summary>Reads an instant, as <see cref="TryParse(ReadOnlySpan{byte}, out long)"/> does.</summary>
    /// <param name="text">Untrusted.</param>
    /// <param name="instant">The instant, in UTC.</param>
    public static bool TryParse(string text, out DateTimeOffset instant)
    {
        ArgumentNullException.ThrowIfNull(text);
        Span<byte> bytes = stackalloc byte[FixedWidth];
        instant = default;
        if (!System.Text.Ascii.IsValid(text) || !System.Text.Encoding.ASCII.TryGetBytes(text, bytes, out int length) || !TryParse(bytes[..length], out long ticks))
        {
            return false;
        }

        instant = new DateTimeOffset(ticks, TimeSpan.Zero);
        return true;
    }

    /// <summary>Reads an instant.</summary>
    /// <exception cref="TlogFormatException">It is not one.</exception>
    public static DateTimeOffset Parse(string text) =>
        TryParse(text, out DateTimeOffset instant) ? instant : throw new TlogFormatException($"'{text}' is not an instant in UTC: 2026-11-23T06:14:25.1234567Z.");

    /// <summary>Writes an instant with all seven digits.</summary>
    /// <param name="instant">Any instant; it is written in UTC.</param>
    public static string Format(DateTimeOffset instant) =>
        instant.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", System.Globalization.CultureInfo.InvariantCulture);

    private static bool TryDigits(ReadOnlySpan<byte> text, out int value)
    {
        value = 0;
        foreach (byte b in text)
        {
            if (!char.IsAsciiDigit((char)b))
            {
                return false;
            }

            value = (value * 10) + (b - '0');
        }

        return true;
    }
}
