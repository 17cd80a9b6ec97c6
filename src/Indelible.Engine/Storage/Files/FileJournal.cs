using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace Indelible.Engine.Storage.Files;

/// <summary>Settings of a <see cref="FileJournal"/>.</summary>
public sealed class FileJournalOptions
{
    /// <summary>The size of one journal file in bytes. Default 32 MiB: the zero-filling of a new one then takes some 30 ms. 64 KiB to 1 GiB.</summary>
    public int FileBytes { get; init; } = 32 << 20;

    /// <summary>How many files may be in use before the journal asks for the oldest to be released. Default 4, at least 1.</summary>
    public int FilesKept { get; init; } = 4;
}

/// <summary>The journal in files of one folder: zero-filled beforehand, recycled, each record framed, checked and chained.</summary>
/// <remarks>
/// <para>
/// A file is named after the number of its first record. Its first 4,096 bytes hold the header, the records follow:
/// <code>
///  0  "INDJRNL1"
///  8  u32  version, 1
/// 12  u32  zero
/// 16  u64  file id, random
/// 24  u64  number of the first record
/// 32  u64  chain of the record before the first
/// 40  SHA-256 of bytes 0–39
/// 72  zeros
/// 4096  records (see RecordFrame)
/// </code>
/// Writing into space that was written before makes a sync 1.6 times as fast as into a growing file, which is why files are
/// zero-filled when made and recycled, not deleted, when released.
/// </para>
/// <para>
/// <b>Opening</b> reads every record of every file. Behind the last record of the last file there must be nothing of this file's
/// life. The beginning of a record there is what a crash leaves: it is copied to the quarantine folder and reported as
/// <see cref="TornTail"/>. A whole record behind it is what a crash does not leave: the journal refuses to open. What is live in
/// the last file may be in the page cache only; it is written to a new file and synced before anything else happens.
/// </para>
/// </remarks>
public sealed class FileJournal : IJournal
{
    private const int HeaderBytes = 4096;
    private const int HashedHeaderBytes = 40;
    private const string Extension = ".journal";
    private const string SpareName = "spare";
    private static readonly byte[] s_magic = "INDJRNL1"u8.ToArray();

    private const long MaxNumber = 9_999_999_999_999_999;   // names have 16 digits and are read in their order
    private const int MaxFileBytes = 2_000_000_000;   // a group is at most GroupBytes and one request: far below

    private readonly Disk _disk;
    private readonly string _folder;
    private readonly string _quarantine;
    private readonly FileJournalOptions _options;
    private readonly RandomSource _random;

    // Readers hold it shared while they read a file; releasing (and so recycling) a file takes it alone.
    private readonly ReaderWriterLockSlim _filesLock = new();
    private readonly List<OpenFile> _files = [];       // under _filesLock; ascending by first record
    private readonly Lock _spareLock = new();          // around the spare file: a file may be released while another is begun
    private bool _isSpareUncertain;                    // under _spareLock; the spare is half made, or a crash may make it a file of records again
    private OpenFile? _current;                        // the appender's: the last of _files
    private readonly Dictionary<string, long> _ends = new(StringComparer.Ordinal); // the appender's: where each log ends
    private readonly FrameBuffer _frame = new();       // the appender's
    private ulong _chain;                              // the appender's
    private StorageException? _failure;                // the appender's: set once, then everything is refused

    private FileJournal(Disk disk, string folder, string quarantine, FileJournalOptions options, RandomSource random)
    {
        _disk = disk;
        _folder = folder;
        _quarantine = quarantine;
        _options = options;
        _random = random;
    }

    /// <summary>What a crash left behind the last record, if anything, put aside.</summary>
    public TornTail? TornTail { get; private set; }

    /// <inheritdoc/>
    public long OldestRecord => Under(_filesLock, () => _files[0].FirstRecord);

    /// <inheritdoc/>
    public long NextRecord { get; private set; }

    /// <inheritdoc/>
    public long ReleaseTarget => Under(_filesLock, () => _files[Math.Max(0, _files.Count - _options.FilesKept)].FirstRecord);

