using Indelible.Client.Recording.Spooling;

namespace Indelible.Client.Recording.Sending;

/// <summary>The receipts that no checkpoint has made good yet, in files that <c>indelible verify --receipts</c> takes. Thread-safe.</summary>
/// <remarks>
/// Each file is a list of answers, one a line, in the order of their arrival. The last is written to; the others are closed, and go
/// as a whole when every entry that they promise is proven. Bounded: beyond it the oldest go unproven, counted.
/// </remarks>
internal sealed class ReceiptStore : IDisposable
{
    private const long FileBytes = 2 * 1024 * 1024;
    private const string Pattern = "receipts-*.jsonl";
    private readonly string _folder;
    private readonly long _limit;
    private readonly Lock _gate = new();
    private FileStream? _file;
    private long _number;

    public ReceiptStore(string folder, long limit)
    {
        _folder = folder;
        _limit = limit;
        _number = Files(folder).Length == 0 ? 0 : NumberOf(Files(folder)[^1]);
    }

    /// <summary>Bytes on disk.</summary>
    public long Bytes { get; private set; }

    /// <summary>The files of a folder, oldest first.</summary>
    public static string[] Files(string folder) => Directory.Exists(folder) ? [.. Directory.EnumerateFiles(folder, Pattern).Order(StringComparer.Ordinal)] : [];

    /// <summary>Keeps an answer's receipts; durable on return.</summary>
    /// <returns>Bytes of receipts that had to go for it, unproven.</returns>
    public long Add(ReadOnlySpan<byte> line)
    {
        lock (_gate)
        {
            _file ??= SpoolDisk.Open(PathOf(++_number), FileMode.CreateNew, FileAccess.Write);
            _file.Write(line);
            SpoolDisk.Sync(_file.SafeFileHandle);
            Bytes += line.Length;
            if (_file.Length >= Math.Min(FileBytes, _limit / 4))
            {
                Close();
            }

            return MakeRoom();
        }
    }

    /// <summary>Closes the file that is written to and gives all closed ones, oldest first.</summary>
    public string[] CloseAll()
    {
        lock (_gate)
        {
            Close();
            return Files(_folder);
        }
    }

    /// <summary>Takes a file away: everything in it is proven.</summary>
    public void Remove(string path)
    {
        lock (_gate)
        {
            var file = new FileInfo(path);
            if (file.Exists)
            {
                Bytes -= file.Length;
                file.Delete();
            }
        }
    }

    /// <summary>Takes over the receipts of a folder whose process is gone.</summary>
    public void Adopt(string folder)
    {
        lock (_gate)
        {
            Close();
            foreach (string path in Files(folder))
            {
                Bytes += new FileInfo(path).Length;
                File.Move(path, PathOf(++_number));
            }

            SpoolDisk.SyncFolder(_folder);
            MakeRoom();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            Close();
        }
    }

    private void Close()
    {
        _file?.Dispose();
        _file = null;
    }

    private long MakeRoom()
    {
        long gone = 0;
        foreach (string path in Files(_folder))
        {
            if (Bytes <= _limit || (_file is not null && path == PathOf(_number)))
            {
                break;
            }

            long length = new FileInfo(path).Length;
            File.Delete(path);
            Bytes -= length;
            gone += length;
        }

        return gone;
    }

    private string PathOf(long number) => Path.Combine(_folder, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"receipts-{number:D8}.jsonl"));

    private static long NumberOf(string path) => long.TryParse(Path.GetFileNameWithoutExtension(path)["receipts-".Length..], out long number) ? number : 0;
}
