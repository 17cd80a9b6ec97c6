using Indelible.Detection;

namespace Indelible.Server.Detection;

/// <summary>How rules differ from those before, by their ids and versions.</summary>
/// <param name="Added">Those that were not there.</param>
/// <param name="Removed">Those that are there no more, as they were.</param>
/// <param name="Changed">Those of which the text is another, as they are.</param>
public sealed record RuleSetChange(IReadOnlyList<RuleHead> Added, IReadOnlyList<RuleHead> Removed, IReadOnlyList<RuleHead> Changed)
{
    /// <summary>Compares two.</summary>
    public static RuleSetChange Between(RuleSet before, RuleSet after)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        ILookup<string, RuleHead> old = before.Heads.ToLookup(head => head.Key, StringComparer.Ordinal);
        ILookup<string, RuleHead> now = after.Heads.ToLookup(head => head.Key, StringComparer.Ordinal);
        return new RuleSetChange(
            [.. after.Heads.Where(head => !old.Contains(head.Key))],
            [.. before.Heads.Where(head => !now.Contains(head.Key))],
            [.. after.Heads.Where(head => old.Contains(head.Key) && old[head.Key].All(other => other.Version != head.Version))]);
    }
}
