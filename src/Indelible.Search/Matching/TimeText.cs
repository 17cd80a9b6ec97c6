using System.Globalization;
using System.Text;

namespace Indelible.Search;

/// <summary>Times as entries and queries write them, in ticks of 100 ns since 0001-01-01T00:00:00Z.</summary>
/// <remarks>
/// What a query writes is a span: a day, a minute, a second, down to one tick. UTC unless a zone is given; digits beyond the seventh
/// are cut off.
/// </remarks>
internal static class TimeText
{
    /// <summary>The last tick of 9998: every span that ends in it can still be written, and no later time is read.</summary>
    public const long LastTick = 3155063615999999999;

    private const int MaxLength = 48;

    /// <summary>The instant that a stored UTF-8 string denotes; a date alone is its midnight in UTC.</summary>
    public static bool TryReadInstant(ReadOnlySpan<byte> text, out long ticks)
    {
        ticks = 0;
        return text.Length is >= 10 and <= MaxLength && text[4] == '-' && text[7] == '-' && TryReadSpan(text, out ticks, out _);
    }

    /// <summary>Reads a time of a query: a date, month, year or time of any precision, or a time relative to now.</summary>
    /// <param name="text">As typed, without quotes.</param>
    /// <param name="now">What relative times count from, in ticks of UTC.</param>
    /// <param name="from">The first tick.</param>
    /// <param name="to">The tick behind the last.</param>
    public static bool TryRead(string text, long now, out long from, out long to)
    {
        from = to = 0;
        if (text.Length is 0 or > MaxLength || !Ascii.IsValid(text))
        {
            return false;
        }

        return TryReadRelative(text, now, out from, out to) || TryReadSpan(Encoding.ASCII.GetBytes(text), out from, out to);
    }

    /// <summary>An instant in the shortest form that reads back as a span that starts with it.</summary>
    public static string Format(long ticks) =>
        new DateTime(ticks, DateTimeKind.Utc).ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);

    private static bool TryReadRelative(string text, long now, out long from, out long to)
    {
        from = to = 0;
        if (text.StartsWith("last", StringComparison.Ordinal))
        {
            if (!TryReadDuration(text.AsSpan(4), out long back))
            {
                return false;
            }

            from = Second(Math.Max(0, now - back));
            to = Second(now) + TimeSpan.TicksPerSecond;
            return true;
        }

        if (text.StartsWith("now", StringComparison.Ordinal))
        {
            long offset = 0;
            if (text.Length > 3 && (text[3] is not ('+' or '-') || !TryReadDuration(text.AsSpan(4), out offset)))
            {
                return false;
            }

            long at = text.Length > 3 && text[3] == '-' ? now - offset : now + offset;
            from = Second(Math.Clamp(at, 0, LastTick));
            to = from + TimeSpan.TicksPerSecond;
            return true;
        }

        int days = text.StartsWith("today", StringComparison.Ordinal) ? 0 : text.StartsWith("yesterday", StringComparison.Ordinal) ? 1 : -1;
        if (days < 0)
        {
            return false;
        }

        if (!TryReadZone(Encoding.ASCII.GetBytes(text[(days == 0 ? 5 : 9)..]), out long zone))
        {
            return false;
        }

        long local = now + zone;
        from = local - (local % TimeSpan.TicksPerDay) - (days * TimeSpan.TicksPerDay) - zone;
        to = from + TimeSpan.TicksPerDay;
        return from >= 0;
    }

    private static long Second(long ticks) => ticks - (ticks % TimeSpan.TicksPerSecond);

    private static bool TryReadDuration(ReadOnlySpan<char> text, out long ticks)
    {
        ticks = 0;
        if (text.Length is < 2 or > 7 || !int.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out int count))
        {
            return false;
        }

        long unit = text[^1] switch
        {
            's' => TimeSpan.TicksPerSecond,
            'm' => TimeSpan.TicksPerMinute,
            'h' => TimeSpan.TicksPerHour,
            'd' => TimeSpan.TicksPerDay,
            'w' => 7 * TimeSpan.TicksPerDay,
            _ => 0,
        };
        ticks = count * unit;
        return unit > 0;
    }

    private static bool TryReadSpan(ReadOnlySpan<byte> text, out long from, out long to)
    {
        from = to = 0;
        int at = 0;
        int month = 1, day = 1, hour = 0, minute = 0, second = 0;
        long fraction = 0;
        long unit = 0;
        if (!Digits(text, ref at, 4, out int year) || year is < 1 or > 9998)
        {
            return false;
        }

        int precision = 0;
        if (Follows(text, ref at, '-', 2, out int number))
        {
            month = number;
            precision = 1;
            if (Follows(text, ref at, '-', 2, out number))
            {
                day = number;
                precision = 2;
            }
        }

        if (precision == 2 && Follows(text, ref at, 'T', 2, out hour))
        {
            unit = TimeSpan.TicksPerHour;
            if (Follows(text, ref at, ':', 2, out minute))
            {
                unit = TimeSpan.TicksPerMinute;
                if (Follows(text, ref at, ':', 2, out second))
                {
                    unit = TimeSpan.TicksPerSecond;
                    if (at < text.Length && text[at] == '.' && !TryReadFraction(text, ref at, out fraction, out unit))
                    {
                        return false;
                    }
                }
            }
        }

        if (month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month) || hour > 23 || minute > 59 || second > 59
            || !TryReadZone(text[at..], out long zone))
        {
            return false;
        }

        var start = new DateTime(year, month, day, hour, minute, second, DateTimeKind.Utc);
        from = start.Ticks + fraction - zone;
        to = unit > 0
            ? from + unit
            : (precision switch { 0 => start.AddYears(1), 1 => start.AddMonths(1), _ => start.AddDays(1) }).Ticks - zone;
        return from >= 0;
    }

    private static bool TryReadFraction(ReadOnlySpan<byte> text, ref int at, out long fraction, out long unit)
    {
        fraction = 0;
        unit = TimeSpan.TicksPerSecond;
        int start = ++at;
        for (; at < text.Length && text[at] is >= (byte)'0' and <= (byte)'9'; at++)
        {
            if (unit > 1)
            {
                unit /= 10;
                fraction += (text[at] - '0') * unit;
            }
        }

        return at > start;
    }

    private static bool TryReadZone(ReadOnlySpan<byte> text, out long ticks)
    {
        ticks = 0;
        if (text.Length == 0 || text.SequenceEqual("Z"u8))
        {
            return true;
        }

        int at = 1;
        if (text[0] is not ((byte)'+' or (byte)'-') || !Digits(text, ref at, 2, out int hours)
            || !Follows(text, ref at, ':', 2, out int minutes)
            || at != text.Length || hours > 23 || minutes > 59)
        {
            return false;
        }

        ticks = ((hours * 60) + minutes) * TimeSpan.TicksPerMinute * (text[0] == '-' ? -1 : 1);
        return true;
    }

    private static bool Follows(ReadOnlySpan<byte> text, ref int at, char separator, int count, out int number)
    {
        int next = at + 1;
        number = 0;
        if (at >= text.Length || text[at] != separator || !Digits(text, ref next, count, out number))
        {
            return false;
        }

        at = next;
        return true;
    }

    private static bool Digits(ReadOnlySpan<byte> text, ref int at, int count, out int number)
    {
        number = 0;
        if (text.Length - at < count)
        {
            return false;
        }

        for (int i = 0; i < count; i++)
        {
            int digit = text[at + i] - '0';
            if (digit is < 0 or > 9)
            {
                return false;
            }

            number = (number * 10) + digit;
        }

        at += count;
        return true;
    }
}
