using System.Buffers.Binary;
using System.IO.Hashing;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Indelible.Search;

/// <summary>What an index file holds, as it lies there: its resident part, read once, and its blocks, each checked before its first use.</summary>
/// <remarks>Thread-safe. What returns bytes of the file is called, and they are used, only while <see cref="Memory"/> is held.</remarks>
internal sealed class IndexContent
{
    private readonly byte[] _resident;
    private readonly int _checksums;
    private readonly byte[] _isChecked;
    private readonly int _filter;
    private readonly int _filterWords;
    private readonly int _pages;
    private readonly (uint Tag, int Key, int Length)[] _pageKeys;
    private readonly ulong[] _pageStarts;
    private readonly int _lists;
    private readonly int _listBytes;
    private readonly int _hashed;
    private readonly IndexedPath[] _paths;
    private readonly uint[] _pathHashes;
    private readonly int[] _pathSlots;

    /// <summary>Reads the resident part of a file.</summary>
    /// <param name="memory">The whole file.</param>
    /// <param name="resident">Its resident part alone; kept.</param>
    /// <param name="rows">How many rows it is of.</param>
    /// <param name="blocks">How many blocks lie between header and resident part.</param>
    /// <exception cref="IndexDamagedException">It is damaged, in spite of its sum.</exception>
    public IndexContent(IndexMemory memory, byte[] resident, int rows, int blocks)
    {
        (Memory, Rows, _resident) = (memory, rows, resident);
        var cursor = new IndexCursor(resident);
        if (cursor.UInt32() != (uint)blocks)
        {
            throw IndexCursor.Damaged("it has not the blocks that it has sums of");
        }

        cursor.UInt32();
        _isChecked = new byte[blocks];
        _checksums = Passed(ref cursor, (long)blocks * sizeof(ulong));
        _filterWords = Length(ref cursor);
        cursor.UInt32();
        _filter = Passed(ref cursor, (long)_filterWords * sizeof(uint));
        if (_filterWords == 0 || _filterWords % TermFilter.BlockWords != 0)
        {
            throw IndexCursor.Damaged("its filter has no whole blocks");
        }

        _pages = Length(ref cursor);
        int pages = Length(ref cursor);
        (_lists, _listBytes, _hashed) = (Length(ref cursor), Length(ref cursor), Length(ref cursor));
        _pageKeys = ReadPageKeys(ref cursor, pages);
        _pageStarts = Array.ConvertAll(_pageKeys, key => StartOf(key.Tag, _resident.AsSpan(key.Key, key.Length)));
        (Unindexed, Lost) = (RowsPlace.Read(ref cursor, rows), RowsPlace.Read(ref cursor, rows));
        (Sealed, LongWords) = (RowsPlace.Read(ref cursor, rows), RowsPlace.Read(ref cursor, rows));
        Times = [ReadTimes(ref cursor), ReadTimes(ref cursor), ReadTimes(ref cursor)];
        _paths = new IndexedPath[cursor.Number(LivePaths.Max + 1)];
        _pathHashes = new uint[_paths.Length];
        _pathSlots = new int[4 << BitOperations.Log2((uint)_paths.Length | 1)];
        var identifiers = new List<IndexedHashes>();
        for (int id = 0; id < _paths.Length; id++)
        {
            _paths[id] = ReadPath(ref cursor, id);
            TakePlace(id);
            if (_paths[id] is { IsText: true, Hashes: { } hashes })
            {
                identifiers.Add(hashes);
            }
        }

        TextHashes = [.. identifiers];

        if (cursor.Left != 0 || _paths.Length < 2)
        {
            throw IndexCursor.Damaged("its directory does not end where it should");
        }
    }

    /// <summary>The whole file.</summary>
    public IndexMemory Memory { get; }

    /// <summary>How many rows it is of.</summary>
    public int Rows { get; }

    /// <summary>Rows that it does not know everything of.</summary>
    public RowsPlace Unindexed { get; }

    /// <summary>Rows with members at paths that it does not know.</summary>
    public RowsPlace Lost { get; }

    /// <summary>Rows with a sealed value.</summary>
    public RowsPlace Sealed { get; }

    /// <summary>Rows with a word that is too long to be a term.</summary>
    public RowsPlace LongWords { get; }

    /// <summary>The three times.</summary>
    public IndexedTimes[] Times { get; }

