using System.Globalization;
using Indelible.Engine.Privacy;
using Indelible.Engine.Sealing;
using Indelible.Engine.Sequencing;
using Indelible.Engine.Storage;
using Indelible.Engine.Storage.Files;
using Indelible.Events;
using Indelible.Tiles;

namespace Indelible.Engine.Reading;

/// <summary>A log of a data folder, read without opening a node: for verifiers, beside a running node or without one.</summary>
/// <remarks>
/// <para>
/// Changes nothing and takes no lock. Believes nothing either: segments are checked block by block, and what is not in a segment is
/// taken from tail files and journal by the checks of their records alone; the verifier hashes it. The size is that of the
/// recorded checkpoint, which the verifier has checked by its own pinned key. An entry that lies in several places must be the same
/// in all of them.
/// </para>
/// <para>
/// Entries move from the journal to tail files and on to segments while a node runs, so the places are read in that order, and anew
/// when something was in motion.
/// </para>
/// </remarks>
public sealed class FolderLog : IDisposable
{
    private const int Attempts = 3;

    private readonly DataFolder _folder;
    private readonly FolderSettings _settings;
    private readonly string _log;
    private readonly string _origin;
    private readonly Dictionary<long, LooseEntry> _loose = [];   // in journal or tail files
    private readonly SortedDictionary<long, SegmentReader> _segments = [];
    private readonly FolderFindings _findings = new();

    private FolderLog(DataFolder folder, FolderSettings settings, string log, string origin)
    {
        _folder = folder;
        _settings = settings;
        _log = log;
        _origin = origin;
    }

    /// <summary>What was found about journal, tail files and segments when they were opened.</summary>
    public FolderFindings Findings => _findings;

    /// <summary>How many entries there are from the first on without a gap, under a signed head or not.</summary>
    public long Size => EntriesFrom(0);

    /// <summary>Finds the pieces of a log.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="log">The log's name.</param>
    /// <param name="origin">Its origin, from the key that the verifier pins.</param>
    /// <exception cref="StorageException">The folder's settings cannot be read.</exception>
    public static FolderLog Open(DataFolder folder, string log, string origin) => Open(folder, log, origin, static _ => true);

    /// <summary>As <see cref="Open(DataFolder, string, string)"/>, of the segments with such paths alone.</summary>
    internal static FolderLog Open(DataFolder folder, string log, string origin, Func<string, bool> hasSegment)
    {
        ArgumentNullException.ThrowIfNull(folder);
        FolderSettings settings = folder.ReadSettings();
        for (int attempt = 1; ; attempt++)
        {
            var opened = new FolderLog(folder, settings, log, origin);
            opened.ReadJournal();
            opened.ReadTails();
            opened.ReadSegments(hasSegment);
            if (attempt == Attempts || opened._findings is { Faults.Count: 0, Unclear.Count: 0 } || !folder.IsInUse)
            {
                return opened;
            }

            opened.Dispose();
        }
    }

    /// <summary>The recorded checkpoint: the last one that the node may have shown. Untrusted bytes.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="origin">The log's origin.</param>
    /// <param name="checkpointFolder">Where the checkpoint store is; null for its place in the data folder.</param>
    /// <exception cref="StorageException">There is none for this origin, or the store cannot be read.</exception>
    public static ReadOnlyMemory<byte> ReadCheckpoint(DataFolder folder, string origin, string? checkpointFolder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        string store = checkpointFolder ?? folder.CheckpointsFolder;
        return FileCheckpointStore.ReadOnly(folder.Disk, store, out _).TryGetValue(origin, out ReadOnlyMemory<byte> note)
            ? note
            : throw new StorageException($"The checkpoint store has no checkpoint of {origin}.", StorageOutcome.Damaged);
    }

