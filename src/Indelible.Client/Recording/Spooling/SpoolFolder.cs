namespace Indelible.Client.Recording.Spooling;

/// <summary>The folder of one process's spool: held by a lock, read in order, settled batch by batch.</summary>
/// <remarks>
/// A process makes a folder of its own, named by its stream. When it is gone its lock is free, and any living process of the same spool
/// takes the folder over, delivers what is in it, and takes it away. Used by the sending loop alone.
/// </remarks>
internal sealed class SpoolFolder : IDisposable
{
    public const string LockName = "lock";
    public const string SettledName = "settled";
    private readonly IDisposable _lock;
    private readonly SpoolSettled _settled;
    private readonly SpoolReader _reader;
    private SpoolPosition _next;
    private long _settledBytes;

    private SpoolFolder(string path, IDisposable held)
    {
        Path = path;
        _lock = held;
        _settled = new SpoolSettled(System.IO.Path.Combine(path, SettledName));
        _reader = new SpoolReader(path);
        _next = _settled.Position;
        Size = SizeBehind(path, _settled.Position);
        DeleteSettledFiles();
    }

    /// <summary>Where it lies.</summary>
    public string Path { get; }

    /// <summary>The stream whose events it holds.</summary>
    public string Stream => System.IO.Path.GetFileName(Path);

    /// <summary>Bytes of its files when it was opened, behind what was settled.</summary>
    public long Size { get; }

    /// <summary>The highest number that was known to be issued when something was last settled.</summary>
    public long HighestKnown => _settled.Highest;

    /// <summary>Bytes found damaged.</summary>
    public long DamagedBytes => _reader.DamagedBytes;

    /// <summary>Where the next batch begins.</summary>
    public SpoolPosition Next => _next;

    /// <summary>Makes a new folder and holds it.</summary>
    public static SpoolFolder Create(string root, string stream)
    {
        string path = System.IO.Path.Combine(root, stream);
        SpoolDisk.MakeFolder(path);
        IDisposable held = SpoolDisk.TryLock(System.IO.Path.Combine(path, LockName)) ?? throw new IOException($"{path} was made by this process and is held by another.");
        SpoolDisk.SyncFolder(root);
        return new SpoolFolder(path, held);
    }

    /// <summary>Takes over the folder of a process that is gone; null while it lives, or where another was faster.</summary>
    public static SpoolFolder? TryTake(string path)
    {
        try
        {
            return SpoolDisk.TryLock(System.IO.Path.Combine(path, LockName)) is { } held ? new SpoolFolder(path, held) : null;
        }
        catch (IOException)
        {
            return null;   // Whoever held it has just finished it and taken it away.
        }
    }

    /// <summary>Reads the next events, without settling them.</summary>
    public List<SpooledEvent> Read(SpoolPosition? durable, int mostEvents, int mostBytes, out SpoolPosition end)
    {
        var events = new List<SpooledEvent>();
        end = _next;
        _reader.Read(ref end, durable, mostEvents, mostBytes, events);
        return events;
    }

    /// <summary>Says that everything up to a place is settled; durable on return. Files behind it go.</summary>
    public void Settle(SpoolPosition end, long highest)
    {
        _settled.Write(end, highest);
        _next = end;
        DeleteSettledFiles();
    }

    /// <summary>The highest number that is known to be issued.</summary>
    public long HighestLeft() => HighestOf(Path);

    /// <summary>The highest number that a folder knows to be issued, whoever holds it.</summary>
    public static long HighestOf(string path)
    {
        (SpoolPosition at, long highest) = SpoolSettled.Peek(System.IO.Path.Combine(path, SettledName));
        using var reader = new SpoolReader(path);
        var some = new List<SpooledEvent>();
        do
        {
            some.Clear();
            reader.Read(ref at, null, 1_000, 1 << 20, some);
            highest = some.Aggregate(highest, (most, one) => Math.Max(most, one.Sequence));
        }
        while (some.Count > 0);
        return highest;
    }

    /// <summary>Bytes of events in a folder's files behind a place.</summary>
    public static long SizeBehind(string path, SpoolPosition position) => SpoolReader.FilesOf(path)
        .Where(number => number >= position.File)
        .Sum(number => LengthOf(SpoolReader.PathOf(path, number)) - (number == position.File ? position.Offset : SpoolFrame.FileHeaderBytes));

    /// <summary>Bytes of <see cref="Size"/> that no event accounts for: what was torn or damaged.</summary>
    public long Remainder => Math.Max(0, Size - _settledBytes);

    /// <summary>Counts events that were settled.</summary>
    /// <returns>The bytes that they took.</returns>
    public long CountSettled(IEnumerable<SpooledEvent> batch)
    {
        long bytes = batch.Sum(one => (long)SpoolFrame.SizeOf(System.Text.Encoding.UTF8.GetByteCount(one.Id), one.Json.Length));
        _settledBytes += bytes;
        return bytes;
    }

    /// <summary>Takes the folder away: everything in it is settled.</summary>
    public void Delete()
    {
        Dispose();
        Directory.Delete(Path, recursive: true);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _reader.Dispose();
        _settled.Dispose();
        _lock.Dispose();
    }

    private static long LengthOf(string path)
    {
        var file = new FileInfo(path);
        return file.Exists ? file.Length : 0;
    }

    private void DeleteSettledFiles()
    {
        foreach (long number in SpoolReader.FilesOf(Path).Where(number => number < _settled.Position.File))
        {
            File.Delete(SpoolReader.PathOf(Path, number));
        }
    }
}
