using System.Collections.Immutable;

namespace Indelible.Detection;

/// <summary>Tests of the values at one place of entries, of which one has to be passed by one value; shared by all rules that ask the same.</summary>
/// <param name="Path">The place.</param>
/// <param name="IsBelow">Whether every value at the place and below it counts: a keyword.</param>
/// <param name="Tests">The tests.</param>
internal sealed record Predicate(EntryPath Path, bool IsBelow, ImmutableArray<ValueTest> Tests)
{
    /// <summary>Whether only a value can pass it, rather than that there is none.</summary>
    public bool NeedsValue => Tests is not [NullTest];

    /// <summary>What an index can be asked of it.</summary>
    /// <param name="isUnder">Whether it must hold for no more entries than this does, rather than for no fewer.</param>
    public RuleSketch Sketch(bool isUnder)
    {
        if (Path.Names.Length == 0)
        {
            // Of the entry as a whole an index has nothing to say.
            return isUnder ? RuleSketch.Nothing : RuleSketch.Everything;
        }

        var there = new RuleSketch.There(Path.Names);
        if (IsBelow)
        {
            return isUnder ? RuleSketch.Nothing : there;
        }

        return Tests switch
        {
            // In a list, or where a path is there twice, a null says nothing of the others.
            [NullTest] => isUnder ? new RuleSketch.Not(there) : new RuleSketch.Any([new RuleSketch.Not(there), new RuleSketch.Null(Path.Names)]),
            [ExistsTest] => there,
            [PlacedReferenceTest reference] => isUnder ? RuleSketch.Nothing : new RuleSketch.All([there, new RuleSketch.There(reference.Other.Names)]),
            _ => new RuleSketch.Value(Path.Names, new ValueProbe(Tests)),
        };
    }

    /// <inheritdoc/>
    public bool Equals(Predicate? other) => other is not null && Path == other.Path && IsBelow == other.IsBelow && Tests.AsSpan().SequenceEqual(other.Tests.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.Add(Path);
        hash.Add(IsBelow);
        foreach (ValueTest test in Tests)
        {
            hash.Add(test);
        }

        return hash.ToHashCode();
    }
}

/// <summary>A reference whose other place is known: what it is once the fields of a rule have their places.</summary>
internal sealed record PlacedReferenceTest(EntryPath Other, TextPlace Where, bool IsCased) : ValueTest;
