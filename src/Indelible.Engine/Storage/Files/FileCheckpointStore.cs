using System.Buffers.Binary;
using System.Text;

namespace Indelible.Engine.Storage.Files;

/// <summary>The checkpoint store in one append-only file, <c>heads</c>, written anew at each opening and when most of it is old.</summary>
/// <remarks>
/// <para>
/// A <see cref="RecordFile"/> of one record a round; payload: u32 logs, then per log u16 length and origin, u32 length and note. The
/// last record of each origin holds. The file is locked (by <c>heads.lock</c> beside it) against a second process. It may lie in
/// another folder than the log's, on another volume.
/// </para>
/// <para>
/// <b>Opening.</b> What was read may be in the page cache only, if a sync failed before; so the heads are written to a new, synced file
/// before anybody relies on them. A torn last record, unless it is the only one, is a round that was never shown to anybody: it is put into quarantine, reported
/// as <see cref="TornTail"/>, and left out.
/// </para>
/// </remarks>
public sealed class FileCheckpointStore : ICheckpointStore
{
    private const string Name = "heads";
    private static readonly byte[] s_magic = "INDHEAD1"u8.ToArray();

    private readonly Disk _disk;
    private readonly string _path;
    private readonly RandomSource _random;
    private readonly long _rewriteBytes;
    private readonly IDisposable _fileLock;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, ReadOnlyMemory<byte>> _heads;   // under _lock
    private RecordFile _file;                                           // under _lock
    private long _endWhenRewritten;                                     // under _lock
    private StorageException? _failure;                                 // under _lock; set once, then everything is refused

    private FileCheckpointStore(Disk disk, string path, RandomSource random, long rewriteBytes, IDisposable fileLock, Dictionary<string, ReadOnlyMemory<byte>> heads)
    {
        _disk = disk;
        _path = path;
        _random = random;
        _rewriteBytes = rewriteBytes;
        _fileLock = fileLock;
        _heads = heads;
        _file = Rewrite();
    }

