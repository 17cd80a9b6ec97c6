using Indelible.Merkle;
using Indelible.Notes;

namespace Indelible.Rotation;

/// <summary>The keys of one log, one after the other, as handovers lead to and from the one that the caller pins. Our own construction C. Immutable.</summary>
/// <remarks>
/// <para>
/// Each key has a part of the log's life: from the handover to it up to the handover from it, both included. A head above the latter
/// by that key alone was signed by who should not have the key any more, or by a log that has two faces: it is refused, and is evidence.
/// </para>
/// <para>
/// A chain leads backwards as well: the pinned key has signed the handover to it, and with it says who came before. So what was verified
/// under an older key stays comparable when a newer one is pinned.
/// </para>
/// <para>Without witnesses a handover is vouched for by its two keys alone: a stolen key hands over to whomever its thief likes.</para>
/// </remarks>
public sealed class KeyChain
{
    private readonly Func<VerifierKey, NoteVerifier?> _verifierOf;
    private readonly NoteVerifier _pinnedVerifier;

    private KeyChain(VerifierKey pinned, NoteVerifier pinnedVerifier, IReadOnlyList<VerifiedHandover> handovers, Func<VerifierKey, NoteVerifier?> verifierOf)
    {
        Pinned = pinned;
        Handovers = handovers;
        Keys = handovers.Count == 0 ? [pinned] : [handovers[0].Old, .. handovers.Select(handover => handover.New)];
        _pinnedVerifier = pinnedVerifier;
        _verifierOf = verifierOf;
    }

    /// <summary>The key that the caller believes.</summary>
    public VerifierKey Pinned { get; }

    /// <summary>The handovers, in order.</summary>
    public IReadOnlyList<VerifiedHandover> Handovers { get; }

    /// <summary>The keys, in order; at least the pinned one.</summary>
    public IReadOnlyList<VerifierKey> Keys { get; }

    /// <summary>The key that signs now, as far as the handovers say.</summary>
    public VerifierKey Current => Keys[^1];

    /// <summary>The chain of one key.</summary>
    /// <param name="pinned">The key that the caller believes; its name is the log's origin.</param>
    /// <param name="verifierOf">Makes a verifier of a key, or null where its type cannot be verified.</param>
    /// <exception cref="VerificationException">The key's type cannot be verified here.</exception>
    public static KeyChain Of(VerifierKey pinned, Func<VerifierKey, NoteVerifier?> verifierOf)
    {
        ArgumentNullException.ThrowIfNull(pinned);
        ArgumentNullException.ThrowIfNull(verifierOf);
        return new KeyChain(pinned, VerifiedHandover.VerifierOf(pinned, verifierOf), [], verifierOf);
    }

    /// <summary>The chain with the handovers of a list. What is known already stays known where the list says less, and is contradicted by nothing.</summary>
    /// <param name="list">See <see cref="HandoverList"/>; untrusted.</param>
    /// <exception cref="TlogFormatException">It is no list of handovers.</exception>
    /// <exception cref="VerificationException">A handover is not said by both its keys, does not follow on the one before, leads past the pinned key, or contradicts what is known.</exception>
    public KeyChain With(ReadOnlySpan<byte> list)
    {
        VerifiedHandover[] shown = [.. HandoverList.Parse(list).Select(proof => VerifiedHandover.Verify(proof, _verifierOf))];
        CheckOrder(shown);
        var all = new List<VerifiedHandover>(Handovers);
        foreach (VerifiedHandover handover in shown)
        {
            if (all.FirstOrDefault(known => known.Old == handover.Old) is not { } known)
            {
                all.Add(handover);
            }
            else if (known.New != handover.New || known.Head != handover.Head)
            {
                throw new VerificationException(
                    $"The key {VerifiedHandover.Name(known.Old)} hands the log over twice: at {known.Head.Size} entries to {VerifiedHandover.Name(known.New)}, and at {handover.Head.Size} to {VerifiedHandover.Name(handover.New)}. Keep both: they convict the log, or whoever has that key.");
            }
        }

        all.Sort(static (a, b) => a.Head.Size.CompareTo(b.Head.Size));
        CheckOrder(all);
        var chain = new KeyChain(Pinned, _pinnedVerifier, all, _verifierOf);
        return chain.Keys.Contains(Pinned)
            ? chain
            : throw new VerificationException($"The handovers lead from {VerifiedHandover.Name(chain.Keys[0])} to {VerifiedHandover.Name(chain.Current)}, and not past the pinned key {VerifiedHandover.Name(Pinned)}.");
    }

