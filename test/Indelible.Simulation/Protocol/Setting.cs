namespace Indelible.Simulation.Protocol;

/// <summary>Where the stores are, and so how they fail.</summary>
internal enum Deployment
{
    /// <summary>
    /// One machine with the file drivers: the lock on the folder leaves one instance at a time; what is written and not synced may
    /// be gone after a power cut; a failed sync may have left it in the page cache, on disk, or nowhere.
    /// </summary>
    OneMachine,

    /// <summary>
    /// Stores that are services, shared by two instances that both run: an operation happens wholly or not at all, but its answer may
    /// be lost, and one whose sender has gone may still take effect later.
    /// </summary>
    SharedStores,
}

/// <summary>How far a model is explored.</summary>
/// <param name="Events">Different events that clients send; at most <see cref="Client.MaxEvents"/>.</param>
/// <param name="SentAgain">How often, over all events, a client sends one again.</param>
/// <param name="Crashes">Kills and power cuts, over all instances.</param>
internal sealed record Bounds(int Events, int SentAgain, int Crashes)
{
    /// <summary>Entries of a group.</summary>
    public const int GroupEntries = 2;

    /// <summary>Entries of a segment.</summary>
    public const int SegmentEntries = 2;
}

/// <summary>What is explored.</summary>
/// <param name="Deployment">Where the stores are.</param>
/// <param name="Bounds">How far.</param>
/// <param name="Mutation">The rule that is left out.</param>
internal sealed record Setting(Deployment Deployment, Bounds Bounds, Mutation Mutation = Mutation.None)
{
    /// <summary>How many instances there are.</summary>
    public int Instances { get; init; } = Deployment == Deployment.SharedStores ? 2 : 1;

    /// <summary>Whether somebody may once put an earlier copy of the data folder in its place; the checkpoint store lies elsewhere.</summary>
    public bool MaySetBack { get; init; }

    /// <summary>Whether the sealer works; without it entries stay in the journal.</summary>
    public bool Seals { get; init; } = true;

    /// <summary>The invariants that end an exploration when they break.</summary>
    public Invariants Watched { get; init; } = Invariants.All;

    public bool IsShared => Deployment == Deployment.SharedStores;

    public override string ToString() =>
        $"{Deployment}, {(Seals ? "sealing" : "not sealing")}{(MaySetBack ? ", set back once" : "")}, {Bounds.Events} events, {Bounds.SentAgain} sent again, {Bounds.Crashes} crashes"
        + (Mutation == Mutation.None ? "" : $", {Mutation}") + (Watched == Invariants.All ? "" : $", watching {Watched}");
}
