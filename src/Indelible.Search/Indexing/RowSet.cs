using System.Numerics;

namespace Indelible.Search;

/// <summary>A set of rows of one chunk: a bitmap of 65,536 bits. Not thread-safe; <see cref="Rent"/> and <see cref="Return"/> spare the allocation.</summary>
internal sealed class RowSet
{
    /// <summary>The most rows of a chunk.</summary>
    public const int MaxRows = 1 << 16;

    private const int Kept = 64;

    [ThreadStatic]
    private static Stack<RowSet>? t_spare;

    private readonly ulong[] _bits = new ulong[MaxRows / 64];

    private RowSet()
    {
    }

    /// <summary>An empty set, from this thread's spare ones where there are any.</summary>
    public static RowSet Rent()
    {
        if (t_spare is { Count: > 0 } spare)
        {
            RowSet set = spare.Pop();
            set.Clear();
            return set;
        }

        return new RowSet();
    }

    /// <summary>Gives the set back: nobody may use it any more.</summary>
    public void Return()
    {
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
            foreach (ulong word in _bits)
            {
                count += BitOperations.PopCount(word);
            }

            return count;
        }
    }

    /// <summary>Whether there is none.</summary>
    public bool IsEmpty => !_bits.AsSpan().ContainsAnyExcept(0UL);

    /// <summary>Whether a row is in it.</summary>
    public bool Contains(int row) => (_bits[row >> 6] >> row & 1) != 0;

    /// <summary>Adds a row.</summary>
    public void Add(int row) => _bits[row >> 6] |= 1UL << row;

    /// <summary>Adds rows.</summary>
    public void Add(ReadOnlySpan<ushort> rows)
    {
        ulong[] bits = _bits;
        foreach (ushort row in rows)
        {
            bits[row >> 6] |= 1UL << row;
        }
    }

    /// <summary>Adds the rows of a bitmap.</summary>
    public void AddBitmap(ReadOnlySpan<ulong> bitmap) => Combine(bitmap, static (mine, theirs) => mine | theirs);

    /// <summary>Adds the rows from <paramref name="from"/> up to, not including, <paramref name="to"/>.</summary>
    public void AddRange(int from, int to)
    {
        while (from < to)
        {
            int word = from >> 6;
            int end = Math.Min(to, (word + 1) << 6);
            ulong bits = (end - from == 64 ? ulong.MaxValue : (1UL << (end - from)) - 1) << (from & 63);
            _bits[word] |= bits;
            from = end;
        }
    }

    /// <summary>Removes all.</summary>
    public void Clear() => Array.Clear(_bits);

    /// <summary>Makes it equal to another.</summary>
    public void CopyFrom(RowSet other) => other._bits.CopyTo(_bits, 0);

    /// <summary>Adds those of another.</summary>
    public void Or(RowSet other) => Combine(other._bits, static (mine, theirs) => mine | theirs);

    /// <summary>Keeps those that another has as well.</summary>
    public void And(RowSet other) => Combine(other._bits, static (mine, theirs) => mine & theirs);

    /// <summary>Removes those of another.</summary>
    public void AndNot(RowSet other) => Combine(other._bits, static (mine, theirs) => mine & ~theirs);

    /// <summary>Makes it the rows below <paramref name="rows"/> that were not in it.</summary>
    public void Complement(int rows)
    {
        for (int i = 0; i < _bits.Length; i++)
        {
            _bits[i] = ~_bits[i];
        }

        Truncate(rows);
    }

    /// <summary>Removes the rows from <paramref name="rows"/> on.</summary>
    public void Truncate(int rows)
    {
        if (rows < MaxRows)
        {
            _bits[rows >> 6] &= (1UL << (rows & 63)) - 1;
            _bits.AsSpan((rows >> 6) + 1).Clear();
        }
    }

    /// <summary>The greatest row below <paramref name="end"/>, or −1.</summary>
    public int LastBelow(int end)
    {
        int word = (end - 1) >> 6;
        if (end <= 0)
        {
            return -1;
        }

        ulong bits = _bits[word] & ((end & 63) == 0 ? ulong.MaxValue : (1UL << (end & 63)) - 1);
        while (bits == 0)
        {
            if (--word < 0)
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
        if (start >= MaxRows)
        {
            return -1;
        }

        int word = start >> 6;
        ulong bits = _bits[word] & (ulong.MaxValue << (start & 63));
        while (bits == 0)
        {
            if (++word == _bits.Length)
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
        ulong[] bits = _bits;
        int count = 0;
        foreach (ushort row in rows)
        {
            count += (int)(bits[row >> 6] >> row & 1);
        }

        return count;
    }

    /// <summary>How many of a bitmap's rows are in it.</summary>
    public int CountIn(ReadOnlySpan<ulong> bitmap)
    {
        int count = 0;
        for (int i = 0; i < bitmap.Length; i++)
        {
            count += BitOperations.PopCount(_bits[i] & bitmap[i]);
        }

        return count;
    }

    /// <summary>How many of its rows lie below <paramref name="rows"/>.</summary>
    public int CountBelow(int rows)
    {
        int count = 0;
        for (int i = 0; i < rows >> 6; i++)
        {
            count += BitOperations.PopCount(_bits[i]);
        }

        return (rows & 63) == 0 ? count : count + BitOperations.PopCount(_bits[rows >> 6] & ((1UL << (rows & 63)) - 1));
    }

    /// <summary>The bits themselves, the lowest row first.</summary>
    public ReadOnlySpan<ulong> Bits => _bits;

    private void Combine(ReadOnlySpan<ulong> other, Func<ulong, ulong, ulong> combine)
    {
        for (int i = 0; i < other.Length; i++)
        {
            _bits[i] = combine(_bits[i], other[i]);
        }
    }
}
