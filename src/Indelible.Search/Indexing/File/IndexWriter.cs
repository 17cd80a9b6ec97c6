using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Indelible.Search;

/// <summary>Writes an index that was filled: <see cref="IndexFormat"/>. The writer's, while nothing is appended; readers may go on.</summary>
internal sealed class IndexWriter : IDisposable
{
    /// <summary>Of fewer strings than this, a path's are never kept as hashes.</summary>
    private const int LeastHashed = 1024;

    private const int Kinds = (int)TermKind.Address;

    private readonly LiveIndex _index;
    private readonly TermTable _terms;
    private readonly int _rows;
    private readonly TermPageWriter _pages = new();
    private readonly ListWriter _lists;
    private readonly ByteBuffer _hashed = new();
    private readonly ByteBuffer _resident = new();
    private readonly List<ulong> _filtered = [];
    private readonly HashedValues?[] _hashesOf;
    private readonly int[] _termCounts;
    private readonly ushort[] _rowsOf = new ushort[RowSet.MaxRows];

    /// <param name="index">What was filled.</param>
    public IndexWriter(LiveIndex index)
    {
        (_index, _terms, _rows) = (index, index.Terms, index.Rows);
        _lists = new ListWriter(_rows);
        _hashesOf = new HashedValues?[index.Paths.Count];
        _termCounts = new int[_hashesOf.Length * Kinds];
        for (int id = 0; id < _hashesOf.Length; id++)
        {
            PathNode node = index.Paths[id];
            bool isLate = node.Hashed is null && node.Role == PathRole.Ordinary && node.Strings >= LeastHashed && LiveIndex.IsNearlyUnique(node);
            _hashesOf[id] = isLate ? index.HashesOf(node, new MemoryCount()) : node.Hashed;
        }
    }

    /// <summary>Writes the file.</summary>
    public void Write(Stream into, ChunkIdentity identity)
    {
        using var file = new ByteBuffer();
        Write(file, identity);
        into.Write(file.Written);
    }

    /// <summary>Writes the file into memory.</summary>
    public void Write(ByteBuffer file, ChunkIdentity identity)
    {
        if (identity.Rows != _rows)
        {
            throw new ArgumentException($"The index has {_rows} rows, and is to be named one of {identity.Rows}.", nameof(identity));
        }

        IndexFormat.WriteHeader(file, identity);
        WriteDictionary();
        WriteResident(file);
        file.Align(IndexFormat.BlockBytes);
        int blocksEnd = file.Length;
        file.WriteUInt32((uint)((blocksEnd / IndexFormat.BlockBytes) - 1));
        file.WriteUInt32(0);
        for (int at = IndexFormat.BlockBytes; at < blocksEnd; at += IndexFormat.BlockBytes)
        {
            file.WriteUInt64(XxHash3.HashToUInt64(file.Written.Slice(at, IndexFormat.BlockBytes)));
        }

        file.Write(_resident.Written);
        using var sum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sum.AppendData(file.Written[..IndexFormat.BlockBytes]);
        sum.AppendData(file.Written[blocksEnd..]);
        file.WriteUInt64((ulong)blocksEnd);
        sum.AppendData(file.Written[^8..]);
        sum.GetHashAndReset(file.Take(SHA256.HashSizeInBytes));
    }

    public void Dispose()
    {
        _pages.Dispose();
        _lists.Dispose();
        _hashed.Dispose();
        _resident.Dispose();
    }

    private static int Begin(ByteBuffer payload, ReadOnlySpan<byte> section)
    {
        payload.Align(sizeof(ulong));
        payload.Write(section);
        return payload.Length - section.Length;
    }

    /// <summary>All terms in the order of tags: those of the entry itself, words, those of each path.</summary>
    private void WriteDictionary()
    {
        for (int id = 0; id < _hashesOf.Length; id++)
        {
            if (id == 1)
            {
                WriteWords();
                continue;
            }

            PathNode node = _index.Paths[id];
            for (int kind = (int)TermKind.String; kind <= (int)TermKind.Address; kind++)
            {
                if (kind != (int)TermKind.String || _hashesOf[id] is null)
                {
                    WriteTerms(TermTable.Tag(id, kind), node.Newest[kind]);
                }
            }
        }

        _pages.End();
    }

    private int[] Sorted(int newest, TermKind kind)
    {
        var order = new TermOrder(_terms, kind);
        int[] terms = order.Collect(newest, 0, out _);
        order.Sort(terms);
        return terms;
    }

