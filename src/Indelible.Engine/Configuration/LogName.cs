using System.Buffers;
using System.Globalization;

namespace Indelible.Engine.Configuration;

/// <summary>The names of logs: <c>[a-z0-9][a-z0-9.-]{0,62}</c>, not ending in <c>.i</c> and digits; ours begin with <c>_</c>.</summary>
public static class LogName
{
    private const string IncarnationMark = ".i";
    private const int MaxIncarnationDigits = 6;
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
        string line = LineOf(name);
        return Reserved.Contains(line)
            || (line.Length is > 0 and <= EngineLimits.LogNameLength && (char.IsAsciiLetterLower(line[0]) || char.IsAsciiDigit(line[0])) && !line.AsSpan().ContainsAnyExcept(s_characters));
    }

    /// <summary>The name that a log and those restored in its place have in common: <c>main</c> of <c>main.i2</c>.</summary>
    /// <param name="name">A log's name.</param>
    public static string LineOf(string name) => EndingOf(name) is { } ending ? name[..^ending.Length] : name;

    /// <summary>Which of a line of restored logs this is: 2 of <c>main.i2</c>, 1 of <c>main</c>.</summary>
    /// <param name="name">A log's name.</param>
    public static int IncarnationOf(string name) =>
        EndingOf(name) is { } ending ? int.Parse(ending.AsSpan(IncarnationMark.Length), NumberStyles.None, CultureInfo.InvariantCulture) : 1;

    /// <summary>The name of a restored log.</summary>
    /// <param name="line">See <see cref="LineOf"/>.</param>
    /// <param name="number">At least 2.</param>
    public static string Incarnation(string line, int number) => string.Create(CultureInfo.InvariantCulture, $"{line}{IncarnationMark}{number}");

    /// <summary>Whose log this is: the part of its name before the first dot. Logs of one tenant share what a node has to give; tenants do so fairly.</summary>
    /// <param name="name">A log's name.</param>
    public static string TenantOf(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        int dot = name.IndexOf('.', StringComparison.Ordinal);
        return dot < 0 ? name : name[..dot];
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

    /// <summary>The ending of a restored log, as we write it and in no other spelling; null where there is none.</summary>
    private static string? EndingOf(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        int mark = name.LastIndexOf(IncarnationMark, StringComparison.Ordinal);
        ReadOnlySpan<char> digits = mark > 0 ? name.AsSpan(mark + IncarnationMark.Length) : default;
        return digits.Length is > 0 and <= MaxIncarnationDigits && !digits.ContainsAnyExceptInRange('0', '9') && digits[0] != '0' && !digits.SequenceEqual("1")
            ? name[mark..]
            : null;
    }
}