    /// <summary>Makes the folder of a journal that has no records yet.</summary>
    /// <exception cref="StorageException">There is a journal already: nothing was changed.</exception>
    internal static void Create(Disk disk, string folder, FileJournalOptions options, RandomSource random)
    {
        disk.CreateFolder(folder);
        if (disk.Files(folder).Count > 0)
        {
            throw new StorageException($"The journal folder {folder} is not empty.", StorageOutcome.NothingChanged);
        }

        using var journal = new FileJournal(disk, folder, folder, options, random);
        journal.BeginFile(firstRecord: 0, payloadRoom: 0);
    }

    /// <summary>Opens a journal, reading and checking all of it.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="folder">Made by <see cref="Create"/>.</param>
    /// <param name="quarantine">Where torn bytes are put aside; made if needed.</param>
    /// <param name="options">Sizes.</param>
    /// <param name="random">Draws file ids.</param>
    /// <exception cref="StorageException">A file is missing or damaged; the message names it and the place.</exception>
    internal static FileJournal Open(Disk disk, string folder, string quarantine, FileJournalOptions options, RandomSource random)
    {
        var journal = new FileJournal(disk, folder, quarantine, options, random);
        try
        {
            journal.Recover();
            return journal;
        }
        catch
        {
            journal.Dispose();
            throw;
        }
    }

    /// <summary>The files of a journal, in the order of their records.</summary>
    internal static IEnumerable<string> PathsOf(Disk disk, string folder) =>
        disk.Files(folder).Where(path => path.EndsWith(Extension, StringComparison.Ordinal));

    /// <summary>Reads the records of a journal file without opening the journal: nothing is changed, and a node may be writing meanwhile.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="path">The file.</param>
    /// <returns>Every whole record, in order, and where the next file has to go on; a record that is being written is not among them.</returns>
    /// <exception cref="StorageException">The file is damaged.</exception>
    internal static JournalFileContent ReadOnly(Disk disk, string path)
    {
        JournalFileContent content = ReadAround(disk, path);
        return content.Damage.Count == 0 ? content : throw Damaged(path, content.Damage[0]);
    }

    /// <summary>As <see cref="ReadOnly"/>, and reads on behind damage: what a damaged record still says is among the records.</summary>
    /// <exception cref="StorageException">The file has no header to read it by.</exception>
    internal static JournalFileContent ReadAround(Disk disk, string path)
    {
        byte[] bytes = disk.ReadWhole(path, MaxFileBytes);
        (ulong id, long first, ulong chain) = ReadHeader(path, bytes);
        var records = new List<JournalRecord>();
        var damage = new List<string>();
        ulong chainBefore = chain;
        long number = first;
        long at = HeaderBytes;
        while (true)
        {
            RecordFrame.Found found = RecordFrame.Read(bytes.AsSpan((int)at), number, id, ref chain, out int length);
            if (found == RecordFrame.Found.Record)
            {
                records.Add(new JournalRecord(number++, bytes.AsMemory((int)at + RecordFrame.HeaderBytes, length)));
                at += RecordFrame.SizeOf(length);
                continue;
            }

            bool goesOn = RecordFrame.AnyRecordBehind(bytes, at, id, out long later);
            ReadOnlyMemory<byte> payload = PayloadOf(bytes, at, goesOn ? later : bytes.Length);
            if (!payload.IsEmpty && (goesOn || found == RecordFrame.Found.Torn))
            {
                records.Add(new JournalRecord(number, payload));
            }

            if (!goesOn)
            {
                return new JournalFileContent(first, chainBefore, records, number, chain, at, found == RecordFrame.Found.Torn, damage);
            }

            damage.Add($"is damaged at byte {at}, in record {number}{Holding(payload)}: a whole record lies behind it at byte {later}");
            (number, chain, length) = RecordFrame.ReadHeader(bytes.AsSpan((int)later));
            records.Add(new JournalRecord(number++, bytes.AsMemory((int)later + RecordFrame.HeaderBytes, length)));
            at = later + RecordFrame.SizeOf(length);
        }
    }

