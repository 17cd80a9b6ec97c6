namespace Indelible.Engine.Storage.Files;

/// <summary>The operations on files that the drivers' promises rest on. Nothing is durable until it has been synced: data by its file, names by their folder.</summary>
/// <remarks>
/// <para>
/// The drivers know no other way to a file. <see cref="System"/> is the operating system's; the other implementation simulates a disk
/// that fails, tears writes and forgets what was not synced, so that every promise can be tried at every step.
/// </para>
/// <para>A failed sync is never tried again: the kernel may have dropped the pages and would report success. Thread-safe.</para>
/// </remarks>
internal abstract class Disk
{
    private const int LookersPatience = 100;   // turns, most of a millisecond

    /// <summary>The operating system's files.</summary>
    public static Disk System { get; } = new SystemDisk();

    /// <summary>Whether there is a file of this path.</summary>
    public abstract bool Exists(string path);

    /// <summary>Whether there is a folder of this path.</summary>
    public abstract bool FolderExists(string path);

    /// <summary>The paths of the files in a folder, in ordinal order; none where there is no such folder.</summary>
    public abstract IReadOnlyList<string> Files(string folder);

    /// <summary>The paths of the files in a folder and in every folder below it. Links are among them, and are not followed.</summary>
    public abstract IEnumerable<string> FilesBelow(string folder);

    /// <summary>Whether what <see cref="FilesBelow"/> gave is a file: not a link, pipe, socket or device. The operating system's disk alone has others.</summary>
    public virtual bool IsPlain(string path) => true;

    /// <summary>Whether a folder is missing or has nothing in it, files or folders.</summary>
    public abstract bool IsEmpty(string folder);

    /// <summary>Opens a file that exists.</summary>
    /// <exception cref="StorageException">It is no file but a folder, pipe, socket or device.</exception>
    /// <exception cref="IOException">There is none, or it cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">This process may not.</exception>
    public abstract DiskFile Open(string path, bool writable);

    /// <summary>Makes a file that only its owner may read and write.</summary>
    /// <exception cref="IOException">There is one already, or it cannot be made.</exception>
    public abstract DiskFile Create(string path);

    /// <summary>Gives a file another name in the same folder, in one step. The name is durable when the folder has been synced.</summary>
    public abstract void Move(string from, string to, bool overwrite);

    /// <summary>Takes a file away, if there is one.</summary>
    public abstract void Delete(string path);

    /// <summary>Makes one folder that only its owner may enter, in one that exists; nothing where it is there.</summary>
    public abstract void MakeFolder(string path);

    /// <summary>The paths of the folders in a folder, in ordinal order; none where there is no such folder. The operating system's disk alone can say.</summary>
    public virtual IReadOnlyList<string> Folders(string folder) => throw new NotSupportedException();

    /// <summary>Takes a folder away with everything in it, if there is one. The operating system's disk alone can.</summary>
    public virtual void DeleteFolder(string folder) => throw new NotSupportedException();

    /// <summary>Makes the names in a folder durable: new files, renames, deletions.</summary>
    /// <exception cref="StorageException">Outcome unknown.</exception>
    public abstract void SyncFolder(string path);

    /// <summary>Takes every right to write from a file.</summary>
    public abstract void MakeReadOnly(string path);

    /// <summary>Whether others than its owner may read or write a file.</summary>
    public abstract bool IsOpenToOthers(string path);

    /// <summary>Holds a file, made if needed, for this process alone until the result is disposed.</summary>
    /// <exception cref="IOException">Another process holds it.</exception>
    public abstract IDisposable Lock(string path);

    /// <summary>Holds a file as <see cref="Lock"/> does.</summary>
    /// <param name="path">The file.</param>
    /// <param name="held">What to say where another process holds it.</param>
    /// <exception cref="StorageException">Another process holds it, or it cannot be opened to write.</exception>
    public IDisposable Take(string path, string held)
    {
        var pause = new SpinWait();
        while (true)
        {
            try
            {
                return Lock(path);
            }
            catch (IOException e) when (IsLocked(path))
            {
                throw new StorageException(held, StorageOutcome.NothingChanged, e);
            }
            catch (IOException) when (pause.Count < LookersPatience && Exists(path))
            {
                // Whoever asks whether it is held holds it for that moment: a verifier beside a node that starts must not keep it from starting.
                pause.SpinOnce();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new StorageException($"{path} cannot be written: {e.Message}", StorageOutcome.NothingChanged, e);
            }
        }
    }

    /// <summary>Whether another process holds a file by <see cref="Lock"/>.</summary>
    public abstract bool IsLocked(string path);

    /// <summary>What tells a file from every copy of it, as far as the file system keeps such a thing: one line of ASCII.</summary>
    public virtual string IdentityOf(string path) => "-";

