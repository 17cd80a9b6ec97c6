using System.Collections.Immutable;
using Indelible.Engine.Configuration;

namespace Indelible.Engine.Access;

/// <summary>What a principal is.</summary>
public enum PrincipalKind
{
    /// <summary>A program.</summary>
    Service,

    /// <summary>A human being.</summary>
    Person,
}

/// <summary>Somebody who may be granted something. His name survives the rotation of his keys, and is in every entry of his; it is no e-mail address.</summary>
/// <param name="Name">His name; see <see cref="Tenant"/>.</param>
/// <param name="Kind">What he is.</param>
/// <param name="IsDisabled">Whether none of his credentials is good for anything now.</param>
/// <param name="Entry">The entry of the configuration that he is from.</param>
public sealed record Principal(string Name, PrincipalKind Kind, bool IsDisabled, long Entry)
{
    /// <summary>What the names of principals begin with, behind their tenant's, that keys without another have.</summary>
    internal const string OfKey = "key:";

    /// <summary>Says what is wrong with a name for a principal, or null when there can be one of it.</summary>
    /// <param name="name">Untrusted.</param>
    public static string? FaultOf(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.Length is 0 or > EngineLimits.PrincipalName || name.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('.' or '_' or '-' or ':' or '@' or '+' or '/'))
            ? $"1 to {EngineLimits.PrincipalName} of A-Z a-z 0-9 . _ - : @ + /"
            : name is SystemActions.Principal or SystemActions.Anonymous ? $"{name} is the system's own"
            : name.Split('/') is { Length: > 1 } parts && parts.Any(part => part is "" or "." or "..") ? "between / and / stands something that is neither . nor .."
            : null;
    }

    /// <summary>Whether a name is one of those that keys without a principal have: no other credential must speak for them.</summary>
    public static bool IsOfKey(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.AsSpan(Tenant.OfPrincipal(name) is { } tenant ? tenant.Length + 1 : 0).StartsWith(OfKey, StringComparison.Ordinal);
    }
}

/// <summary>A role given to a principal for some logs.</summary>
/// <param name="Id">Its id, <c>g-</c> and 16 hexadecimal digits.</param>
/// <param name="Principal">Whose it is.</param>
/// <param name="Role">What he is to these logs.</param>
/// <param name="Logs">Which; see <see cref="LogPattern"/>.</param>
/// <param name="Rows">The query, in canonical text, that an entry must match for him to see it; null for all. It is asked of the entry as logged: personal values are not looked into.</param>
/// <param name="Personal">What he sees of personal values.</param>
/// <param name="Expires">When it ends, or null.</param>
/// <param name="Entry">The entry of the configuration that it is from.</param>
public sealed record Grant(string Id, string Principal, Role Role, ImmutableArray<string> Logs, string? Rows, PersonalView Personal, DateTimeOffset? Expires, long Entry)
{
    /// <summary>What it gives.</summary>
    public Rights Rights => Roles.RightsOf(Role);

    /// <summary>Whether it is over.</summary>
    public bool IsOver(DateTimeOffset now) => Expires <= now;
}

/// <summary>How much a credential, or an address, may ask of the node a second; null where the node's own limits hold, 0 where there is none. Some seconds' worth may come at once.</summary>
/// <param name="Events">Events a second.</param>
/// <param name="Bytes">Bytes of request bodies a second.</param>
/// <param name="Queries">Searches, counts, views, tails and bundles a second; of an address, requests of any kind.</param>
public sealed record RateLimits(long? Events, long? Bytes, long? Queries);