    private void WriteTerms(uint tag, int newest)
    {
        foreach (int at in Sorted(newest, (TermKind)(tag & 7)))
        {
            ref Term term = ref _terms[at];
            Add(tag, _terms.TextOf(ref term), Rows(ref term.Rows));
            _termCounts[((tag >> 3) * Kinds) + (tag & 7) - 1]++;
        }
    }

    private void WriteWords()
    {
        foreach (int at in Sorted(_index.Words.Newest, TermKind.String))
        {
            ReadOnlySpan<byte> word = _terms.TextOf(ref _terms[at]);
            ReadOnlySpan<ushort> rows = RowsOfWord(at, IdentifierShape.IsLeftOut(word));
            if (!rows.IsEmpty)
            {
                Add(IndexFormat.WordTag, word, rows);
            }
        }
    }

    private void Add(uint tag, ReadOnlySpan<byte> term, ReadOnlySpan<ushort> rows)
    {
        _filtered.Add(TermFilter.Hash(tag, term));
        _pages.Add(tag, term, _lists.Add(rows));
    }

    private ReadOnlySpan<ushort> Rows(ref RowList list) => _rowsOf.AsSpan(0, _terms.Rows.CopyTo(ref list, _rowsOf));

    /// <summary>The rows of a word: its own, and those of the strings that it is in, save identifiers that leave it out.</summary>
    private ReadOnlySpan<ushort> RowsOfWord(int word, bool isLeftOut)
    {
        ref Term term = ref _terms[word];
        int sources = 0;
        int count = term.Rows.Count;
        int only = 0;
        foreach (int source in _terms.SourcesOf(ref term))
        {
            if (Counts(source, isLeftOut))
            {
                sources++;
                only = source;
                count += _terms[source].Rows.Count;
            }
        }

        if (sources == 0)
        {
            return Rows(ref term.Rows);
        }

        if (sources == 1 && term.Rows.Count == 0)
        {
            return Rows(ref _terms[only].Rows);
        }

        return count <= 512 ? MergeFew(ref term, isLeftOut) : MergeMany(ref term, isLeftOut);
    }

    private bool Counts(int source, bool isLeftOut) => !isLeftOut || !_terms[source].IsIdentifier || _hashesOf[(int)(_terms[source].Tag >> 3)] is null;

    private ReadOnlySpan<ushort> MergeFew(ref Term term, bool isLeftOut)
    {
        int count = _terms.Rows.CopyTo(ref term.Rows, _rowsOf);
        foreach (int source in _terms.SourcesOf(ref term))
        {
            if (Counts(source, isLeftOut))
            {
                count += _terms.Rows.CopyTo(ref _terms[source].Rows, _rowsOf.AsSpan(count));
            }
        }

        _rowsOf.AsSpan(0, count).Sort();
        int different = 0;
        for (int i = 0; i < count; i++)
        {
            if (different == 0 || _rowsOf[different - 1] != _rowsOf[i])
            {
                _rowsOf[different++] = _rowsOf[i];
            }
        }

        return _rowsOf.AsSpan(0, different);
    }

    private ReadOnlySpan<ushort> MergeMany(ref Term term, bool isLeftOut)
    {
        RowSet rows = RowSet.Rent();
        _terms.Rows.AddTo(ref term.Rows, _rows, rows);
        foreach (int source in _terms.SourcesOf(ref term))
        {
            if (Counts(source, isLeftOut))
            {
                _terms.Rows.AddTo(ref _terms[source].Rows, _rows, rows);
            }
        }

        int count = 0;
        for (int i = 0; i < rows.Bits.Length; i++)
        {
            for (ulong word = rows.Bits[i]; word != 0; word &= word - 1)
            {
                _rowsOf[count++] = (ushort)((i << 6) + System.Numerics.BitOperations.TrailingZeroCount(word));
            }
        }

        rows.Return();
        return _rowsOf.AsSpan(0, count);
    }

    /// <summary>Writes sections behind the header, and what stays in memory. Its order is that of <see cref="IndexContent"/>'s reading.</summary>
    private void WriteResident(ByteBuffer payload)
    {
        int pages = Begin(payload, _pages.Pages);
        using var paths = new ByteBuffer();
        using var times = new ByteBuffer();
        WriteTimes(payload, times);
        WritePaths(paths);
        using var special = new ByteBuffer();
        WriteList(ref _index.Unindexed, special);
        WriteList(ref _index.Paths.Lost, special);
        WriteList(ref _index.Sealed, special);
        special.Write(_lists.Add(RowsOfWord(_index.Words.Long, isLeftOut: false)));
        int hashed = Begin(payload, _hashed.Written);
        int lists = Begin(payload, _lists.Lists);
        WriteFilter();
        foreach (int place in new[] { pages, _pages.Count, lists, _lists.Lists.Length, hashed, _pages.Index.Length })
        {
            _resident.WriteUInt32((uint)place);
        }

        _resident.Write(_pages.Index);
        _resident.Write(special.Written);
        _resident.Write(times.Written);
        _resident.Write(paths.Written);
    }

