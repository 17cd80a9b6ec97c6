using Indelible.Engine.Sealing;
using Indelible.Engine.Storage;
using Indelible.Engine.Storage.Files;
using Indelible.Tiles;

namespace Indelible.Engine.Reading;

/// <summary>A log of a data folder, read without opening a node: for verifiers, beside a running node or without one.</summary>
/// <remarks>
/// Changes nothing and takes no lock. Believes nothing either: segments are checked block by block, and what is not in a segment is
/// taken from tail files and journal by the checks of their records alone; the verifier hashes it. The size is that of the
/// recorded checkpoint, which the verifier has checked by its own pinned key.
/// </remarks>
public sealed class FolderLog : IDisposable
{
    private readonly DataFolder _folder;
    private readonly string _log;
    private readonly string _origin;
    private readonly Dictionary<long, ReadOnlyMemory<byte>> _tail = [];
    private readonly SortedDictionary<long, SegmentReader> _segments = [];
    private readonly List<string> _unreadable = [];

    private FolderLog(DataFolder folder, string log, string origin)
    {
        _folder = folder;
        _log = log;
        _origin = origin;
    }

    /// <summary>Segments, tail files and journal files that could not be read, with the reason.</summary>
    public IReadOnlyList<string> Unreadable => _unreadable;

    /// <summary>Finds the pieces of a log.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="log">The log's name.</param>
    /// <param name="origin">Its origin, from the key that the verifier pins.</param>
    public static FolderLog Open(DataFolder folder, string log, string origin)
    {
        ArgumentNullException.ThrowIfNull(folder);
        var opened = new FolderLog(folder, log, origin);
        opened.ReadSegments();
        opened.ReadTails();
        opened.ReadJournal();
        return opened;
    }

    /// <summary>The recorded checkpoint: the last one that the node may have shown. Untrusted bytes.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="origin">The log's origin.</param>
    /// <param name="checkpointFolder">Where the checkpoint store is; null for its place in the data folder.</param>
    /// <exception cref="StorageException">There is none for this origin, or the store cannot be read.</exception>
    public static ReadOnlyMemory<byte> ReadCheckpoint(DataFolder folder, string origin, string? checkpointFolder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        return FileCheckpointStore.ReadOnly(checkpointFolder ?? folder.CheckpointsFolder).TryGetValue(origin, out ReadOnlyMemory<byte> note)
            ? note
            : throw new StorageException($"The checkpoint store has no checkpoint of {origin}.", StorageOutcome.Damaged);
    }

    /// <summary>The entries of a bundle.</summary>
    /// <exception cref="StorageException">They are not all there, or were altered; the message says where.</exception>
    public IReadOnlyList<ReadOnlyMemory<byte>> ReadBundle(BundleId id)
    {
        long first = id.Index * TileLayout.Width;
        if (SegmentOf(first) is { } segment)
        {
            return [.. segment.ReadBlock((int)((first - segment.FirstIndex) / TileLayout.Width)).Entries.Take(id.Width)];
        }

        var entries = new ReadOnlyMemory<byte>[id.Width];
        for (int i = 0; i < entries.Length; i++)
        {
            entries[i] = _tail.TryGetValue(first + i, out ReadOnlyMemory<byte> entry)
                ? entry
                : throw new StorageException($"Entry {first + i} is in no segment, tail file or journal file that can be read.{Reasons()}", StorageOutcome.Damaged);
        }

        return entries;
    }

    /// <summary>Where an entry lies, for a report.</summary>
    public string Locate(long index)
    {
        if (SegmentOf(index) is not { } segment)
        {
            return "in the tail";
        }

        int block = (int)((index - segment.FirstIndex) / TileLayout.Width);
        (long offset, int length) = segment.BlockRange(block);
        return $"segment {segment.FirstIndex}, block {block}, bytes {offset} to {offset + length - 1}";
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (SegmentReader segment in _segments.Values)
        {
            segment.Dispose();
        }
    }

    private SegmentReader? SegmentOf(long index)
    {
        SegmentReader? found = null;
        foreach (SegmentReader segment in _segments.Values)
        {
            if (segment.FirstIndex <= index && index < segment.FirstIndex + segment.Count)
            {
                found = segment;
            }
        }

        return found;
    }

    private string Reasons() => _unreadable.Count == 0 ? "" : " Not readable: " + string.Join("; ", _unreadable);

    private void ReadSegments()
    {
        var store = new FileSegmentStore(_folder.LogsFolder);
        foreach (long first in store.List(_log))
        {
            Try(() => _segments.Add(first, SegmentReader.Open(store.Open(_log, first), _origin, _log, first)));
        }
    }

    private void ReadTails() => Try(() =>
    {
        foreach (TailEntry entry in FileTailStore.ReadOnly(_folder.LogsFolder, _log))
        {
            _tail[entry.Index] = entry.Entry;
        }
    });

    private void ReadJournal() => Try(() =>
    {
        foreach (JournalRecord record in FileJournal.ReadOnly(_folder.JournalFolder))
        {
            foreach (JournalBatch batch in JournalGroup.Read(record.Payload).Where(batch => batch.Log == _log))
            {
                for (int i = 0; i < batch.Entries.Count; i++)
                {
                    _tail[batch.FirstIndex + i] = batch.Entries[i];
                }
            }
        }
    });

    private void Try(Action read)
    {
        try
        {
            read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _unreadable.Add(e.Message);
        }
    }
}
