namespace Indelible.Simulation.Protocol;

/// <summary>What holds in every state; several together are a set of those that are broken, or watched.</summary>
[Flags]
internal enum Invariants : ushort
{
    /// <summary>Nothing is broken.</summary>
    None = 0,

    /// <summary>Every acknowledged entry is on disk, so that a power cut at this moment leaves it, at the index that its receipt names.</summary>
    AcknowledgedIsDurable = 1 << 0,

    /// <summary>No two shown heads have the same size and different roots.</summary>
    OneHeadOfASize = 1 << 1,

    /// <summary>An instance, over all its starts, never goes back to a smaller head, nor the checkpoint store to one that does not extend the last.</summary>
    HeadsNeverGoBack = 1 << 2,

    /// <summary>Of two shown heads, whoever showed them, the smaller is a prefix of the larger.</summary>
    HeadsExtendEachOther = 1 << 3,

    /// <summary>An instance that has recovered holds everything that was acknowledged when it read the journal.</summary>
    RecoveredHoldsAcknowledged = 1 << 4,

    /// <summary>What a recorded head covers is on disk.</summary>
    RecordedIsDurable = 1 << 5,

    /// <summary>An event is in the log once, however often its client sent it.</summary>
    OneEntryOfAnEvent = 1 << 6,

    /// <summary>A start is refused only where somebody set the storage back.</summary>
    UndamagedStarts = 1 << 7,

    /// <summary>A running instance holds every acknowledged entry where its receipt says; beside another, all those below its size.</summary>
    RunningHoldsAcknowledged = 1 << 8,

    /// <summary>All of them.</summary>
    All = 0x1FF,
}
