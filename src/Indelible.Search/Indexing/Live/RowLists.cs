using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Indelible.Search;

/// <summary>The rows of one term while a chunk fills. Belongs to a <see cref="RowLists"/>, which alone touches it.</summary>
internal struct RowList
{
    /// <summary>How many rows.</summary>
    public int Count;

    /// <summary>Where they are: 0 where they follow each other without a gap, a block, or below 0 a bitmap.</summary>
    public int Head;

    /// <summary>Where the next row goes in the last block.</summary>
    public int Tail;

    /// <summary>The first row.</summary>
    public ushort First;

    /// <summary>The last row.</summary>
    public ushort Last;
}

/// <summary>Lists of rows that grow side by side in shared memory. One writer, many readers, no lock.</summary>
/// <remarks>
/// A list begins as a run: rows without a gap take no memory, however many they are. With the first gap it becomes a chain of blocks of 4, 8, … 256 rows, each with the address of the
/// next behind its last row, and with 4,096 rows a bitmap. It never goes back, and blocks are never used again, so a reader who has read <see cref="RowList.Count"/>, then
/// <see cref="RowList.Last"/>, then <see cref="RowList.Head"/> finds at that place at least what he counted: the writer changes them in the opposite order.
/// A reader asks for rows below a bound that he learned before; whatever was added since is cut off.
/// </remarks>
internal sealed class RowLists(MemoryCount memory)
{
    private const int BitmapFrom = 4096;
    private const int RunToBitmapFrom = 2048;
    private const int MaxBlock = 256;
    private const int Words = RowSet.MaxRows / 64;

    private readonly PagedStore<ushort> _blocks = new(memory, 15);
    private ulong[][] _bitmaps = new ulong[4][];
    private int _bitmapCount;

    /// <summary>Adds a row that is not below the last; once, however often it is added.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(ref RowList list, int row)
    {
        if (list.Count == 0)
        {
            list.First = list.Last = (ushort)row;
            Volatile.Write(ref list.Count, 1);
        }
        else if (list.Last != row)
        {
            if (list.Head == 0 && list.Last + 1 == row)
            {
                Volatile.Write(ref list.Last, (ushort)row);
                Volatile.Write(ref list.Count, list.Count + 1);
            }
            else
            {
                AddSlowly(ref list, row);
            }
        }
    }

    /// <summary>Adds the rows of a list below a bound to a set.</summary>
    public void AddTo(ref RowList list, int rows, RowSet into)
    {
        int count = Volatile.Read(ref list.Count);
        int last = Volatile.Read(ref list.Last);
        int head = Volatile.Read(ref list.Head);
        if (count == 0 || list.First >= rows)
        {
            return;
        }

        if (head == 0)
        {
            into.AddRange(list.First, Math.Min(last + 1, rows));
        }
        else if (head > 0)
        {
            for (int seen = 0; seen < count;)
            {
                ReadOnlySpan<ushort> block = Block(ref head, count, ref seen);
                into.Add(Below(block, rows));
            }
        }
        else
        {
            ulong[] bitmap = Volatile.Read(ref _bitmaps)[~head];
            into.AddBitmap(bitmap.AsSpan(0, rows >> 6));
            for (ulong rest = (rows & 63) == 0 ? 0 : bitmap[rows >> 6] & ((1UL << rows) - 1); rest != 0; rest &= rest - 1)
            {
                into.Add((rows & ~63) + BitOperations.TrailingZeroCount(rest));
            }
        }
    }

    /// <summary>The rows of a list below a bound.</summary>
    /// <param name="list">The list.</param>
    /// <param name="rows">The bound.</param>
    /// <param name="scratch">Receives them, at least 1,024; the result points into it.</param>
    public Postings Read(ref RowList list, int rows, Span<ulong> scratch)
    {
        int count = Volatile.Read(ref list.Count);
        int last = Volatile.Read(ref list.Last);
        int head = Volatile.Read(ref list.Head);
        if (count == 0 || list.First >= rows)
        {
            return Postings.Of([]);
        }

        if (head == 0)
        {
            return ReadRun(list.First, Math.Min(last + 1, rows), scratch);
        }

        if (head < 0)
        {
            Span<ulong> bitmap = scratch[..((rows + 63) >> 6)];
            CopyBitmap(head, rows, bitmap);
            return Postings.Of(bitmap, CountBits(bitmap));
        }

        Span<ushort> into = MemoryMarshal.Cast<ulong, ushort>(scratch);
        for (int seen = 0; seen < count;)
        {
            int from = seen;
            Block(ref head, count, ref seen).CopyTo(into[from..]);
        }

        return Postings.Of(Below(into[..count], rows));
    }

    /// <summary>Copies all rows of a list; the writer's.</summary>
    /// <returns>How many.</returns>
    public int CopyTo(ref RowList list, Span<ushort> into)
    {
        if (list.Head >= 0)
        {
            int address = list.Head;
            for (int seen = 0; seen < list.Count;)
            {
                if (address == 0)
                {
                    into[seen] = (ushort)(list.First + seen);
                    seen++;
                    continue;
                }

                int from = seen;
                Block(ref address, list.Count, ref seen).CopyTo(into[from..]);
            }

            return list.Count;
        }

        int count = 0;
        ulong[] bitmap = _bitmaps[~list.Head];
        for (int i = 0; i < Words; i++)
        {
            for (ulong word = bitmap[i]; word != 0; word &= word - 1)
            {
                into[count++] = (ushort)((i << 6) + BitOperations.TrailingZeroCount(word));
            }
        }

        return count;
    }

