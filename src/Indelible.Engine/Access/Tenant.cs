using Indelible.Engine.Configuration;

namespace Indelible.Engine.Access;

/// <summary>Tenants: the part of a log's name before its first dot. What belongs to one is invisible to the others.</summary>
/// <remarks>
/// A principal belongs to a tenant by his name, <c>tenant/name</c>, for ever: he can be granted nothing outside of it, so that whoever
/// administers the tenant can give out keys of his without giving out anything else. Other principals belong to the node.
/// </remarks>
public static class Tenant
{
    private const char Mark = '/';

    /// <summary>The tenant of a log; of our own logs, none.</summary>
    public static string? OfLog(string log)
    {
        ArgumentNullException.ThrowIfNull(log);
        return log.StartsWith('_') ? null : LogName.TenantOf(log);
    }

    /// <summary>The one tenant of all logs that a pattern may mean, or null.</summary>
    public static string? OfPattern(string pattern) => pattern == LogPattern.All ? null : OfLog(pattern);

    /// <summary>The tenant of a principal, or null: he belongs to the node.</summary>
    public static string? OfPrincipal(string principal)
    {
        ArgumentNullException.ThrowIfNull(principal);
        int mark = principal.IndexOf(Mark, StringComparison.Ordinal);
        return mark > 0 && IsName(principal[..mark]) ? principal[..mark] : null;
    }

    /// <summary>Whether a text can be a tenant's name: what can stand before the first dot of a log's name.</summary>
    public static bool IsName(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return !text.Contains('.', StringComparison.Ordinal) && LogName.Fault(text) is null;
    }
}