    /// <summary>The recorded handovers from key to key; no bytes where there are none. Untrusted bytes.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="keyName">The log's origin, or the name of the receipts' key.</param>
    /// <param name="checkpointFolder">Where the checkpoint store is; null for its place in the data folder.</param>
    /// <exception cref="StorageException">The store cannot be read.</exception>
    public static ReadOnlyMemory<byte> ReadHandovers(DataFolder folder, string keyName, string? checkpointFolder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        return FileCheckpointStore.ReadOnly(folder.Disk, checkpointFolder ?? folder.CheckpointsFolder, out _).GetValueOrDefault(CheckpointSwap.HandoversOf(keyName));
    }

    /// <summary>As <see cref="ReadHandovers"/>, of the key that signs receipts.</summary>
    public static ReadOnlyMemory<byte> ReadReceiptsHandovers(DataFolder folder, string? checkpointFolder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        return ReadHandovers(folder, KeyStore.NameOf(folder.ReadSettings().Host, KeyStore.ReceiptsName), checkpointFolder);
    }

    /// <summary>The entries of a bundle.</summary>
    /// <exception cref="StorageException">They are not all there, or were altered; the message says where.</exception>
    public IReadOnlyList<ReadOnlyMemory<byte>> ReadBundle(BundleId id)
    {
        long first = id.Index * TileLayout.Width;
        if (SegmentOf(first) is { } segment)
        {
            return ReadBlock(segment, first, id.Width);
        }

        var entries = new ReadOnlyMemory<byte>[id.Width];
        for (int i = 0; i < entries.Length; i++)
        {
            entries[i] = _loose.TryGetValue(first + i, out LooseEntry entry)
                ? entry.Bytes
                : throw Missing(first + i);
        }

        return entries;
    }

    /// <summary>Compares the hashes by which ids are found again, which no tree covers, with the entries of a bundle.</summary>
    /// <param name="id">A bundle.</param>
    /// <param name="entries">What its entries say, as verified.</param>
    /// <returns>What is wrong, by index.</returns>
    /// <exception cref="StorageException">They cannot be read.</exception>
    public IEnumerable<(long Index, string Detail)> CheckIdHashes(BundleId id, IReadOnlyList<EntryFacts> entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        long first = id.Index * TileLayout.Width;
        if (SegmentOf(first) is not { } segment)
        {
            yield break;
        }

        uint[] stored = segment.ReadIdHashes((int)(first - segment.FirstIndex), entries.Count);
        for (int i = 0; i < stored.Length; i++)
        {
            uint expected = IdempotencyWindow.HashOf(_settings.IdSeedValue, entries[i].Principal, entries[i].Id);
            if (stored[i] != expected)
            {
                yield return (first + i, $"{NameOf(segment)} holds id hash {stored[i]:x8} for it, but its principal and id make {expected:x8}");
            }
        }
    }

    /// <summary>The segments, by their first entry, and the bytes of each file.</summary>
    public IReadOnlyList<(long FirstIndex, long Bytes)> Segments => [.. _segments.Values.Select(segment => (segment.FirstIndex, segment.FileBytes))];

    /// <summary>Compares a segment file with the hash that it ends in.</summary>
    /// <param name="firstIndex">One of <see cref="Segments"/>.</param>
    public FolderFindings CheckFileHash(long firstIndex)
    {
        var findings = new FolderFindings();
        SegmentReader segment = _segments[firstIndex];
        findings.Try(NameOf(segment), segment.VerifyFileHash);
        return findings;
    }

    /// <summary>How many entries there are from <paramref name="index"/> on without a gap.</summary>
    public long EntriesFrom(long index)
    {
        long next = index;
        while (true)
        {
            long before = next;
            next = SegmentOf(next) is { } segment ? segment.FirstIndex + segment.Count : _loose.ContainsKey(next) ? next + 1 : next;
            if (next == before)
            {
                return next - index;
            }
        }
    }

