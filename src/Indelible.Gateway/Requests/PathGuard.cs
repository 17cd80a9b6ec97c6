using System.Buffers;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Indelible.Gateway.Requests;

/// <summary>Refuses targets that the rules and the application could read as two different paths.</summary>
/// <remarks>
/// Rules look at the decoded path, and applications decode and tidy paths in ways of their own: some take an encoded slash for a slash,
/// some decode twice, drop what follows a semicolon, or take backslashes, double slashes and dots at a segment's end for nothing. None
/// of that is needed by applications of today; all of it has been used to walk around a rule.
/// </remarks>
internal static class PathGuard
{
    private static readonly SearchValues<char> s_suspects = SearchValues.Create("%\\;\0?#");

    /// <summary>Why the target is refused, or null.</summary>
    public static string? FaultOf(HttpContext context)
    {
        ReadOnlySpan<char> raw = context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "";
        if (raw is "" or "*")
        {
            return null;
        }

        // A target may be a whole URL; its authority is not part of the path.
        if (raw[0] != '/' && raw.IndexOf("://", StringComparison.Ordinal) is > 0 and var scheme)
        {
            int path = raw[(scheme + 3)..].IndexOf('/');
            raw = path < 0 ? "/" : raw[(scheme + 3 + path)..];
        }

        for (int i = raw.IndexOfAny(s_suspects); i >= 0;)
        {
            if (raw[i] is '?' or '#')
            {
                raw = raw[..i];
                break;
            }

            if (raw[i] != '%')
            {
                return $"the path has '{raw[i]}'";
            }

            // What is not escaped as RFC 3986 has it is decoded differently from place to place.
            if (i + 2 >= raw.Length || !char.IsAsciiHexDigit(raw[i + 1]) || !char.IsAsciiHexDigit(raw[i + 2]))
            {
                return "the path has a percent sign that escapes nothing";
            }

            if (int.Parse(raw.Slice(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) is < 0x20 or '/' or '\\' or '%' or '.' or ';' or 0x7F)
            {
                return $"the path has {raw.Slice(i, 3)}";
            }

            int next = raw[(i + 3)..].IndexOfAny(s_suspects);
            i = next < 0 ? -1 : next + i + 3;
        }

        if (raw.Contains("//", StringComparison.Ordinal))
        {
            return "the path has an empty segment";
        }

        foreach (Range range in raw.Split('/'))
        {
            ReadOnlySpan<char> segment = raw[range];
            if (segment.EndsWith('.') || segment.EndsWith("%20", StringComparison.Ordinal) || segment.StartsWith("%20", StringComparison.Ordinal))
            {
                return "a segment of the path begins or ends with a space, or ends with a dot";
            }
        }

        return null;
    }
}
