using System.Buffers.Binary;

namespace Indelible.Search;

/// <summary>Writes a dictionary: terms in order, in pages of their own that are each read alone.</summary>
/// <remarks>
/// <code>
/// page     = { entry } padding  offset of each start (2 bytes each)  end of the entries (2)  number of starts (2)
/// entry    = lengths (1)  bytes  rows                                   how many bytes are shared with the entry before (lower 4 bits) and how many others follow (upper 4 bits); 15
///                                                                      stands for 15 and the number that follows, first of what is shared
/// start    = tag (number)  length (number)  bytes  rows                an entry that is read alone: the first of a page, of a tag, and every 16th
/// rows     = count (number), then for 1 to 3 rows those rows (2 bytes each), for all rows nothing, else the place of the list (number)
/// </code>
/// A page is as large as a block that has a checksum and as a page of memory: finding a term touches one of them. What leads to a page stays in memory: for each the shortest bytes
/// that no term before it reaches.
/// </remarks>
internal sealed class TermPageWriter : IDisposable
{
    /// <summary>Bytes of a page.</summary>
    public const int PageBytes = IndexFormat.BlockBytes;

    /// <summary>Entries from one start to the next, at most.</summary>
    public const int EntriesPerStart = 16;

    /// <summary>Lengths of at least so many have a number of their own.</summary>
    public const int MaxShortLength = 15;

    private readonly ByteBuffer _pages = new();
    private readonly ByteBuffer _index = new();
    private readonly ByteBuffer _entry = new();
    private readonly List<ushort> _starts = [];
    private readonly byte[] _last = new byte[TermTable.MaxBytes];
    private int _lastLength;
    private uint _tag = uint.MaxValue;
    private int _sinceStart;
    private int _used;

    /// <summary>The pages so far; whole after <see cref="End"/>.</summary>
    public ReadOnlySpan<byte> Pages => _pages.Written;

    /// <summary>For each page its tag, and the length and bytes that lead to it.</summary>
    public ReadOnlySpan<byte> Index => _index.Written;

    /// <summary>How many pages there are.</summary>
    public int Count { get; private set; }

    /// <summary>Adds a term. Tags ascend, and so do the terms of each.</summary>
    public void Add(uint tag, ReadOnlySpan<byte> term, ReadOnlySpan<byte> rows)
    {
        bool isStart = Count == 0 || tag != _tag || _sinceStart == EntriesPerStart;
        Encode(tag, term, rows, isStart);
        int footer = (2 * _starts.Count) + (isStart ? 2 : 0) + 4;
        if (Count == 0 || _used + _entry.Length + footer > PageBytes)
        {
            BeginPage(tag, term);
            isStart = true;
            Encode(tag, term, rows, isStart);
        }

        if (isStart)
        {
            _starts.Add((ushort)_used);
            _sinceStart = 0;
        }

        _entry.Written.CopyTo(_pages.Written[((Count - 1) * PageBytes)..][_used..]);
        _used += _entry.Length;
        _sinceStart++;
        _tag = tag;
        term.CopyTo(_last);
        _lastLength = term.Length;
    }

    /// <summary>Ends the last page.</summary>
    public void End()
    {
        if (Count == 0)
        {
            return;
        }

        Span<byte> page = _pages.Written[((Count - 1) * PageBytes)..];
        BinaryPrimitives.WriteUInt16LittleEndian(page[^2..], (ushort)_starts.Count);
        BinaryPrimitives.WriteUInt16LittleEndian(page[^4..], (ushort)_used);
        Span<byte> starts = page[^(4 + (2 * _starts.Count))..];
        for (int i = 0; i < _starts.Count; i++)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(starts[(2 * i)..], _starts[i]);
        }
    }

    public void Dispose()
    {
        _pages.Dispose();
        _index.Dispose();
        _entry.Dispose();
    }

    private void Encode(uint tag, ReadOnlySpan<byte> term, ReadOnlySpan<byte> rows, bool isStart)
    {
        _entry.Clear();
        int shared = 0;
        if (isStart)
        {
            _entry.WriteNumber(tag);
            _entry.WriteNumber((uint)term.Length);
        }
        else
        {
            shared = term.CommonPrefixLength(_last.AsSpan(0, _lastLength));
            int others = term.Length - shared;
            _entry.Write([(byte)(Math.Min(shared, MaxShortLength) | (Math.Min(others, MaxShortLength) << 4))]);
            WriteRest(shared);
            WriteRest(others);
        }

        _entry.Write(term[shared..]);
        _entry.Write(rows);
    }

    private void WriteRest(int length)
    {
        if (length >= MaxShortLength)
        {
            _entry.WriteNumber((uint)(length - MaxShortLength));
        }
    }

    private void BeginPage(uint tag, ReadOnlySpan<byte> term)
    {
        End();
        _pages.Take(PageBytes).Clear();
        Count++;
        _starts.Clear();
        _used = 0;
        _index.WriteNumber(tag);

        // Of bytes that lie in the order of bytes, one more than is shared with the term before leads here as well as all of them.
        int needed = tag != _tag ? 0 : (tag & 7) == (uint)TermKind.Number ? term.Length : Math.Min(term.Length, term.CommonPrefixLength(_last.AsSpan(0, _lastLength)) + 1);
        _index.WriteNumber((uint)needed);
        _index.Write(term[..needed]);
    }
}
