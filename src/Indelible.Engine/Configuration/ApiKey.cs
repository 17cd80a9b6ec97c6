using System.Collections.Immutable;
using Indelible.Engine.Access;

namespace Indelible.Engine.Configuration;

/// <summary>What a key does at most, told by its prefix; see <see cref="Roles.MostOf"/>.</summary>
public enum KeyKind
{
    /// <summary>Manage logs, keys and grants; neither append nor read entries.</summary>
    Admin,

    /// <summary>Append; not read.</summary>
    Writer,

    /// <summary>Read; not append.</summary>
    Reader,
}

/// <summary>A key as configured: never the key itself.</summary>
/// <param name="Id">Its public id, which entries name.</param>
/// <param name="Kind">What it does at most.</param>
/// <param name="Principal">Whose it is; a principal survives the rotation of its keys.</param>
/// <param name="Logs">The logs of a grant of its own, see <see cref="LogPattern"/>; none where it carries its principal's grants. An administrator's without any is the node's.</param>
/// <param name="Expires">When it ends, or null.</param>
/// <param name="HashText">SHA-256 of the key, base64url.</param>
/// <param name="IsRevoked">Whether it has been revoked.</param>
public sealed record ApiKey(
    string Id, KeyKind Kind, string Principal, ImmutableArray<string> Logs, DateTimeOffset? Expires, string HashText, bool IsRevoked)
{
    /// <summary>How long a break-glass key is good for once the glass is broken.</summary>
    public static readonly TimeSpan BreakGlassTime = TimeSpan.FromHours(1);

    /// <summary>The grant that it carries itself; null where it carries its principal's grants.</summary>
    public Grant? Own { get; init; }

    /// <summary>What it may do at most; never more than its kind.</summary>
    public Rights Scopes { get; init; } = Roles.MostOf(Kind);

    /// <summary>The networks (CIDR) that it may be shown from; empty for any.</summary>
    public ImmutableArray<string> Networks { get; init; } = [];

    /// <summary>How much it may ask; null for the node's limits.</summary>
    public RateLimits? Rates { get; init; }

    /// <summary>Whether it waits behind glass: good for nothing until the glass is broken, then for an hour, once.</summary>
    public bool IsBreakGlass { get; init; }

    /// <summary>When the glass was broken, by the time of receipt of the entry that says so; null while it is whole.</summary>
    public DateTimeOffset? BrokenAt { get; init; }

    /// <summary>The key that took its place; null for none.</summary>
    public string? ReplacedBy { get; init; }

    /// <summary>The entry of the configuration that it is from.</summary>
    public long Entry { get; init; }

    /// <summary>What it may do at most.</summary>
    public Rights Most => Scopes & Roles.MostOf(Kind);

    /// <summary>When it ends: the earlier of its own end and, of broken glass, the hour's; null for never.</summary>
    public DateTimeOffset? Ends => BrokenAt + BreakGlassTime is { } hour && !(Expires < hour) ? hour : Expires;

    /// <summary>Whether it opens anything.</summary>
    public bool IsValid(DateTimeOffset now) => !IsRevoked && !(Ends <= now) && (!IsBreakGlass || BrokenAt is not null);
}
