namespace Indelible.Detection;

/// <summary>How a correlation asks for what was before: <c>first_seen</c> and <c>returned</c>, types of ours that Sigma has not.</summary>
/// <param name="Learning">Of <c>first_seen</c>: how long a group has to be known before anything is new of it. Zero for the other type.</param>
/// <param name="Within">Of <c>returned</c>: how far back the group has to have been seen. Zero for the other type.</param>
/// <param name="Network">Of <c>first_seen</c>: by how many bits addresses are compared; null where each value is itself.</param>
public sealed record HistoryTerms(TimeSpan Learning, TimeSpan Within, NetworkPrefix? Network)
{
    /// <summary>What a value counts as: itself, or its network.</summary>
    internal string Counted(string value) => Network is { } network ? network.NetworkOf(value) : value;
}
