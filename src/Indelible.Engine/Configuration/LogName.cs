using System.Buffers;

namespace Indelible.Engine.Configuration;

/// <summary>The names of logs: <c>[a-z0-9][a-z0-9.-]{0,62}</c>, not ending in <c>.i</c> and digits; ours begin with <c>_</c>.</summary>
public static class LogName
{
    private static readonly SearchValues<char> s_characters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789.-");

    /// <summary>The log of configuration entries.</summary>
    public const string System = "_system";

    /// <summary>The log of who used this system.</summary>
    public const string Access = "_access";

    /// <summary>The log of alerts.</summary>
    public const string Alerts = "_alerts";

    /// <summary>Whether a log can have this name, ours and restored ones included: safe to be the name of a folder.</summary>
    /// <param name="name">Untrusted text.</param>
    public static bool CanBe(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Reserved.Contains(name)
            || (name.Length is > 0 and <= EngineLimits.LogNameLength && (char.IsAsciiLetterLower(name[0]) || char.IsAsciiDigit(name[0])) && !name.AsSpan().ContainsAnyExcept(s_characters));
    }

    /// <summary>Our own logs.</summary>
    public static IReadOnlyList<string> Reserved { get; } = [System, Access, Alerts];

    /// <summary>Says what is wrong with a name for a new log of a user, or null when it may be used.</summary>
    /// <param name="name">Untrusted text.</param>
    public static string? Fault(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name.Length is 0 or > EngineLimits.LogNameLength)
        {
            return $"a log's name has 1 to {EngineLimits.LogNameLength} characters, not {name.Length}";
        }

        if (name[0] == '_')
        {
            return "names that start with _ are the system's own";
        }

        if (!char.IsAsciiLetterLower(name[0]) && !char.IsAsciiDigit(name[0]))
        {
            return "a log's name begins with a lower-case letter or a digit";
        }

        if (name.AsSpan().ContainsAnyExcept(s_characters))
        {
            return "a log's name has only lower-case letters, digits, dots and hyphens";
        }

        int dot = name.LastIndexOf(".i", StringComparison.Ordinal);
        return dot >= 0 && dot + 2 < name.Length && !name.AsSpan(dot + 2).ContainsAnyExceptInRange('0', '9')
            ? "names that end in .i and a number are kept for restored logs"
            : null;
    }
}