    /// <summary>The paths; the entry itself is number 0, and number 1 is none.</summary>
    public ReadOnlySpan<IndexedPath> Paths => _paths;

    /// <summary>The strings that free text looks into and that are kept as hashes, one for each path.</summary>
    public IndexedHashes[] TextHashes { get; }

    /// <summary>What is kept in memory, in bytes.</summary>
    public long ResidentBytes => _resident.Length + _isChecked.Length + (_pageKeys.Length * 20L) + (_paths.Length * 124L);

    /// <summary>The number of a path, or −1.</summary>
    public int Find(FieldPath path)
    {
        byte[][] names = path.Names;
        if (names.Length == 0)
        {
            return 0;
        }

        for (int slot = (int)path.Hash & (_pathSlots.Length - 1); _pathSlots[slot] != 0; slot = (slot + 1) & (_pathSlots.Length - 1))
        {
            int id = _pathSlots[slot];
            if (_pathHashes[id] == path.Hash && IsAt(id, names))
            {
                return id;
            }
        }

        return -1;
    }

    /// <summary>Finds a term.</summary>
    /// <returns>Whether it is there.</returns>
    public bool TryFind(uint tag, ReadOnlySpan<byte> term, out RowsPlace rows)
    {
        rows = default;
        if (term.Length > TermTable.MaxBytes || !TermFilter.MayContain(MemoryMarshal.Cast<byte, uint>(_resident.AsSpan(_filter, _filterWords * sizeof(uint))), TermFilter.Hash(tag, term)))
        {
            return false;
        }

        int number = PageOf(tag, term, isFrom: false);
        if (number < 0)
        {
            return false;
        }

        Span<byte> found = stackalloc byte[TermTable.MaxBytes];
        TermPage page = Page(number, found);
        page.Seek(tag, term, isFrom: false);
        while (page.Next())
        {
            int order = TermPage.Compare(page.Tag, page.Term, tag, term, isFrom: false);
            if (order >= 0)
            {
                rows = page.Rows;
                return order == 0;
            }
        }

        return false;
    }

    /// <summary>Visits the terms of a tag from one on.</summary>
    public void Visit(uint tag, ReadOnlySpan<byte> from, TermVisitor visit)
    {
        Span<byte> term = stackalloc byte[TermTable.MaxBytes];
        Span<ushort> few = stackalloc ushort[PostingsForm.MaxInline];
        using var lists = new ListSource(this);
        bool isBefore = true;
        for (int number = Math.Max(0, PageOf(tag, from, isFrom: true)); number < _pageKeys.Length; number++)
        {
            TermPage page = Page(number, term);
            page.Seek(tag, isBefore ? from : default, isFrom: true);
            while (page.Next())
            {
                isBefore = isBefore && TermPage.Compare(page.Tag, page.Term, tag, from, isFrom: true) < 0;
                if (isBefore)
                {
                    continue;
                }

                if (page.Tag != tag || !visit(page.Term, lists.Of(page.Rows, few)))
                {
                    return;
                }
            }
        }
    }

    /// <summary>Adds rows.</summary>
    /// <param name="rows">Where they are.</param>
    /// <param name="into">Receives them.</param>
    /// <param name="within">Rows that matter: others may be left out. Null for all.</param>
    public void AddTo(RowsPlace rows, RowSet into, RowSet? within = null)
    {
        if (rows.Count == Rows)
        {
            into.AddRange(0, Rows);
        }
        else if (rows.Count <= PostingsForm.MaxInline)
        {
            rows.AddInline(into);
        }
        else if (within is not null && PostingsForm.Of(rows.Count, Rows) is var form && form.IsSearched(within))
        {
            PostingsForm.AddPacked(List(rows.Place, form.Bytes), rows.Count, within, into);
        }
        else
        {
            using var lists = new ListSource(this);
            lists.Read(rows.Place, rows.Count).AddTo(into);
        }
    }

    /// <summary>The bytes of a list.</summary>
    public ReadOnlySpan<byte> List(int place, int bytes) =>
        place <= _listBytes - bytes ? Bytes(_lists + place, bytes) : throw IndexCursor.Damaged("a list lies behind all lists");

    /// <summary>Adds the rows of a column whose hash is this one.</summary>
    public void AddTo(IndexedHashes column, uint hash, RowSet into) => AddTo(column, hash, HashedColumn.KeptBits(column.BucketBits), into);

