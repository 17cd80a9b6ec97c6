using Indelible.Merkle;
using Indelible.Notes;

namespace Indelible.Engine.Backup;

/// <summary>A signed head that somebody kept, and who.</summary>
/// <param name="From">Who was asked: the checkpoint store, or a note's file.</param>
/// <param name="Checkpoint">What was found there, verified with the log's key.</param>
public sealed record KnownHead(string From, VerifiedCheckpoint Checkpoint);

/// <summary>What a restore will do with one log.</summary>
/// <param name="Log">What the backup holds of it.</param>
/// <param name="Signed">The largest head known to have been signed; null where nobody could be asked.</param>
/// <param name="Successor">The log that goes on in its place; null where the log itself goes on, or was finished by an earlier restore.</param>
/// <param name="Reason">Why, in words.</param>
public sealed record LogDecision(BackedUpLog Log, KnownHead? Signed, string? Successor, string Reason);

/// <summary>What a restore will do. Nothing has been done yet.</summary>
/// <param name="Decisions">One for each log, the configuration's first.</param>
/// <param name="Asked">Whom we asked what had been signed.</param>
/// <param name="Known">Every head that was found.</param>
public sealed record RestorePlan(IReadOnlyList<LogDecision> Decisions, IReadOnlyList<string> Asked, IReadOnlyList<KnownHead> Known)
{
    /// <summary>Whether the configuration itself cannot go on: keys made or revoked since the backup are lost.</summary>
    public bool LosesConfiguration => Decisions.Any(decision => decision.Successor is { } successor && Configuration.LogName.LineOf(successor) == Configuration.LogName.System);
}

/// <summary>A log of a folder that has been restored.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Origin">Its origin.</param>
/// <param name="Vkey">Its key.</param>
/// <param name="Head">Its entries and their root, as restored; of a new log, as it was begun.</param>
/// <param name="Successor">The log that goes on in its place, or null.</param>
public sealed record RestoredLog(string Name, string Origin, string Vkey, TreeHead Head, string? Successor);
