using System.Security.Claims;

namespace Indelible.AspNetCore.Identities;

/// <summary>From which claims the actor is read. In each list the first claim that is there counts.</summary>
public sealed class ActorMapping
{
    /// <summary><c>actor.id</c>. Default: <c>sub</c>, the name identifier, <c>oid</c>, <c>client_id</c>, and at last the identity's name. A stable internal id is best.</summary>
    public IList<string> Id { get; } = ["sub", ClaimTypes.NameIdentifier, "oid", "client_id", "azp"];

    /// <summary><c>actor.name</c>, a personal value. Default: <c>name</c>, the identity's name, <c>preferred_username</c>.</summary>
    public IList<string> Name { get; } = ["name", ClaimTypes.Name, "preferred_username"];

    /// <summary><c>actor.email</c>, a personal value. Default: <c>email</c> in either spelling.</summary>
    public IList<string> Email { get; } = ["email", ClaimTypes.Email];

    /// <summary><c>actor.roles</c>, of all that are there. Default: <c>role</c>, <c>roles</c>, and the identity's own type.</summary>
    public IList<string> Roles { get; } = ["role", "roles", ClaimTypes.Role];

    /// <summary><c>actor.groups</c>, of all that are there. Default: <c>groups</c>.</summary>
    public IList<string> Groups { get; } = ["groups"];

    /// <summary><c>auth.session_id</c>. Default: <c>sid</c>.</summary>
    public IList<string> Session { get; } = ["sid"];

    /// <summary><c>auth.credential_id</c>. Default: <c>jti</c>. Never a claim that is itself the credential.</summary>
    public IList<string> Credential { get; } = ["jti"];

    /// <summary>Roles whose holders act with administrative rights: they set <c>actor.privileged</c>. Default: <c>admin</c>, <c>administrator</c>.</summary>
    public ISet<string> PrivilegedRoles { get; } = new HashSet<string>(StringComparer.OrdinalIgnoreCase) { "admin", "administrator" };
}