    /// <summary>Adds the rows of a column whose hash begins with the same bits, 16 or more.</summary>
    public void AddTo(IndexedHashes column, uint hash, int bits, RowSet into)
    {
        int segment = HashedColumn.Segment(hash, column.BucketBits);
        int count = column.Counts[segment];
        HashedColumn.AddTo(Bytes((long)_hashed + column.Starts[segment], HashedColumn.SegmentBytes(count, column.BucketBits)), count, hash, bits, column.BucketBits, into);
    }

    /// <summary>Adds the hashes of a column that lie in one part (<see cref="IHashedStrings.AddHashes"/>).</summary>
    public void AddHashes(IndexedHashes column, int part, RowSet? within, List<uint> into)
    {
        int last = HashedColumn.Segment(HashedColumn.LastOf(part), column.BucketBits);
        for (int segment = HashedColumn.Segment(HashedColumn.FirstOf(part), column.BucketBits); segment <= last; segment++)
        {
            int count = column.Counts[segment];
            ReadOnlySpan<byte> bytes = Bytes((long)_hashed + column.Starts[segment], HashedColumn.SegmentBytes(count, column.BucketBits));
            HashedColumn.AddHashes(bytes, count, segment, column.BucketBits, part, within, into);
        }
    }

    /// <summary>Bytes of the file; the blocks that they are in are checked where nobody did before.</summary>
    public ReadOnlySpan<byte> Bytes(long at, int count)
    {
        int first = (int)(at / IndexFormat.BlockBytes) - 1;
        int last = (int)((at + count - 1) / IndexFormat.BlockBytes) - 1;
        if (count == 0)
        {
            return default;
        }

        if (at < IndexFormat.BlockBytes || last >= _isChecked.Length || count < 0)
        {
            throw IndexCursor.Damaged("something lies where no block is");
        }

        ReadOnlySpan<byte> bytes = Memory.Bytes;
        for (int block = first; block <= last; block++)
        {
            if (Volatile.Read(ref _isChecked[block]) == 0)
            {
                Check(block, bytes.Slice((block + 1) * IndexFormat.BlockBytes, IndexFormat.BlockBytes));
            }
        }

        return bytes.Slice((int)at, count);
    }

    private static int Length(ref IndexCursor cursor)
    {
        uint length = cursor.UInt32();
        return length <= IndexFormat.MaxFileBytes ? (int)length : throw IndexCursor.Damaged("a part is longer than any file");
    }

    private static int Passed(ref IndexCursor cursor, long bytes)
    {
        int at = cursor.Position;
        cursor.Take((int)Math.Min(int.MaxValue, bytes));
        return at;
    }

    private static (uint Tag, int Key, int Length)[] ReadPageKeys(ref IndexCursor cursor, int pages)
    {
        int length = Length(ref cursor);
        if (pages > length || length > cursor.Left)
        {
            throw IndexCursor.Damaged("it has more pages than ways to them");
        }

        var keys = new (uint Tag, int Key, int Length)[pages];
        int end = cursor.Position + length;
        for (int i = 0; i < pages; i++)
        {
            uint tag = cursor.Number();
            int bytes = cursor.Number(TermTable.MaxBytes + 1);
            keys[i] = (tag, Passed(ref cursor, bytes), bytes);
        }

        return cursor.Position == end ? keys : throw IndexCursor.Damaged("the ways to its pages have another length");
    }

    private IndexedTimes ReadTimes(ref IndexCursor cursor)
    {
        RowsPlace undecided = RowsPlace.Read(ref cursor, Rows);
        return cursor.Number(2) == 0
            ? new IndexedTimes(undecided, long.MaxValue, -1, 0, 0, 0)
            : new IndexedTimes(undecided, (long)cursor.UInt64(), (long)cursor.UInt64(), Length(ref cursor), Length(ref cursor), Length(ref cursor));
    }

    private IndexedPath ReadPath(ref IndexCursor cursor, int id)
    {
        // A path stands behind the one that it is a member of: going up comes to an end.
        int parent = cursor.Number(Math.Max(1, id));
        int length = cursor.Number(TermTable.MaxBytes + 1);
        int name = Passed(ref cursor, length);
        bool isText = cursor.Number(2) == 1;
        (int, int, int, int) terms = (cursor.Number(int.MaxValue), cursor.Number(int.MaxValue), cursor.Number(int.MaxValue), cursor.Number(int.MaxValue));
        return new IndexedPath(parent, name, length, isText, terms, RowsPlace.Read(ref cursor, Rows), RowsPlace.Read(ref cursor, Rows), ReadHashes(ref cursor));
    }

