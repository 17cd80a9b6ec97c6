using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Indelible.Engine.Storage.Files;

/// <summary>The checkpoint store in one append-only file, <c>heads</c>, rewritten when most of it is old.</summary>
/// <remarks>
/// <code>
///  0  "INDHEAD1"
///  8  u32  version, 1
/// 12  u32  zero
/// 16  u64  file id, random
/// 24  u64  zero
/// 32  SHA-256 of bytes 0–31
/// 64  records (see RecordFrame), one a round; payload: u32 logs, then per log u16 length and origin, u32 length and note
/// </code>
/// The last record of each origin holds. A torn last record is a round that was never shown to anybody: it is cut off. The file is
/// locked (by <c>heads.lock</c> beside it) against a second process. It may lie in another folder than the log's, on another volume.
/// </remarks>
public sealed class FileCheckpointStore : ICheckpointStore
{
    private const int HeaderBytes = 64;
    private const long RewriteBytes = 4 << 20;
    private static readonly byte[] s_magic = "INDHEAD1"u8.ToArray();

    private readonly string _path;
    private readonly RandomSource _random;
    private readonly Dictionary<string, ReadOnlyMemory<byte>> _heads = new(StringComparer.Ordinal);   // under _lock
    private readonly FrameBuffer _frame = new();
    private readonly Lock _lock = new();
    private SafeFileHandle _handle;
    private ulong _id;
    private ulong _chain;
    private long _records;
    private long _end = HeaderBytes;
    private long _endWhenRewritten = HeaderBytes;
    private StorageException? _failure;

    private readonly FileStream? _lockFile;

    private FileCheckpointStore(string path, RandomSource random, FileAccess access)
    {
        _path = path;
        _random = random;
        _lockFile = access == FileAccess.Read ? null : TakeLock(path + ".lock");
        _handle = OpenHandle(path, access);
    }

    /// <summary>Makes a store that holds no heads.</summary>
    /// <param name="folder">Its folder; made if needed.</param>
    /// <param name="random">Draws the file's id.</param>
    /// <exception cref="StorageException">There is one already: nothing was changed.</exception>
    public static void Create(string folder, RandomSource random)
    {
        DurableFile.CreateFolder(folder);
        string path = Path.Combine(folder, "heads");
        if (File.Exists(path))
        {
            throw new StorageException($"There is a checkpoint store in {folder} already.", StorageOutcome.NothingChanged);
        }

        DurableFile.WriteWhole(path, Header(random), ownerOnly: true);
    }

    /// <summary>Opens the store of a folder.</summary>
    /// <param name="folder">As given to <see cref="Create"/>.</param>
    /// <param name="random">Draws the file's id when it is rewritten.</param>
    /// <exception cref="StorageException">It is missing, damaged or in use by another process.</exception>
    public static FileCheckpointStore Open(string folder, RandomSource random)
    {
        string path = Path.Combine(folder, "heads");
        if (!File.Exists(path))
        {
            throw new StorageException(
                $"The checkpoint store {path} is missing. It says what was signed; without it nobody can tell whether the log was set back.",
                StorageOutcome.Damaged);
        }

        var store = new FileCheckpointStore(path, random, FileAccess.ReadWrite);
        try
        {
            store.Recover();
            RandomAccess.SetLength(store._handle, store._end);
            return store;
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    /// <summary>Reads every record without opening the store: nothing is changed, and a node may be writing meanwhile.</summary>
    /// <param name="folder">As given to <see cref="Create"/>.</param>
    /// <exception cref="StorageException">It is missing or damaged.</exception>
    public static IReadOnlyDictionary<string, ReadOnlyMemory<byte>> ReadOnly(string folder)
    {
        string path = Path.Combine(folder, "heads");
        if (!File.Exists(path))
        {
            throw new StorageException($"The checkpoint store {path} is missing.", StorageOutcome.Damaged);
        }

        using var store = new FileCheckpointStore(path, RandomSource.System, FileAccess.Read);
        store.Recover();
        return store.Load();
    }

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
                AppendRecord(swaps);
                foreach (CheckpointSwap swap in swaps)
                {
                    _heads[swap.Origin] = swap.Next.ToArray();
                }

                if (_end > RewriteBytes && _end > 4 * _endWhenRewritten)
                {
                    Rewrite();
                }
            }
            catch (IOException e)
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
        _handle.Dispose();
        _lockFile?.Dispose();
    }

