using System.Text.Json;
using Indelible.Engine.Configuration;
using Indelible.Engine.Publishing;
using Indelible.Engine.Reading;
using Indelible.Engine.Sources;
using Indelible.Engine.Storage;
using Indelible.Events;
using Indelible.Merkle;
using Indelible.Privacy;
using Indelible.Proofs;
using Indelible.Tiles;

namespace Indelible.Engine;

/// <summary>A log as readers see it: entries, proofs, tiles and checkpoints, at any size that it has had. Thread-safe.</summary>
public sealed class LogReader
{
    private readonly PublishedLog _log;
    private readonly Publisher _publisher;
    private readonly Func<string, PersonalKey?> _personalKeys;
    private LogSettings _settings;

    internal LogReader(LogSettings settings, PublishedLog log, Publisher publisher, PersonalFields personalFields, PersonalFields personalFieldsButOriginal, Func<string, PersonalKey?> personalKeys)
    {
        _settings = settings;
        PersonalFields = personalFields;
        PersonalFieldsButOriginal = personalFieldsButOriginal;
        _log = log;
        _publisher = publisher;
        _personalKeys = personalKeys;
    }

    /// <summary>How the log is configured, with the key that its latest head is verified with.</summary>
    public LogSettings Settings => _settings.Vkey == _log.Vkey ? _settings : _settings = _settings with { Vkey = _log.Vkey };

    /// <summary>The handovers from key to key, as they are recorded; no bytes where the log's key was never rotated.</summary>
    public ReadOnlyMemory<byte> Handovers => _log.Handovers;

    /// <summary>How and for which log a restore has finished this one; null of a log that goes on.</summary>
    public FrozenLog? Frozen { get; internal init; }

    /// <summary>The number of entries that are durable.</summary>
    public long Size => _log.State.DurableSize;

    /// <summary>The number of entries that are in sealed segments.</summary>
    public long SealedSize => _log.State.SealedSize;

    /// <summary>The bytes of the sealed segments.</summary>
    public long SegmentBytes => _log.State.Segments.Sum(segment => segment.FileBytes);

    /// <summary>The latest checkpoint that may be shown.</summary>
    public PublishedCheckpoint Checkpoint => _log.Checkpoints.Latest!;

    /// <summary>Entries in a segment: a power of two, 256 to 65,536.</summary>
    public int SegmentSize => _log.State.SegmentSize;

    internal LogState State => _log.State;

    internal PublishedLog Published => _log;

    /// <summary>What is encrypted of an event of this log.</summary>
    internal PersonalFields PersonalFields { get; }

    /// <summary>The same, with <c>data.original</c> left in clear.</summary>
    internal PersonalFields PersonalFieldsButOriginal { get; }

    /// <summary>The heads shown lately, latest first; see <see cref="EngineLimits.RetainedCheckpoints"/>.</summary>
    public IReadOnlyList<TreeHead> ShownHeads => _log.Checkpoints.Recent();

    /// <summary>The checkpoint of exactly this size, if it is still kept; see <see cref="EngineLimits.RetainedCheckpoints"/>.</summary>
    public PublishedCheckpoint? CheckpointOfSize(long size) => _log.Checkpoints.OfSize(size);

    /// <summary>Completes with the first checkpoint that covers <paramref name="size"/> entries, publishing at once if there is none.</summary>
    /// <param name="size">At most <see cref="Size"/>.</param>
    /// <param name="cancellationToken">Ends the waiting, not the publishing.</param>
    /// <exception cref="LogFrozenException">The log was finished before so many of its entries were signed: none ever will be.</exception>
    public Task<PublishedCheckpoint> WaitForCheckpointAsync(long size, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, Size);
        if (Frozen is { } frozen && size > Checkpoint.Head.Size)
        {
            throw new LogFrozenException(
                Settings.Name, frozen.Successor, $"its last checkpoint has {Checkpoint.Head.Size} entries, and none of {size} will be signed; entry 0 of the log that goes on holds their root.");
        }

