using System.Buffers.Binary;
using System.Globalization;
using Indelible.Tiles;

namespace Indelible.Engine.Storage.Files;

/// <summary>Tail files: <c>logs/NAME/tail/FIRSTINDEX.tail</c>.</summary>
/// <remarks>
/// <para>
/// A <see cref="RecordFile"/> of consecutive entries from the index in its name on (also the header's number). A new one is begun when
/// the last has grown past <see cref="FileBytes"/>, so that dropping sealed entries is deleting whole files. A record's payload:
/// <code>
/// u64 first index | u32 entries | entry bundle encoding
/// </code>
/// </para>
/// <para>
/// <b>Opening.</b> The journal lets go of an entry only when the record that holds it here has been synced. So a record of which the
/// journal still holds every entry may be in the page cache only (a sync may have failed), and is cut off: it will be written again.
/// A torn end is cut off for the same reason, if the journal goes on there; otherwise it is damage.
/// </para>
/// </remarks>
internal sealed class FileTailStore : ITailStore
{
    private const int PayloadHeaderBytes = 12;
    private const int FileBytes = 8 << 20;
    private const int RecordBytes = 4 << 20;
    private const string Extension = ".tail";
    private const long MaxFirstIndex = 9_999_999_999_999_999;   // names have 16 digits and are read in their order
    private static readonly byte[] s_magic = "INDTAIL1"u8.ToArray();

    private readonly Disk _disk;
    private readonly string _logsFolder;
    private readonly RandomSource _random;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, List<TailFile>> _open = new(StringComparer.Ordinal);   // under _lock

    public FileTailStore(Disk disk, string logsFolder, RandomSource random)
    {
        _disk = disk;
        _logsFolder = logsFolder;
        _random = random;
    }

    public IReadOnlyList<TailLocation> Append(string log, long firstIndex, IReadOnlyList<ReadOnlyMemory<byte>> entries)
    {
        lock (_lock)
        {
            if (!_open.TryGetValue(log, out List<TailFile>? files))
            {
                _open.Add(log, files = []);
            }

            if (files.Count > 0 && files[^1].NextIndex != firstIndex)
            {
                throw new StorageException($"The tail file of log {log} ends at {files[^1].NextIndex}, not at {firstIndex}.", StorageOutcome.NothingChanged);
            }

            var locations = new List<TailLocation>(entries.Count);
            while (locations.Count < entries.Count)
            {
                if (files.Count == 0 || files[^1].Bytes > FileBytes)
                {
                    files.Add(Begin(log, firstIndex + locations.Count));
                }

                Append(files[^1], entries, locations);
            }

            return locations;
        }
    }

    public IEnumerable<TailEntry> Load(string log, long? journalBegins)
    {
        lock (_lock)
        {
            if (!_open.TryGetValue(log, out List<TailFile>? files))
            {
                files = OpenFiles(log, journalBegins);
                _open.Add(log, files);
            }

            return [.. files.SelectMany(file => file.Entries())];
        }
    }

    /// <summary>Reads the entries of a log's tail files without opening them: nothing is changed.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="path">A tail file.</param>
    /// <param name="restBytes">How many bytes lie behind its last whole record: left by a crash, or being written, or damaged.</param>
    /// <exception cref="StorageException">The file is damaged.</exception>
    public static IReadOnlyList<TailEntry> ReadOnly(Disk disk, string path, out long restBytes)
    {
        using TailFile file = TailFile.Open(disk, path, writable: false);
        restBytes = file.RestBytes;
        return [.. file.Entries()];
    }

    /// <summary>The tail files of a log, in the order of their entries.</summary>
    public static IEnumerable<string> PathsOf(Disk disk, string logsFolder, string log) =>
        disk.Files(FolderOf(logsFolder, log)).Where(path => path.EndsWith(Extension, StringComparison.Ordinal));

