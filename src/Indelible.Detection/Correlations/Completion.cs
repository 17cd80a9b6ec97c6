namespace Indelible.Detection;

/// <summary>A group of a correlation has matched: what correlations that are about it are told.</summary>
/// <param name="Rule">The rule whose event completed it; -1 where the time did that, and there is no event.</param>
/// <param name="Group">The values that make the group.</param>
/// <param name="IsMore">Whether it only adds to what was told of already.</param>
/// <param name="Time">When, in ticks.</param>
/// <param name="Index">The index of the event that completed it, or of the last in its window.</param>
/// <param name="Events">The events of the window that was over; null for the event alone.</param>
internal readonly record struct Completion(int Rule, string[] Group, bool IsMore, long Time, long Index, long[]? Events)
{
    /// <summary>Whether it says nothing that another does not say.</summary>
    public bool IsSaidBy(in Completion other) => Rule == other.Rule && IsMore == other.IsMore && Group.AsSpan().SequenceEqual(other.Group);
}
