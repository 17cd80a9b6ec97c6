using System.Collections.Immutable;

namespace Indelible.Engine.Access;

/// <summary>Entries that somebody may see, and how.</summary>
/// <param name="Rows">The query that an entry must match, in canonical text; null for all.</param>
/// <param name="Tenant">The tenant that an entry of our own logs must be about; null for all.</param>
/// <param name="Personal">What he sees of personal values.</param>
public sealed record Sight(string? Rows, string? Tenant, PersonalView Personal)
{
    /// <summary>Whether every entry is seen.</summary>
    public bool IsWhole => Rows is null && Tenant is null;
}

/// <summary>What a credential may do with one log.</summary>
public sealed class LogAccess
{
    private readonly ImmutableArray<(Rights Rights, Sight Sight)> _grants;

    internal LogAccess(ImmutableArray<(Rights Rights, Sight Sight)> grants)
    {
        _grants = grants;
        foreach ((Rights rights, _) in grants)
        {
            Rights |= rights;
        }
    }

    /// <summary>Nothing.</summary>
    public static LogAccess None { get; } = new([]);

    /// <summary>All that is allowed, for some entries at least.</summary>
    public Rights Rights { get; }

    /// <summary>The entries that something may be done with: those of any of these. Empty where it may not be done at all.</summary>
    public ImmutableArray<Sight> SightsFor(Rights right) => [.. _grants.Where(grant => grant.Rights.HasFlag(right)).Select(grant => grant.Sight).Distinct()];

    /// <summary>Whether something may be done with the log as a whole, no row limit standing against it.</summary>
    public bool IsWhole(Rights right) => _grants.Any(grant => grant.Rights.HasFlag(right) && grant.Sight.IsWhole);
}
