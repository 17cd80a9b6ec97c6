using Indelible.Keys;
using Indelible.Merkle;
using Indelible.Notes;
using Indelible.Policies;
using Indelible.Rotation;

namespace Indelible.Verification;

/// <summary>What a verifier believes a checkpoint by: one key that the caller pins, or a policy of the caller's.</summary>
public abstract class CheckpointTrust
{
    private CheckpointTrust(string origin)
    {
        Origin = origin;
    }

    /// <summary>The log that checkpoints must be of.</summary>
    public string Origin { get; }

    /// <summary>What this trust leaves open, for a report.</summary>
    internal abstract IEnumerable<string> Open { get; }

    /// <summary>The keys of the log that are believed, as text: the current one last.</summary>
    public abstract IReadOnlyList<string> Vkeys { get; }

    /// <summary>The handovers that led from key to key, as a list to be kept; no bytes where there are none.</summary>
    internal abstract ReadOnlyMemory<byte> Handovers { get; }

    /// <summary>The heads at which the log was handed over from key to key.</summary>
    public abstract IReadOnlyList<TreeHead> HandoverHeads { get; }

    /// <summary>Trust in one key, pinned by the caller, and in those that handovers lead to from it; its name is the origin.</summary>
    public static CheckpointTrust InKey(Ed25519NoteVerifier logKey)
    {
        ArgumentNullException.ThrowIfNull(logKey);
        return new OneKey(KeyChain.Of(logKey.VerifierKey, NoteVerifiers.OfLog));
    }

    /// <summary>Trust in a policy.</summary>
    /// <param name="policy">The policy.</param>
    /// <param name="windows">The windows of its keys; null where there are none.</param>
    /// <param name="origin">The log that is meant: a policy may list several.</param>
    /// <param name="verifierOf">Makes a verifier of a key, or null where its type cannot be verified.</param>
    /// <param name="at">The time that a log key with a window is judged by where no witness tells one.</param>
    public static CheckpointTrust InPolicy(
        TlogPolicy policy, PolicyWindows? windows, string origin, Func<VerifierKey, NoteVerifier?> verifierOf, DateTimeOffset at)
    {
        ArgumentNullException.ThrowIfNull(policy);
        return new WholePolicy(policy, windows, origin, verifierOf, at);
    }

    /// <summary>The trust with what a log's handovers add to it: none where a policy lists the keys itself.</summary>
    /// <param name="handovers">A list of handovers; untrusted.</param>
    /// <exception cref="TlogFormatException">It is none.</exception>
    /// <exception cref="VerificationException">The handovers do not lead past the pinned key, or contradict each other or what is known.</exception>
    public virtual CheckpointTrust With(ReadOnlySpan<byte> handovers) => this;

    /// <summary>Verifies a checkpoint.</summary>
    /// <param name="note">Untrusted bytes.</param>
    /// <param name="by">By what it is believed, to follow "the checkpoint …".</param>
    /// <exception cref="TlogFormatException">It is no signed checkpoint.</exception>
    /// <exception cref="VerificationException">It is not believed.</exception>
    public abstract VerifiedCheckpoint Verify(ReadOnlySpan<byte> note, out string by);

    private sealed class OneKey(KeyChain chain) : CheckpointTrust(chain.Pinned.Name)
    {
        public override IReadOnlyList<string> Vkeys => [.. chain.Keys.Select(key => key.ToString())];

        internal override ReadOnlyMemory<byte> Handovers => chain.Format();

        public override IReadOnlyList<TreeHead> HandoverHeads => [.. chain.Handovers.Select(handover => handover.Head)];

        internal override IEnumerable<string> Open =>
        [
            "witnesses and outside time stamps: none is asked for without a policy",
            .. chain.Handovers.Select(handover =>
                $"the rotation at {handover.Head.Size} entries beyond its keys' own word: rotation vouched by the old key only, {handover.Old.KeyId:x8} for {handover.New.KeyId:x8}"),
        ];

        public override CheckpointTrust With(ReadOnlySpan<byte> handovers) => handovers.IsEmpty ? this : new OneKey(chain.With(handovers));

        public override VerifiedCheckpoint Verify(ReadOnlySpan<byte> note, out string by)
        {
            VerifiedCheckpoint checkpoint = chain.Verify(note, out VerifierKey key);
            by = key == chain.Pinned
                ? $"is signed by the pinned key {key.Name}+{key.KeyId:x8}"
                : $"is signed by {key.Name}+{key.KeyId:x8}, to or from which handovers lead from the pinned key {chain.Pinned.KeyId:x8}";
            return checkpoint;
        }
    }

    private sealed class WholePolicy(
        TlogPolicy policy, PolicyWindows? windows, string origin, Func<VerifierKey, NoteVerifier?> verifierOf, DateTimeOffset at) : CheckpointTrust(origin)
    {
        public override IReadOnlyList<string> Vkeys => [.. policy.Logs.Select(log => log.Key).Where(key => key.Name == Origin).Select(key => key.ToString())];

        internal override ReadOnlyMemory<byte> Handovers => ReadOnlyMemory<byte>.Empty;

        public override IReadOnlyList<TreeHead> HandoverHeads => [];

        internal override IEnumerable<string> Open =>
        [
            .. windows is null ? ["windows of validity: no file has them beside the policy, so that a retired key is believed like any other"] : Array.Empty<string>(),
            .. policy.Quorum.ToString() == "none" ? ["witnesses: the policy asks for none"] : Array.Empty<string>(),
        ];

        public override VerifiedCheckpoint Verify(ReadOnlySpan<byte> note, out string by)
        {
            PolicyVerdict verdict = policy.Verify(note, verifierOf, windows, at);
            string[] believed =
            [
                .. verdict.Logs.Where(log => log.Standing == KeyStanding.Believed).Select(log => $"signed by {log.Key.Name}+{log.Key.KeyId:x8}"),
                .. verdict.Witnesses.Where(witness => witness.Value.Standing == KeyStanding.Believed).Select(witness => $"cosigned by {witness.Key}"),
            ];
            by = "satisfies the policy: " + string.Join(", ", believed);
            return verdict.Require(Origin);
        }
    }
}
