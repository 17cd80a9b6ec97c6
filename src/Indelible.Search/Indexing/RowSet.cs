using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Indelible.Search;

/// <summary>A set of rows of one chunk: a bitmap of 65,536 bits. Not thread-safe; <see cref="Rent"/> and <see cref="Return"/> spare the allocation.</summary>
/// <remarks>
/// It knows between which words its rows lie, and every operation touches only those. Most clauses find nothing in most chunks: an empty set then costs nothing to
/// clear, to combine or to count, where the whole bitmap would be the better part of a selective search.
/// </remarks>
internal sealed class RowSet
{
    /// <summary>The most rows of a chunk.</summary>
    public const int MaxRows = 1 << 16;

    private const int WordCount = MaxRows / 64;
    private const int Kept = 64;

    [ThreadStatic]
    private static Stack<RowSet>? t_spare;

    private readonly ulong[] _bits = new ulong[WordCount];

    // Words before _low and from _high on are zero. Empty: _low is WordCount, _high is 0.
    private int _low = WordCount;
    private int _high;
    private bool _isRented;

    private RowSet()
    {
    }

    private interface ICombination
    {
        static abstract Vector512<ulong> Of(Vector512<ulong> mine, Vector512<ulong> theirs);

        static abstract ulong Of(ulong mine, ulong theirs);
    }

    /// <summary>An empty set, from this thread's spare ones where there are any.</summary>
    public static RowSet Rent()
    {
        RowSet set = t_spare is { Count: > 0 } spare ? spare.Pop() : new RowSet();
        set._isRented = true;
        return set;
    }

    /// <summary>Gives the set back: nobody may use it any more.</summary>
    /// <exception cref="InvalidOperationException">It was given back already: two would share it, and find each other's rows.</exception>
    public void Return()
    {
        if (!_isRented)
        {
            throw new InvalidOperationException("A set of rows was given back twice.");
        }

        _isRented = false;
        Clear();
        t_spare ??= new Stack<RowSet>();
        if (t_spare.Count < Kept)
        {
            t_spare.Push(this);
        }
    }

    /// <summary>How many rows.</summary>
    public int Count
    {
        get
        {
            int count = 0;
            foreach (ulong word in Used)
            {
                count += BitOperations.PopCount(word);
            }

            return count;
        }
    }

    /// <summary>Whether there is none.</summary>
    public bool IsEmpty
    {
        get
        {
            int first = _low < _high ? Used.IndexOfAnyExcept(0UL) : -1;
            if (first < 0)
            {
                (_low, _high) = (WordCount, 0);
                return true;
            }

            _low += first;
            return false;
        }
    }

    /// <summary>The bits themselves, the lowest row first.</summary>
    public ReadOnlySpan<ulong> Bits => _bits;

    private Span<ulong> Used => _low < _high ? _bits.AsSpan(_low, _high - _low) : default;

    /// <summary>Whether a row is in it.</summary>
    public bool Contains(int row) => (_bits[row >> 6] >> row & 1) != 0;

    /// <summary>Adds a row.</summary>
    public void Add(int row)
    {
        Use(row >> 6, (row >> 6) + 1);
        _bits[row >> 6] |= 1UL << row;
    }

    /// <summary>Adds rows.</summary>
    /// <param name="rows">In any order: a file that was altered may have them in another, and what lay outside of what is used would never be cleared.</param>
    public void Add(ReadOnlySpan<ushort> rows)
    {
        if (rows.IsEmpty)
        {
            return;
        }

        ref ulong bits = ref MemoryMarshal.GetArrayDataReference(_bits);
        int low = _low;
        int high = _high;
        foreach (ushort row in rows)
        {
            // 16 bits less 6 never leave the array.
            int word = row >> 6;
            System.Runtime.CompilerServices.Unsafe.Add(ref bits, word) |= 1UL << row;
            low = Math.Min(low, word);
            high = Math.Max(high, word + 1);
        }

        (_low, _high) = (low, high);
    }

    /// <summary>Adds the rows of a bitmap.</summary>
    public void AddBitmap(ReadOnlySpan<ulong> bitmap)
    {
        if (!bitmap.IsEmpty)
        {
            Use(0, bitmap.Length);
            Combine<Union>(_bits, bitmap);
        }
    }

