using System.Collections.Immutable;

namespace Indelible.Detection;

/// <summary>What rules ask of entries, in terms that an index of single values can answer: a tree that holds for every entry that one of the rules matches, and for as few others as can be said.</summary>
/// <remarks>
/// Tests of values stand in it as they are, with all that rules mean by case, wildcards, numbers and lists; an index puts its terms to them. What compares two places, and keywords, is more than an index of
/// single places knows: there the sketch asks for less. Under a negation it asks for more instead, so that the whole never leaves out what a rule matches.
/// </remarks>
public abstract record RuleSketch
{
    private protected RuleSketch()
    {
    }

    /// <summary>Every entry.</summary>
    public static RuleSketch Everything { get; } = new All([]);

    /// <summary>No entry.</summary>
    public static RuleSketch Nothing { get; } = new Any([]);

    /// <summary>All of some; every entry where there is none.</summary>
    public sealed record All(ImmutableArray<RuleSketch> Parts) : RuleSketch;

    /// <summary>One of some; no entry where there is none.</summary>
    public sealed record Any(ImmutableArray<RuleSketch> Parts) : RuleSketch;

    /// <summary>Not this.</summary>
    public sealed record Not(RuleSketch Part) : RuleSketch;

    /// <summary>A member is there, whatever its value.</summary>
    public sealed record There(ImmutableArray<string> Path) : RuleSketch;

    /// <summary>A null stands there.</summary>
    public sealed record Null(ImmutableArray<string> Path) : RuleSketch;

    /// <summary>A value there passes a probe.</summary>
    public sealed record Value(ImmutableArray<string> Path, ValueProbe Probe) : RuleSketch;
}
