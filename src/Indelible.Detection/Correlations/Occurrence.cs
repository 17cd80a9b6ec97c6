namespace Indelible.Detection;

/// <summary>Something that a correlation is about has happened, in one group.</summary>
/// <param name="Time">When, in ticks.</param>
/// <param name="Index">The event's index; of a correlation, that of the event that completed it, or of the last in its window.</param>
/// <param name="Rule">Which of the correlation's rules.</param>
/// <param name="Value">The value that is counted: the hash of a text, or the bits of a number; 0 where none is.</param>
internal readonly record struct Occurrence(long Time, long Index, int Rule, ulong Value)
{
    /// <summary>How many it stands for: of many, some are made one.</summary>
    public int Times { get; init; } = 1;

    /// <summary>The events of the window that it is, ascending; null for the event alone.</summary>
    public long[]? Events { get; init; }

    /// <summary>The value as a number.</summary>
    public double Number => BitConverter.UInt64BitsToDouble(Value);
}
