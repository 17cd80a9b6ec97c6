using System.Globalization;

namespace Indelible.Engine.Storage.Files;

/// <summary>Segments as read-only files: <c>logs/NAME/segments/FIRSTINDEX.segment</c>.</summary>
public sealed class FileSegmentStore : ISegmentStore
{
    private const string Extension = ".segment";
    private const int WriteBufferBytes = 1 << 16;
    private readonly Disk _disk;
    private readonly string _logsFolder;

    /// <summary>A store below <paramref name="logsFolder"/>, which need not exist yet.</summary>
    internal FileSegmentStore(Disk disk, string logsFolder)
    {
        _disk = disk;
        _logsFolder = logsFolder;
    }

    /// <inheritdoc/>
    /// <exception cref="StorageException">A file has a name that no segment has.</exception>
    public IReadOnlyList<long> List(string log)
    {
        var firsts = new List<long>();
        foreach (string path in _disk.Files(FolderOf(log)).Where(path => path.EndsWith(Extension, StringComparison.Ordinal)))
        {
            if (!long.TryParse(Path.GetFileNameWithoutExtension(path), NumberStyles.None, CultureInfo.InvariantCulture, out long first) || PathOf(log, first) != path)
            {
                throw new StorageException($"{path} has a name that no segment has.", StorageOutcome.Damaged);
            }

            firsts.Add(first);
        }

        firsts.Sort();
        return firsts;
    }

    /// <inheritdoc/>
    public void Keep(string log) => _disk.SyncFolder(FolderOf(log));

    /// <inheritdoc/>
    public ValueTask PutAsync(string log, long firstIndex, Action<Stream> write, Action<ISegmentContent> verify, CancellationToken cancellationToken)
    {
        string folder = FolderOf(log);
        _disk.EnsureFolder(Path.GetDirectoryName(folder)!);
        _disk.EnsureFolder(folder);
        string path = PathOf(log, firstIndex);
        if (_disk.Exists(path))
        {
            throw new StorageException($"Segment {firstIndex} of log {log} exists already; segments never change.", StorageOutcome.NothingChanged);
        }

        string temporary = path + ".new";
        try
        {
            _disk.Delete(temporary);
            using (DiskFile file = _disk.Create(temporary))
            {
                using (var stream = new BufferedStream(new AppendingStream(file), WriteBufferBytes))
                {
                    write(stream);
                }

                file.Sync();
            }

            using (var content = new FileContent(_disk.Open(temporary, writable: false)))
            {
                verify(content);
            }

            cancellationToken.ThrowIfCancellationRequested();
            _disk.MakeReadOnly(temporary);
        }
        catch (Exception e) when (e is (IOException or UnauthorizedAccessException) and not StorageException { Outcome: StorageOutcome.Damaged })
        {
            // Whatever became of the temporary file, the segment does not exist: also after a failed sync it will be written anew.
            throw new StorageException($"Segment {firstIndex} of log {log} could not be written: {e.Message}", StorageOutcome.NothingChanged, e);
        }

        try
        {
            // From here the segment exists. A crash before the folder is synced loses the name, not the entries: the journal still has them.
            _disk.Move(temporary, path, overwrite: false);
            _disk.SyncFolder(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageException($"Whether segment {firstIndex} of log {log} has its name is not known.", StorageOutcome.Unknown, e);
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ISegmentContent Open(string log, long firstIndex)
    {
        try
        {
            return new FileContent(_disk.Open(PathOf(log, firstIndex), writable: false));
        }
        catch (IOException e)
        {
            StorageOutcome outcome = e is FileNotFoundException or DirectoryNotFoundException ? StorageOutcome.Damaged : StorageOutcome.NothingChanged;
            throw new StorageException($"Segment {firstIndex} of log {log} cannot be opened: {e.Message}", outcome, e);
        }
    }

    private string FolderOf(string log) => Path.Combine(_logsFolder, log, "segments");

    /// <summary>Opens a segment that lies somewhere else.</summary>
    internal static ISegmentContent OpenFile(Disk disk, string path) => new FileContent(disk.Open(path, writable: false));

    /// <summary>Where a segment lies.</summary>
    internal string PathOf(string log, long firstIndex) =>
        Path.Combine(FolderOf(log), firstIndex.ToString("D16", CultureInfo.InvariantCulture) + Extension);

    private sealed class FileContent(DiskFile file) : ISegmentContent
    {
        public long Length => file.Length;

        public void Read(long offset, Span<byte> destination) => file.ReadExactly(offset, destination);

        public void Dispose() => file.Dispose();
    }
}
