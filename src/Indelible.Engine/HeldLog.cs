using Indelible.Engine.Privacy;
using Indelible.Engine.Sealing;
using Indelible.Engine.Storage;
using Indelible.Engine.Storage.Files;
using Indelible.Events;
using Indelible.Merkle;

namespace Indelible.Engine;

/// <summary>The segments of a log of a <see cref="HeldFolder"/>. For one thread.</summary>
public sealed class HeldLog : IDisposable
{
    private readonly List<SegmentReader> _segments;
    private readonly Vault? _vault;

    private HeldLog(string name, string origin, int segmentSize, List<SegmentReader> segments, IndexFiles files, Vault? vault)
    {
        Name = name;
        Origin = origin;
        SegmentSize = segmentSize;
        Files = files;
        _segments = segments;
        _vault = vault;
    }

    /// <summary>The log's name.</summary>
    public string Name { get; }

    /// <summary>Its origin.</summary>
    public string Origin { get; }

    /// <summary>Entries in a segment.</summary>
    public int SegmentSize { get; }

    /// <summary>The entries in segments: those from 0 on.</summary>
    public long SealedSize => (long)_segments.Count * SegmentSize;

    /// <summary>Its index files.</summary>
    public IndexFiles Files { get; }

    /// <summary>The root of a segment's subtree; see <see cref="LogReader.SegmentRoot"/>.</summary>
    /// <param name="first">The segment's first entry.</param>
    public Hash SegmentRoot(long first) => _segments[(int)(first / SegmentSize)].Root;

    /// <summary>The entries from <paramref name="index"/> to the end of its bundle of 256.</summary>
    /// <param name="index">Below <see cref="SealedSize"/>.</param>
    /// <exception cref="StorageException">They are not what was sealed.</exception>
    public IReadOnlyList<ReadOnlyMemory<byte>> ReadEntries(long index)
    {
        int offset = (int)(index % SegmentSize);
        IReadOnlyList<ReadOnlyMemory<byte>> block = _segments[(int)(index / SegmentSize)].ReadBlock(offset / SegmentFormat.EntriesPerBlock).Entries;
        return [.. block.Skip(offset % SegmentFormat.EntriesPerBlock)];
    }

    /// <summary>An entry with its personal values in clear.</summary>
    /// <exception cref="InvalidOperationException">The folder has not its keys (<see cref="HeldFolder.HasKeys"/>).</exception>
    public byte[] Decrypt(ReadOnlyMemory<byte> entry) =>
        _vault is { } vault ? Entry.Decrypt(entry.Span, Origin, vault.Find) : throw new InvalidOperationException("There are no keys here.");

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (SegmentReader segment in _segments)
        {
            segment.Dispose();
        }
    }

    internal static HeldLog Open(DataFolder folder, FolderSettings settings, string log, Vault? vault)
    {
        string origin = KeyStore.NameOf(settings.Host, log);
        var store = new FileSegmentStore(folder.Disk, folder.LogsFolder);
        var opened = new HeldLog(log, origin, settings.SegmentSize, [], folder.IndexFilesOf(log), vault);
        try
        {
            foreach (long first in store.List(log))
            {
                SegmentReader segment = SegmentReader.Open(store.Open(log, first), origin, log, first);
                opened._segments.Add(segment);
                if (segment.Count != settings.SegmentSize || first != opened.SealedSize - settings.SegmentSize)
                {
                    throw new StorageException($"Segment {first} of log {log} does not follow the one before it: a segment is missing or misplaced.", StorageOutcome.Damaged);
                }
            }

            return opened;
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }
}
