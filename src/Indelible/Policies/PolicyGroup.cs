namespace Indelible.Policies;

/// <summary>A group of a policy: satisfied when enough of its members are. Immutable.</summary>
public sealed record PolicyGroup
{
    internal PolicyGroup(PolicyWord name, int threshold, IReadOnlyList<PolicyWord> members)
    {
        Name = name;
        Threshold = threshold;
        Members = members;
    }

    /// <summary>Its name in the file.</summary>
    public PolicyWord Name { get; }

    /// <summary>How many members it needs: 1 for <c>any</c>, all of them for <c>all</c>.</summary>
    public int Threshold { get; }

    /// <summary>Witnesses and groups of earlier lines; each is a member of one group at most, so that no witness counts twice.</summary>
    public IReadOnlyList<PolicyWord> Members { get; }

    /// <inheritdoc/>
    public bool Equals(PolicyGroup? other) => other is not null
        && Name == other.Name && Threshold == other.Threshold && Members.SequenceEqual(other.Members);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, Threshold, Members.Count);
}
