using System.Collections.Immutable;
using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Engine.Configuration;
using Indelible.Events;
using Indelible.Privacy;
using Indelible.Search;
using Indelible.Server.Access;
using Indelible.Server.Problems;
using Indelible.Server.Views;

namespace Indelible.Server.Endpoints;

/// <summary>Reads what the bodies of keys and grants have in common; what is wrong is named by its member.</summary>
internal static class Terms
{
    /// <summary>A role, or null where none is said.</summary>
    public static Role? RoleOf(string? word) => word is null
        ? null
        : Roles.Parse(word) ?? throw new ProblemException(Problem.InvalidParameter("/role", string.Join(", ", Roles.Words)));

    /// <summary>A view of personal values, or null where none is said.</summary>
    public static PersonalView? PersonalOf(string? word) => word is null
        ? null
        : PersonalViews.Parse(word) ?? throw new ProblemException(Problem.InvalidParameter("/personal", string.Join(", ", PersonalViews.Words)));

    /// <summary>Scopes, or null where none are said.</summary>
    public static Rights? ScopesOf(IReadOnlyList<string?>? words) => words?.Aggregate(Rights.None, (all, word) => RightWords.TryParse(word, out Rights right)
        ? all | right
        : throw new ProblemException(Problem.InvalidParameter("/scopes", string.Join(", ", RightWords.All))));

    /// <summary>What tokens and certificates are good for where nobody says: what writers' and readers' keys do, and no administration.</summary>
    public static Rights ScopesOfServices => Roles.MostOf(KeyKind.Writer) | Roles.MostOf(KeyKind.Reader);

    /// <summary>An end in the future, or null where none is said.</summary>
    public static DateTimeOffset? ExpiryOf(LogEngine engine, string? text) => text is null
        ? null
        : Instant.TryParse(text, out DateTimeOffset end) && end > engine.Time.GetUtcNow()
            ? end
            : throw new ProblemException(Problem.InvalidParameter("/expires", "a time in the future, in UTC: 2030-01-31T00:00:00Z"));

    /// <summary>Refuses what is no name of a principal, or stands for the system itself.</summary>
    public static void CheckPrincipal(string? principal)
    {
        if (principal is { Length: 0 or > EngineLimits.PrincipalName } || (principal is not null && !VisibleText.IsVisible(principal)))
        {
            throw new ProblemException(Problem.InvalidParameter("/principal", $"1 to {EngineLimits.PrincipalName} visible characters"));
        }

        if (principal is "indelible" or "anonymous")
        {
            throw new ProblemException(Problem.InvalidParameter("/principal", $"{principal} is the system's own"));
        }
    }

    /// <summary>Says which of several logs there is not; of one that the caller does not administer, the same.</summary>
    public static void CheckLogs(LogEngine engine, Caller caller, IReadOnlyList<string?> logs)
    {
        DateTimeOffset now = engine.Time.GetUtcNow();
        for (int i = 0; i < logs.Count; i++)
        {
            string name = logs[i] ?? "null";
            bool isThere = LogPattern.IsPattern(name) && (LogPattern.IsOpen(name) || engine.Find(name) is not null);
            bool mayKnow = caller.Authority.Over(name, Rights.Admin, now) || name.StartsWith('_');
            if (!isThere || !mayKnow)
            {
                throw new ProblemException(Problem.InvalidParameter($"/logs/{i}", $"there is no log {VisibleText.Excerpt(name)}"));
            }
        }
    }

    /// <summary>A row limit in canonical text, absolute; null where none is said.</summary>
    /// <remarks>Personal values are not looked into: a clause about one would never be true, and its negation always.</remarks>
    public static string? RowsOf(LogEngine engine, string? text, IReadOnlyList<string?> logs)
    {
        if (text is null)
        {
            return null;
        }

        if (!Query.TryParse(text, engine.Time.GetUtcNow(), out Query? query, out QueryError? error))
        {
            throw new ProblemException(Problem.InvalidParameter("/rows", $"at character {error.Position + 1}: {error.Message.TrimEnd('.')}; expected {error.Expected}"));
        }

        ImmutableArray<string> personal =
        [
            .. PersonalFields.Default.Pointers,
            .. engine.Logs.Where(log => logs.Any(pattern => pattern is not null && LogPattern.Covers(pattern, log.Settings.Name))).SelectMany(log => log.Settings.PersonalPointers),
        ];
        return query.Paths.FirstOrDefault(path => PersonalPaths.Has(personal, path)) is { } found
            ? throw new ProblemException(Problem.InvalidParameter("/rows", $"{found} is personal; a row limit is asked of entries as they are logged, and does not look into it"))
            : query.ToString();
    }
}