    /// <summary>Adds the rows from <paramref name="from"/> up to, not including, <paramref name="to"/>.</summary>
    public void AddRange(int from, int to)
    {
        if (from >= to)
        {
            return;
        }

        int first = from >> 6;
        int last = (to - 1) >> 6;
        ulong head = ulong.MaxValue << (from & 63);
        ulong tail = ulong.MaxValue >> (63 - ((to - 1) & 63));
        Use(first, last + 1);
        if (first == last)
        {
            _bits[first] |= head & tail;
            return;
        }

        _bits[first] |= head;
        _bits.AsSpan(first + 1, last - first - 1).Fill(ulong.MaxValue);
        _bits[last] |= tail;
    }

    /// <summary>Adds to another those rows of a step of 256 that are in both: in this set, and among those with some lower bytes.</summary>
    /// <param name="step">Which 256 rows.</param>
    /// <param name="low">The lower bytes of rows among them.</param>
    /// <param name="into">Receives the rows.</param>
    public void AddOfStep(int step, ReadOnlySpan<byte> low, RowSet into)
    {
        int first = step * (PostingsForm.StepRows / 64);
        for (int word = Math.Max(first, _low); word < Math.Min(first + (PostingsForm.StepRows / 64), _high); word++)
        {
            for (ulong bits = _bits[word]; bits != 0; bits &= bits - 1)
            {
                int row = (word << 6) + BitOperations.TrailingZeroCount(bits);
                if (low.Contains((byte)row))
                {
                    into.Add(row);
                }
            }
        }
    }

    /// <summary>Removes all.</summary>
    public void Clear()
    {
        Used.Clear();
        (_low, _high) = (WordCount, 0);
    }

    /// <summary>Makes it equal to another.</summary>
    public void CopyFrom(RowSet other)
    {
        Clear();
        Or(other);
    }

    /// <summary>Adds those of another.</summary>
    public void Or(RowSet other)
    {
        if (other._low < other._high)
        {
            Use(other._low, other._high);
            Combine<Union>(_bits.AsSpan(other._low), other.Used);
        }
    }

    /// <summary>Keeps those that another has as well.</summary>
    public void And(RowSet other)
    {
        Keep(other._low, other._high);
        if (_low < _high)
        {
            Combine<Intersection>(_bits.AsSpan(_low), other._bits.AsSpan(_low, _high - _low));
        }
    }

    /// <summary>Removes those of another.</summary>
    public void AndNot(RowSet other)
    {
        int low = Math.Max(_low, other._low);
        int high = Math.Min(_high, other._high);
        if (low < high)
        {
            Combine<Difference>(_bits.AsSpan(low), other._bits.AsSpan(low, high - low));
        }
    }

    /// <summary>Keeps the rows from <paramref name="from"/> up to, not including, <paramref name="to"/>.</summary>
    public void KeepBetween(int from, int to)
    {
        if (from >= to)
        {
            Clear();
            return;
        }

        int last = (to - 1) >> 6;
        Keep(from >> 6, last + 1);
        _bits[from >> 6] &= ulong.MaxValue << (from & 63);
        _bits[last] &= ulong.MaxValue >> (63 - ((to - 1) & 63));
    }

    /// <summary>Removes the rows from <paramref name="rows"/> on.</summary>
    public void Truncate(int rows)
    {
        if (_high << 6 > rows)
        {
            KeepBetween(0, rows);
        }
    }

    /// <summary>The greatest row below <paramref name="end"/>, or −1.</summary>
    public int LastBelow(int end)
    {
        end = Math.Min(end, _high << 6);
        int word = (end - 1) >> 6;
        if (end <= 0 || word < _low)
        {
            return -1;
        }

        ulong bits = _bits[word] & (ulong.MaxValue >> (63 - ((end - 1) & 63)));
        while (bits == 0)
        {
            if (--word < _low)
            {
                return -1;
            }

            bits = _bits[word];
        }

        return (word << 6) + BitOperations.Log2(bits);
    }

