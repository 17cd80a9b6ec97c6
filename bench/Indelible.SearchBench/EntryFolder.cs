using System.Globalization;
using Indelible.Engine;
using Indelible.Engine.Reading;
using Indelible.Engine.Sealing;
using Indelible.Engine.Storage;
using Indelible.Engine.Storage.Memory;
using Indelible.Events;
using Microsoft.Win32.SafeHandles;

namespace Indelible.SearchBench;

/// <summary>A log's entries as the product keeps them: sealed segments in a folder, read by the engine's own reader, and a tail in memory.</summary>
internal sealed class EntryFolder : IDisposable
{
    /// <summary>The log's origin.</summary>
    public const string Origin = "localhost:7480/logs/main";

    private const string Log = "main";
    private const int SegmentEntries = 65_536;
    private readonly string _folder;
    private readonly List<long> _segments = [];
    private readonly List<ReadOnlyMemory<byte>> _tail = [];
    private LogState? _state;

    private readonly Subjects? _subjects;

    private EntryFolder(string folder, Subjects? subjects)
    {
        _folder = folder;
        _subjects = subjects;
    }

    /// <summary>Whether personal values are sealed.</summary>
    public bool IsSealed => _subjects is not null;

    /// <summary>How many entries.</summary>
    public long Count => ((long)_segments.Count * SegmentEntries) + _tail.Count;

    /// <summary>How many of them are sealed.</summary>
    public long SealedCount => (long)_segments.Count * SegmentEntries;

    /// <summary>Bytes of all entries, as they are logged.</summary>
    public long EntryBytes { get; private set; }

    /// <summary>Bytes of the segments' files.</summary>
    public long SegmentBytes { get; private set; }

    /// <summary>Writes entries into a new folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="entries">The entries.</param>
    /// <param name="subjects">The keys that they are sealed under; null where nothing is.</param>
    public static EntryFolder Write(string folder, IEnumerable<byte[]> entries, Subjects? subjects)
    {
        Directory.CreateDirectory(folder);
        var written = new EntryFolder(folder, subjects);

        // One segment is sealed while the next one's entries are made.
        Task sealing = Task.CompletedTask;
        foreach (byte[][] chunk in entries.Chunk(SegmentEntries))
        {
            sealing.GetAwaiter().GetResult();
            written.EntryBytes += chunk.Sum(entry => (long)entry.Length);
            if (chunk.Length == SegmentEntries)
            {
                sealing = Task.Run(() => written.Seal(chunk));
            }
            else
            {
                written._tail.AddRange(chunk.Select(entry => (ReadOnlyMemory<byte>)entry));
            }
        }

        sealing.GetAwaiter().GetResult();
        return written;
    }

    /// <summary>Opens the segments, with an empty cache of blocks.</summary>
    public void Open()
    {
        _state = new LogState(Log, Origin, SegmentEntries, 0, new MemoryJournal(), new MemoryTailStore(), new SegmentCache(EngineLimits.SegmentCacheBytes));
        foreach (long first in _segments)
        {
            _state.AddSegment(SegmentReader.Open(new FileContent(PathOf(first)), Origin, Log, first));
        }
    }

    /// <summary>Closes the segments: nothing of them stays in this process.</summary>
    public void Close()
    {
        foreach (SegmentReader segment in _state?.Segments ?? [])
        {
            segment.Dispose();
        }

        _state = null;
    }

    /// <summary>All entries, in turn.</summary>
    public IEnumerable<EntryChunk> Chunks()
    {
        foreach (long first in _segments)
        {
            using SegmentReader segment = SegmentReader.Open(new FileContent(PathOf(first)), Origin, Log, first);
            var entries = new List<ReadOnlyMemory<byte>>(SegmentEntries);
            for (int block = 0; block < segment.Count / SegmentFormat.EntriesPerBlock; block++)
            {
                entries.AddRange(segment.ReadBlock(block).Entries);
            }

            yield return new EntryChunk(first, entries, Clear(entries), segment.Root);
        }

        if (_tail.Count > 0)
        {
            yield return new EntryChunk(SealedCount, _tail, Clear(_tail), null);
        }
    }

    /// <summary>Consecutive entries of one bundle, as the server reads them.</summary>
    /// <param name="from">The first.</param>
    /// <param name="to">Behind the last, in the same bundle of 256.</param>
    public IReadOnlyList<ReadOnlyMemory<byte>> Read(long from, long to)
    {
        long sealedCount = SealedCount;
        return from < sealedCount ? _state!.ReadEntries(from, to) : _tail.GetRange((int)(from - sealedCount), (int)(to - from));
    }

    /// <summary>An entry with its personal values in clear.</summary>
    public ReadOnlyMemory<byte> Clear(ReadOnlyMemory<byte> entry) => _subjects is null ? entry : Entry.Decrypt(entry.Span, Origin, _subjects.Find);

    /// <inheritdoc/>
    public void Dispose() => Close();

    private List<ReadOnlyMemory<byte>> Clear(List<ReadOnlyMemory<byte>> entries) => IsSealed ? entries.ConvertAll(Clear) : entries;

    private void Seal(byte[][] chunk)
    {
        long first = SealedCount;
        string path = PathOf(first);
        using (var stream = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 20))
        {
            // The hashes of ids serve nothing here; their bytes count all the same.
            IEnumerable<ReadOnlyMemory<byte>> samples = chunk.Where((_, i) => i % (SegmentEntries / FrameDictionary.Samples) == 0).Select(entry => (ReadOnlyMemory<byte>)entry);
            SegmentWriter.Write(stream, Origin, Log, first, SegmentEntries, samples, chunk.Select(entry => new SegmentEntry(entry, 0)));
        }

        SegmentBytes += new FileInfo(path).Length;
        _segments.Add(first);
    }

    private string PathOf(long first) => Path.Combine(_folder, first.ToString("D16", CultureInfo.InvariantCulture) + ".segment");

    private sealed class FileContent(string path) : ISegmentContent
    {
        private readonly SafeFileHandle _file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read, FileOptions.RandomAccess);

        public long Length => RandomAccess.GetLength(_file);

        public void Read(long offset, Span<byte> destination)
        {
            while (destination.Length > 0)
            {
                int read = RandomAccess.Read(_file, destination, offset);
                if (read == 0)
                {
                    throw new StorageException($"{path} ends before byte {offset}.", StorageOutcome.Damaged);
                }

                offset += read;
                destination = destination[read..];
            }
        }

        public void Dispose() => _file.Dispose();
    }
}
