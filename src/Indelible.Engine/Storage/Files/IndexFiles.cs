using System.Globalization;

namespace Indelible.Engine.Storage.Files;

/// <summary>The index files of a log: <c>logs/NAME/index/FIRSTINDEX.index</c>, one beside each segment, and <c>.personal</c> beside it.</summary>
/// <remarks>
/// They are made of the entries and can be taken away at any time; what is in them is whoever's who makes them. What is not named like one, or is no file, is not looked at.
/// Thread-safe for different files.
/// </remarks>
public sealed class IndexFiles
{
    /// <summary>The folder's name, in that of the log.</summary>
    internal const string FolderName = "index";

    private const string PublicExtension = ".index";
    private const string PersonalExtension = ".personal";
    private const string Unfinished = ".new";
    private const int WriteBufferBytes = 1 << 16;

    private readonly Disk _disk;
    private readonly string _folder;

    internal IndexFiles(Disk disk, string folder)
    {
        _disk = disk;
        _folder = folder;
    }

    /// <summary>Where a file lies.</summary>
    /// <param name="first">The leaf index of the segment's first entry.</param>
    /// <param name="isPersonal">Whether it is the one of personal values.</param>
    public string PathOf(long first, bool isPersonal) =>
        Path.Combine(_folder, first.ToString("D16", CultureInfo.InvariantCulture) + (isPersonal ? PersonalExtension : PublicExtension));

    /// <summary>Whether a file is there, and nothing else under its name.</summary>
    public bool Contains(long first, bool isPersonal) => _disk.Exists(PathOf(first, isPersonal)) && _disk.IsPlain(PathOf(first, isPersonal));

    /// <summary>The first indexes of the files that are there, ascending.</summary>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    public IReadOnlyList<long> List(bool isPersonal)
    {
        var firsts = new List<long>();
        foreach (string path in _disk.Files(_folder))
        {
            if (long.TryParse(Path.GetFileNameWithoutExtension(path), NumberStyles.None, CultureInfo.InvariantCulture, out long first) && PathOf(first, isPersonal) == path && _disk.IsPlain(path))
            {
                firsts.Add(first);
            }
        }

        firsts.Sort();
        return firsts;
    }

    /// <summary>Takes away what a crash left unfinished.</summary>
    /// <exception cref="IOException">It could not be taken away.</exception>
    public void RemoveUnfinished()
    {
        foreach (string path in _disk.Files(_folder).Where(path => path.EndsWith(Unfinished, StringComparison.Ordinal)))
        {
            _disk.Delete(path);
        }
    }

    /// <summary>Writes a file, in place of one that is there: under another name, synced, read-only, and only then under its own.</summary>
    /// <param name="first">The leaf index of the segment's first entry.</param>
    /// <param name="isPersonal">Whether it is the one of personal values.</param>
    /// <param name="write">Writes the bytes.</param>
    /// <exception cref="IOException">It could not be written: what was there is there still. Or, a <see cref="StorageException"/> of unknown outcome: which of the two is there is not known.</exception>
    public void Write(long first, bool isPersonal, Action<Stream> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        if (!_disk.FolderExists(_folder))
        {
            _disk.CreateFolder(_folder);
        }

        string path = PathOf(first, isPersonal);
        string temporary = path + Unfinished;
        try
        {
            _disk.Delete(temporary);
            using DiskFile file = _disk.Create(temporary);
            using (var stream = new BufferedStream(new AppendingStream(file), WriteBufferBytes))
            {
                write(stream);
            }

            file.Sync();
            _disk.MakeReadOnly(temporary);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Discard(temporary);
            throw new StorageException($"{path} could not be written: {e.Message}", StorageOutcome.NothingChanged, e);
        }

        _disk.Replace(temporary, path);
    }

    /// <summary>Takes every file of personal values away, finished or not; durable on return.</summary>
    /// <exception cref="StorageException">Some may be there still.</exception>
    public void DeletePersonal()
    {
        if (!_disk.FolderExists(_folder))
        {
            return;
        }

        try
        {
            foreach (string path in _disk.Files(_folder).Where(IsPersonal))
            {
                _disk.Delete(path);
            }

            // Also where there was none: an earlier try may have ended before its deletions were durable.
            _disk.SyncFolder(_folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageException($"Whether the indexes of personal values in {_folder} were deleted is not known: {e.Message}", StorageOutcome.Unknown, e);
        }
    }

    /// <summary>Whether a path below the folder of all logs is that of a file of personal values, finished or not.</summary>
    internal static bool IsPersonal(string path) =>
        (path.EndsWith(PersonalExtension, StringComparison.Ordinal) || path.EndsWith(PersonalExtension + Unfinished, StringComparison.Ordinal))
        && Path.GetFileName(Path.GetDirectoryName(path)) == FolderName;

    /// <summary>A part of a file takes room that something else may need.</summary>
    private void Discard(string temporary)
    {
        try
        {
            _disk.Delete(temporary);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Then it stays until the next try, or the next start.
        }
    }
}
