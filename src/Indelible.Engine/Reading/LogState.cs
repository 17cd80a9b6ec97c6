using System.Collections.Concurrent;
using System.Collections.Immutable;
using Indelible.Engine.Configuration;
using Indelible.Engine.Sealing;
using Indelible.Engine.Sequencing;
using Indelible.Engine.Sources;
using Indelible.Engine.Storage;
using Indelible.Merkle;
using Indelible.Tiles;

namespace Indelible.Engine.Reading;

/// <summary>One log as it stands: its segments, its tail, and what the fold of the journal knows of it.</summary>
/// <remarks>
/// Readers on any thread see a view (segments and tail) that changes as a whole, and entries below <see cref="DurableSize"/>. What
/// only the sequencer's loop may touch says so. Everything read from storage is hashed and compared before it is returned.
/// </remarks>
internal sealed class LogState : INodeReader
{
    // Up to so many entries in a row, unpacking their frames costs less than unpacking and hashing their block.
    private const int MaxEntriesByFrames = 64;

    private readonly ConcurrentDictionary<(int Height, long Index), Hash> _upperNodes = new();   // complete nodes above segments, as they are asked for
    private readonly IJournal _journal;
    private readonly ITailStore _tails;
    private readonly SegmentCache _cache;
    private long _durableSize;
    private TaskCompletionSource? _growth;   // completed by the next growth; made by whoever waits for it
    private volatile View _view;

    public LogState(string name, string origin, int segmentSize, long idSeed, IJournal journal, ITailStore tails, SegmentCache cache)
    {
        Name = name;
        Tenant = LogName.TenantOf(name);
        IsOurs = LogName.Reserved.Contains(Tenant);
        Origin = origin;
        SegmentSize = segmentSize;
        IdSeed = idSeed;
        SegmentHeight = int.Log2(segmentSize);
        _journal = journal;
        _tails = tails;
        _cache = cache;
        _view = new View([], new Tail(0, SegmentHeight));
    }

    public string Name { get; }

    /// <summary>Whose log this is; see <see cref="LogName.TenantOf"/>.</summary>
    public string Tenant { get; }

    /// <summary>Whether it is one of our own logs, restored ones included.</summary>
    public bool IsOurs { get; }

    public string Origin { get; }

    /// <summary>Entries in a segment: a power of two, at least 256.</summary>
    public int SegmentSize { get; }

    public int SegmentHeight { get; }

    /// <summary>The seed of the hashes by which ids are found again.</summary>
    public long IdSeed { get; }

    /// <summary>The number of entries that are durable: what readers may see.</summary>
    public long DurableSize => Volatile.Read(ref _durableSize);

    /// <summary>The number of entries in segments.</summary>
    public long SealedSize => _view.Tail.FirstIndex;

    /// <summary>The sequencer's: the ids of recent entries.</summary>
    public IdempotencyWindow Window { get; } = new();

    /// <summary>What the log knows of its producers; the sequencer writes it.</summary>
    public LogSources Sources { get; set; } = new();

    /// <summary>The log in whose place this one goes on, if a restore has finished one; set before the sequencer runs.</summary>
    public EarlierLog? Predecessor { get; set; }

    /// <summary>The sequencer's: the last <c>received_at</c> given out, which the next may not be below.</summary>
    public string LastReceivedAt { get; set; } = "";

    /// <summary>The sequencer's: the tail being appended to.</summary>
    public Tail Tail => _view.Tail;

    public ImmutableArray<SegmentReader> Segments => _view.Segments;

    /// <summary>Shows everything appended to the tail so far to readers.</summary>
    public void PublishTail()
    {
        Volatile.Write(ref _durableSize, Tail.FirstIndex + Tail.Count);
        Interlocked.Exchange(ref _growth, null)?.SetResult();
    }