    /// <summary>What a crash left behind the last round, if anything, put aside.</summary>
    public TornTail? TornTail { get; private init; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Load()
    {
        lock (_lock)
        {
            return new Dictionary<string, ReadOnlyMemory<byte>>(_heads, StringComparer.Ordinal);
        }
    }

    /// <inheritdoc/>
    public ValueTask SwapAsync(IReadOnlyList<CheckpointSwap> swaps)
    {
        lock (_lock)
        {
            if (_failure is not null)
            {
                throw _failure;
            }

            foreach (CheckpointSwap swap in swaps)
            {
                bool known = _heads.TryGetValue(swap.Origin, out ReadOnlyMemory<byte> head);
                if (known != swap.Previous.HasValue || (known && !head.Span.SequenceEqual(swap.Previous!.Value.Span)))
                {
                    throw new CheckpointConflictException(swap.Origin);
                }
            }

            try
            {
                WriteRound(_file, swaps);
                foreach (CheckpointSwap swap in swaps)
                {
                    _heads[swap.Origin] = swap.Next.ToArray();
                }

                if (_file.End > _rewriteBytes && _file.End > 4 * _endWhenRewritten)
                {
                    RewriteIfThereIsRoom();
                }
            }
            catch (StorageException e) when (e.Outcome == StorageOutcome.NothingChanged)
            {
                throw;   // There was no room for the round; the store is as it was, and there may be room again.
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                _failure = new StorageException(
                    "Writing the checkpoint store failed; which heads it holds is not known. The node must be started anew.", StorageOutcome.Unknown, e);
                throw _failure;
            }
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _file.Dispose();
        _fileLock.Dispose();
    }

    /// <summary>Makes a store that holds no heads.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="folder">Its folder; made if needed.</param>
    /// <param name="random">Draws the file's id.</param>
    /// <exception cref="StorageException">There is one already: nothing was changed.</exception>
    internal static void Create(Disk disk, string folder, RandomSource random)
    {
        disk.CreateFolder(folder);
        string path = Path.Combine(folder, Name);
        if (disk.Exists(path))
        {
            throw new StorageException($"There is a checkpoint store in {folder} already.", StorageOutcome.NothingChanged);
        }

        RecordFile.Create(disk, path, s_magic, 0, random);
    }

    /// <summary>Opens the store of a folder.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="folder">As given to <see cref="Create"/>.</param>
    /// <param name="quarantine">Where a torn record is put aside; made if needed.</param>
    /// <param name="random">Draws file ids.</param>
    /// <param name="rewriteBytes">How far the file grows before it is written anew.</param>
    /// <exception cref="StorageException">It is missing, damaged or in use by another process.</exception>
    internal static FileCheckpointStore Open(Disk disk, string folder, string quarantine, RandomSource random, long rewriteBytes = 4 << 20)
    {
        string path = Path.Combine(folder, Name);
        if (!disk.Exists(path))
        {
            throw new StorageException(
                $"The checkpoint store {path} is missing. It says what was signed; without it nobody can tell whether the log was set back.",
                StorageOutcome.Damaged);
        }

        IDisposable fileLock = disk.Take(path + ".lock", $"The checkpoint store {path} is in use by another process.");
        try
        {
            TornTail? torn = null;
            Dictionary<string, ReadOnlyMemory<byte>> heads;
            using (RecordFile file = RecordFile.Open(disk, path, s_magic, writable: false))
            {
                heads = ReadRounds(file);
                if (file.RestBytes > 0 && !file.Records.Any())
                {
                    // The first record was synced before the file had its name: no crash tears it.
                    throw new StorageException($"The checkpoint store {path} is damaged in its first record; nothing was repaired.", StorageOutcome.Damaged);
                }

                if (file.RestBytes > 0)
                {
                    torn = Files.TornTail.PutAside(disk, quarantine, path, file.End, file.ReadRest());
                }
            }

            return new FileCheckpointStore(disk, path, random, rewriteBytes, fileLock, heads) { TornTail = torn };
        }
        catch
        {
            fileLock.Dispose();
            throw;
        }
    }

    /// <summary>Whether a process has the store of a folder open.</summary>
    internal static bool IsInUse(Disk disk, string folder) => disk.IsLocked(Path.Combine(folder, Name) + ".lock");

    /// <summary>Reads the heads without opening the store: nothing is changed, and a node may be writing meanwhile.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="folder">As given to <see cref="Create"/>.</param>
    /// <param name="restBytes">How many bytes lie behind the last whole record: left by a crash, or being written, or damaged.</param>
    /// <exception cref="StorageException">It is missing or damaged.</exception>
    internal static IReadOnlyDictionary<string, ReadOnlyMemory<byte>> ReadOnly(Disk disk, string folder, out long restBytes)
    {
        string path = Path.Combine(folder, Name);
        if (!disk.Exists(path))
        {
            throw new StorageException($"The checkpoint store {path} is missing.", StorageOutcome.Damaged);
        }

        using RecordFile file = RecordFile.Open(disk, path, s_magic, writable: false);
        restBytes = file.RestBytes;
        return ReadRounds(file);
    }

    private static Dictionary<string, ReadOnlyMemory<byte>> ReadRounds(RecordFile file)
    {
        var heads = new Dictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
        foreach ((long Offset, int Length) record in file.Records)
        {
            if (!TryReadRound(file.ReadPayload(record), heads))
            {
                throw new StorageException($"The checkpoint store {file.FullPath} holds a round at byte {record.Offset} that is not one.", StorageOutcome.Damaged);
            }
        }

        return heads;
    }

    private static bool TryReadRound(ReadOnlySpan<byte> payload, Dictionary<string, ReadOnlyMemory<byte>> heads)
    {
        if (payload.Length < 4)
        {
            return false;
        }

        int at = 4;
        int count = BinaryPrimitives.ReadInt32BigEndian(payload);
        for (int i = 0; i < count; i++)
        {
            if (payload.Length - at < 2)
            {
                return false;
            }

            int originLength = BinaryPrimitives.ReadUInt16BigEndian(payload[at..]);
            if (payload.Length - at - 6 < originLength)
            {
                return false;
            }

            string origin = Encoding.UTF8.GetString(payload.Slice(at + 2, originLength));
            at += 2 + originLength;
            int noteLength = BinaryPrimitives.ReadInt32BigEndian(payload[at..]);
            at += 4;
            if (noteLength < 0 || payload.Length - at < noteLength)
            {
                return false;
            }

            heads[origin] = payload.Slice(at, noteLength).ToArray();
            at += noteLength;
        }

        return count >= 0 && at == payload.Length;
    }

    private static void WriteRound(RecordFile file, IReadOnlyList<CheckpointSwap> swaps)
    {
        FrameBuffer payload = file.NewPayload();
        BinaryPrimitives.WriteInt32BigEndian(Put(payload, 4), swaps.Count);
        foreach (CheckpointSwap swap in swaps)
        {
            byte[] origin = Encoding.UTF8.GetBytes(swap.Origin);
            BinaryPrimitives.WriteUInt16BigEndian(Put(payload, 2), checked((ushort)origin.Length));
            origin.CopyTo(Put(payload, origin.Length));
            BinaryPrimitives.WriteInt32BigEndian(Put(payload, 4), swap.Next.Length);
            swap.Next.Span.CopyTo(Put(payload, swap.Next.Length));
        }

        file.Append();
    }

    private static Span<byte> Put(FrameBuffer payload, int bytes)
    {
        Span<byte> span = payload.GetSpan(bytes)[..bytes];
        payload.Advance(bytes);
        return span;
    }

    private void RewriteIfThereIsRoom()
    {
        RecordFile old = _file;
        try
        {
            _file = Rewrite();
            old.Dispose();
        }
        catch (StorageException e) when (e.Outcome == StorageOutcome.NothingChanged)
        {
            // The round itself is in the file that there is. The next one tries again.
        }
    }

    /// <summary>Writes a new file of one record that holds every head, and puts it in the old one's place.</summary>
    /// <exception cref="StorageException">It could not be written: the old one is in its place. Or, with <see cref="StorageOutcome.Unknown"/>: either is.</exception>
    private RecordFile Rewrite()
    {
        string fresh = _path + ".rewritten";
        RecordFile? file = null;
        try
        {
            RecordFile.Create(_disk, fresh, s_magic, 0, _random);
            file = RecordFile.Open(_disk, fresh, s_magic, writable: true);
            WriteRound(file, [.. _heads.Select(head => new CheckpointSwap(head.Key, null, head.Value))]);
        }
        catch (Exception e) when (e is (IOException or UnauthorizedAccessException) and not StorageException { Outcome: StorageOutcome.Unknown })
        {
            file?.Dispose();
            throw new StorageException($"The checkpoint store could not be written anew: {e.Message}", StorageOutcome.NothingChanged, e);
        }

        try
        {
            _disk.Replace(fresh, _path);
        }
        catch
        {
            file.Dispose();
            throw;
        }

        _endWhenRewritten = file.End;
        return file;
    }
}