    private static byte[] Header(RandomSource random)
    {
        byte[] header = new byte[HeaderBytes];
        s_magic.CopyTo(header, 0);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(8), 1);
        random.Fill(header.AsSpan(16, 8));
        SHA256.HashData(header.AsSpan(0, 32), header.AsSpan(32));
        return header;
    }

    private static SafeFileHandle OpenHandle(string path, FileAccess access) =>
        File.OpenHandle(path, FileMode.Open, access, FileShare.ReadWrite | FileShare.Delete);

    private static FileStream TakeLock(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new StorageException($"The checkpoint store is in use by another process ({path}).", StorageOutcome.NothingChanged, e);
        }
    }

    private void Recover()
    {
        byte[] bytes = new byte[RandomAccess.GetLength(_handle)];
        _ = RandomAccess.Read(_handle, bytes, 0);
        if (bytes.Length < HeaderBytes || !bytes.AsSpan(0, 8).SequenceEqual(s_magic)
            || BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(8)) != 1
            || !SHA256.HashData(bytes.AsSpan(0, 32)).AsSpan().SequenceEqual(bytes.AsSpan(32, 32)))
        {
            throw Damaged("has no valid header");
        }

        _id = BinaryPrimitives.ReadUInt64BigEndian(bytes.AsSpan(16));
        while (RecordFrame.Read(bytes.AsSpan((int)_end), _records, _id, ref _chain, out int length) == RecordFrame.Found.Record)
        {
            ReadRound(bytes.AsSpan((int)_end + RecordFrame.HeaderBytes, length));
            _end += RecordFrame.SizeOf(length);
            _records++;
        }

        if (RecordFrame.AnyRecordBehind(bytes, _end, _id, out long later))
        {
            throw Damaged($"is damaged at byte {_end}: a whole record lies behind it at byte {later}");
        }
    }

    private void ReadRound(ReadOnlySpan<byte> payload)
    {
        int at = 4;
        int count = payload.Length >= 4 ? BinaryPrimitives.ReadInt32BigEndian(payload) : -1;
        for (int i = 0; i < count; i++)
        {
            if (payload.Length - at < 2)
            {
                throw Damaged("holds a round that is cut short");
            }

            int originLength = BinaryPrimitives.ReadUInt16BigEndian(payload[at..]);
            if (payload.Length - at - 6 < originLength)
            {
                throw Damaged("holds a round that is cut short");
            }

            string origin = Encoding.UTF8.GetString(payload.Slice(at + 2, originLength));
            at += 2 + originLength;
            int noteLength = BinaryPrimitives.ReadInt32BigEndian(payload[at..]);
            at += 4;
            if (noteLength < 0 || payload.Length - at < noteLength)
            {
                throw Damaged("holds a round that is cut short");
            }

            _heads[origin] = payload.Slice(at, noteLength).ToArray();
            at += noteLength;
        }

        if (count < 0 || at != payload.Length)
        {
            throw Damaged("holds a round of another length than it announces");
        }
    }

    private void AppendRecord(IReadOnlyList<CheckpointSwap> swaps)
    {
        _frame.Clear();
        Put(RecordFrame.HeaderBytes).Clear();
        BinaryPrimitives.WriteInt32BigEndian(Put(4), swaps.Count);
        foreach (CheckpointSwap swap in swaps)
        {
            byte[] origin = Encoding.UTF8.GetBytes(swap.Origin);
            BinaryPrimitives.WriteUInt16BigEndian(Put(2), checked((ushort)origin.Length));
            origin.CopyTo(Put(origin.Length));
            BinaryPrimitives.WriteInt32BigEndian(Put(4), swap.Next.Length);
            swap.Next.Span.CopyTo(Put(swap.Next.Length));
        }

        int payloadBytes = _frame.Count - RecordFrame.HeaderBytes;
        Put((int)(RecordFrame.SizeOf(payloadBytes) - _frame.Count)).Clear();
        ulong chain = RecordFrame.Seal(_frame.Written, payloadBytes, _records, _id, _chain);
        RandomAccess.Write(_handle, _frame.Written, _end);
        RandomAccess.FlushToDisk(_handle);
        _chain = chain;
        _records++;
        _end += _frame.Count;
    }

    /// <summary>Begins the file anew with one record that holds every head, and puts it in the old one's place.</summary>
    private void Rewrite()
    {
        string fresh = _path + ".rewritten";
        byte[] header = Header(_random);
        DurableFile.WriteWhole(fresh, header, ownerOnly: true);
        SafeFileHandle old = _handle;
        _handle = OpenHandle(fresh, FileAccess.ReadWrite);
        _id = BinaryPrimitives.ReadUInt64BigEndian(header.AsSpan(16));
        _chain = 0;
        _records = 0;
        _end = HeaderBytes;
        AppendRecord([.. _heads.Select(head => new CheckpointSwap(head.Key, null, head.Value))]);
        _endWhenRewritten = _end;
        File.Move(fresh, _path, overwrite: true);
        DurableFile.SyncFolder(Path.GetDirectoryName(_path)!);
        old.Dispose();
    }

    private Span<byte> Put(int bytes)
    {
        Span<byte> span = _frame.GetSpan(bytes)[..bytes];
        _frame.Advance(bytes);
        return span;
    }

    private StorageException Damaged(string what) => new($"The checkpoint store {_path} {what}.", StorageOutcome.Damaged);
}
