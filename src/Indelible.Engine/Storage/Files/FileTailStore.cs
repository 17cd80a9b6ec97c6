using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using Indelible.Tiles;
using Microsoft.Win32.SafeHandles;

namespace Indelible.Engine.Storage.Files;

/// <summary>Tail files: <c>logs/NAME/tail/FIRSTINDEX.tail</c>.</summary>
/// <remarks>
/// A file holds consecutive entries from the index in its name on. A new one is begun when the last has grown past
/// <see cref="FileBytes"/>, so that dropping sealed entries is deleting whole files.
/// <code>
///  0  "INDTAIL1"
///  8  u32  version, 1
/// 12  u32  zero
/// 16  u64  file id, random
/// 24  u64  first index
/// 32  SHA-256 of bytes 0–31
/// 64  records (see RecordFrame; numbered 0, 1 … in the file), payload: u64 first index | u32 entries | entry bundle encoding
/// </code>
/// The entries of a record that a crash tore are still in the journal, which is released only after the record is synced: the torn end is cut off.
/// </remarks>
internal sealed class FileTailStore : ITailStore
{
    private const int HeaderBytes = 64;
    private const int PayloadHeaderBytes = 12;
    private const int FileBytes = 8 << 20;
    private const string Extension = ".tail";
    private static readonly byte[] s_magic = "INDTAIL1"u8.ToArray();

    private readonly string _logsFolder;
    private readonly RandomSource _random;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, List<TailFile>> _open = new(StringComparer.Ordinal);   // under _lock

    public FileTailStore(string logsFolder, RandomSource random)
    {
        _logsFolder = logsFolder;
        _random = random;
    }

    public IReadOnlyList<TailLocation> Append(string log, long firstIndex, IReadOnlyList<ReadOnlyMemory<byte>> entries)
    {
        lock (_lock)
        {
            List<TailFile> files = FilesOf(log);
            if (files.Count > 0 && files[^1].NextIndex != firstIndex)
            {
                throw new StorageException($"The tail file of log {log} ends at {files[^1].NextIndex}, not at {firstIndex}.", StorageOutcome.NothingChanged);
            }

            if (files.Count == 0 || files[^1].End > FileBytes)
            {
                files.Add(Begin(log, firstIndex));
            }

            return files[^1].Append(firstIndex, entries);
        }
    }

    public IEnumerable<TailEntry> Load(string log)
    {
        List<TailFile> files;
        lock (_lock)
        {
            files = [.. FilesOf(log)];
        }

        foreach (TailFile file in files)
        {
            foreach (TailEntry entry in file.Load())
            {
                yield return entry;
            }
        }
    }

    /// <summary>Reads the entries of a log's tail files without opening them: nothing is changed.</summary>
    /// <exception cref="StorageException">A file is damaged.</exception>
    public static IEnumerable<TailEntry> ReadOnly(string logsFolder, string log)
    {
        string folder = Path.Combine(logsFolder, log, "tail");
        if (!Directory.Exists(folder))
        {
            yield break;
        }

        foreach (string path in Directory.EnumerateFiles(folder, "*" + Extension).Order(StringComparer.Ordinal))
        {
            using TailFile file = TailFile.Open(path, FileAccess.Read);
            foreach (TailEntry entry in file.Load())
            {
                yield return entry;
            }
        }
    }

    public bool Read(string log, TailLocation location, Span<byte> destination)
    {
        lock (_lock)
        {
            TailFile? file = FilesOf(log).Find(f => f.FirstIndex == location.File);
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
            List<TailFile> files = FilesOf(log);
            while (files.Count > 0 && files[0].NextIndex <= beforeIndex)
            {
                files[0].Dispose();
                File.Delete(files[0].Path);
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

    private string FolderOf(string log) => Path.Combine(_logsFolder, log, "tail");

    private List<TailFile> FilesOf(string log)
    {
        if (!_open.TryGetValue(log, out List<TailFile>? files))
        {
            files = [];
            string folder = FolderOf(log);
            if (Directory.Exists(folder))
            {
                foreach (string path in Directory.EnumerateFiles(folder, "*" + Extension).Order(StringComparer.Ordinal))
                {
                    files.Add(TailFile.Open(path));
                }
            }

            _open.Add(log, files);
        }

        return files;
    }

    private TailFile Begin(string log, long firstIndex)
    {
        string folder = FolderOf(log);
        DurableFile.CreateFolder(folder);
        byte[] header = new byte[HeaderBytes];
        s_magic.CopyTo(header, 0);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(8), 1);
        _random.Fill(header.AsSpan(16, 8));
        BinaryPrimitives.WriteInt64BigEndian(header.AsSpan(24), firstIndex);
        SHA256.HashData(header.AsSpan(0, 32), header.AsSpan(32));
        string path = Path.Combine(folder, NameOf(firstIndex));
        DurableFile.WriteWhole(path, header, ownerOnly: true);
        return TailFile.Open(path);
    }

    private sealed class TailFile : IDisposable
    {
        private readonly SafeFileHandle _handle;
        private readonly ulong _id;
        private readonly FrameBuffer _frame = new();
        private long _records;
        private ulong _chain;

        private TailFile(string path, SafeFileHandle handle, ulong id, long firstIndex)
        {
            Path = path;
            _handle = handle;
            _id = id;
            FirstIndex = firstIndex;
            NextIndex = firstIndex;
        }

        public string Path { get; }

        public long FirstIndex { get; }

        public long NextIndex { get; private set; }

        public long End { get; private set; } = HeaderBytes;

        public static TailFile Open(string path, FileAccess access = FileAccess.ReadWrite)
        {
            SafeFileHandle handle = File.OpenHandle(path, FileMode.Open, access, FileShare.ReadWrite | FileShare.Delete);
            byte[] bytes = new byte[RandomAccess.GetLength(handle)];
            _ = RandomAccess.Read(handle, bytes, 0);
            if (bytes.Length < HeaderBytes || !bytes.AsSpan(0, 8).SequenceEqual(s_magic)
                || BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(8)) != 1
                || !SHA256.HashData(bytes.AsSpan(0, 32)).AsSpan().SequenceEqual(bytes.AsSpan(32, 32))
                || System.IO.Path.GetFileName(path) != NameOf(BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(24))))
            {
                handle.Dispose();
                throw Damaged(path, "has no valid header");
            }

            ulong id = BinaryPrimitives.ReadUInt64BigEndian(bytes.AsSpan(16));
            var file = new TailFile(path, handle, id, BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(24)));
            while (RecordFrame.Read(bytes.AsSpan((int)file.End), file._records, id, ref file._chain, out int length) == RecordFrame.Found.Record)
            {
                ReadOnlySpan<byte> payload = bytes.AsSpan((int)file.End + RecordFrame.HeaderBytes, length);
                if (length < PayloadHeaderBytes || BinaryPrimitives.ReadInt64BigEndian(payload) != file.NextIndex)
                {
                    throw Damaged(path, $"has a record at byte {file.End} that does not continue at index {file.NextIndex}");
                }

                file.NextIndex += BinaryPrimitives.ReadInt32BigEndian(payload[8..]);
                file.End += RecordFrame.SizeOf(length);
                file._records++;
            }

            if (RecordFrame.AnyRecordBehind(bytes, file.End, id, out long later))
            {
                throw Damaged(path, $"is damaged at byte {file.End}: a whole record lies behind it at byte {later}");
            }

            if (access == FileAccess.ReadWrite)
            {
                RandomAccess.SetLength(handle, file.End);
            }

            return file;
        }