    /// <summary>Completes when the log has more than <paramref name="size"/> entries.</summary>
    public async Task WaitForGrowthAsync(long size, CancellationToken cancellationToken)
    {
        while (DurableSize <= size)
        {
            TaskCompletionSource fresh = new(TaskCreationOptions.RunContinuationsAsynchronously);
            TaskCompletionSource growth = Interlocked.CompareExchange(ref _growth, fresh, null) ?? fresh;

            // Whoever published between the first look and the exchange has not seen this source: look again.
            if (DurableSize <= size)
            {
                await growth.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>The sequencer's: takes a sealed segment into the view and its entries out of the tail.</summary>
    public void AddSegment(SegmentReader segment)
    {
        View view = _view;
        if (segment.FirstIndex != view.Tail.FirstIndex)
        {
            throw new InvalidOperationException($"Segment {segment.FirstIndex} of {Name} does not follow {view.Tail.FirstIndex}.");
        }

        _view = new View(view.Segments.Add(segment), view.Tail.Count >= segment.Count ? view.Tail.Without(segment.Count) : new Tail(segment.FirstIndex + segment.Count, SegmentHeight));
        Volatile.Write(ref _durableSize, Math.Max(_durableSize, SealedSize));
    }

    /// <inheritdoc/>
    /// <exception cref="StorageException">A block that the node is computed from is not what was sealed.</exception>
    public Hash ReadNode(int height, long index)
    {
        View view = _view;
        long end = (index + 1) << height;
        if (end > DurableSize)
        {
            throw new ArgumentOutOfRangeException(nameof(index), $"Node ({height}, {index}) of {Name} is not complete at size {DurableSize}.");
        }

        if (height > SegmentHeight)
        {
            return _upperNodes.GetOrAdd((height, index), static (node, log) => TreeHasher.Node(
                log.ReadNode(node.Height - 1, 2 * node.Index), log.ReadNode(node.Height - 1, (2 * node.Index) + 1)), this);
        }

        if (end > view.Tail.FirstIndex)
        {
            return view.Tail.Node(height, index);
        }

        SegmentReader segment = view.Segments[(int)((index << height) / SegmentSize)];
        long first = (index << height) - segment.FirstIndex;
        if (height > SegmentFormat.FrameHeight)
        {
            return segment.ReadNode(height, (int)(first >> height));
        }

        SegmentPart part = PartWith(segment, (int)first);
        return part.Tree.Node(height, (int)(first % part.Entries.Count) >> height);
    }

    /// <summary>The head of the first <paramref name="size"/> entries, computed.</summary>
    public TreeHead HeadAt(long size) => new(size, TreeMath.Root(this, size));

    /// <summary>Reads an entry and checks it against its leaf hash.</summary>
    /// <param name="index">Below <see cref="DurableSize"/>.</param>
    /// <exception cref="StorageException">The bytes are not those that were appended.</exception>
    public ReadOnlyMemory<byte> ReadEntry(long index)
    {
        while (true)
        {
            View view = _view;
            if (index < view.Tail.FirstIndex)
            {
                SegmentReader segment = view.Segments[(int)(index / SegmentSize)];
                SegmentPart part = PartWith(segment, (int)(index - segment.FirstIndex));
                return part.Entries[(int)(index % part.Entries.Count)];
            }

            EntryLocation place = view.Tail.PlaceOf(index);
            byte[] entry = new byte[place.Length];
            if (!place.TryRead(_journal, _tails, Name, entry))
            {
                continue;   // Moved to a tail file or sealed since: the place or the view has changed.
            }

            Hash leaf = TreeHasher.Leaf(entry);
            Hash expected = view.Tail.Node(0, index);
            return leaf == expected ? entry : throw new StorageException(
                $"Entry {index} of log {Name} hashes to {leaf}, not to {expected}: its bytes were altered on disk.", StorageOutcome.Damaged);
        }
    }

    /// <summary>Reads consecutive entries: what remains of one bundle of 256 from <paramref name="index"/> on, up to <paramref name="end"/>.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> ReadEntries(long index, long end)
    {
        long bundleEnd = Math.Min(end, (index / TileLayout.Width * TileLayout.Width) + TileLayout.Width);
        View view = _view;
        var entries = new ReadOnlyMemory<byte>[bundleEnd - index];
        if (index < view.Tail.FirstIndex)
        {
            SegmentReader segment = view.Segments[(int)(index / SegmentSize)];
            SegmentPart? part = null;
            for (int i = 0; i < entries.Length; i++)
            {
                int offset = (int)(index + i - segment.FirstIndex);
                if (part is null || offset % part.Entries.Count == 0)
                {
                    part = entries.Length > MaxEntriesByFrames ? BlockWith(segment, offset) : PartWith(segment, offset);
                }

                entries[i] = part.Entries[offset % part.Entries.Count];
            }

            return entries;
        }

        for (int i = 0; i < entries.Length; i++)
        {
            entries[i] = ReadEntry(index + i);
        }

        return entries;
    }

    /// <summary>The block of an entry where it is at hand, else its frame.</summary>
    private SegmentPart PartWith(SegmentReader segment, int offset)
    {
        long index = segment.FirstIndex + offset;
        int inBlock = offset % SegmentFormat.EntriesPerBlock;
        long frame = index - (offset % SegmentFormat.EntriesPerFrame);
        return _cache.Find(this, index - inBlock, SegmentFormat.EntriesPerBlock)
            ?? _cache.Find(this, frame, SegmentFormat.EntriesPerFrame)
            ?? _cache.Keep(this, frame, segment.ReadFrame(offset / SegmentFormat.EntriesPerBlock, inBlock / SegmentFormat.EntriesPerFrame));
    }

    private SegmentPart BlockWith(SegmentReader segment, int offset)
    {
        long first = segment.FirstIndex + offset - (offset % SegmentFormat.EntriesPerBlock);
        return _cache.Find(this, first, SegmentFormat.EntriesPerBlock) ?? _cache.Keep(this, first, segment.ReadBlock(offset / SegmentFormat.EntriesPerBlock));
    }

    private sealed record View(ImmutableArray<SegmentReader> Segments, Tail Tail);
}

/// <summary>A finished log, as the one that goes on in its place needs it.</summary>
/// <param name="State">Its entries.</param>
/// <param name="SignedSize">How many of them its last checkpoint covers: only those count as logged when an event is delivered again.</param>
internal sealed record EarlierLog(LogState State, long SignedSize);
