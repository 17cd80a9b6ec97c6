using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Server.Access.Sessions;

namespace Indelible.Server.Access;

/// <summary>Who calls, with what credential, and by which configuration that was decided.</summary>
/// <param name="Principal">Who he is.</param>
/// <param name="CredentialId">What he showed, as entries name it: a key's id, or that of a token or certificate.</param>
/// <param name="Authority">What he may do.</param>
/// <param name="AuthAt">The size of <c>_system</c> at the time.</param>
/// <param name="RemoteAddress">Where from.</param>
/// <param name="Ends">When what he showed ends; null for never.</param>
public sealed record Caller(string Principal, string CredentialId, Authority Authority, long AuthAt, string? RemoteAddress, DateTimeOffset? Ends)
{
    /// <summary>The session that he signed in to, as entries name it; null outside of one.</summary>
    public string? Session => SignedIn?.Id;

    /// <summary>The session; null outside of one.</summary>
    internal Session? SignedIn { get; init; }

    /// <summary>How much he may ask; null where the node's limits hold.</summary>
    public RateLimits? Rates { get; init; }

    /// <summary>The caller as the engine notes him.</summary>
    /// <param name="protocol">The door.</param>
    public AppendCaller ForAppend(string protocol) => new(Principal, CredentialId, AuthAt, protocol, RemoteAddress) { Session = Session };
}