    private IndexedHashes? ReadHashes(ref IndexCursor cursor)
    {
        int count = cursor.Number(int.MaxValue);
        if (count == 0)
        {
            return null;
        }

        long start = Length(ref cursor);
        int bits = HashedColumn.BucketBits(count);
        int[] starts = new int[HashedColumn.Segments(bits)];
        int[] counts = new int[starts.Length];
        for (int i = 0; i < starts.Length; i++)
        {
            starts[i] = start <= IndexFormat.MaxFileBytes ? (int)start : throw IndexCursor.Damaged("a column is longer than any file");
            counts[i] = cursor.Number(1 << 27);
            start += HashedColumn.SegmentBytes(counts[i], bits);
        }

        IdentifierShape shape = default;
        shape.MostWords = cursor.Number(IdentifierShape.MaxWords + 1);
        (shape.HexLengths, shape.MixedLengths, shape.LetterLengths) = (cursor.UInt64(), cursor.UInt64(), cursor.UInt64());
        return new IndexedHashes(bits, starts, counts, shape, RowsPlace.Read(ref cursor, Rows), RowsPlace.Read(ref cursor, Rows));
    }

    private ReadOnlySpan<byte> NameOf(int id) => _resident.AsSpan(_paths[id].Name, _paths[id].NameLength);

    /// <summary>Whether a path has these names.</summary>
    private bool IsAt(int id, byte[][] names)
    {
        for (int i = names.Length - 1; i >= 0; i--)
        {
            if (id == 0 || !NameOf(id).SequenceEqual(names[i]))
            {
                return false;
            }

            id = _paths[id].Parent;
        }

        return id == 0;
    }

    private void TakePlace(int id)
    {
        if (id >= 2)
        {
            _pathHashes[id] = FieldPath.HashOf(_pathHashes[_paths[id].Parent], NameOf(id));
            int slot = (int)_pathHashes[id] & (_pathSlots.Length - 1);
            while (_pathSlots[slot] != 0)
            {
                slot = (slot + 1) & (_pathSlots.Length - 1);
            }

            _pathSlots[slot] = id;
        }
    }

    private TermPage Page(int number, Span<byte> term) => new(Bytes(_pages + ((long)number * TermPageWriter.PageBytes), TermPageWriter.PageBytes), Rows, term);

    /// <summary>What a tag and a term begin with, as a number that orders as they do: where it is the same, they have to be compared. Those of numbers, which their bytes do not order, have no term in it.</summary>
    private static ulong StartOf(uint tag, ReadOnlySpan<byte> term)
    {
        Span<byte> first = stackalloc byte[sizeof(uint)];
        first.Clear();
        if ((tag & 7) != (uint)TermKind.Number)
        {
            term[..Math.Min(term.Length, first.Length)].CopyTo(first);
        }

        return ((ulong)tag << 32) | BinaryPrimitives.ReadUInt32BigEndian(first);
    }

    /// <summary>The last page whose way does not lie behind a term; −1 where all do.</summary>
    private int PageOf(uint tag, ReadOnlySpan<byte> term, bool isFrom)
    {
        ulong start = StartOf(tag, term);
        int low = CountBelow(start);
        int high = start == ulong.MaxValue ? _pageKeys.Length : CountBelow(start + 1);
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            (uint pageTag, int key, int length) = _pageKeys[middle];
            if (TermPage.Compare(pageTag, _resident.AsSpan(key, length), tag, term, isFrom) <= 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low - 1;
    }

    /// <summary>How many pages begin below a start.</summary>
    private int CountBelow(ulong start)
    {
        int low = 0;
        int high = _pageStarts.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            (low, high) = _pageStarts[middle] < start ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    private void Check(int block, ReadOnlySpan<byte> bytes)
    {
        if (XxHash3.HashToUInt64(bytes) != BinaryPrimitives.ReadUInt64LittleEndian(_resident.AsSpan(_checksums + (block * sizeof(ulong)))))
        {
            throw IndexCursor.Damaged($"block {block + 1} is not what was written");
        }

        Volatile.Write(ref _isChecked[block], 1);
    }
}
