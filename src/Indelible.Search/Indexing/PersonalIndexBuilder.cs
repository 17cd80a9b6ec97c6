namespace Indelible.Search;

/// <summary>The index of what stands in sealed places, in clear, while a chunk fills. One writer, many readers.</summary>
public sealed class PersonalIndexBuilder
{
    private readonly LiveIndex _index = new();
    private readonly EntryWalk _walk;

    /// <summary>Starts empty.</summary>
    /// <param name="first">The leaf index of row 0: a multiple of the segment size.</param>
    public PersonalIndexBuilder(long first)
    {
        First = first;
        _walk = new EntryWalk(_index, isPersonal: true);
    }

    /// <summary>The leaf index of row 0.</summary>
    public long First { get; }

    /// <summary>How many rows were appended.</summary>
    public int Rows => _index.Rows;

    /// <summary>What it takes in memory, in bytes, estimated.</summary>
    public long MemoryBytes => _index.Memory.Bytes;

    /// <summary>Appends the next row.</summary>
    /// <param name="entry">The entry as it is logged; empty where its body is gone.</param>
    /// <param name="clear">The same with its sealed values in clear; the same bytes where nothing is sealed.</param>
    /// <exception cref="InvalidOperationException">The chunk is full: it has 65,536 rows.</exception>
    public void Append(ReadOnlySpan<byte> entry, ReadOnlySpan<byte> clear)
    {
        if (entry.IsEmpty)
        {
            _index.AddMissing();
        }
        else
        {
            _index.Add(_walk, entry, clear);
        }
    }

    internal ITermIndex View() => new LiveView(_index);

    /// <summary>Writes the index, encrypted.</summary>
    /// <param name="into">Receives the file.</param>
    /// <param name="identity">What it is made of.</param>
    /// <param name="key">32 bytes.</param>
    /// <exception cref="ArgumentException">The identity is of another first entry or number of rows, or the key has another length.</exception>
    public void Write(Stream into, ChunkIdentity identity, ReadOnlySpan<byte> key)
    {
        ArgumentNullException.ThrowIfNull(into);
        ArgumentNullException.ThrowIfNull(identity);
        ArgumentOutOfRangeException.ThrowIfNotEqual(identity.First, First, nameof(identity));
        using var clear = new ByteBuffer();
        using (var writer = new IndexWriter(_index))
        {
            writer.Write(clear, identity);
        }

        IndexCipher.Encrypt(clear.Written, identity, key, into);
    }

    /// <summary>Whether a file says what this index says. Its bytes are others each time: they are encrypted under a key of the file's own.</summary>
    /// <param name="file">What <see cref="Write"/> wrote, perhaps.</param>
    /// <param name="identity">What it is made of.</param>
    /// <param name="key">32 bytes.</param>
    /// <exception cref="IndexDamagedException">The file does not open.</exception>
    public bool IsIn(ReadOnlySpan<byte> file, ChunkIdentity identity, ReadOnlySpan<byte> key)
    {
        using var clear = new ByteBuffer();
        using (var writer = new IndexWriter(_index))
        {
            writer.Write(clear, identity);
        }

        return clear.Written.SequenceEqual(IndexCipher.Decrypt(file, identity, key));
    }
}