        return _log.Checkpoints.WaitForAsync(size, _publisher.Wake, cancellationToken);
    }

    /// <summary>Completes when the log has more than <paramref name="size"/> entries.</summary>
    public Task WaitForGrowthAsync(long size, CancellationToken cancellationToken) => _log.State.WaitForGrowthAsync(size, cancellationToken);

    /// <summary>An entry's exact bytes, checked against its leaf hash.</summary>
    /// <param name="index">Below <see cref="Size"/>.</param>
    /// <exception cref="StorageException">The bytes on disk are not those that were appended.</exception>
    public ReadOnlyMemory<byte> ReadEntry(long index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Size);
        return _log.State.ReadEntry(index);
    }

    /// <summary>Consecutive entries from <paramref name="index"/> on: to the end of its bundle of 256, or to <paramref name="end"/>.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> ReadEntries(long index, long end)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(end, Size);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, end);
        return _log.State.ReadEntries(index, end);
    }

    /// <summary>Entries one after the other, but for those whose bytes on disk are not those that were appended: what they said nobody can know, and the background verification tells of them.</summary>
    /// <param name="index">The first.</param>
    /// <param name="end">Behind the last; at most <see cref="Size"/>.</param>
    /// <exception cref="StorageException">The disk cannot be read, while they are gone over.</exception>
    public IEnumerable<(long Index, ReadOnlyMemory<byte> Entry)> ReadUnaltered(long index, long end)
    {
        while (index < end)
        {
            IReadOnlyList<ReadOnlyMemory<byte>>? together = Unaltered(() => ReadEntries(index, end));
            foreach (ReadOnlyMemory<byte> entry in together ?? [])
            {
                yield return (index++, entry);
            }

            // Of a bundle with a bad one, the others.
            long bundleEnd = Math.Min(end, (index / TileLayout.Width * TileLayout.Width) + TileLayout.Width);
            for (; together is null && index < bundleEnd; index++)
            {
                if (Unaltered(() => [ReadEntry(index)]) is [var entry])
                {
                    yield return (index, entry);
                }
            }
        }
    }

    /// <summary>Whether what was thrown says that an entry cannot be read: its bytes were altered, or are no entry.</summary>
    public static bool IsUnreadable(Exception e) => e is JsonException or FormatException or StorageException { Outcome: StorageOutcome.Damaged };

    /// <summary>The leaf hash of an entry.</summary>
    public Hash ReadLeafHash(long index) => _log.State.ReadNode(0, index);

    /// <summary>The root of the complete subtree over the <see cref="SegmentSize"/> entries from <paramref name="first"/> on: what tells one segment's entries from any others.</summary>
    /// <param name="first">A multiple of the segment size.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is none, or the log has not so many entries.</exception>
    public Hash SegmentRoot(long first)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfNotEqual(first % SegmentSize, 0, nameof(first));
        return _log.State.ReadNode(_log.State.SegmentHeight, first / SegmentSize);
    }

    /// <summary>The head of the first <paramref name="size"/> entries, computed from the tree: not signed.</summary>
    public TreeHead HeadAt(long size) => _log.State.HeadAt(size);

    /// <summary>Proves that the entry at <paramref name="index"/> is in the tree of <paramref name="size"/> entries.</summary>
    public Hash[] ProveInclusion(long index, long size) => InclusionProof.Create(_log.State, index, size);

    /// <summary>Proves that the tree of <paramref name="from"/> entries is the beginning of the tree of <paramref name="to"/>.</summary>
    public Hash[] ProveConsistency(long from, long to) => from == 0 ? [] : ConsistencyProof.Create(_log.State, from, to);

    /// <summary>A hash tile's bytes.</summary>
    /// <param name="id">A tile of a tree of at most <paramref name="size"/> entries.</param>
    /// <param name="size">A published size.</param>
    /// <returns>The bytes, or null where the tree of that size has no such tile.</returns>
    public byte[]? ReadTile(TileId id, long size)
    {
        if (TileLayout.TileWidth(id.Level, id.Index, size) < id.Width)
        {
            return null;
        }

        byte[] tile = new byte[id.Width * Hash.Size];
        for (int i = 0; i < id.Width; i++)
        {
            _log.State.ReadNode(TileLayout.Height * id.Level, (id.Index * TileLayout.Width) + i).CopyTo(tile.AsSpan(i * Hash.Size));
        }

        return tile;
    }

    /// <summary>An entry bundle's entries.</summary>
    /// <param name="id">A bundle of a tree of at most <paramref name="size"/> entries.</param>
    /// <param name="size">A published size.</param>
    /// <returns>The entries, or null where the tree of that size has no such bundle.</returns>
    public IReadOnlyList<ReadOnlyMemory<byte>>? ReadBundle(BundleId id, long size) =>
        TileLayout.TileWidth(0, id.Index, size) < id.Width
            ? null
            : _log.State.ReadEntries(id.Index * TileLayout.Width, (id.Index * TileLayout.Width) + id.Width);

    /// <summary>An entry with its personal values in clear, for those who may see them. Not the entry: its hash is another.</summary>
    public byte[] Decrypt(ReadOnlyMemory<byte> entry) => Entry.Decrypt(entry.Span, Settings.Origin, _personalKeys);

    /// <summary>What an auditor needs to check the personal values of an entry against its commitments.</summary>
    public IReadOnlyList<Opening> Open(ReadOnlyMemory<byte> entry) => Entry.Openings(entry.Span, Settings.Origin, _personalKeys);

    private static IReadOnlyList<ReadOnlyMemory<byte>>? Unaltered(Func<IReadOnlyList<ReadOnlyMemory<byte>>> read)
    {
        try
        {
            return read();
        }
        catch (StorageException e) when (e.Outcome == StorageOutcome.Damaged)
        {
            return null;
        }
    }

    /// <summary>What the log knows of its producers, page by page, in the order of their keys.</summary>
    /// <param name="after">Where the page begins: behind this key; null for the first.</param>
    /// <param name="limit">How many at most.</param>
    public SourcesPage ReadSources(SourceKey? after, int limit) => _log.State.Sources.Read(after, limit);

    /// <summary>The gaps that are open, and the numbers missing in them.</summary>
    public (long Gaps, long Missing) ReadGapTotals() => _log.State.Sources.ReadTotals();

    /// <summary>The open gaps that events of a time may be missing for; see <see cref="LogSources.GapsBetween"/>.</summary>
    public GapsInRange ReadGaps(DateTimeOffset? from, DateTimeOffset? to, long size, int limit) => _log.State.Sources.GapsBetween(from, to, size, limit);

    /// <summary>When a producer that is expected was last heard of, by the time of receipt, and by which entry; null where it never was.</summary>
    public (long Index, DateTimeOffset ReceivedAt)? LastOf(ExpectedSource expected)
    {
        ArgumentNullException.ThrowIfNull(expected);
        return _log.State.Sources.LastOf(expected.Principal, expected.Service, expected.Instance) is { } last
            ? (last.Index, SourceViews.TimeOf(last.ReceivedTicks))
            : null;
    }
}