    private void WriteFilter()
    {
        uint[] filter = new uint[TermFilter.Words(_filtered.Count)];
        foreach (ulong hash in _filtered)
        {
            TermFilter.Add(filter, hash);
        }

        _resident.WriteUInt32((uint)filter.Length);
        _resident.WriteUInt32(0);
        _resident.Write(MemoryMarshal.AsBytes<uint>(filter));
    }

    private void WritePaths(ByteBuffer into)
    {
        into.WriteNumber((uint)_hashesOf.Length);
        int[] parents = Parents();
        for (int id = 0; id < _hashesOf.Length; id++)
        {
            PathNode node = _index.Paths[id];
            into.WriteNumber((uint)parents[id]);
            into.WriteNumber((uint)node.Name.Length);
            into.Write(node.Name);
            into.WriteNumber(node.IsText ? 1u : 0);
            foreach (int count in _termCounts.AsSpan(id * Kinds, Kinds))
            {
                into.WriteNumber((uint)count);
            }

            WriteList(ref node.Existing, into);
            WriteList(ref node.Sealed, into);
            WriteHashes(_hashesOf[id], into);
        }
    }

    private int[] Parents()
    {
        int[] parents = new int[_hashesOf.Length];
        for (int id = 0; id < parents.Length; id++)
        {
            for (int at = _index.Paths[id].Newest[0]; at != 0; at = _terms[at].Previous)
            {
                parents[_terms[at].Extra] = id;
            }
        }

        return parents;
    }

    private void WriteList(ref RowList list, ByteBuffer into) => into.Write(_lists.Add(Rows(ref list)));

    private void WriteHashes(HashedValues? hashes, ByteBuffer into)
    {
        into.WriteNumber(hashes is null ? 0 : (uint)hashes.Count);
        if (hashes is null)
        {
            return;
        }

        ulong[] values = new ulong[hashes.Count];
        hashes.CopyTo(values);
        int bits = HashedColumn.BucketBits(values.Length);
        int[] counts = new int[HashedColumn.Segments(bits)];
        _hashed.Align(sizeof(uint));
        into.WriteUInt32((uint)_hashed.Length);
        HashedColumn.Write(values, bits, _hashed, counts);
        foreach (int count in counts)
        {
            into.WriteNumber((uint)count);
        }

        into.WriteNumber((uint)hashes.Shape.MostWords);
        into.WriteUInt64(hashes.Shape.HexLengths);
        into.WriteUInt64(hashes.Shape.MixedLengths);
        into.WriteUInt64(hashes.Shape.LetterLengths);
        WriteList(ref hashes.Rows, into);
        WriteList(ref hashes.Identifiers, into);
    }

    private void WriteTimes(ByteBuffer payload, ByteBuffer into)
    {
        Span<long> ticks = stackalloc long[TimeColumn.BlockRows];
        int blocks = (_rows + TimeColumn.BlockRows - 1) / TimeColumn.BlockRows;
        using var heads = new ByteBuffer();
        using var steps = new ByteBuffer();
        foreach (TimeValues values in _index.Times)
        {
            WriteList(ref values.Undecided, into);
            ITimeColumn column = values.View(_rows);
            into.WriteNumber(column.Greatest < 0 ? 0u : 1);
            if (column.Greatest < 0)
            {
                continue;
            }

            heads.Clear();
            steps.Clear();
            for (int block = 0; block < blocks; block++)
            {
                Span<long> read = ticks[..column.Read(block, ticks)];
                TimeBlockHead head = TimeBlockForm.HeadOf(read, steps.Length);
                TimeBlockForm.WriteHead(head, heads.Take(TimeBlockForm.HeadBytes));
                TimeBlockForm.WriteSteps(head, read, steps.Take(TimeBlockForm.StepBytes(read.Length, head.Bits)));
            }

            into.WriteUInt64((ulong)column.Least);
            into.WriteUInt64((ulong)column.Greatest);
            into.WriteUInt32((uint)Begin(payload, heads.Written));
            into.WriteUInt32((uint)Begin(payload, steps.Written));
            into.WriteUInt32((uint)steps.Length);
        }
    }
}
