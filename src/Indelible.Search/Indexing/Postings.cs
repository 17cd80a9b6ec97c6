using System.Numerics;

namespace Indelible.Search;

/// <summary>The rows of one term, wherever they lie: an ascending array, a bitmap, or all rows.</summary>
internal readonly ref struct Postings
{
    private readonly ReadOnlySpan<ushort> _rows;
    private readonly ReadOnlySpan<ulong> _bitmap;
    private readonly int _all;
    private readonly PostingsSource? _source;
    private readonly int _place;

    private Postings(ReadOnlySpan<ushort> rows, ReadOnlySpan<ulong> bitmap, int all, int count)
    {
        _rows = rows;
        _bitmap = bitmap;
        _all = all;
        Count = count;
    }

    private Postings(PostingsSource source, int place, int count) => (_source, _place, Count) = (source, place, count);

    /// <summary>How many rows.</summary>
    public int Count { get; }

    /// <summary>Rows as an ascending array.</summary>
    public static Postings Of(ReadOnlySpan<ushort> rows) => new(rows, default, 0, rows.Length);

    /// <summary>Rows as a bitmap, the lowest bit first.</summary>
    public static Postings Of(ReadOnlySpan<ulong> bitmap, int count) => new(default, bitmap, 0, count);

    /// <summary>Rows 0 to <paramref name="count"/> − 1.</summary>
    public static Postings All(int count) => new(default, default, count, count);

    /// <summary>Rows that are read only when they are asked for: often their number is all that is wanted.</summary>
    public static Postings Of(PostingsSource source, int place, int count) => new(source, place, count);

    /// <summary>Adds them to a set.</summary>
    public void AddTo(RowSet set)
    {
        Postings read = Read();
        if (read._all > 0)
        {
            set.AddRange(0, read._all);
        }
        else if (!read._bitmap.IsEmpty)
        {
            set.AddBitmap(read._bitmap);
        }
        else
        {
            set.Add(read._rows);
        }
    }

    /// <summary>How many of them are in a set.</summary>
    public int CountIn(RowSet set)
    {
        Postings read = Read();
        return read._all > 0 ? set.CountBetween(0, read._all) : !read._bitmap.IsEmpty ? set.CountIn(read._bitmap) : set.CountIn(read._rows);
    }

    /// <summary>The rows one by one, ascending.</summary>
    public Enumerator GetEnumerator() => new(Read());

    private Postings Read() => _source is null ? this : _source.Read(_place, Count);

    /// <summary>Goes over the rows.</summary>
    public ref struct Enumerator
    {
        private readonly Postings _postings;
        private int _next;
        private ulong _word;

        internal Enumerator(Postings postings) => _postings = postings;

        /// <summary>The row.</summary>
        public int Current { get; private set; }

        /// <summary>Moves on.</summary>
        public bool MoveNext()
        {
            if (!_postings._bitmap.IsEmpty)
            {
                return MoveInBitmap();
            }

            if (_next >= _postings.Count)
            {
                return false;
            }

            Current = _postings._all > 0 ? _next : _postings._rows[_next];
            _next++;
            return true;
        }

        private bool MoveInBitmap()
        {
            while (_word == 0)
            {
                if (_next == _postings._bitmap.Length)
                {
                    return false;
                }

                _word = _postings._bitmap[_next++];
            }

            Current = ((_next - 1) << 6) + BitOperations.TrailingZeroCount(_word);
            _word &= _word - 1;
            return true;
        }
    }
}

/// <summary>Reads rows that lie elsewhere.</summary>
internal abstract class PostingsSource
{
    /// <summary>Reads the rows at a place.</summary>
    /// <returns>Them, valid until the next are read.</returns>
    public abstract Postings Read(int place, int count);
}
