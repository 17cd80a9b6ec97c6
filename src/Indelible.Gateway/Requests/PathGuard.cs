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
    private static readonly string[] s_encoded = ["%2f", "%5c", "%00", "%25", "%2e", "%3b", "%0a", "%0d"];

    /// <summary>Why the target is refused, or null.</summary>
    public static string? FaultOf(HttpContext context)
    {
        string target = context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "";
        string raw = target.Split('?')[0].Split('#')[0];
        if (raw is "" or "*")
        {
            return null;
        }

        // A target may be a whole URL; its authority is not part of the path.
        if (raw.IndexOf("://", StringComparison.Ordinal) is > 0 and var scheme)
        {
            int path = raw.IndexOf('/', scheme + 3);
            raw = path < 0 ? "/" : raw[path..];
        }

        if (s_encoded.FirstOrDefault(encoded => raw.Contains(encoded, StringComparison.OrdinalIgnoreCase)) is { } found)
        {
            return $"the path has {found}";
        }

        if (raw.IndexOfAny(['\\', ';', '\0']) is >= 0 and var at)
        {
            return $"the path has '{raw[at]}'";
        }

        if (raw.Contains("//", StringComparison.Ordinal))
        {
            return "the path has an empty segment";
        }

        string[] segments = raw.Split('/');
        if (segments.Any(segment => segment.EndsWith('.') || segment.EndsWith("%20", StringComparison.Ordinal) || segment.StartsWith("%20", StringComparison.Ordinal)))
        {
            return "a segment of the path ends with a dot or a space";
        }

        // What is not escaped as RFC 3986 has it is decoded differently from place to place.
        for (int i = raw.IndexOf('%', StringComparison.Ordinal); i >= 0; i = raw.IndexOf('%', i + 1))
        {
            if (i + 2 >= raw.Length || !char.IsAsciiHexDigit(raw[i + 1]) || !char.IsAsciiHexDigit(raw[i + 2]))
            {
                return "the path has a percent sign that escapes nothing";
            }
        }

        return (context.Request.Path.Value ?? "").Any(char.IsControl) ? "the path has a control character" : null;
    }
}
