using Indelible.Notes;

namespace Indelible.Verification;

/// <summary>What a verifier remembers between runs, in files of its own: the last verified checkpoint, as the log signed it, and how far it has hashed.</summary>
/// <remarks>
/// <para>
/// The file is the note alone, verified again when it is read, against the key that the caller pins, or the policy. It is replaced whole and never
/// by a smaller head. A file that is missing is "could not tell" unless the user starts one on purpose: otherwise deleting it would
/// hide that the log was set back.
/// </para>
/// <para>
/// Where the log's key was rotated, the handovers lie beside it, with <c>.handovers</c> behind its name: verified again from the pinned key on, and a
/// log that shows fewer of them or others is found out.
/// </para>
/// <para>
/// Beside it, with <c>.frontier</c> behind its name, lies a <see cref="TreeFrontier"/>. If that is missing, damaged, or of another head than the
/// file's, everything is hashed.
/// </para>
/// <para>
/// One run at a time: two that remember different heads of a log with two faces would each find its own valid. The lock is
/// <c>.lock</c> beside the file, and what was read is compared once more before it is replaced.
/// </para>
/// </remarks>
public sealed class VerifierState : IDisposable
{
    private const string FrontierExtension = ".frontier";
    private const string HandoversExtension = ".handovers";
    private const string LockExtension = ".lock";
    private readonly string _path;
    private readonly FileStream _lock;
    private readonly byte[]? _read;   // the file when it was opened; null where there was none

    private VerifierState(string path, FileStream held, CheckpointTrust trust)
    {
        _path = path;
        _lock = held;
        _read = ReadFile();
        Trust = File.Exists(path + HandoversExtension) ? trust.With(File.ReadAllBytes(path + HandoversExtension)) : trust;
        Remembered = _read is null ? null : Trust.Verify(_read, out _);
        Frontier = File.Exists(path + FrontierExtension)
            && TreeFrontier.TryParse(File.ReadAllBytes(path + FrontierExtension), trust.Origin, out TreeFrontier? frontier)
            && frontier.Remembered == Remembered?.Head ? frontier : null;
    }

    /// <summary>The remembered checkpoint; null where there is no file.</summary>
    public VerifiedCheckpoint? Remembered { get; }

    /// <summary>What the file was believed by: what the caller believes, and the handovers that earlier runs have verified.</summary>
    public CheckpointTrust Trust { get; }

    /// <summary>How far earlier runs have hashed; null where that is not known.</summary>
    public TreeFrontier? Frontier { get; }

    /// <summary>Opens a state for one run.</summary>
    /// <param name="path">The file; it need not be there.</param>
    /// <param name="trust">What it must be believed by.</param>
    /// <exception cref="VerificationException">The file is not a note that is believed, or another run has the state open.</exception>
    /// <exception cref="TlogFormatException">The file is not a note.</exception>
    /// <exception cref="IOException">A file cannot be read, or made.</exception>
    /// <exception cref="UnauthorizedAccessException">The same, for want of a right.</exception>
    public static VerifierState Open(string path, CheckpointTrust trust)
    {
        ArgumentNullException.ThrowIfNull(trust);
        FileStream held = Lock(path);
        try
        {
            return new VerifierState(path, held, trust);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Remembers what a valid run has verified.</summary>
    /// <param name="result">The result of a run that was given <see cref="Remembered"/>.</param>
    /// <exception cref="ArgumentException">It is not valid.</exception>
    /// <exception cref="VerificationException">The file is no longer what was read when it was opened, or the head is smaller.</exception>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The same, for want of a right.</exception>
    public void Remember(VerificationResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        if (result is not { Checkpoint: { } checkpoint, Frontier: { } frontier })
        {
            throw new ArgumentException("Only what is valid is remembered.", nameof(result));
        }

        if (!ReadFile().AsSpan().SequenceEqual(_read) || checkpoint.Head.Size < (Remembered?.Head.Size ?? 0))
        {
            throw new VerificationException($"{_path} was changed while this run went on; what it found is not remembered.");
        }

        // The handovers first: the note may be by a key that only they lead to.
        if (!result.Handovers.IsEmpty)
        {
            Replace(_path + HandoversExtension, result.Handovers.Span);
        }

        Replace(_path, checkpoint.Note.Span);
        Replace(_path + FrontierExtension, frontier.Format());
    }

    /// <summary>Notes how far a run has hashed that has not come to its end.</summary>
    /// <param name="frontier">As <see cref="VerificationRequest.Reached"/> received it.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The same, for want of a right.</exception>
    public void Reach(TreeFrontier frontier)
    {
        ArgumentNullException.ThrowIfNull(frontier);
        Replace(_path + FrontierExtension, frontier.Format());
    }

    /// <inheritdoc/>
    public void Dispose() => _lock.Dispose();

    private static FileStream Lock(string path)
    {
        try
        {
            return new FileStream(path + LockExtension, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (File.Exists(path + LockExtension))
        {
            throw new VerificationException($"Another run has it open ({path + LockExtension}): {e.Message}");
        }
    }

    private byte[]? ReadFile() => File.Exists(_path) ? File.ReadAllBytes(_path) : null;

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
