using Indelible.Merkle;
using Indelible.Notes;
using Indelible.Proofs;

namespace Indelible.Verification;

/// <summary>What a verification is to compare a log with, besides the pinned key.</summary>
public sealed class VerificationRequest
{
    /// <summary>The head that an earlier run verified; null where there was none.</summary>
    public VerifiedCheckpoint? Remembered { get; init; }

    /// <summary>Further heads that the log has shown: each must be the tree's at its size. Those larger than the head verified are left out.</summary>
    public IReadOnlyList<TreeHead> ShownHeads { get; init; } = [];

    /// <summary>How far earlier runs have hashed; null to hash everything. Trusted: it must come from the verifier's own storage, and of who remembers <see cref="Remembered"/>.</summary>
    public TreeFrontier? Frontier { get; init; }

    /// <summary>Durable receipts that somebody was given. Those that cannot be judged, of other logs or for entries before <see cref="Frontier"/>, leave the verdict open.</summary>
    public IReadOnlyList<DurableReceipt> Receipts { get; init; } = [];

    /// <summary>The key that signs receipts, pinned by the caller; the source's handovers lead from it to others. Needed with <see cref="Receipts"/>.</summary>
    public VerifierKey? ReceiptsKey { get; init; }

    /// <summary>Receives the number of entries that are under the tree so far.</summary>
    public IProgress<long>? Progress { get; init; }

    /// <summary>
    /// Receives, now and then, a place from which an interrupted run can be resumed. Called in the verifier's own turn; nothing was wrong up
    /// to there, but nobody knows yet whether it leads to the signed root: a run that goes on from it and is not valid is made anew from the beginning.
    /// </summary>
    public Action<TreeFrontier>? Reached { get; init; }
}

/// <summary>What a verification came to, and what to keep for the next one.</summary>
/// <param name="Report">The report.</param>
/// <param name="Checkpoint">The verified checkpoint to remember; null unless the verdict is valid.</param>
/// <param name="Frontier">From where the next run may go on; null unless the verdict is valid.</param>
public sealed record VerificationResult(VerificationReport Report, VerifiedCheckpoint? Checkpoint, TreeFrontier? Frontier)
{
    /// <summary>The handovers that lead to the key of <see cref="Checkpoint"/>, to keep beside it; no bytes where there are none.</summary>
    public ReadOnlyMemory<byte> Handovers { get; init; }
}