    /// <summary>The payload that a damaged record announces, where it is a group all the same; else nothing.</summary>
    private static ReadOnlyMemory<byte> PayloadOf(byte[] bytes, long at, long end)
    {
        int length = at + RecordFrame.HeaderBytes <= end ? RecordFrame.ReadHeader(bytes.AsSpan((int)at)).PayloadBytes : -1;
        if (length < 0 || at + RecordFrame.HeaderBytes + length > end)
        {
            return default;
        }

        ReadOnlyMemory<byte> payload = bytes.AsMemory((int)at + RecordFrame.HeaderBytes, length);
        try
        {
            return JournalGroup.Read(payload).Count > 0 ? payload : default;
        }
        catch (StorageException)
        {
            return default;
        }
    }

    private static string Holding(ReadOnlyMemory<byte> payload) => payload.IsEmpty ? "" : " with " + string.Join(
        ", ", JournalGroup.Read(payload).Select(batch => $"entries {batch.FirstIndex} to {batch.FirstIndex + batch.Entries.Count - 1} of log {batch.Log}"));

    /// <inheritdoc/>
    public ValueTask<long> AppendAsync(IReadOnlyList<JournalBatch> batches, List<PayloadRange> ranges)
    {
        if (_failure is not null)
        {
            throw _failure;
        }

        foreach (JournalBatch batch in batches)
        {
            if (_ends.TryGetValue(batch.Log, out long end) && end != batch.FirstIndex)
            {
                throw new JournalConflictException(batch.Log, batch.FirstIndex, end);
            }
        }

        _frame.Clear();
        _frame.GetSpan(RecordFrame.HeaderBytes)[..RecordFrame.HeaderBytes].Clear();
        _frame.Advance(RecordFrame.HeaderBytes);
        JournalGroup.Write(batches, _frame, ranges);
        int payloadBytes = _frame.Count - RecordFrame.HeaderBytes;
        int padding = (int)(RecordFrame.SizeOf(payloadBytes) - _frame.Count);
        _frame.GetSpan(RecordFrame.Alignment)[..padding].Clear();
        _frame.Advance(padding);
        try
        {
            OpenFile file = _current!;
            if (file.End + _frame.Count > file.Length)
            {
                file = BeginFile(NextRecord, payloadBytes);
            }

            ulong chain = RecordFrame.Seal(_frame.Written, payloadBytes, NextRecord, file.Id, _chain);
            file.File.Write(file.End, _frame.Written);
            file.File.Sync();
            _chain = chain;
            file.Add(payloadBytes);
        }
        catch (StorageException e) when (e.Outcome == StorageOutcome.NothingChanged)
        {
            throw;   // There was no room for another file; the journal is as it was, and there may be room again.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Whatever reached the disk, recovery will read. Here nothing can be known any more, so nothing more is written.
            _failure = new StorageException(
                $"Writing record {NextRecord} of the journal failed; whether it is on disk is not known. The node must be started anew.",
                StorageOutcome.Unknown,
                e);
            throw _failure;
        }

        foreach (JournalBatch batch in batches)
        {
            _ends[batch.Log] = batch.FirstIndex + batch.Entries.Count;
        }

        return ValueTask.FromResult(NextRecord++);
    }

    /// <inheritdoc/>
    public IEnumerable<JournalRecord> Read(long fromRecord)
    {
        for (long number = Math.Max(fromRecord, OldestRecord); number < NextRecord; number++)
        {
            yield return new JournalRecord(number, ReadPayload(number));
        }
    }

    private byte[] ReadPayload(long number) => Under(_filesLock, () =>
    {
        (OpenFile file, long offset, int length) = Find(number) ?? throw new StorageException(
            $"Record {number} was released while the journal was read.", StorageOutcome.NothingChanged);
        byte[] payload = new byte[length];
        file.File.ReadExactly(offset, payload);
        return payload;
    });

