using System.Collections.Immutable;
using Indelible.Engine.Configuration;

namespace Indelible.Engine.Access;

/// <summary>A key to be made.</summary>
/// <param name="Kind">What it does at most.</param>
/// <param name="Logs">The logs of a grant of its own; none for one that carries its principal's grants, or for an administrator of the node.</param>
public sealed record NewKey(KeyKind Kind, ImmutableArray<string> Logs)
{
    /// <summary>Whose it is; null for a principal of its own. One that was entered, without <see cref="Logs"/>: the key carries his grants.</summary>
    public string? Principal { get; init; }

    /// <summary>The role of its own grant; null for the plain one of its kind.</summary>
    public Role? Role { get; init; }

    /// <summary>See <see cref="Grant.Rows"/>.</summary>
    public string? Rows { get; init; }

    /// <summary>See <see cref="Grant.Personal"/>; null for what the role says.</summary>
    public PersonalView? Personal { get; init; }

    /// <summary>What it may do at most; null for all that its kind does.</summary>
    public Rights? Scopes { get; init; }

    /// <summary>The networks (CIDR) that it may be shown from; empty for any.</summary>
    public ImmutableArray<string> Networks { get; init; } = [];

    /// <summary>How much it may ask; null for the node's limits.</summary>
    public RateLimits? Rates { get; init; }

    /// <summary>When it ends, or null.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>Whether it waits behind glass; see <see cref="ApiKey.IsBreakGlass"/>.</summary>
    public bool IsBreakGlass { get; init; }
}

/// <summary>A grant to be made; see <see cref="Grant"/>.</summary>
/// <param name="Principal">Whose: a principal that was entered.</param>
/// <param name="Role">What he is to be.</param>
/// <param name="Logs">For which logs.</param>
public sealed record NewGrant(string Principal, Role Role, ImmutableArray<string> Logs)
{
    /// <summary>See <see cref="Grant.Rows"/>.</summary>
    public string? Rows { get; init; }

    /// <summary>See <see cref="Grant.Personal"/>; null for what the role says.</summary>
    public PersonalView? Personal { get; init; }

    /// <summary>When it ends, or null.</summary>
    public DateTimeOffset? Expires { get; init; }
}
