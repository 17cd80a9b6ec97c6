namespace Indelible.Events.Producing;

/// <summary>Whether it succeeded. Whether it was allowed is the decision.</summary>
public enum Outcome
{
    /// <summary>It was done.</summary>
    Success,

    /// <summary>It was not done: refused, or it broke.</summary>
    Failure,

    /// <summary>The producer cannot tell.</summary>
    Unknown,
}
