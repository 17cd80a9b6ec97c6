using Indelible.Engine.Configuration;

namespace Indelible.Engine.Access;

/// <summary>Which logs a grant is for: a name, <c>prefix.*</c>, or <c>*</c>. Patterns never reach our own logs, whose names begin with <c>_</c>: those are named.</summary>
public static class LogPattern
{
    /// <summary>Every log but our own.</summary>
    public const string All = "*";

    private const string Below = ".*";

    /// <summary>Whether a pattern is one: a name that a log can have, <c>prefix.*</c> or <c>*</c>.</summary>
    /// <param name="pattern">Untrusted.</param>
    public static bool IsPattern(string pattern)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        return pattern == All || (PrefixOf(pattern) is { } prefix ? LogName.Fault(prefix) is null : LogName.CanBe(pattern));
    }

    /// <summary>Whether a pattern stands for more than one name.</summary>
    public static bool IsOpen(string pattern) => pattern == All || PrefixOf(pattern) is not null;

    /// <summary>Whether a log is one of those that a pattern means, or goes on in the place of one.</summary>
    public static bool Covers(string pattern, string log)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        ArgumentNullException.ThrowIfNull(log);
        if (pattern == log)
        {
            return true;
        }

        string line = LogName.LineOf(log);
        if (IsOpen(pattern))
        {
            return !log.StartsWith('_') && (pattern == All || line.StartsWith(pattern.AsSpan(0, pattern.Length - 1), StringComparison.Ordinal));
        }

        return LogName.LineOf(pattern) == line && LogName.IncarnationOf(pattern) < LogName.IncarnationOf(log);
    }

    /// <summary>Whether every log that <paramref name="inner"/> may ever mean is meant by <paramref name="outer"/>.</summary>
    public static bool Contains(string outer, string inner)
    {
        ArgumentNullException.ThrowIfNull(inner);
        return outer == inner || (IsOpen(inner)
            ? outer == All || (PrefixOf(outer) is { } wide && PrefixOf(inner) is { } narrow && narrow.StartsWith(wide + ".", StringComparison.Ordinal))
            : Covers(outer, inner));
    }

    /// <summary>What grants are looked up by that may cover a log, from its name alone: its line, <c>*</c>, and <c>prefix.*</c> for each dot of it.</summary>
    /// <remarks>So that who has a thousand grants is answered as fast as who has one; and as fast for a log that does not exist.</remarks>
    internal static IEnumerable<string> CandidatesOf(string log)
    {
        string line = LogName.LineOf(log);
        yield return line;
        if (log.StartsWith('_'))
        {
            yield break;
        }

        yield return All;
        for (int dot = line.IndexOf('.', StringComparison.Ordinal); dot >= 0; dot = line.IndexOf('.', dot + 1))
        {
            yield return string.Concat(line.AsSpan(0, dot), Below);
        }
    }

    /// <summary>What a pattern is found by among <see cref="CandidatesOf"/>.</summary>
    internal static string KeyOf(string pattern) => IsOpen(pattern) ? pattern : LogName.LineOf(pattern);

    private static string? PrefixOf(string pattern) => pattern.Length > Below.Length && pattern.EndsWith(Below, StringComparison.Ordinal) ? pattern[..^Below.Length] : null;
}
