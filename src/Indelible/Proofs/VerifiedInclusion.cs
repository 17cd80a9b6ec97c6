using Indelible.Merkle;
using Indelible.Notes;

namespace Indelible.Proofs;

/// <summary>A proven fact: the entry of this hash stands at this index of the log. Only <see cref="TlogProof"/> makes one.</summary>
public sealed class VerifiedInclusion
{
    internal VerifiedInclusion(long index, Hash leafHash, VerifiedCheckpoint checkpoint)
    {
        Index = index;
        LeafHash = leafHash;
        Checkpoint = checkpoint;
    }

    /// <summary>The leaf index.</summary>
    public long Index { get; }

    /// <summary>The hash of the entry.</summary>
    public Hash LeafHash { get; }

    /// <summary>The checkpoint that it was proven under.</summary>
    public VerifiedCheckpoint Checkpoint { get; }
}