    /// <summary>The least row from <paramref name="start"/> on, or −1.</summary>
    public int FirstFrom(int start)
    {
        start = Math.Max(start, _low << 6);
        int word = start >> 6;
        if (word >= _high)
        {
            return -1;
        }

        ulong bits = _bits[word] & (ulong.MaxValue << (start & 63));
        while (bits == 0)
        {
            if (++word >= _high)
            {
                return -1;
            }

            bits = _bits[word];
        }

        return (word << 6) + BitOperations.TrailingZeroCount(bits);
    }

    /// <summary>How many of these rows are in it.</summary>
    public int CountIn(ReadOnlySpan<ushort> rows)
    {
        if (_low >= _high)
        {
            return 0;
        }

        ref ulong bits = ref MemoryMarshal.GetArrayDataReference(_bits);
        int count = 0;
        foreach (ushort row in rows)
        {
            count += (int)(System.Runtime.CompilerServices.Unsafe.Add(ref bits, row >> 6) >> row & 1);
        }

        return count;
    }

    /// <summary>How many of a bitmap's rows are in it.</summary>
    public int CountIn(ReadOnlySpan<ulong> bitmap)
    {
        int count = 0;
        for (int i = _low; i < Math.Min(_high, bitmap.Length); i++)
        {
            count += BitOperations.PopCount(_bits[i] & bitmap[i]);
        }

        return count;
    }

    /// <summary>How many of its rows lie from <paramref name="from"/> up to, not including, <paramref name="to"/>.</summary>
    public int CountBetween(int from, int to)
    {
        from = Math.Max(from, _low << 6);
        to = Math.Min(to, _high << 6);
        if (from >= to)
        {
            return 0;
        }

        int first = from >> 6;
        int last = (to - 1) >> 6;
        ulong head = ulong.MaxValue << (from & 63);
        ulong tail = ulong.MaxValue >> (63 - ((to - 1) & 63));
        if (first == last)
        {
            return BitOperations.PopCount(_bits[first] & head & tail);
        }

        int count = BitOperations.PopCount(_bits[first] & head) + BitOperations.PopCount(_bits[last] & tail);
        for (int i = first + 1; i < last; i++)
        {
            count += BitOperations.PopCount(_bits[i]);
        }

        return count;
    }

    private static void Combine<T>(Span<ulong> mine, ReadOnlySpan<ulong> theirs)
        where T : struct, ICombination
    {
        int i = 0;
        for (; i <= theirs.Length - Vector512<ulong>.Count; i += Vector512<ulong>.Count)
        {
            T.Of(Vector512.Create<ulong>(mine[i..]), Vector512.Create(theirs[i..])).CopyTo(mine[i..]);
        }

        for (; i < theirs.Length; i++)
        {
            mine[i] = T.Of(mine[i], theirs[i]);
        }
    }

    private void Use(int low, int high)
    {
        _low = Math.Min(_low, low);
        _high = Math.Max(_high, high);
    }

    private void Keep(int low, int high)
    {
        if (low >= high || low >= _high || high <= _low)
        {
            Clear();
            return;
        }

        if (low > _low)
        {
            _bits.AsSpan(_low, low - _low).Clear();
            _low = low;
        }

        if (high < _high)
        {
            _bits.AsSpan(high, _high - high).Clear();
            _high = high;
        }
    }

    private readonly struct Union : ICombination
    {
        public static Vector512<ulong> Of(Vector512<ulong> mine, Vector512<ulong> theirs) => mine | theirs;

        public static ulong Of(ulong mine, ulong theirs) => mine | theirs;
    }

    private readonly struct Intersection : ICombination
    {
        public static Vector512<ulong> Of(Vector512<ulong> mine, Vector512<ulong> theirs) => mine & theirs;

        public static ulong Of(ulong mine, ulong theirs) => mine & theirs;
    }

    private readonly struct Difference : ICombination
    {
        public static Vector512<ulong> Of(Vector512<ulong> mine, Vector512<ulong> theirs) => Vector512.AndNot(mine, theirs);

        public static ulong Of(ulong mine, ulong theirs) => mine & ~theirs;
    }
}
