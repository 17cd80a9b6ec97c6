namespace Indelible.AspNetCore.Requests;

/// <summary>A route rule's pattern, compared segment by segment with a route template or a path.</summary>
internal sealed class RoutePattern(string pattern)
{
    private readonly string[] _segments = Split(pattern);

    public bool Matches(string route)
    {
        string[] segments = Split(route);
        for (int i = 0; i < _segments.Length; i++)
        {
            string wanted = _segments[i];
            if (wanted == "**")
            {
                return true;
            }

            if (i >= segments.Length || !(IsAny(wanted) || string.Equals(wanted, segments[i], StringComparison.OrdinalIgnoreCase)))
            {
                return false;
            }
        }

        return segments.Length == _segments.Length;
    }

    private static bool IsAny(string segment) => segment == "*" || (segment.StartsWith('{') && segment.EndsWith('}'));

    private static string[] Split(string path) => path.Split('/', StringSplitOptions.RemoveEmptyEntries);
}
