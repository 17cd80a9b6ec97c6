using System.Buffers.Binary;

namespace Indelible.Search;

/// <summary>Reads a page of a dictionary, entry by entry: <see cref="TermPageWriter"/>. Whatever its bytes are, it comes to an end within them.</summary>
internal ref struct TermPage
{
    private readonly ReadOnlySpan<byte> _page;
    private readonly ReadOnlySpan<byte> _starts;
    private readonly Span<byte> _term;
    private readonly int _used;
    private readonly int _rows;
    private int _position;
    private int _start;
    private int _length;

    /// <param name="page">The page.</param>
    /// <param name="rows">How many rows the chunk has.</param>
    /// <param name="term">Receives each term, <see cref="TermTable.MaxBytes"/> long.</param>
    public TermPage(ReadOnlySpan<byte> page, int rows, Span<byte> term)
    {
        _page = page;
        _rows = rows;
        _term = term;
        int starts = BinaryPrimitives.ReadUInt16LittleEndian(page[^2..]);
        _used = BinaryPrimitives.ReadUInt16LittleEndian(page[^4..]);
        if (_used + 4 + (2 * starts) > page.Length || starts == 0)
        {
            throw IndexCursor.Damaged("a page of terms is fuller than it can be");
        }

        _starts = page.Slice(page.Length - 4 - (2 * starts), 2 * starts);
    }

    /// <summary>The tag of the entry.</summary>
    public uint Tag { get; private set; }

    /// <summary>Its term.</summary>
    public readonly ReadOnlySpan<byte> Term => _term[.._length];

    /// <summary>Its rows.</summary>
    public RowsPlace Rows { get; private set; }

    private readonly int Starts => _starts.Length / 2;

    /// <summary>Puts a term and one that is looked for in order.</summary>
    /// <param name="tag">The tag of the term.</param>
    /// <param name="term">The term; no bytes lie before everything.</param>
    /// <param name="wantedTag">The tag that is looked for.</param>
    /// <param name="wanted">The term that is looked for.</param>
    /// <param name="isFrom">Whether the first is wanted that is not below: then numbers of the same value lie behind.</param>
    public static int Compare(uint tag, ReadOnlySpan<byte> term, uint wantedTag, ReadOnlySpan<byte> wanted, bool isFrom)
    {
        if (tag != wantedTag)
        {
            return tag.CompareTo(wantedTag);
        }

        if ((tag & 7) != (uint)TermKind.Number)
        {
            return term.SequenceCompareTo(wanted);
        }

        if (term.IsEmpty || wanted.IsEmpty)
        {
            return wanted.IsEmpty ? 1 : -1;
        }

        int order = isFrom ? NumberText.CompareValues(term, wanted) : NumberText.Compare(term, wanted);
        return isFrom && order == 0 ? 1 : order;
    }

    /// <summary>Goes to the last start that does not lie behind a term, so that <see cref="Next"/> comes by it if it is in the page.</summary>
    public void Seek(uint tag, ReadOnlySpan<byte> term, bool isFrom)
    {
        int low = 0;
        int high = Starts - 1;
        while (low < high)
        {
            int middle = (low + high + 1) >>> 1;
            if (Compare(ReadStart(middle, out ReadOnlySpan<byte> first), first, tag, term, isFrom) <= 0)
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }

        (_start, _position) = (low, StartAt(low));
    }

    /// <summary>Reads the next entry.</summary>
    /// <returns>False at the end.</returns>
    public bool Next()
    {
        if (_position >= _used)
        {
            return false;
        }

        var cursor = new IndexCursor(_page[_position.._used]);
        int shared = 0;
        int others;
        if (_start < Starts && _position == StartAt(_start))
        {
            Tag = cursor.Number();
            others = cursor.Number(TermTable.MaxBytes + 1);
            _start++;
        }
        else
        {
            int lengths = cursor.Take(1)[0];
            shared = Length(ref cursor, lengths & TermPageWriter.MaxShortLength, _length);
            others = Length(ref cursor, lengths >> 4, TermTable.MaxBytes - shared);
        }

        ReadOnlySpan<byte> rest = cursor.Take(others);
        rest.CopyTo(_term[shared..]);
        _length = shared + rest.Length;
        Rows = RowsPlace.Read(ref cursor, _rows);
        _position += cursor.Position;
        return true;
    }

    private static int Length(ref IndexCursor cursor, int length, int most)
    {
        if (length > most)
        {
            throw IndexCursor.Damaged("a term is longer than any");
        }

        return length < TermPageWriter.MaxShortLength ? length : length + cursor.Number(most - length + 1);
    }

    private readonly int StartAt(int start) => BinaryPrimitives.ReadUInt16LittleEndian(_starts[(2 * start)..]);

    private readonly uint ReadStart(int start, out ReadOnlySpan<byte> term)
    {
        int at = StartAt(start);
        if (at >= _used)
        {
            throw IndexCursor.Damaged("a page of terms begins behind its end");
        }

        var cursor = new IndexCursor(_page[at.._used]);
        uint tag = cursor.Number();
        term = cursor.Take(cursor.Number(TermTable.MaxBytes + 1));
        return tag;
    }
}
