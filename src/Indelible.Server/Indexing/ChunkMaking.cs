using Indelible.Search;

namespace Indelible.Server.Indexing;

/// <summary>An index file in the making, of the entries of one segment, step by step. For one thread.</summary>
internal sealed class ChunkMaking(ISealedEntries entries, long first, bool isPersonal)
{
    private readonly ChunkIndexBuilder? _builder = isPersonal ? null : new ChunkIndexBuilder(first);
    private readonly PersonalIndexBuilder? _personal = isPersonal ? new PersonalIndexBuilder(first) : null;
    private int _rows;

    /// <summary>The segment's first entry.</summary>
    public long First => first;

    /// <summary>Whether it is the file of personal values.</summary>
    public bool IsPersonal => isPersonal;

    /// <summary>Takes some more entries.</summary>
    /// <param name="most">About how many.</param>
    /// <returns>Whether all are taken.</returns>
    /// <exception cref="IOException">They cannot be read.</exception>
    public bool Step(int most)
    {
        int end = Math.Min(entries.SegmentSize, _rows + most);
        while (_rows < end)
        {
            foreach (ReadOnlyMemory<byte> entry in entries.Read(first + _rows))
            {
                _builder?.Append(entry.Span);
                if (_personal is not null)
                {
                    Append(_personal, entry, entries.Decrypt);
                }

                _rows++;
            }
        }

        return _rows == entries.SegmentSize;
    }

    /// <summary>Appends an entry's row to an index of personal values.</summary>
    public static void Append(PersonalIndexBuilder personal, ReadOnlyMemory<byte> entry, Func<ReadOnlyMemory<byte>, byte[]> decrypt)
    {
        // Canonical: a sealed value is an object whose first member is this, spelt so.
        bool hasSealed = entry.Span.IndexOf("{\"$pii\":"u8) >= 0;
        personal.Append(entry.Span, hasSealed ? decrypt(entry) : entry.Span);
    }

    /// <summary>Writes the file's bytes, when all entries are taken.</summary>
    public void WriteTo(Stream into, ReadOnlySpan<byte> key)
    {
        ChunkIdentity identity = entries.IdentityOf(first);
        _builder?.Write(into, identity);
        _personal?.Write(into, identity, key);
    }

    /// <summary>Whether a file says what these entries give, when all are taken.</summary>
    /// <exception cref="IndexDamagedException">It is a file of personal values, and does not open.</exception>
    public bool IsIn(ReadOnlySpan<byte> file, ReadOnlySpan<byte> key)
    {
        ChunkIdentity identity = entries.IdentityOf(first);
        if (_personal is not null)
        {
            return _personal.IsIn(file, identity, key);
        }

        using var made = new MemoryStream();
        _builder!.Write(made, identity);
        return made.GetBuffer().AsSpan(0, (int)made.Length).SequenceEqual(file);
    }
}