    /// <summary>How many rows of a list lie below a bound.</summary>
    public int CountBelow(ref RowList list, int rows)
    {
        Span<ulong> scratch = stackalloc ulong[Words];
        return Read(ref list, rows, scratch).Count;
    }

    private static Postings ReadRun(int first, int end, Span<ulong> scratch)
    {
        if (first == 0)
        {
            return Postings.All(end);
        }

        int count = end - first;
        if (count > RunToBitmapFrom)
        {
            Span<ulong> bitmap = scratch[..((end + 63) >> 6)];
            bitmap.Clear();
            for (int row = first; row < end; row++)
            {
                bitmap[row >> 6] |= 1UL << row;
            }

            return Postings.Of(bitmap, count);
        }

        Span<ushort> into = MemoryMarshal.Cast<ulong, ushort>(scratch)[..count];
        for (int i = 0; i < count; i++)
        {
            into[i] = (ushort)(first + i);
        }

        return Postings.Of(into);
    }

    private static ReadOnlySpan<ushort> Below(ReadOnlySpan<ushort> rows, int bound)
    {
        if (rows.IsEmpty || rows[^1] < bound)
        {
            return rows;
        }

        int end = rows.Length;
        while (end > 0 && rows[end - 1] >= bound)
        {
            end--;
        }

        return rows[..end];
    }

    private static int CountBits(ReadOnlySpan<ulong> bitmap)
    {
        int count = 0;
        foreach (ulong word in bitmap)
        {
            count += BitOperations.PopCount(word);
        }

        return count;
    }

    /// <summary>The rows of the block at <paramref name="address"/> that belong to the first <paramref name="count"/>, and the address of the next block.</summary>
    private ReadOnlySpan<ushort> Block(ref int address, int count, ref int seen)
    {
        int size = Math.Min(MaxBlock, seen + 4);
        int take = Math.Min(size, count - seen);
        ReadOnlySpan<ushort> block = _blocks.Slice(address, take);
        seen += take;
        if (seen < count)
        {
            ReadOnlySpan<ushort> next = _blocks.Slice(address + size, 2);
            address = next[0] | (next[1] << 16);
        }

        return block;
    }

    private void CopyBitmap(int head, int rows, Span<ulong> into)
    {
        int words = (rows + 63) >> 6;
        Volatile.Read(ref _bitmaps)[~head].AsSpan(0, words).CopyTo(into);
        if ((rows & 63) != 0)
        {
            into[words - 1] &= (1UL << rows) - 1;
        }
    }

    private void AddSlowly(ref RowList list, int row)
    {
        if (list.Head == 0)
        {
            EndRun(ref list);
        }

        if (list.Head > 0 && list.Count == BitmapFrom)
        {
            ToBitmap(ref list);
        }

        if (list.Head < 0)
        {
            _bitmaps[~list.Head][row >> 6] |= 1UL << row;
        }
        else
        {
            AddToChain(ref list.Head, ref list.Tail, list.Count, (ushort)row);
        }

        Volatile.Write(ref list.Last, (ushort)row);
        Volatile.Write(ref list.Count, list.Count + 1);
    }

    private void EndRun(ref RowList list)
    {
        int head = 0;
        if (list.Count >= RunToBitmapFrom)
        {
            head = AddBitmap(out ulong[] bitmap);
            for (int i = list.First; i <= list.Last; i++)
            {
                bitmap[i >> 6] |= 1UL << i;
            }
        }
        else
        {
            for (int i = 0; i < list.Count; i++)
            {
                AddToChain(ref head, ref list.Tail, i, (ushort)(list.First + i));
            }
        }

        Volatile.Write(ref list.Head, head);
    }

    private void ToBitmap(ref RowList list)
    {
        int head = AddBitmap(out ulong[] bitmap);
        int address = list.Head;
        for (int seen = 0; seen < list.Count;)
        {
            foreach (ushort row in Block(ref address, list.Count, ref seen))
            {
                bitmap[row >> 6] |= 1UL << row;
            }
        }

        Volatile.Write(ref list.Head, head);
    }

    private void AddToChain(ref int head, ref int tail, int count, ushort row)
    {
        // Blocks end where 4 + the rows so far is a power of two, or a multiple of the largest block.
        int place = count + 4;
        if (BitOperations.IsPow2(place) || place % MaxBlock == 0)
        {
            int block = _blocks.Add(Math.Min(MaxBlock, place) + 2);
            if (count == 0)
            {
                head = block;
            }
            else
            {
                Span<ushort> next = _blocks.Slice(tail, 2);
                next[0] = (ushort)block;
                next[1] = (ushort)(block >> 16);
            }

            tail = block;
        }

        _blocks[tail++] = row;
    }

    private int AddBitmap(out ulong[] bitmap)
    {
        if (_bitmapCount == _bitmaps.Length)
        {
            ulong[][] bitmaps = new ulong[_bitmapCount * 2][];
            _bitmaps.CopyTo(bitmaps, 0);
            Volatile.Write(ref _bitmaps, bitmaps);
        }

        memory.Add(Words * sizeof(ulong));
        bitmap = _bitmaps[_bitmapCount] = new ulong[Words];
        return ~_bitmapCount++;
    }
}
