using Indelible.Notes;

namespace Indelible.Verification;

/// <summary>What a verifier remembers between runs: the last verified checkpoint, as the log signed it, in a file of the verifier's own.</summary>
/// <remarks>
/// The file is the note alone, verified again when it is read, against the key that the caller pins. It is replaced whole and never
/// by a smaller head. A file that is missing is "could not tell" unless the user starts one on purpose: otherwise deleting it would
/// hide that the log was set back.
/// </remarks>
public static class VerifierState
{
    /// <summary>Reads the remembered checkpoint.</summary>
    /// <param name="path">The file.</param>
    /// <param name="logKey">The pinned key.</param>
    /// <returns>The checkpoint, or null where there is no file.</returns>
    /// <exception cref="VerificationException">The file is not a note of this key.</exception>
    /// <exception cref="TlogFormatException">The file is not a note.</exception>
    public static VerifiedCheckpoint? Read(string path, NoteVerifier logKey)
    {
        ArgumentNullException.ThrowIfNull(logKey);
        return File.Exists(path) ? VerifiedCheckpoint.Verify(File.ReadAllBytes(path), logKey.Name, logKey) : null;
    }

    /// <summary>Remembers a checkpoint, unless a larger one is remembered already.</summary>
    public static void Write(string path, VerifiedCheckpoint checkpoint, NoteVerifier logKey)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        if (Read(path, logKey) is { } known && known.Head.Size > checkpoint.Head.Size)
        {
            return;
        }

        string temporary = path + ".new";
        using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write))
        {
            file.Write(checkpoint.Note.Span);
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }
}