    /// <summary>The length of a file in bytes.</summary>
    public long LengthOf(string path)
    {
        using DiskFile file = Open(path, writable: false);
        return file.Length;
    }

    /// <summary>Makes a folder and those above it, where they are missing; durable on return.</summary>
    public void CreateFolder(string path)
    {
        if (FolderExists(path))
        {
            return;
        }

        string? parent = Path.GetDirectoryName(Path.GetFullPath(path));
        if (string.IsNullOrEmpty(parent))
        {
            throw new StorageException($"There is no folder {path}, and none to make it in.", StorageOutcome.NothingChanged);
        }

        CreateFolder(parent);
        MakeFolder(path);
        SyncFolder(parent);
    }

    /// <summary>Makes a folder where it is missing, in one that is durable; durable itself on return, whoever made it.</summary>
    /// <exception cref="StorageException">It could not be made: nothing was changed. Or, with <see cref="StorageOutcome.Unknown"/>: it may not be durable.</exception>
    /// <remarks>
    /// A folder that is there is synced into the one above it all the same: who made it may have ended before it was durable, and a
    /// crash would take with it what is put into it now.
    /// </remarks>
    public void EnsureFolder(string path)
    {
        if (!FolderExists(path))
        {
            try
            {
                MakeFolder(path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new StorageException($"The folder {path} could not be made: {e.Message}", StorageOutcome.NothingChanged, e);
            }
        }

        SyncFolder(Path.GetDirectoryName(path)!);
    }

    /// <summary>Writes a small file so that after a crash it is either wholly there or not at all; an existing file is replaced.</summary>
    /// <exception cref="StorageException">
    /// It could not be written: nothing was changed. Or, with <see cref="StorageOutcome.Unknown"/>: which of the two is there is not known.
    /// </exception>
    public void WriteWhole(string path, ReadOnlySpan<byte> content)
    {
        string temporary = path + ".new";
        try
        {
            Delete(temporary);
            using DiskFile file = Create(temporary);
            file.Write(0, content);
            file.Sync();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageException($"{path} could not be written: {e.Message}", StorageOutcome.NothingChanged, e);
        }

        Replace(temporary, path);
    }

    /// <summary>Gives a file that has been synced its name, in place of another if there is one; durable on return.</summary>
    /// <exception cref="StorageException">Outcome unknown.</exception>
    public void Replace(string from, string to)
    {
        try
        {
            Move(from, to, overwrite: true);
            SyncFolder(Path.GetDirectoryName(to)!);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageException($"Whether {to} was replaced is not known: {e.Message}", StorageOutcome.Unknown, e);
        }
    }

    /// <summary>Reads a whole file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="maxBytes">What it may have at most; checked before memory is taken.</param>
    /// <exception cref="StorageException">It is longer.</exception>
    public byte[] ReadWhole(string path, long maxBytes)
    {
        using DiskFile file = Open(path, writable: false);
        long length = file.Length;
        if (length > maxBytes)
        {
            throw new StorageException($"{path} has {length} bytes, more than the {maxBytes} it can have.", StorageOutcome.Damaged);
        }

        byte[] bytes = new byte[length];
        file.ReadExactly(0, bytes);
        return bytes;
    }
}

/// <summary>An open file. Reading is thread-safe; one caller writes at a time.</summary>
internal abstract class DiskFile(string fullPath) : IDisposable
{
    /// <summary>The path by which it was opened.</summary>
    public string FullPath { get; } = fullPath;

    /// <summary>Its length in bytes.</summary>
    public abstract long Length { get; }

    /// <summary>Reads what there is, at most <c>destination.Length</c> bytes; 0 at the end.</summary>
    public abstract int Read(long offset, Span<byte> destination);

    /// <summary>Writes all of <paramref name="bytes"/>; a file that ends before grows. Not durable yet.</summary>
    /// <exception cref="IOException">Any part of it may have been written.</exception>
    public abstract void Write(long offset, ReadOnlySpan<byte> bytes);

    /// <summary>Cuts the file. Durable with the next sync.</summary>
    public abstract void SetLength(long length);

    /// <summary>Makes everything written so far durable, the length included.</summary>
    /// <exception cref="StorageException">Outcome unknown: not to be tried again, nor to be believed when read back.</exception>
    public abstract void Sync();

    /// <summary>Fills <paramref name="destination"/>.</summary>
    /// <exception cref="StorageException">The file ends before.</exception>
    public void ReadExactly(long offset, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            int read = Read(offset, destination);
            if (read == 0)
            {
                throw new StorageException($"{Path.GetFileName(FullPath)} ends before byte {offset + destination.Length}.", StorageOutcome.Damaged);
            }

            offset += read;
            destination = destination[read..];
        }
    }

    /// <inheritdoc/>
    public abstract void Dispose();
}
