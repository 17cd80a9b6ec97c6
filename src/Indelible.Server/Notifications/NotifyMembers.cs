using System.Text.RegularExpressions;
using Indelible.Detection;
using Indelible.Server.Secrets;
using YamlDotNet.RepresentationModel;

namespace Indelible.Server.Notifications;

/// <summary>Reads members of a file of notifications: times, URLs, secrets by reference.</summary>
internal static partial class NotifyMembers
{
    /// <summary>Yes or no; no where it is not there.</summary>
    public static bool Flag(this RuleMap map, string name) => map.Text(name) switch
    {
        null or "false" => false,
        "true" => true,
        { } other => throw new RuleFaultException(map.PlaceOf(name), $"{name}: {VisibleText.Excerpt(other)} is neither true nor false."),
    };

    /// <summary>A length of time.</summary>
    public static TimeSpan Duration(this RuleMap? map, string name, TimeSpan otherwise, TimeSpan least, TimeSpan most)
    {
        if (map?.Text(name) is not { } text)
        {
            return otherwise;
        }

        Match match = DurationForm().Match(text);
        if (match.Success && int.TryParse(match.Groups[1].Value, out int count))
        {
            TimeSpan span = match.Groups[2].Value switch
            {
                "ms" => TimeSpan.FromMilliseconds(count),
                "s" => TimeSpan.FromSeconds(count),
                "m" => TimeSpan.FromMinutes(count),
                "h" => TimeSpan.FromHours(count),
                _ => TimeSpan.FromDays(Math.Min(count, 10_000)),
            };
            if (span >= least && span <= most)
            {
                return span;
            }
        }

        throw new RuleFaultException(map.PlaceOf(name), $"{name}: {VisibleText.Excerpt(text)} is no time like 500ms, 30s, 15m, 2h or 7d, of {Words(least)} to {Words(most)}.");
    }

    private static string Words(TimeSpan span) => span.TotalDays >= 1 ? $"{span.TotalDays:0}d" : span.TotalMinutes >= 1 ? $"{span.TotalMinutes:0}m" : span.TotalSeconds >= 1 ? $"{span.TotalSeconds:0}s" : $"{span.TotalMilliseconds:0}ms";

    /// <summary>An URL that must be there; it is never repeated, for it may be a secret.</summary>
    public static Uri Url(this RuleMap map, bool isInsecure, string name = "url")
    {
        string text = map.Has(name) ? map.Secret(name)! : map.RequireText(name);
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? url) || (url.Scheme != Uri.UriSchemeHttp && url.Scheme != Uri.UriSchemeHttps) || url.Host.Length == 0)
        {
            throw new RuleFaultException(map.PlaceOf(name), $"{name}: this is no URL like https://example.org/hook.");
        }

        if (url.UserInfo.Length > 0 || url.Fragment.Length > 0)
        {
            throw new RuleFaultException(map.PlaceOf(name), $"{name}: a user, a password and what stands behind a # have no place in it.");
        }

        return isInsecure || url.Scheme == Uri.UriSchemeHttps ? url : throw new RuleFaultException(map.PlaceOf(name), $"{name}: http would be read on the way: https, or insecure: true where nothing is on the way.");
    }

    /// <summary>Refuses members that there are not.</summary>
    public static void RequireOnly(this RuleMap map, string[] names)
    {
        foreach ((string name, YamlNode key, _) in map.Members)
        {
            if (!names.Contains(name))
            {
                throw new RuleFaultException(key.Start, $"There is no {VisibleText.Excerpt(name)} here; there are {string.Join(", ", names)}.");
            }
        }
    }

    /// <summary>A text with the secrets in it that it refers to; null where it is not there.</summary>
    public static string? Secret(this RuleMap map, string name) => map.Find(name) is { } node ? SecretText.Of(node, name) : null;

    /// <summary>Secrets that may not stand in the file itself.</summary>
    public static string[] References(this RuleMap map, string name) => map.Find(name) switch
    {
        null => [],
        YamlSequenceNode list => [.. list.Children.Select(one => SecretText.OfReference(one, name))],
        { } one => [SecretText.OfReference(one, name)],
    };

    [GeneratedRegex("^([0-9]{1,9})(ms|s|m|h|d)$", RegexOptions.NonBacktracking)]
    private static partial Regex DurationForm();
}