    /// <inheritdoc/>
    public bool Read(long record, int offset, Span<byte> destination)
    {
        _filesLock.EnterReadLock();
        try
        {
            if (Find(record) is not (OpenFile file, long start, int length))
            {
                return false;
            }

            ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + destination.Length, length, nameof(offset));
            file.File.ReadExactly(start + offset, destination);
            return true;
        }
        finally
        {
            _filesLock.ExitReadLock();
        }
    }

    /// <inheritdoc/>
    public ValueTask ReleaseAsync(long beforeRecord)
    {
        _filesLock.EnterWriteLock();
        try
        {
            while (_files.Count > 1 && _files[1].FirstRecord <= beforeRecord)
            {
                // One by one and in order: whatever a crash leaves is then without a gap.
                OpenFile file = _files[0];
                _files.RemoveAt(0);
                file.File.Dispose();
                Retire(file);
            }
        }
        finally
        {
            _filesLock.ExitWriteLock();
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (OpenFile file in _files)
        {
            file.File.Dispose();
        }

        _filesLock.Dispose();
    }

    private static T Under<T>(ReaderWriterLockSlim shared, Func<T> read)
    {
        shared.EnterReadLock();
        try
        {
            return read();
        }
        finally
        {
            shared.ExitReadLock();
        }
    }

    private static StorageException Damaged(string path, string what) =>
        new($"Journal file {Path.GetFileName(path)} {what}.", StorageOutcome.Damaged);

    private static string NameOf(long firstRecord) => firstRecord.ToString("D16", CultureInfo.InvariantCulture) + Extension;

    private (OpenFile File, long Offset, int Length)? Find(long record)
    {
        for (int i = _files.Count - 1; i >= 0; i--)
        {
            if (record >= _files[i].FirstRecord)
            {
                return record < _files[i].FirstRecord + _files[i].Count ? _files[i].Locate(record) : null;
            }
        }

        return null;
    }

    private void Recover()
    {
        foreach (string unfinished in _disk.Files(_folder).Where(path => path.EndsWith(".new", StringComparison.Ordinal)))
        {
            _disk.Delete(unfinished);
        }

        string[] paths = [.. PathsOf(_disk, _folder)];
        if (paths.Length == 0)
        {
            throw new StorageException($"The journal folder {_folder} holds no journal.", StorageOutcome.Damaged);
        }

        for (int i = 0; i < paths.Length; i++)
        {
            RecoverFile(paths[i], isFirst: i == 0, isLast: i == paths.Length - 1);
        }
    }

    private static (ulong Id, long FirstRecord, ulong Chain) ReadHeader(string path, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeaderBytes || !bytes[..8].SequenceEqual(s_magic)
            || BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]) != 1
            || !SHA256.HashData(bytes[..HashedHeaderBytes]).AsSpan().SequenceEqual(bytes.Slice(HashedHeaderBytes, 32)))
        {
            throw Damaged(path, "has no valid header");
        }

        if (bytes[(HashedHeaderBytes + 32)..HeaderBytes].ContainsAnyExcept((byte)0))
        {
            throw Damaged(path, "has bytes in its header's padding");
        }

        long first = BinaryPrimitives.ReadInt64BigEndian(bytes[24..]);
        if (first is < 0 or > MaxNumber)
        {
            throw Damaged(path, $"begins with record {first}, a number that no record gets");
        }

        return Path.GetFileName(path) == NameOf(first)
            ? (BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]), first, BinaryPrimitives.ReadUInt64BigEndian(bytes[32..]))
            : throw Damaged(path, $"begins with record {first}: it has been renamed");
    }

    private void RecoverFile(string path, bool isFirst, bool isLast)
    {
        byte[] bytes = _disk.ReadWhole(path, MaxFileBytes);
        (ulong id, long first, ulong chain) = ReadHeader(path, bytes);
        if (!isFirst && (first != NextRecord || chain != _chain))
        {
            throw Damaged(path, $"begins with record {first}, but the file before it ends at {NextRecord} or with another chain: a file is missing or from elsewhere");
        }

        _chain = chain;
        NextRecord = first;
        var file = new OpenFile(_disk.Open(path, writable: true), id, first, bytes.Length);
        _files.Add(file);
        long at = HeaderBytes;
        RecordFrame.Found found;
        while ((found = RecordFrame.Read(bytes.AsSpan((int)at), NextRecord, id, ref _chain, out int length)) == RecordFrame.Found.Record)
        {
            foreach (JournalBatch batch in JournalGroup.Read(bytes.AsMemory((int)at + RecordFrame.HeaderBytes, length)))
            {
                if (_ends.TryGetValue(batch.Log, out long end) && end != batch.FirstIndex)
                {
                    throw Damaged(path, $"has entry {batch.FirstIndex} of log {batch.Log} in record {NextRecord} where {end} should follow");
                }

                _ends[batch.Log] = batch.FirstIndex + batch.Entries.Count;
            }

            file.Add(length);
            at += RecordFrame.SizeOf(length);
            NextRecord++;
        }

        if (RecordFrame.AnyRecordBehind(bytes, at, id, out long later))
        {
            throw Damaged(path, $"is damaged at byte {at}, where record {NextRecord} should begin: a whole record lies behind it at byte {later}, which no crash leaves. Nothing was repaired; restore the file from a copy");
        }

        if (found == RecordFrame.Found.Torn && !isLast)
        {
            throw Damaged(path, $"is damaged at byte {at} in record {NextRecord}, and other files follow it");
        }

        if (found == RecordFrame.Found.Torn)
        {
            TornTail = Files.TornTail.PutAside(_disk, _quarantine, path, at, bytes.AsSpan((int)at));
        }

        if (isLast)
        {
            WriteLiveTailAnew(file, bytes.AsSpan(0, (int)at));
        }
    }

    /// <summary>Writes what is live in the last file to a new one, synced, and puts it in the old one's place.</summary>
    /// <remarks>
    /// After a crash these bytes may be in the page cache only; after a failed sync even reading them back proves nothing. The new
    /// file has a new id, so the frames are made anew; numbers and payloads stay.
    /// </remarks>
    private void WriteLiveTailAnew(OpenFile old, ReadOnlySpan<byte> live)
    {
        string path = old.File.FullPath + ".new";
        ulong chain = BinaryPrimitives.ReadUInt64BigEndian(live[32..]);
        ulong id = NewFileId();
        WriteZeros(path, Math.Max(old.Length, _options.FileBytes));
        DiskFile written = _disk.Open(path, writable: true);
        var fresh = new OpenFile(written, id, old.FirstRecord, written.Length);
        _files[^1] = fresh;
        old.File.Dispose();
        byte[] copy = live.ToArray();
        WriteHeader(copy, id, old.FirstRecord, chain);
        for (int i = 0; i < old.Count; i++)
        {
            (_, long offset, int length) = old.Locate(old.FirstRecord + i);
            int frameStart = (int)offset - RecordFrame.HeaderBytes;
            chain = RecordFrame.Seal(copy.AsSpan(frameStart, (int)RecordFrame.SizeOf(length)), length, old.FirstRecord + i, id, chain);
            fresh.Add(length);
        }

        written.Write(0, copy);
        written.Sync();
        _disk.Replace(path, old.File.FullPath);
        _chain = chain;
        _current = fresh;
    }

    /// <summary>Keeps a released file as the spare, or deletes it when there is one.</summary>
    private void Retire(OpenFile file)
    {
        lock (_spareLock)
        {
            string spare = Path.Combine(_folder, SpareName);
            string path = Path.Combine(_folder, NameOf(file.FirstRecord));
            if (file.Length == _options.FileBytes && !_disk.Exists(spare))
            {
                // Until its new name is durable a crash brings the old one back, and nothing may be written over its records.
                _isSpareUncertain = true;
                _disk.Move(path, spare, overwrite: false);
                _disk.SyncFolder(_folder);
                _isSpareUncertain = false;
            }
            else
            {
                _disk.Delete(path);
                _disk.SyncFolder(_folder);
            }
        }
    }

    /// <summary>Begins a new file for the record <paramref name="firstRecord"/>, on the spare if there is one.</summary>
    private OpenFile BeginFile(long firstRecord, int payloadRoom)
    {
        string path = Path.Combine(_folder, NameOf(firstRecord));
        ulong id = NewFileId();
        DiskFile? begun;
        lock (_spareLock)
        {
            string spare = Path.Combine(_folder, SpareName);
            long wanted = Math.Max(_options.FileBytes, HeaderBytes + RecordFrame.SizeOf(payloadRoom));
            begun = null;
            try
            {
                if (_isSpareUncertain || !IsUsable(spare, wanted))
                {
                    WriteZeros(spare, wanted);
                    _isSpareUncertain = false;
                }

                byte[] header = new byte[HeaderBytes];
                WriteHeader(header, id, firstRecord, _chain);
                begun = _disk.Open(spare, writable: true);
                begun.Write(0, header);
                begun.Sync();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The spare is not part of the journal yet. It may be half made, or synced in part: not to be used.
                begun?.Dispose();
                _isSpareUncertain = true;
                TryDelete(spare);
                throw new StorageException($"The journal needs a file of {wanted} bytes, which could not be made: {e.Message}", StorageOutcome.NothingChanged, e);
            }

            _disk.Replace(spare, path);
        }

        var file = new OpenFile(begun, id, firstRecord, begun.Length);
        _filesLock.EnterWriteLock();
        _files.Add(file);
        _filesLock.ExitWriteLock();
        _current = file;
        return file;
    }

    private static void WriteHeader(Span<byte> header, ulong id, long firstRecord, ulong chain)
    {
        s_magic.CopyTo(header);
        BinaryPrimitives.WriteUInt32BigEndian(header[8..], 1);
        BinaryPrimitives.WriteUInt32BigEndian(header[12..], 0);
        BinaryPrimitives.WriteUInt64BigEndian(header[16..], id);
        BinaryPrimitives.WriteInt64BigEndian(header[24..], firstRecord);
        BinaryPrimitives.WriteUInt64BigEndian(header[32..], chain);
        SHA256.HashData(header[..HashedHeaderBytes], header[HashedHeaderBytes..]);
    }

    private void TryDelete(string spare)
    {
        try
        {
            _disk.Delete(spare);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is made anew before it is used.
        }
    }

    private bool IsUsable(string spare, long wanted)
    {
        if (!_disk.Exists(spare))
        {
            return false;
        }

        using DiskFile file = _disk.Open(spare, writable: false);
        return file.Length >= wanted;
    }

    private void WriteZeros(string path, long bytes)
    {
        _disk.Delete(path);
        using DiskFile file = _disk.Create(path);
        byte[] zeros = new byte[Math.Min(bytes, 1 << 20)];
        for (long at = 0; at < bytes; at += zeros.Length)
        {
            file.Write(at, zeros.AsSpan(0, (int)Math.Min(zeros.Length, bytes - at)));
        }

        file.Sync();
    }

    private ulong NewFileId()
    {
        Span<byte> id = stackalloc byte[8];
        _random.Fill(id);
        return BinaryPrimitives.ReadUInt64BigEndian(id);
    }

    /// <summary>A file in use, and where its records lie.</summary>
    private sealed class OpenFile(DiskFile file, ulong id, long firstRecord, long length)
    {
        private readonly List<(long Offset, int Length)> _records = [];   // the appender adds under the lock on itself

        public DiskFile File { get; } = file;

        public ulong Id { get; } = id;

        public long FirstRecord { get; } = firstRecord;

        public long Length { get; } = length;

        public long End { get; private set; } = HeaderBytes;

        public int Count
        {
            get
            {
                lock (_records)
                {
                    return _records.Count;
                }
            }
        }

        public void Add(int payloadBytes)
        {
            lock (_records)
            {
                _records.Add((End + RecordFrame.HeaderBytes, payloadBytes));
            }

            End += RecordFrame.SizeOf(payloadBytes);
        }

        public (OpenFile File, long Offset, int Length) Locate(long record)
        {
            lock (_records)
            {
                (long offset, int bytes) = _records[(int)(record - FirstRecord)];
                return (this, offset, bytes);
            }
        }
    }
}

/// <summary>What lies in one journal file.</summary>
/// <param name="FirstRecord">The number of its first record.</param>
/// <param name="ChainBefore">The chain that its first record goes on from.</param>
/// <param name="Records">Its records.</param>
/// <param name="NextRecord">The number that the next file has to go on with.</param>
/// <param name="ChainAfter">The chain that the next file has to go on from.</param>
/// <param name="End">Where the next record would begin.</param>
/// <param name="IsTorn">Whether the beginning of a record lies there.</param>
/// <param name="Damage">Where records are damaged that others follow.</param>
internal sealed record JournalFileContent(
    long FirstRecord,
    ulong ChainBefore,
    IReadOnlyList<JournalRecord> Records,
    long NextRecord,
    ulong ChainAfter,
    long End,
    bool IsTorn,
    IReadOnlyList<string> Damage);
