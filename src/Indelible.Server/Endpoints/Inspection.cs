using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Server.Access;

namespace Indelible.Server.Endpoints;

/// <summary>What of the configuration somebody may know of: all of it, who inspects the node; his tenant's, who inspects a tenant.</summary>
internal static class Inspection
{
    /// <summary>Whether a caller may know what a principal has.</summary>
    public static bool Sees(LogEngine engine, Caller caller, string principal)
    {
        DateTimeOffset now = engine.Time.GetUtcNow();
        return caller.Authority.OnNode(Rights.Inspect, now)
            || (Tenant.OfPrincipal(principal) is { } tenant && caller.Authority.Over(tenant + ".*", Rights.Inspect, now));
    }
}
