using Indelible.Merkle;

namespace Indelible.Notes;

/// <summary>A checkpoint that the log's key, pinned by the caller, has signed. Only <see cref="Verify"/> and a satisfied policy make one. Immutable.</summary>
public sealed class VerifiedCheckpoint
{
    internal VerifiedCheckpoint(Checkpoint checkpoint, ReadOnlyMemory<byte> note, IReadOnlyList<NoteVerifier> vouching)
    {
        Checkpoint = checkpoint;
        Note = note;
        Vouching = vouching;
    }

    /// <summary>What was signed.</summary>
    public Checkpoint Checkpoint { get; }

    /// <summary>Size and root.</summary>
    public TreeHead Head => new(Checkpoint.Size, Checkpoint.Root);

    /// <summary>The whole note as it was received.</summary>
    public ReadOnlyMemory<byte> Note { get; }

    /// <summary>The keys whose signatures were verified, the log's among them.</summary>
    public IReadOnlyList<NoteVerifier> Vouching { get; }

    /// <summary>Reads a note, verifies the log's signature, and checks that it is this log's checkpoint.</summary>
    /// <param name="note">Untrusted.</param>
    /// <param name="origin">The origin that the caller means: a checkpoint of another log under the same key is refused.</param>
    /// <param name="logKey">The log's key, which must have signed.</param>
    /// <param name="others">Further keys, whose signatures are verified where they are there.</param>
    /// <exception cref="TlogFormatException">The bytes are not a note with a checkpoint's text.</exception>
    /// <exception cref="VerificationException">The log's key has not signed it, or it is of another origin.</exception>
    public static VerifiedCheckpoint Verify(ReadOnlySpan<byte> note, string origin, NoteVerifier logKey, params ReadOnlySpan<NoteVerifier> others)
    {
        ArgumentNullException.ThrowIfNull(logKey);
        SignedNote signed = SignedNote.Parse(note);
        VerifiedNote verified = signed.Verify([logKey, .. others]);
        if (!verified.Vouching.Contains(logKey))
        {
            throw new VerificationException($"The log's key {logKey.Name}+{logKey.KeyId:x8} has not signed this checkpoint.");
        }

        Checkpoint checkpoint = Checkpoint.Parse(verified.Text.Span);
        return checkpoint.Origin == origin
            ? new VerifiedCheckpoint(checkpoint, note.ToArray(), verified.Vouching)
            : throw new VerificationException($"The checkpoint is of the log {checkpoint.Origin}, not of {origin}.");
    }
}
