using System.Globalization;
using System.Text.Json;

namespace Indelible.Cli.Import;

/// <summary>Checks that a foreign JSON value can stand in an entry without being altered.</summary>
internal static class RecordCheck
{
    /// <summary>The largest magnitude of a number in an entry: 2^53 - 1 (RFC 7493, 2.2).</summary>
    public const double MaxNumber = 9007199254740991;

    /// <summary>Looks at every member, string and number below <paramref name="value"/>.</summary>
    /// <param name="value">An untrusted value, at most <see cref="RecordReader.MaxDepth"/> deep.</param>
    /// <param name="pointer">The value's own JSON Pointer.</param>
    /// <exception cref="MappingException">
    /// A member is there twice or starts with <c>$</c> (reserved, save <c>$redacted</c>), a string is not Unicode, or a number has no
    /// exact form in RFC 8785.
    /// </exception>
    public static void Check(JsonElement value, string pointer)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                CheckObject(value, pointer);
                break;
            case JsonValueKind.Array:
                int index = 0;
                foreach (JsonElement item in value.EnumerateArray())
                {
                    Check(item, string.Create(CultureInfo.InvariantCulture, $"{pointer}/{index++}"));
                }

                break;
            case JsonValueKind.String:
                Text(pointer, value.GetString);
                break;
            case JsonValueKind.Number when !IsExact(value.GetRawText()):
                throw new MappingException(pointer, $"The number {Shortened(value.GetRawText())} has no exact form in an entry.");
        }
    }

    /// <summary>Whether a JSON number keeps its decimal value when it is written as RFC 8785 does, and is at most 2^53 - 1.</summary>
    /// <param name="number">A well-formed JSON number of any length.</param>
    public static bool IsExact(string number)
    {
        if (!double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out double parsed) || !(Math.Abs(parsed) <= MaxNumber))
        {
            return false;
        }

        // The shortest digits that give the same double are those that ECMAScript writes; only the place of the point differs.
        return Decimal(number) == Decimal(parsed.ToString("R", CultureInfo.InvariantCulture));
    }

    private static void CheckObject(JsonElement value, string pointer)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (JsonProperty member in value.EnumerateObject())
        {
            string name = Text(pointer, () => member.Name);
            string below = $"{pointer}/{name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}";
            if (!names.Add(name))
            {
                throw new MappingException(below, "The member is there twice.");
            }

            if (name.StartsWith('$') && name != "$redacted")
            {
                throw new MappingException(below, "Members that start with $ are reserved in entries.");
            }

            Check(member.Value, below);
        }
    }

    private static string Text(string pointer, Func<string?> read)
    {
        try
        {
            return read() ?? "";
        }
        catch (InvalidOperationException)
        {
            // What the JSON reader throws for a lone surrogate and for bytes that are not UTF-8.
            throw new MappingException(pointer, "The text is not valid Unicode.");
        }
    }

    /// <summary>A decimal number's value as digits without zeros at either end, and the power of ten behind the last of them.</summary>
    private static (bool Negative, string Digits, long Power) Decimal(string number)
    {
        int e = number.AsSpan().IndexOfAny('e', 'E');
        ReadOnlySpan<char> mantissa = e < 0 ? number : number.AsSpan(0, e);
        long power = 0;
        if (e >= 0 && !long.TryParse(number.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out power))
        {
            // Beyond any double: only zero has such a form, and zero's power is ignored below.
            power = 0;
        }

        bool negative = mantissa.StartsWith("-");
        mantissa = mantissa.TrimStart("+-");
        int point = mantissa.IndexOf('.');
        if (point >= 0)
        {
            power -= mantissa.Length - point - 1;
        }

        string digits = mantissa.ToString().Replace(".", "", StringComparison.Ordinal).TrimStart('0');
        string trimmed = digits.TrimEnd('0');
        return trimmed.Length == 0 ? (false, "", 0) : (negative, trimmed, power + digits.Length - trimmed.Length);
    }

    private static string Shortened(string number) => number.Length <= 40 ? number : number[..40] + "…";
}