    /// <summary>Reads entries that no signed head covers: they must be there, whole, and entries.</summary>
    /// <param name="from">The first.</param>
    /// <param name="end">The one behind the last.</param>
    public FolderFindings CheckEntries(long from, long end)
    {
        var findings = new FolderFindings();
        if (EntriesFrom(from) is var there && there < end - from)
        {
            findings.Fault($"entry {from + there}", $"it is not there, and {end} entries should be");
            return findings;
        }

        for (long first = from - (from % TileLayout.Width); first < end; first += TileLayout.Width)
        {
            var bundle = new BundleId(first / TileLayout.Width, (int)Math.Min(TileLayout.Width, end - first));
            findings.Try($"entries {first} to {first + bundle.Width - 1}", () =>
            {
                IReadOnlyList<ReadOnlyMemory<byte>> entries = ReadBundle(bundle);
                for (int i = (int)Math.Max(0, from - first); i < entries.Count; i++)
                {
                    if (!Entry.TryRead(entries[i].Span, out _))
                    {
                        findings.Fault($"entry {first + i}", "it is not canonical JSON with the members of an entry");
                    }
                }
            });
        }

        if (end > from)
        {
            findings.IsNotChecked($"entries {from} to {end - 1} against a root: they were durable, but no checkpoint covered them yet");
        }

        return findings;
    }

    /// <summary>Where an entry lies, for a report.</summary>
    public string Locate(long index)
    {
        if (SegmentOf(index) is not { } segment)
        {
            return _loose.TryGetValue(index, out LooseEntry entry) ? entry.File : "in no file";
        }

        int block = (int)((index - segment.FirstIndex) / TileLayout.Width);
        (long offset, int length) = segment.BlockRange(block);
        return $"{NameOf(segment)}, block {block}, bytes {offset} to {offset + length - 1}";
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (SegmentReader segment in _segments.Values)
        {
            segment.Dispose();
        }
    }

    private string NameOf(SegmentReader segment) =>
        string.Create(CultureInfo.InvariantCulture, $"logs/{_log}/segments/{segment.FirstIndex:D16}.segment");

    private ReadOnlyMemory<byte>[] ReadBlock(SegmentReader segment, long first, int count)
    {
        ReadOnlyMemory<byte>[] entries = [.. segment.ReadBlock((int)((first - segment.FirstIndex) / TileLayout.Width)).Entries.Take(count)];
        for (int i = 0; i < entries.Length; i++)
        {
            if (_loose.TryGetValue(first + i, out LooseEntry copy) && !copy.Bytes.Span.SequenceEqual(entries[i].Span))
            {
                throw new StorageException($"Entry {first + i} is one in {NameOf(segment)} and another in {copy.File}.", StorageOutcome.Damaged);
            }
        }

        return entries;
    }

    private SegmentReader? SegmentOf(long index)
    {
        // Every segment has the size of the settings: opening has checked it.
        _segments.TryGetValue(index - (index % _settings.SegmentSize), out SegmentReader? segment);
        return segment;
    }

    /// <summary>Not there, if everything was read; else nobody can tell.</summary>
    private StorageException Missing(long index) => _findings.Unclear.Count == 0
        ? new StorageException("not all its entries are in a segment, tail file or journal file", StorageOutcome.Damaged)
        : new StorageException($"entry {index} is in no file that could be read; {_findings.Unclear[0].Where}: {_findings.Unclear[0].Detail}", StorageOutcome.NothingChanged);
    /// <summary>What could not be read, for the end of a message.</summary>
    internal string Reasons()
    {
        string[] reasons = [.. _findings.Faults.Concat(_findings.Unclear).Select(finding => $"{finding.Where}: {finding.Detail}")];
        return reasons.Length == 0 ? "" : " Not readable: " + string.Join("; ", reasons);
    }

