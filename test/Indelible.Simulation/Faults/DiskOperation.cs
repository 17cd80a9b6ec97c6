namespace Indelible.Simulation.Faults;

/// <summary>What an operation does to a disk.</summary>
internal enum DiskOperationKind
{
    Open,
    Read,
    Create,
    Write,
    SetLength,
    Sync,
    Move,
    Delete,
    MakeFolder,
    SyncFolder,
    MakeReadOnly,
    Lock,
}

/// <summary>One operation that a process asked of its disk.</summary>
/// <param name="Number">Counted from 0 in the process.</param>
/// <param name="Kind">What it does.</param>
/// <param name="Path">The file or folder.</param>
/// <param name="Target">The new name, of a <see cref="DiskOperationKind.Move"/>.</param>
/// <param name="Offset">Where a <see cref="DiskOperationKind.Write"/> begins.</param>
internal sealed record DiskOperation(int Number, DiskOperationKind Kind, string Path, string? Target = null, long Offset = 0)
{
    /// <summary>Whether it changes what a process sees, or makes it durable.</summary>
    public bool Changes => Kind is not (DiskOperationKind.Open or DiskOperationKind.Read or DiskOperationKind.Lock);

    public override string ToString() => Target is null ? $"{Number} {Kind} {Path} @{Offset}" : $"{Number} {Kind} {Path} -> {Target}";
}

/// <summary>What goes wrong with an operation.</summary>
internal enum DiskFault
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>EIO, and it had no effect. Of a sync: nothing was made durable, and it may be tried again.</summary>
    Fails,

    /// <summary>EIO, but it had its effect; of a sync, that everything is durable.</summary>
    FailsButPersists,

    /// <summary>A write that ends in the middle, then EIO.</summary>
    WritesShort,

    /// <summary>
    /// A sync that fails and drops the dirty pages: they read back as written, are clean, and no later sync makes them durable.
    /// This is what Linux does after a failed write-back.
    /// </summary>
    LosesPages,

    /// <summary>ENOSPC; a write may have gone half way.</summary>
    DiskFull,

    /// <summary>EMFILE, of an open.</summary>
    TooManyFiles,

    /// <summary>EROFS, of everything that changes.</summary>
    ReadOnlyDisk,

    /// <summary>The machine stops before the operation.</summary>
    CrashBefore,

    /// <summary>The machine stops after the operation, before its caller hears of it.</summary>
    CrashAfter,
}

/// <summary>The machine has stopped: whoever asks its disk for anything is no longer there to be answered.</summary>
internal sealed class MachineStoppedException() : IOException("The machine has stopped.");
