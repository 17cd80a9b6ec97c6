namespace Indelible.Detection;

/// <summary>What the past of a log answers to a <see cref="HistoryQuestion"/>.</summary>
/// <param name="IsKnown">Whether it could be told at all.</param>
/// <param name="Time">The time that counts of an event that was asked for; null where there is none, or it is not known.</param>
public readonly record struct HistoryAnswer(bool IsKnown, DateTimeOffset? Time)
{
    /// <summary>There is no such event.</summary>
    public static HistoryAnswer None { get; } = new(true, null);

    /// <summary>Whether there is one cannot be told with bounded work.</summary>
    public static HistoryAnswer Unknown { get; }

    /// <summary>There is one, of this time.</summary>
    public static HistoryAnswer At(DateTimeOffset time) => new(true, time);
}
