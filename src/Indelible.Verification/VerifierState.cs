using Indelible.Notes;

namespace Indelible.Verification;

/// <summary>What a verifier remembers between runs, in files of its own: the last verified checkpoint, as the log signed it, and how far it has hashed.</summary>
/// <remarks>
/// <para>
/// The file is the note alone, verified again when it is read, against the key that the caller pins, or the policy. It is replaced whole and never
/// by a smaller head. A file that is missing is "could not tell" unless the user starts one on purpose: otherwise deleting it would
/// hide that the log was set back.
/// </para>
/// <para>Beside it, with <c>.frontier</c> behind its name, lies a <see cref="TreeFrontier"/>. If that is missing or damaged, everything is hashed.</para>
/// </remarks>
public static class VerifierState
{
    private const string FrontierExtension = ".frontier";

    /// <summary>Reads the remembered checkpoint.</summary>
    /// <param name="path">The file.</param>
    /// <param name="trust">What it must be believed by.</param>
    /// <returns>The checkpoint, or null where there is no file.</returns>
    /// <exception cref="VerificationException">The file is not a note that is believed.</exception>
    /// <exception cref="TlogFormatException">The file is not a note.</exception>
    public static VerifiedCheckpoint? Read(string path, CheckpointTrust trust)
    {
        ArgumentNullException.ThrowIfNull(trust);
        return File.Exists(path) ? trust.Verify(File.ReadAllBytes(path), out _) : null;
    }

    /// <summary>Remembers a checkpoint, unless a larger one is remembered already.</summary>
    public static void Write(string path, VerifiedCheckpoint checkpoint, CheckpointTrust trust)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        if (Read(path, trust) is { } known && known.Head.Size > checkpoint.Head.Size)
        {
            return;
        }

        Replace(path, checkpoint.Note.Span);
    }

    /// <summary>Reads how far earlier runs have hashed; null where that is not known.</summary>
    /// <param name="path">The state's file.</param>
    /// <param name="origin">The log.</param>
    public static TreeFrontier? ReadFrontier(string path, string origin) =>
        File.Exists(path + FrontierExtension) && TreeFrontier.TryParse(File.ReadAllBytes(path + FrontierExtension), origin, out TreeFrontier? frontier) ? frontier : null;

    /// <summary>Remembers how far this run has hashed.</summary>
    public static void WriteFrontier(string path, TreeFrontier frontier)
    {
        ArgumentNullException.ThrowIfNull(frontier);
        Replace(path + FrontierExtension, frontier.Format());
    }

    private static void Replace(string path, ReadOnlySpan<byte> content)
    {
        string temporary = path + ".new";
        using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }
}
