using Indelible.Notes;
using Indelible.Policies;

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

    /// <summary>Trust in one key, pinned by the caller; its name is the origin.</summary>
    public static CheckpointTrust InKey(NoteVerifier logKey)
    {
        ArgumentNullException.ThrowIfNull(logKey);
        return new OneKey(logKey);
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

    /// <summary>Verifies a checkpoint.</summary>
    /// <param name="note">Untrusted bytes.</param>
    /// <param name="by">By what it is believed, to follow "the checkpoint …".</param>
    /// <exception cref="TlogFormatException">It is no signed checkpoint.</exception>
    /// <exception cref="VerificationException">It is not believed.</exception>
    public abstract VerifiedCheckpoint Verify(ReadOnlySpan<byte> note, out string by);

    private sealed class OneKey(NoteVerifier logKey) : CheckpointTrust(logKey.Name)
    {
        internal override IEnumerable<string> Open => ["witnesses and outside time stamps: none is asked for without a policy"];

        public override VerifiedCheckpoint Verify(ReadOnlySpan<byte> note, out string by)
        {
            by = $"is signed by the pinned key {logKey.Name}+{logKey.KeyId:x8}";
            return VerifiedCheckpoint.Verify(note, logKey.Name, logKey);
        }
    }

    private sealed class WholePolicy(
        TlogPolicy policy, PolicyWindows? windows, string origin, Func<VerifierKey, NoteVerifier?> verifierOf, DateTimeOffset at) : CheckpointTrust(origin)
    {
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