    private void ReadJournal()
    {
        JournalFileContent? before = null;
        string[] paths = [];
        _findings.Try("journal", () => paths = [.. FileJournal.PathsOf(_folder.Disk, _folder.JournalFolder)]);
        foreach (string path in paths)
        {
            string name = _folder.NameOf(path);
            _findings.Try(name, () =>
            {
                JournalFileContent file = FileJournal.ReadAround(_folder.Disk, path);
                if (before is not null && (before.NextRecord != file.FirstRecord || before.ChainAfter != file.ChainBefore))
                {
                    _findings.Fault(name, $"it begins with record {file.FirstRecord}, but the file before it ends at {before.NextRecord} or with another chain: a file is missing or from elsewhere");
                }

                before = file;
                foreach (string damage in file.Damage)
                {
                    _findings.Fault(name, "it " + damage);
                }

                foreach (JournalBatch batch in file.Records.SelectMany(record => JournalGroup.Read(record.Payload)).Where(batch => batch.Log == _log))
                {
                    for (int i = 0; i < batch.Entries.Count; i++)
                    {
                        Take(batch.FirstIndex + i, batch.Entries[i], name);
                    }
                }

                NoteRest(name, file.IsTorn, path == paths[^1], file.End);
            });
        }
    }

    private void ReadTails()
    {
        string[] paths = [];
        _findings.Try($"logs/{_log}/tail", () => paths = [.. FileTailStore.PathsOf(_folder.Disk, _folder.LogsFolder, _log)]);
        foreach (string path in paths)
        {
            string name = _folder.NameOf(path);
            _findings.Try(name, () =>
            {
                IReadOnlyList<TailEntry> entries = FileTailStore.ReadOnly(_folder.Disk, path, out long restBytes);
                foreach (TailEntry entry in entries)
                {
                    Take(entry.Index, entry.Entry, name);
                }

                NoteRest(name, restBytes > 0, path == paths[^1], _folder.Disk.LengthOf(path) - restBytes);
            });
        }
    }

    private void ReadSegments(Func<string, bool> hasSegment)
    {
        var store = new FileSegmentStore(_folder.Disk, _folder.SegmentsFolder);
        IReadOnlyList<long> firsts = [];
        _findings.Try($"logs/{_log}/segments", () => firsts = [.. store.List(_log).Where(first => hasSegment(store.PathOf(_log, first)))]);
        foreach (long first in firsts)
        {
            _findings.Try(string.Create(CultureInfo.InvariantCulture, $"logs/{_log}/segments/{first:D16}.segment"), () =>
            {
                SegmentReader segment = SegmentReader.Open(store.Open(_log, first), _origin, _log, first);
                if (segment.Count == _settings.SegmentSize)
                {
                    _segments.Add(first, segment);
                    return;
                }

                segment.Dispose();
                throw new StorageException($"Segment {first} has {segment.Count} entries, not {_settings.SegmentSize}.", StorageOutcome.Damaged);
            });
        }
    }

    private void Take(long index, ReadOnlyMemory<byte> entry, string file)
    {
        if (!_loose.TryGetValue(index, out LooseEntry known))
        {
            _loose.Add(index, new LooseEntry(entry, file));
        }
        else if (!known.Bytes.Span.SequenceEqual(entry.Span))
        {
            _findings.Fault(file, $"entry {index} is another one in {known.File}");
        }
    }

    /// <summary>Bytes behind the last whole record: at the end of the last file a crash may have left them, elsewhere nothing has.</summary>
    private void NoteRest(string name, bool hasRest, bool isLast, long offset)
    {
        if (!hasRest)
        {
            return;
        }

        if (!isLast)
        {
            _findings.Fault(name, $"it is damaged at byte {offset}, and other files follow it");
        }
        else if (_folder.IsInUse)
        {
            _findings.IsNotChecked($"{name} from byte {offset} on: a node is running and may be writing there");
        }
        else
        {
            _findings.IsUnclear(name, $"at byte {offset} begins what is no whole record: a crash leaves that, and so does a change to the last record. The next start puts it into quarantine");
        }
    }

    private readonly record struct LooseEntry(ReadOnlyMemory<byte> Bytes, string File);
}
