using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing;

namespace Indelible.Gateway.Rules;

/// <summary>A rule's path: segments, any one (<c>*</c>, <c>{name}</c>), all that follow (<c>**</c>).</summary>
internal sealed partial class RulePath
{
    private const string AllThatFollow = "rest";
    private readonly string[] _segments;
    private readonly string?[] _names;   // of the segments that are any; null for literals

    private RulePath(string[] segments)
    {
        _segments = segments;
        _names = new string?[segments.Length];
        int unnamed = 0;
        for (int i = 0; i < segments.Length; i++)
        {
            _names[i] = segments[i] switch
            {
                "**" => AllThatFollow,
                "*" => $"any{++unnamed}",
                ['{', .. var name, '}'] => name,
                _ => null,
            };
        }

        Template = "/" + string.Join('/', segments.Select((segment, i) => segment == "**" ? "{**" + AllThatFollow + "}" : _names[i] is { } name ? "{" + name + "}" : segment));
    }

    /// <summary>It as a route's template.</summary>
    public string Template { get; }

    /// <summary>Reads a rule's path.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out RulePath? path)
    {
        path = null;
        if (!Form().IsMatch(text))
        {
            return false;
        }

        string[] segments = text.Split('/', StringSplitOptions.RemoveEmptyEntries);
        path = new RulePath(segments);
        return path._names.Where(name => name is not null).Distinct(StringComparer.OrdinalIgnoreCase).Count() == path._names.Count(name => name is not null);
    }

    /// <summary>Whether a request's path is one of these. A slash at its end does not count: applications mostly take both for the same.</summary>
    public bool Matches(string path, out RouteValueDictionary? values)
    {
        values = [];
        string[] segments = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        for (int i = 0; i < _segments.Length; i++)
        {
            if (_segments[i] == "**")
            {
                values[AllThatFollow] = string.Join('/', segments.Skip(i));
                return true;
            }

            if (i >= segments.Length || (_names[i] is null && !string.Equals(_segments[i], segments[i], StringComparison.OrdinalIgnoreCase)))
            {
                return false;
            }

            if (_names[i] is { } name)
            {
                values[name] = segments[i];
            }
        }

        return segments.Length == _segments.Length;
    }

    [GeneratedRegex(@"^(/|(/([A-Za-z0-9._~!$&'()+,=:@ -]+|\*|\{[A-Za-z][A-Za-z0-9_]{0,63}\}))*(/\*\*)?/?)$", RegexOptions.NonBacktracking)]
    private static partial Regex Form();
}