    public bool Read(string log, TailLocation location, Span<byte> destination)
    {
        lock (_lock)
        {
            TailFile? file = _open.GetValueOrDefault(log)?.Find(f => f.FirstIndex == location.File);
            if (file is null)
            {
                return false;
            }

            file.Read(location.Offset, destination);
            return true;
        }
    }

    public void Drop(string log, long beforeIndex)
    {
        lock (_lock)
        {
            if (!_open.TryGetValue(log, out List<TailFile>? files))
            {
                return;
            }

            while (files.Count > 0 && files[0].NextIndex <= beforeIndex)
            {
                // One by one and in order: whatever a crash leaves is then without a gap.
                files[0].Dispose();
                _disk.Delete(files[0].FullPath);
                _disk.SyncFolder(FolderOf(_logsFolder, log));
                files.RemoveAt(0);
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (TailFile file in _open.Values.SelectMany(files => files))
            {
                file.Dispose();
            }

            _open.Clear();
        }
    }

    private static string NameOf(long firstIndex) => firstIndex.ToString("D16", CultureInfo.InvariantCulture) + Extension;

    private static string FolderOf(string logsFolder, string log) => Path.Combine(logsFolder, log, "tail");

    private List<TailFile> OpenFiles(string log, long? journalBegins)
    {
        var files = new List<TailFile>();
        try
        {
            files.AddRange(PathsOf(_disk, _logsFolder, log).Select(path => TailFile.Open(_disk, path, writable: true)));
            for (int i = files.Count - 1; i >= 0; i--)
            {
                files[i].LeaveToJournal(journalBegins, isLast: i == files.Count - 1);
                if (files[i].NextIndex == files[i].FirstIndex)
                {
                    files[i].Dispose();
                    _disk.Delete(files[i].FullPath);
                    _disk.SyncFolder(FolderOf(_logsFolder, log));
                    files.RemoveAt(i);
                }
            }

            return files;
        }
        catch
        {
            files.ForEach(file => file.Dispose());
            throw;
        }
    }

    /// <summary>Writes one record; where others of the same call are written already, a failure leaves the tail at an end that nobody knows of.</summary>
    private static void Append(TailFile file, IReadOnlyList<ReadOnlyMemory<byte>> entries, List<TailLocation> locations)
    {
        try
        {
            file.Append(entries, locations);
        }
        catch (StorageException e) when (e.Outcome == StorageOutcome.NothingChanged && locations.Count > 0)
        {
            throw new StorageException(e.Message, StorageOutcome.Unknown, e);
        }
    }

    private TailFile Begin(string log, long firstIndex)
    {
        string folder = FolderOf(_logsFolder, log);
        _disk.EnsureFolder(Path.GetDirectoryName(folder)!);
        _disk.EnsureFolder(folder);
        string path = Path.Combine(folder, NameOf(firstIndex));
        RecordFile.Create(_disk, path, s_magic, firstIndex, _random);
        try
        {
            return TailFile.Open(_disk, path, writable: true);
        }
        catch (Exception e) when (e is (IOException or UnauthorizedAccessException) and not StorageException)
        {
            throw new StorageException($"The tail file {path} could not be opened: {e.Message}", StorageOutcome.NothingChanged, e);   // It is made anew the next time.
        }
    }

    private sealed class TailFile : IDisposable
    {
        private readonly RecordFile _file;
        private readonly List<long> _firstIndexes = [];   // of the records

        private TailFile(RecordFile file)
        {
            _file = file;
            NextIndex = file.Tag;
        }

        public string FullPath => _file.FullPath;

        public long FirstIndex => _file.Tag;

        public long NextIndex { get; private set; }

        public long Bytes => _file.End;

        public long RestBytes => _file.RestBytes;

        public static TailFile Open(Disk disk, string path, bool writable)
        {
            RecordFile records = RecordFile.Open(disk, path, s_magic, writable);
            var file = new TailFile(records);
            try
            {
                if (records.Tag is < 0 or > MaxFirstIndex || Path.GetFileName(path) != NameOf(records.Tag))
                {
                    throw Damaged(path, $"begins with entry {records.Tag}: it has been renamed");
                }

                byte[] head = new byte[PayloadHeaderBytes];
                foreach ((long offset, int length) in records.Records)
                {
                    if (length < PayloadHeaderBytes)
                    {
                        throw Damaged(path, $"has a record at byte {offset} that is too short");
                    }

                    records.Read(offset, head);
                    int count = BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(8));
                    if (BinaryPrimitives.ReadInt64BigEndian(head) != file.NextIndex || count < 1)
                    {
                        throw Damaged(path, $"has a record at byte {offset} that does not continue at index {file.NextIndex}");
                    }

                    file._firstIndexes.Add(file.NextIndex);
                    file.NextIndex += count;
                }

                return file;
            }
            catch
            {
                file.Dispose();
                throw;
            }
        }

        /// <summary>Cuts off the records whose entries the journal still holds, and a torn end.</summary>
        public void LeaveToJournal(long? journalBegins, bool isLast)
        {
            int kept = journalBegins is { } begins ? _firstIndexes.TakeWhile(first => first < begins).Count() : _firstIndexes.Count;
            if (kept == _firstIndexes.Count && RestBytes > 0 && !(isLast && journalBegins <= NextIndex))
            {
                throw Damaged(FullPath, $"is damaged at byte {_file.End}, and the journal does not hold what was there");
            }

            if (kept < _firstIndexes.Count)
            {
                NextIndex = _firstIndexes[kept];
                _firstIndexes.RemoveRange(kept, _firstIndexes.Count - kept);
            }

            _file.Cut(kept);
        }

        /// <summary>Writes one record of as many of the entries as fit, from the one that has no location yet.</summary>
        public void Append(IReadOnlyList<ReadOnlyMemory<byte>> entries, List<TailLocation> locations)
        {
            FrameBuffer payload = _file.NewPayload();
            int start = locations.Count;
            Span<byte> head = payload.GetSpan(PayloadHeaderBytes)[..PayloadHeaderBytes];
            BinaryPrimitives.WriteInt64BigEndian(head, NextIndex);
            payload.Advance(PayloadHeaderBytes);
            var added = new List<TailLocation>();
            for (int i = start; i < entries.Count && payload.Count < RecordBytes; i++)
            {
                added.Add(new TailLocation(FirstIndex, checked((int)_file.End + payload.Count + 2)));
                EntryBundle.WriteEntry(payload, entries[i].Span);
            }

            BinaryPrimitives.WriteInt32BigEndian(payload.Written[(RecordFrame.HeaderBytes + 8)..], added.Count);
            _file.Append();
            locations.AddRange(added);
            _firstIndexes.Add(NextIndex);
            NextIndex += added.Count;
        }

        public IEnumerable<TailEntry> Entries()
        {
            int number = 0;
            foreach ((long offset, int length) in _file.Records)
            {
                byte[] payload = _file.ReadPayload((offset, length));
                int count = BinaryPrimitives.ReadInt32BigEndian(payload.AsSpan(8));
                if (!EntryBundle.TryParse(payload.AsMemory(PayloadHeaderBytes), count, out ReadOnlyMemory<byte>[]? entries))
                {
                    throw Damaged(FullPath, $"has a record at byte {offset} that does not hold {count} entries");
                }

                long index = _firstIndexes[number++];
                int at = (int)offset + PayloadHeaderBytes + 2;
                foreach (ReadOnlyMemory<byte> entry in entries)
                {
                    yield return new TailEntry(index++, new TailLocation(FirstIndex, at), entry);
                    at += entry.Length + 2;
                }
            }
        }

        public void Read(long offset, Span<byte> destination) => _file.Read(offset, destination);

        public void Dispose() => _file.Dispose();

        private static StorageException Damaged(string path, string what) =>
            new($"Tail file {Path.GetFileName(path)} {what}.", StorageOutcome.Damaged);
    }
}
