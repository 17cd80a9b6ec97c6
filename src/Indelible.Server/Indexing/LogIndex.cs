using Indelible.Engine;
using Indelible.Engine.Storage.Files;
using Indelible.Merkle;
using Indelible.Search;

namespace Indelible.Server.Indexing;

/// <summary>The index of one log: its chunks, and how far its entries are in them. The indexing thread's, save what says otherwise.</summary>
internal sealed class LogIndex(LogReader log, IndexFiles files) : ISealedEntries
{
    private readonly SortedDictionary<long, Chunk> _chunks = [];
    private volatile IReadOnlyList<ChunkIndex> _shown = [];   // replaced as a whole
    private int _isQueued;                                    // by Interlocked
    private int _isAsked;                                     // by Interlocked
    private volatile bool _isLacking;
    private volatile int _personalGeneration;
    private volatile int _missing;
    private long _usedAt;                                     // by Volatile

    /// <summary>The log.</summary>
    public LogReader Log => log;

    /// <summary>Its name.</summary>
    public string Name { get; } = log.Settings.Name;

    /// <inheritdoc/>
    public IndexFiles Files => files;

    /// <inheritdoc/>
    public int SegmentSize => log.SegmentSize;

    /// <summary>The chunks that something is known of, by their first entry.</summary>
    public IReadOnlyDictionary<long, Chunk> Chunks => _chunks;

    /// <summary>The indexes that searches use now. For any thread.</summary>
    public IReadOnlyList<ChunkIndex> Shown => _shown;

    /// <summary>How many entries they cover. For any thread.</summary>
    public long Indexed => _shown.Sum(chunk => (long)chunk.Rows);

    /// <summary>When it was used last, by a count of uses; 0 for never. For any thread.</summary>
    public long UsedAt
    {
        get => Volatile.Read(ref _usedAt);
        set => Volatile.Write(ref _usedAt, value);
    }

    /// <summary>The next entry to be indexed as the log grows; beyond its size where the rest of a chunk is left to the search.</summary>
    public long Next { get; set; }

    /// <summary>Up to here segments are known to be sealed, and their files looked for.</summary>
    public long KnownSealed { get; set; }

    /// <summary>Whether its files were opened.</summary>
    public bool IsOpened { get; set; }

    /// <summary>What begins below is not indexed in memory again: it alone takes more than there may be.</summary>
    public long TooLargeBelow { get; set; }

    /// <summary>As <see cref="TooLargeBelow"/>, of personal indexes.</summary>
    public long PersonalTooLargeBelow { get; set; }

    /// <summary>How many are erasing a person of it: no personal index is made meanwhile.</summary>
    public int Erasures { get; set; }

    /// <summary>Whether it waits for its personal indexes in memory to be brought up.</summary>
    public bool IsPersonalQueued { get; set; }

    /// <summary>How often in a row its entries could not be read.</summary>
    public int Failures { get; set; }

    /// <summary>When to try again.</summary>
    public DateTimeOffset NotBefore { get; set; }

    /// <summary>Counts the times at which all personal indexes were given up; see <see cref="PersonalIndexes"/>, whose lock it is written under. For any thread.</summary>
    public int PersonalGeneration
    {
        get => _personalGeneration;
        set => _personalGeneration = value;
    }

    /// <summary>Whether something could be indexed in memory that is not, so that it is worth telling when the log is asked. For any thread.</summary>
    public bool IsLacking
    {
        get => _isLacking;
        set => _isLacking = value;
    }

    /// <summary>The chunks that are in memory, by their first entry.</summary>
    public List<Chunk> InMemory { get; } = [];

    /// <summary>What they take, as it was counted last.</summary>
    public long MemoryBytes { get; set; }

    /// <summary>Sealed chunks that are looked at entry by entry until their files are made. For any thread.</summary>
    public int Missing
    {
        get => _missing;
        set => _missing = value;
    }

    /// <summary>Whether it was taken out of the queue of logs that have grown, and belongs into it again. For any thread.</summary>
    public bool EntersQueue() => Interlocked.Exchange(ref _isQueued, 1) == 0;

    /// <summary>Says that it is out of that queue; before anything is read that may change.</summary>
    public void LeaveQueue() => Interlocked.Exchange(ref _isQueued, 0);

    /// <summary>Notes that it was asked. For any thread.</summary>
    public void Ask() => Interlocked.Exchange(ref _isAsked, 1);

    /// <summary>Whether it was asked since this was called last.</summary>
    public bool TakeAsked() => Interlocked.Exchange(ref _isAsked, 0) != 0;

    /// <summary>The chunk that begins at an index, known from now on.</summary>
    public Chunk ChunkAt(long first)
    {
        if (!_chunks.TryGetValue(first, out Chunk? chunk))
        {
            _chunks.Add(first, chunk = new Chunk(first));
        }

        return chunk;
    }

    /// <summary>Begins to index a chunk in memory.</summary>
    public void Begin(Chunk chunk, bool withPersonal)
    {
        chunk.Builder = new ChunkIndexBuilder(chunk.First);
        InMemory.Add(chunk);
        InMemory.Sort(static (a, b) => a.First.CompareTo(b.First));
        BeginPersonal(chunk, withPersonal);
    }

    /// <summary>Begins, or gives up, the index of personal values of a chunk that is in memory.</summary>
    public void BeginPersonal(Chunk chunk, bool withPersonal)
    {
        chunk.Personal = withPersonal ? new PersonalIndexBuilder(chunk.First) : null;
        chunk.Index = chunk.Builder!.Index(chunk.Personal);
        Show();
    }

    /// <summary>Shows searches what was appended to chunks in memory.</summary>
    public void Renew()
    {
        foreach (Chunk chunk in InMemory)
        {
            chunk.Index = chunk.Builder!.Index(chunk.Personal);
        }

        Show();
    }

    /// <summary>Gives up what is in memory of a chunk; what searches use in its place, the caller says.</summary>
    public void Leave(Chunk chunk, ChunkIndex? instead)
    {
        ChunkIndex? before = chunk.Index;
        chunk.Builder = null;
        chunk.Personal = null;
        chunk.Index = instead;
        InMemory.Remove(chunk);
        Show();
        before?.Dispose();
    }

    /// <summary>Shows searches nothing any more. For any thread, once the indexing thread has ended.</summary>
    public void Hide() => _shown = [];

    /// <summary>Shows searches what there is now. Only the last of them may still grow: one that is indexed again, with others behind it, is shown when it is full.</summary>
    public void Show()
    {
        var shown = new List<ChunkIndex>();
        foreach (Chunk chunk in _chunks.Values.Reverse())
        {
            if (chunk.Index is { } index && (shown.Count == 0 || index.Rows == log.SegmentSize))
            {
                shown.Add(index);
            }
        }

        shown.Reverse();
        _shown = shown;
    }

    /// <inheritdoc/>
    public IReadOnlyList<ReadOnlyMemory<byte>> Read(long index) => log.ReadEntries(index, log.SealedSize);

    /// <inheritdoc/>
    public byte[] Decrypt(ReadOnlyMemory<byte> entry) => log.Decrypt(entry);

    /// <inheritdoc/>
    public ChunkIdentity IdentityOf(long first)
    {
        Hash root = log.SegmentRoot(first);
        return new ChunkIdentity(log.Settings.Origin, first, log.SegmentSize, root.Bytes.ToArray());
    }
}
