using Indelible.Merkle;
using Indelible.Notes;
using Indelible.Proofs;

namespace Indelible.Rotation;

/// <summary>One key's handing over of a log to the next, said by both. Only <see cref="Verify"/> makes one. Our own construction C. Immutable.</summary>
/// <remarks>
/// It is a proof in the form of c2sp.org/tlog-proof whose <c>extra</c> is the entry that announces the new key, and whose checkpoint both
/// keys have signed. Whether either key is to be believed is for a <see cref="KeyChain"/> to say, which begins at one that the caller pins.
/// </remarks>
public sealed class VerifiedHandover
{
    private VerifiedHandover(RotationFacts keys, VerifiedInclusion inclusion, TlogProof proof)
    {
        Old = keys.Old;
        New = keys.New;
        Index = inclusion.Index;
        Head = inclusion.Checkpoint.Head;
        Proof = proof;
    }

    /// <summary>The key that signs nothing above <see cref="Head"/>.</summary>
    public VerifierKey Old { get; }

    /// <summary>The key that signs from <see cref="Head"/> on.</summary>
    public VerifierKey New { get; }

    /// <summary>The index of the entry that announces the new key.</summary>
    public long Index { get; }

    /// <summary>The one head that both keys sign.</summary>
    public TreeHead Head { get; }

    /// <summary>What was verified.</summary>
    public TlogProof Proof { get; }

    /// <summary>The handover's bytes, as they are kept and served.</summary>
    /// <param name="index">The index of the entry that announces the new key.</param>
    /// <param name="entry">Its bytes.</param>
    /// <param name="proof">Its inclusion proof under the checkpoint.</param>
    /// <param name="checkpoint">The checkpoint, signed by both keys.</param>
    public static TlogProof Make(long index, ReadOnlyMemory<byte> entry, IReadOnlyList<Hash> proof, ReadOnlyMemory<byte> checkpoint) => new(index, proof, checkpoint, entry);

    /// <summary>Verifies a handover: the entry names both keys, is in the tree of the checkpoint, and both keys have signed that.</summary>
    /// <param name="proof">Untrusted.</param>
    /// <param name="verifierOf">Makes a verifier of a key, or null where its type cannot be verified.</param>
    /// <exception cref="TlogFormatException">The checkpoint is none, or a key is.</exception>
    /// <exception cref="VerificationException">It does not prove this.</exception>
    public static VerifiedHandover Verify(TlogProof proof, Func<VerifierKey, NoteVerifier?> verifierOf)
    {
        ArgumentNullException.ThrowIfNull(proof);
        ArgumentNullException.ThrowIfNull(verifierOf);
        if (proof.Extra is not { } entry || !RotationFacts.TryRead(entry, out RotationFacts? keys))
        {
            throw new VerificationException($"The handover with the entry of index {proof.Index} holds no entry of the log's own with the action {RotationFacts.Action} and two keys of one log.");
        }

        NoteVerifier old = VerifierOf(keys.Old, verifierOf);
        NoteVerifier next = VerifierOf(keys.New, verifierOf);
        var checkpoint = VerifiedCheckpoint.Verify(proof.Checkpoint.Span, keys.Origin, old, next);
        return checkpoint.Vouching.Contains(next)
            ? new VerifiedHandover(keys, proof.Verify(entry.Span, checkpoint), proof)
            : throw new VerificationException($"The handover at {checkpoint.Head.Size} entries is signed by {Name(keys.Old)} alone, and not by {Name(keys.New)}, to which it hands the log over.");
    }

    /// <summary>A key as messages name it: name and id.</summary>
    internal static string Name(VerifierKey key) => $"{key.Name}+{key.KeyId:x8}";

    internal static NoteVerifier VerifierOf(VerifierKey key, Func<VerifierKey, NoteVerifier?> verifierOf) =>
        verifierOf(key) ?? throw new VerificationException($"Signatures of the key {Name(key)} of type 0x{key.Type:x2} cannot be verified here.");
}
