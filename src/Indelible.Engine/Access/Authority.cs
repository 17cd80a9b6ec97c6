using System.Collections.Immutable;

namespace Indelible.Engine.Access;

/// <summary>What a credential may do, by one state of the configuration: its principal's grants, or its own, less what the credential leaves out.</summary>
/// <remarks>Immutable. Answers from names alone, in the same way whether a log exists or not.</remarks>
public sealed class Authority
{
    private readonly Dictionary<string, Grant[]> _byLogs;
    private readonly Rights _most;

    /// <param name="principal">Whose.</param>
    /// <param name="grants">What was granted.</param>
    /// <param name="most">What the credential leaves of it.</param>
    internal Authority(string principal, IEnumerable<Grant> grants, Rights most)
    {
        Principal = principal;
        Tenant = Access.Tenant.OfPrincipal(principal);
        _most = most;
        _byLogs = grants
            .Select(grant => grant with { Logs = [.. grant.Logs.Where(IsWithinTenant)] })
            .SelectMany(grant => grant.Logs.Select(pattern => (Key: LogPattern.KeyOf(pattern), Grant: grant)))
            .GroupBy(item => item.Key, item => item.Grant, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.Distinct().ToArray(), StringComparer.Ordinal);
    }

    /// <summary>Whose it is.</summary>
    public string Principal { get; }

    /// <summary>The tenant that he belongs to; null for the node.</summary>
    public string? Tenant { get; }

    /// <summary>What may be done with a log, existing or not.</summary>
    /// <param name="log">Untrusted.</param>
    /// <param name="now">When.</param>
    public LogAccess On(string log, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(log);
        ImmutableArray<(Rights, Sight)>.Builder? found = null;
        foreach (Grant grant in Candidates(log).Where(grant => !grant.IsOver(now) && grant.Logs.Any(pattern => LogPattern.Covers(pattern, log))))
        {
            Rights rights = grant.Rights & _most;
            if (rights != Rights.None)
            {
                (found ??= ImmutableArray.CreateBuilder<(Rights, Sight)>()).Add((rights, new Sight(grant.Rows, log.StartsWith('_') ? Tenant : null, grant.Personal)));
            }
        }

        return found is null ? LogAccess.None : new LogAccess(found.ToImmutable());
    }

    /// <summary>Whether it holds for the node as a whole, by a grant for every log.</summary>
    public bool OnNode(Rights right, DateTimeOffset now) =>
        _most.HasFlag(right) && Tenant is null && _byLogs.TryGetValue(LogPattern.All, out Grant[]? grants) && grants.Any(grant => !grant.IsOver(now) && grant.Rights.HasFlag(right));

    /// <summary>Whether it holds for every log that a pattern may ever mean; for our own logs, if it holds for the node.</summary>
    public bool Over(string pattern, Rights right, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        return OnNode(right, now) || (!pattern.StartsWith('_') && PatternsWith(right, now).Any(own => LogPattern.Contains(own, pattern)));
    }

    /// <summary>Whether it holds for any log at all.</summary>
    public bool Anywhere(Rights right, DateTimeOffset now) => PatternsWith(right, now).Any();

    /// <summary>When the next of the grants ends after a moment; null for never.</summary>
    public DateTimeOffset? NextEnd(DateTimeOffset now) => _byLogs.Values.SelectMany(grants => grants).Where(grant => grant.Expires > now).Min(grant => grant.Expires);

    // No such grant can be made; that none counts is not left to whoever makes them.
    private bool IsWithinTenant(string pattern) => Tenant is null || pattern.StartsWith('_') || Access.Tenant.OfPattern(pattern) == Tenant;

    private IEnumerable<string> PatternsWith(Rights right, DateTimeOffset now) => !_most.HasFlag(right)
        ? []
        : _byLogs.Values.SelectMany(grants => grants).Where(grant => !grant.IsOver(now) && grant.Rights.HasFlag(right)).SelectMany(grant => grant.Logs);

    private IEnumerable<Grant> Candidates(string log)
    {
        foreach (string key in LogPattern.CandidatesOf(log))
        {
            if (_byLogs.TryGetValue(key, out Grant[]? grants))
            {
                foreach (Grant grant in grants)
                {
                    yield return grant;
                }
            }
        }
    }
}
