namespace Indelible.Search;

/// <summary>The index of a chunk while it fills. One writer, many readers.</summary>
public sealed class ChunkIndexBuilder
{
    private readonly LiveIndex _index;
    private readonly EntryWalk _walk;

    /// <summary>Starts empty.</summary>
    /// <param name="first">The leaf index of row 0: a multiple of the segment size.</param>
    public ChunkIndexBuilder(long first)
        : this(first, LiveIndex.MaxMemory)
    {
    }

    internal ChunkIndexBuilder(long first, long maxMemory)
    {
        First = first;
        _index = new LiveIndex(maxMemory);
        _walk = new EntryWalk(_index, isPersonal: false);
    }

    /// <summary>The leaf index of row 0.</summary>
    public long First { get; }

    /// <summary>How many rows were appended.</summary>
    public int Rows => _index.Rows;

    /// <summary>What it takes in memory, in bytes, estimated.</summary>
    public long MemoryBytes => _index.Memory.Bytes;

    /// <summary>Appends the next row.</summary>
    /// <param name="entry">The entry as it is logged. Where it is no JSON, the row is one that the index knows nothing of.</param>
    /// <exception cref="InvalidOperationException">The chunk is full: it has 65,536 rows.</exception>
    public void Append(ReadOnlySpan<byte> entry) => _index.Add(_walk, entry, default);

    /// <summary>Appends a row whose body is gone: nothing stands in it.</summary>
    /// <exception cref="InvalidOperationException">The chunk is full: it has 65,536 rows.</exception>
    public void AppendMissing() => _index.AddMissing();

    /// <summary>A view that answers for the rows appended before, and stays as it is.</summary>
    /// <param name="personal">The index of what stands in sealed values, if there is one; it may cover fewer rows.</param>
    public ChunkIndex Index(PersonalIndexBuilder? personal) => new(First, new LiveView(_index), personal?.View());

    /// <summary>Writes the index: the same entries give the same bytes. Not while a row is appended; views may be asked meanwhile.</summary>
    /// <param name="into">Receives the file.</param>
    /// <param name="identity">What it is made of.</param>
    /// <exception cref="ArgumentException">The identity is of another first entry or number of rows.</exception>
    public void Write(Stream into, ChunkIdentity identity)
    {
        ArgumentNullException.ThrowIfNull(into);
        ArgumentNullException.ThrowIfNull(identity);
        ArgumentOutOfRangeException.ThrowIfNotEqual(identity.First, First, nameof(identity));
        using var writer = new IndexWriter(_index);
        writer.Write(into, identity);
    }
}
