namespace Indelible.Events.Producing;

/// <summary>What sort of event it is.</summary>
public enum EventKind
{
    /// <summary>Something happened: the default.</summary>
    Event,

    /// <summary>Something is about to be done; an outcome follows.</summary>
    Intent,

    /// <summary>How the intent it relates to ended.</summary>
    Outcome,

    /// <summary>What an earlier event should have said; the earlier one stays.</summary>
    Correction,

    /// <summary>A remark on an earlier event.</summary>
    Annotation,

    /// <summary>The producer lives.</summary>
    Heartbeat,

    /// <summary>The producer started or stopped.</summary>
    Lifecycle,
}
