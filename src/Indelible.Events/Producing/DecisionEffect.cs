namespace Indelible.Events.Producing;

/// <summary>Whether it was allowed.</summary>
public enum DecisionEffect
{
    /// <summary>A rule allowed it.</summary>
    Allow,

    /// <summary>A rule, or the absence of one, denied it.</summary>
    Deny,

    /// <summary>More proof of identity was asked for.</summary>
    Challenge,

    /// <summary>No decision was taken.</summary>
    NotEvaluated,
}
