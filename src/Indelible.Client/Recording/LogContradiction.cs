namespace Indelible.Client.Recording;

/// <summary>How a server contradicts what its log has signed or promised.</summary>
public enum ContradictionKind
{
    /// <summary>A checkpoint is smaller than one that was signed before.</summary>
    Rollback,

    /// <summary>A checkpoint does not contain what was signed before: two histories.</summary>
    Fork,

    /// <summary>An entry is not where its receipt promised it.</summary>
    BrokenReceipt,

    /// <summary>A receipt or checkpoint is not signed by the pinned key, or is of another event or log.</summary>
    FalseSignature,

    /// <summary>Entries that were promised are under no checkpoint, long after the 60 seconds in which one was to be.</summary>
    OverduePromise,
}

/// <summary>A server was caught: what it showed cannot be true beside what it signed before.</summary>
/// <param name="Kind">In which way.</param>
/// <param name="Message">What was seen and what was wanted.</param>
/// <param name="EvidenceFolder">The folder that holds both sides, byte for byte; null where they could not be written.</param>
public sealed record LogContradiction(ContradictionKind Kind, string Message, string? EvidenceFolder);