        public IReadOnlyList<TailLocation> Append(long firstIndex, IReadOnlyList<ReadOnlyMemory<byte>> entries)
        {
            _frame.Clear();
            Span<byte> head = _frame.GetSpan(RecordFrame.HeaderBytes + PayloadHeaderBytes)[..(RecordFrame.HeaderBytes + PayloadHeaderBytes)];
            head.Clear();
            BinaryPrimitives.WriteInt64BigEndian(head[RecordFrame.HeaderBytes..], firstIndex);
            BinaryPrimitives.WriteInt32BigEndian(head[(RecordFrame.HeaderBytes + 8)..], entries.Count);
            _frame.Advance(head.Length);
            var locations = new List<TailLocation>(entries.Count);
            foreach (ReadOnlyMemory<byte> entry in entries)
            {
                locations.Add(new TailLocation(FirstIndex, checked((int)End + _frame.Count + 2)));
                EntryBundle.WriteEntry(_frame, entry.Span);
            }

            int payloadBytes = _frame.Count - RecordFrame.HeaderBytes;
            int padding = (int)(RecordFrame.SizeOf(payloadBytes) - _frame.Count);
            _frame.GetSpan(RecordFrame.Alignment)[..padding].Clear();
            _frame.Advance(padding);
            try
            {
                ulong chain = RecordFrame.Seal(_frame.Written, payloadBytes, _records, _id, _chain);
                RandomAccess.Write(_handle, _frame.Written, End);
                RandomAccess.FlushToDisk(_handle);
                _chain = chain;
            }
            catch (IOException e)
            {
                throw new StorageException($"Writing {System.IO.Path.GetFileName(Path)} failed; what is on disk is not known.", StorageOutcome.Unknown, e);
            }

            _records++;
            End += _frame.Count;
            NextIndex += entries.Count;
            return locations;
        }

        public IEnumerable<TailEntry> Load()
        {
            byte[] bytes = new byte[End];
            Read(0, bytes);
            int at = HeaderBytes;
            while (at < bytes.Length)
            {
                int length = BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(at + 4));
                int payload = at + RecordFrame.HeaderBytes;
                long index = BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(payload));
                int count = BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(payload + 8));
                if (!EntryBundle.TryParse(bytes.AsMemory(payload + PayloadHeaderBytes, length - PayloadHeaderBytes), count, out ReadOnlyMemory<byte>[]? entries))
                {
                    throw Damaged(Path, $"has a record at byte {at} that does not hold {count} entries");
                }

                int offset = payload + PayloadHeaderBytes + 2;
                foreach (ReadOnlyMemory<byte> entry in entries)
                {
                    yield return new TailEntry(index++, new TailLocation(FirstIndex, offset), entry);
                    offset += entry.Length + 2;
                }

                at += (int)RecordFrame.SizeOf(length);
            }
        }

        public void Read(long offset, Span<byte> destination)
        {
            while (!destination.IsEmpty)
            {
                int read = RandomAccess.Read(_handle, destination, offset);
                if (read == 0)
                {
                    throw Damaged(Path, $"ends before byte {offset + destination.Length}");
                }

                offset += read;
                destination = destination[read..];
            }
        }

        public void Dispose() => _handle.Dispose();

        private static StorageException Damaged(string path, string what) =>
            new($"Tail file {System.IO.Path.GetFileName(path)} {what}.", StorageOutcome.Damaged);
    }
}
