using Indelible.Notes;

namespace Indelible.Policies;

/// <summary>
/// What a policy says to a checkpoint: whether it is believed, on whose word, and what lacks. Only <see cref="TlogPolicy"/> makes one.
/// Immutable.
/// </summary>
public sealed class PolicyVerdict
{
    internal PolicyVerdict(Checkpoint claimed)
    {
        Claimed = claimed;
    }

    /// <summary>What the note says. <b>Not verified</b> unless <see cref="IsSatisfied"/>.</summary>
    public Checkpoint Claimed { get; }

    /// <summary>
    /// Whether a log key of this origin is believed, the quorum is satisfied, and no signature under a key of the policy is wrong.
    /// </summary>
    public bool IsSatisfied => Verified is not null;

    /// <summary>
    /// The checkpoint as verified; null unless <see cref="IsSatisfied"/>. Its origin may be that of any log of the policy: compare it
    /// with the one meant.
    /// </summary>
    public VerifiedCheckpoint? Verified { get; internal init; }

    /// <summary>The log keys of this origin, in the order of the policy. One that is believed is enough.</summary>
    public required IReadOnlyList<KeyFinding> Logs { get; init; }

    /// <summary>All witnesses of the policy by their names in it, in its order, those included that the quorum does not ask for.</summary>
    public required IReadOnlyList<KeyValuePair<PolicyWord, KeyFinding>> Witnesses { get; init; }

    /// <summary>The groups that have enough satisfied members, in the order of the policy.</summary>
    public required IReadOnlyList<PolicyGroup> SatisfiedGroups { get; init; }

    /// <summary>Whether the quorum is satisfied; always where it is <c>none</c>.</summary>
    public bool IsQuorumSatisfied { get; internal init; }

    /// <summary>
    /// The newest time of a believed cosignature, in seconds since 1970: the log existed thus then, as its witnesses say. Null without
    /// one.
    /// </summary>
    public long? NewestPosixSeconds { get; internal init; }

    /// <summary>Whether windows were judged. Without them, retired keys are believed.</summary>
    public bool HasWindows { get; internal init; }

    /// <summary>Why the policy is not satisfied, a sentence each; empty when it is.</summary>
    public required IReadOnlyList<string> Faults { get; init; }

    /// <summary>The checkpoint, verified.</summary>
    /// <param name="origin">The log that the caller means; null where any log of the policy will do.</param>
    /// <exception cref="VerificationException">
    /// The policy is not satisfied, or the checkpoint is of another log; the message says all that lacks.
    /// </exception>
    public VerifiedCheckpoint Require(string? origin)
    {
        if (Verified is null)
        {
            throw new VerificationException(
                $"The policy does not accept the checkpoint of {Claimed.Origin} with {Claimed.Size} entries. {string.Join(' ', Faults)}");
        }

        return origin is null || origin == Claimed.Origin
            ? Verified
            : throw new VerificationException($"The checkpoint is of the log {Claimed.Origin}, not of {origin}.");
    }
}
