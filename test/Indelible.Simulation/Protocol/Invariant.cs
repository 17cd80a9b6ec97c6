namespace Indelible.Simulation.Protocol;

/// <summary>What holds in every state.</summary>
internal enum Invariant : byte
{
    /// <summary>Nothing is broken.</summary>
    None,

    /// <summary>Every acknowledged entry is on disk, so that a power cut at this moment leaves it, at the index that its receipt names.</summary>
    AcknowledgedIsDurable,

    /// <summary>No two shown heads have the same size and different roots.</summary>
    OneHeadOfASize,

    /// <summary>Neither an instance, over all its starts, nor the checkpoint store goes back to a smaller head.</summary>
    HeadsNeverGoBack,

    /// <summary>Of two shown heads, whoever showed them, the smaller is a prefix of the larger.</summary>
    HeadsExtendEachOther,

    /// <summary>An instance that has recovered holds everything that was acknowledged when it read the journal.</summary>
    RecoveredHoldsAcknowledged,

    /// <summary>What a recorded head covers is on disk.</summary>
    RecordedIsDurable,

    /// <summary>An event is in the log once, however often its client sent it.</summary>
    OneEntryOfAnEvent,

    /// <summary>A start is refused only where somebody set the storage back.</summary>
    UndamagedStarts,
}