    /// <summary>The handovers as a list, to be kept.</summary>
    public byte[] Format() => HandoverList.Format(Handovers.Select(handover => handover.Proof));

    /// <summary>Verifies a checkpoint by the key in whose part of the log's life it lies.</summary>
    /// <param name="note">Untrusted.</param>
    /// <param name="key">The key that has signed it.</param>
    /// <exception cref="TlogFormatException">The bytes are not a note with a checkpoint's text.</exception>
    /// <exception cref="VerificationException">None of the keys has signed it, or one that has no right to.</exception>
    public VerifiedCheckpoint Verify(ReadOnlySpan<byte> note, out VerifierKey key)
    {
        SignedNote signed = SignedNote.Parse(note);
        int at = Keys.Count - 1;
        while (at >= 0 && !signed.Signatures.Any(signature => signature.Name == Keys[at].Name && signature.KeyId == Keys[at].KeyId))
        {
            at--;
        }

        if (at < 0)
        {
            throw new VerificationException(
                $"None of the log's keys known here ({string.Join(", ", Keys.Select(VerifiedHandover.Name))}) has signed this checkpoint; it has signatures by {string.Join(", ", signed.Signatures.Select(signature => $"{signature.Name}+{signature.KeyId:x8}"))}. If the log's key was rotated, the handover to the one that signed is missing.");
        }

        key = Keys[at];
        var checkpoint = VerifiedCheckpoint.Verify(note, Pinned.Name, key == Pinned ? _pinnedVerifier : VerifiedHandover.VerifierOf(key, _verifierOf));
        CheckPart(at, checkpoint.Head);
        return checkpoint;
    }

    /// <summary>Refuses a head that a key has signed outside its part of the log's life.</summary>
    private void CheckPart(int at, in TreeHead head)
    {
        if (at < Handovers.Count && head.Size > Handovers[at].Head.Size)
        {
            throw new VerificationException(
                $"The checkpoint of {head.Size} entries is signed by {VerifiedHandover.Name(Keys[at])} alone, which handed the log over to {VerifiedHandover.Name(Keys[at + 1])} at {Handovers[at].Head.Size} entries and signs nothing above. Keep it: it convicts the log, or whoever has the old key.");
        }

        if (at < Handovers.Count && head.Size == Handovers[at].Head.Size && head.Root != Handovers[at].Head.Root)
        {
            throw new VerificationException($"The checkpoint of {head.Size} entries has the root {head.Root}, but the handover of the same size has {Handovers[at].Head.Root}: two histories are signed.");
        }

        if (at > 0 && head.Size < Handovers[at - 1].Head.Size)
        {
            throw new VerificationException(
                $"The checkpoint of {head.Size} entries is signed by {VerifiedHandover.Name(Keys[at])}, which was given the log at {Handovers[at - 1].Head.Size} entries and signs nothing below.");
        }
    }

    /// <summary>Each handover follows on the one before: its old key is that one's new key, its entry and its head come later, and no key comes twice.</summary>
    private static void CheckOrder(IReadOnlyList<VerifiedHandover> handovers)
    {
        for (int i = 1; i < handovers.Count; i++)
        {
            if (handovers[i].Old != handovers[i - 1].New || handovers[i].Index < handovers[i - 1].Head.Size)
            {
                throw new VerificationException(
                    $"The handover from {VerifiedHandover.Name(handovers[i].Old)} at {handovers[i].Head.Size} entries does not follow on the one to {VerifiedHandover.Name(handovers[i - 1].New)} at {handovers[i - 1].Head.Size}.");
            }
        }

        if (handovers.Count > 0 && handovers.Select(handover => handover.New).Append(handovers[0].Old).Distinct().Count() != handovers.Count + 1)
        {
            throw new VerificationException("A key comes twice in the handovers.");
        }
    }
}
