using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace Indelible.Engine.Storage.Files;

/// <summary>Segments as read-only files: <c>logs/NAME/segments/FIRSTINDEX.segment</c>.</summary>
public sealed class FileSegmentStore : ISegmentStore
{
    private const string Extension = ".segment";
    private readonly string _logsFolder;

    /// <summary>A store below <paramref name="logsFolder"/>, which need not exist yet.</summary>
    public FileSegmentStore(string logsFolder)
    {
        _logsFolder = logsFolder;
    }

    /// <inheritdoc/>
    public IReadOnlyList<long> List(string log)
    {
        string folder = FolderOf(log);
        return !Directory.Exists(folder)
            ? []
            : [.. Directory.EnumerateFiles(folder, "*" + Extension)
                .Select(path => long.Parse(Path.GetFileNameWithoutExtension(path), NumberStyles.None, CultureInfo.InvariantCulture))
                .Order()];
    }

    /// <inheritdoc/>
    public ValueTask PutAsync(string log, long firstIndex, Action<Stream> write, Action<ISegmentContent> verify, CancellationToken cancellationToken)
    {
        string folder = FolderOf(log);
        DurableFile.CreateFolder(folder);
        string path = PathOf(log, firstIndex);
        if (File.Exists(path))
        {
            throw new StorageException($"Segment {firstIndex} of log {log} exists already; segments never change.", StorageOutcome.NothingChanged);
        }

        string temporary = path + ".new";
        try
        {
            File.Delete(temporary);
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1 << 16))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            using (var content = new FileContent(temporary))
            {
                verify(content);
            }

            cancellationToken.ThrowIfCancellationRequested();
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(temporary, UnixFileMode.UserRead | UnixFileMode.GroupRead);
            }

            // From here the segment exists. A crash before the folder is synced loses the name, not the entries: the journal still has them.
            File.Move(temporary, path, overwrite: false);
            DurableFile.SyncFolder(folder);
            return ValueTask.CompletedTask;
        }
        catch (IOException e) when (e is not StorageException)
        {
            throw new StorageException($"Segment {firstIndex} of log {log} could not be written.", StorageOutcome.NothingChanged, e);
        }
    }

    /// <inheritdoc/>
    public ISegmentContent Open(string log, long firstIndex)
    {
        try
        {
            return new FileContent(PathOf(log, firstIndex));
        }
        catch (IOException e)
        {
            throw new StorageException($"Segment {firstIndex} of log {log} cannot be opened.", StorageOutcome.Damaged, e);
        }
    }

    private string FolderOf(string log) => Path.Combine(_logsFolder, log, "segments");

    private string PathOf(string log, long firstIndex) =>
        Path.Combine(FolderOf(log), firstIndex.ToString("D16", CultureInfo.InvariantCulture) + Extension);

    private sealed class FileContent(string path) : ISegmentContent
    {
        private readonly SafeFileHandle _handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read, FileOptions.RandomAccess);

        public long Length => RandomAccess.GetLength(_handle);

        public void Read(long offset, Span<byte> destination)
        {
            while (!destination.IsEmpty)
            {
                int read = RandomAccess.Read(_handle, destination, offset);
                if (read == 0)
                {
                    throw new StorageException($"{Path.GetFileName(path)} ends before byte {offset + destination.Length}.", StorageOutcome.Damaged);
                }

                offset += read;
                destination = destination[read..];
            }
        }

        public void Dispose() => _handle.Dispose();
    }
}
