namespace Indelible.AspNetCore;

/// <summary>Which requests are recorded that nothing names. Denials and failures are in each of them.</summary>
public enum AuditScope
{
    /// <summary>The default: every request that authorisation was asked about, allowed or denied, and every request that can change something (any method but GET, HEAD, OPTIONS and TRACE).</summary>
    Protected,

    /// <summary>Only what is named by an attribute, a route rule or the handler itself.</summary>
    Named,

    /// <summary>Every request but health checks and static files.</summary>
    Everything,
}
