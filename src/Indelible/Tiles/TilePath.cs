using System.Globalization;
using System.Text;

namespace Indelible.Tiles;

/// <summary>The spelling that tiles and bundles share: an index in groups of three digits, and a partial's width. c2sp.org/tlog-tiles.</summary>
internal static class TilePath
{
    /// <summary>Appends <c>x001/x234/067</c> and, where the width is not full, <c>.p/W</c>.</summary>
    public static string Format(string prefix, long index, int width)
    {
        string digits = index.ToString(CultureInfo.InvariantCulture);
        digits = digits.PadLeft((digits.Length + 2) / 3 * 3, '0');
        var path = new StringBuilder(prefix);
        for (int at = 0; at < digits.Length; at += 3)
        {
            path.Append(at + 3 < digits.Length ? "/x" : "/").Append(digits, at, 3);
        }

        if (width != TileLayout.Width)
        {
            path.Append(CultureInfo.InvariantCulture, $".p/{width}");
        }

        return path.ToString();
    }

    /// <summary>Reads what <see cref="Format"/> writes behind a prefix; the caller formats again and compares.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out long index, out int width)
    {
        index = 0;
        width = TileLayout.Width;
        int partial = text.IndexOf(".p/");
        if (partial >= 0 && !int.TryParse(text[(partial + 3)..], NumberStyles.None, CultureInfo.InvariantCulture, out width))
        {
            return false;
        }

        ReadOnlySpan<char> groups = partial >= 0 ? text[..partial] : text;

        // Seven groups hold 10^21; the index is a positive long, so six are enough for anything that can exist.
        for (int count = 0; count < 7 && groups is ['/', ..]; count++)
        {
            groups = groups is ['/', 'x', ..] ? groups[2..] : groups[1..];
            if (groups.Length < 3 || !int.TryParse(groups[..3], NumberStyles.None, CultureInfo.InvariantCulture, out int group)
                || index > (long.MaxValue - group) / 1000)
            {
                return false;
            }

            index = (index * 1000) + group;
            groups = groups[3..];
        }

        return groups.IsEmpty && width is >= 1 and <= TileLayout.Width;
    }
}
