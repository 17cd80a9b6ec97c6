using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Indelible.Search;

/// <summary>How the rows of a term lie in a file: what is shortest for so many of so many rows, and a bitmap of more than one of sixteen. The number of rows alone decides.</summary>
/// <remarks>
/// <code>
/// rows     the rows, 16 bits each
/// packed   the lower 8 bits of each row | a bit string: a 1 for each row, a 0 for each step to the next 256 rows; in words of 64 bits, the lowest bit first
/// bitmap   a bit for each row of the chunk, in words of 64 bits
/// </code>
/// Where more than half of the rows have the term, those that have it not may be kept instead, as rows or packed. A bitmap is longer than packed rows up to one of nine, and is read in a
/// fiftieth of the time: 0.1 µs in place of 7 for 4,096 rows. That costs one byte an event.
/// </remarks>
internal readonly record struct PostingsForm(PostingsLayout Layout, int Count, bool IsComplement, int Bytes)
{
    /// <summary>A list of at most so many rows stands beside its term.</summary>
    public const int MaxInline = 3;

    /// <summary>Words of 64 bits that reading a list may need: a bitmap, and before that what was packed.</summary>
    public const int ScratchWords = BitmapWords + 2048;

    /// <summary>Rows from one step of a packed list to the next.</summary>
    public const int StepRows = 256;

    private const int BitmapWords = RowSet.MaxRows / 64;
    private const int SearchedFrom = 256;
    private const int PackedShare = 16;

    /// <summary>The form of a list.</summary>
    /// <param name="count">How many rows have the term: more than 0, fewer than <paramref name="rows"/>.</param>
    /// <param name="rows">How many rows the chunk has.</param>
    public static PostingsForm Of(int count, int rows)
    {
        bool isComplement = count > rows / 2;
        int few = isComplement ? rows - count : count;
        int asRows = few * sizeof(ushort);
        int asPacked = few + HighBytes(few, rows);
        int asBitmap = ((rows + 63) >> 6) * sizeof(ulong);
        if (asBitmap <= asRows && (asBitmap <= asPacked || few > rows / PackedShare))
        {
            return new PostingsForm(PostingsLayout.Bitmap, count, false, asBitmap);
        }

        return asRows <= asPacked
            ? new PostingsForm(PostingsLayout.Rows, few, isComplement, asRows)
            : new PostingsForm(PostingsLayout.Packed, few, isComplement, asPacked);
    }

    /// <summary>What a list's place is a multiple of.</summary>
    public int Alignment => Layout == PostingsLayout.Rows ? sizeof(ushort) : sizeof(ulong);

    /// <summary>Writes rows packed.</summary>
    public static void Pack(ReadOnlySpan<ushort> rows, Span<byte> into)
    {
        Span<byte> high = into[rows.Length..];
        high.Clear();
        for (int i = 0; i < rows.Length; i++)
        {
            into[i] = (byte)rows[i];
            int bit = i + (rows[i] >> 8);
            high[bit >> 3] |= (byte)(1 << (bit & 7));
        }
    }

    /// <summary>Reads rows that were packed. Whatever the bytes are, no more than <paramref name="count"/> rows come of them.</summary>
    public static void Unpack(ReadOnlySpan<byte> packed, int count, Span<ushort> into)
    {
        ReadOnlySpan<byte> low = packed[..count];
        ReadOnlySpan<byte> high = packed[count..];
        int i = 0;
        for (int at = 0; at < high.Length; at += sizeof(ulong))
        {
            for (ulong word = BinaryPrimitives.ReadUInt64LittleEndian(high[at..]); word != 0; word &= word - 1)
            {
                if (i == count)
                {
                    throw IndexCursor.Damaged("a list has more rows than it says");
                }

                int bit = (at << 3) + BitOperations.TrailingZeroCount(word);
                into[i] = (ushort)(((bit - i) << 8) | low[i]);
                i++;
            }
        }

        if (i < count)
        {
            throw IndexCursor.Damaged("a list has fewer rows than it says");
        }
    }

    /// <summary>Whether it takes less to look for some rows in a list than to read it: so few they are.</summary>
    public bool IsSearched(RowSet wanted) => Layout == PostingsLayout.Packed && !IsComplement && Count >= SearchedFrom && wanted.Count < Count / 2;

    /// <summary>Adds the rows of a packed list that are wanted: goes over its steps, and looks into those 256 rows alone of which one is wanted. Thirty of 6,500 rows take 0.5 µs in place of 8.</summary>
    /// <param name="packed">The list.</param>
    /// <param name="count">How many rows it has.</param>
    /// <param name="wanted">The rows that are wanted.</param>
    /// <param name="into">Receives those that are in both.</param>
    public static void AddPacked(ReadOnlySpan<byte> packed, int count, RowSet wanted, RowSet into)
    {
        ReadOnlySpan<byte> low = packed[..count];
        ReadOnlySpan<byte> high = packed[count..];
        int start = 0;
        int step = 0;
        for (int at = 0; at < high.Length && step < RowSet.MaxRows / StepRows; at += sizeof(ulong))
        {
            for (ulong zeros = ~BinaryPrimitives.ReadUInt64LittleEndian(high[at..]); zeros != 0 && step < RowSet.MaxRows / StepRows; zeros &= zeros - 1)
            {
                int end = (at << 3) + BitOperations.TrailingZeroCount(zeros) - step;
                if (end > count)
                {
                    throw IndexCursor.Damaged("a list has more rows than it says");
                }

                if (end > start)
                {
                    wanted.AddOfStep(step, low[start..end], into);
                }

                (start, step) = (end, step + 1);
            }
        }

        if (start < count)
        {
            throw IndexCursor.Damaged("a list has fewer rows than it says");
        }
    }

    /// <summary>Makes the bitmap of the rows that are not in a list.</summary>
    public static void Complement(ReadOnlySpan<ushort> without, int rows, Span<ulong> into)
    {
        into.Fill(ulong.MaxValue);
        if ((rows & 63) != 0)
        {
            into[^1] = (1UL << rows) - 1;
        }

        foreach (ushort row in without)
        {
            if (row < rows)
            {
                into[row >> 6] &= ~(1UL << row);
            }
        }
    }

    /// <summary>The rows of a list, from its bytes.</summary>
    /// <param name="bytes">What <see cref="Bytes"/> are at its place.</param>
    /// <param name="rows">How many rows the chunk has.</param>
    /// <param name="scratch">At least <see cref="ScratchWords"/>; the result may point into it, or into <paramref name="bytes"/>.</param>
    public Postings Read(ReadOnlySpan<byte> bytes, int rows, Span<ulong> scratch)
    {
        if (Layout == PostingsLayout.Bitmap)
        {
            return Postings.Of(MemoryMarshal.Cast<byte, ulong>(bytes), Count);
        }

        ReadOnlySpan<ushort> listed = Layout == PostingsLayout.Rows ? MemoryMarshal.Cast<byte, ushort>(bytes) : Unpacked(bytes, scratch[BitmapWords..]);
        if (!IsComplement)
        {
            return Postings.Of(listed);
        }

        Span<ulong> bitmap = scratch[..((rows + 63) >> 6)];
        Complement(listed, rows, bitmap);
        return Postings.Of(bitmap, rows - Count);
    }

    private ReadOnlySpan<ushort> Unpacked(ReadOnlySpan<byte> bytes, Span<ulong> scratch)
    {
        Span<ushort> rows = MemoryMarshal.Cast<ulong, ushort>(scratch)[..Count];
        Unpack(bytes, Count, rows);
        return rows;
    }

    private static int HighBytes(int count, int rows) => (count + ((rows + 255) >> 8) + 63) / 64 * sizeof(ulong);
}

/// <summary>The three ways in which rows lie in a file.</summary>
internal enum PostingsLayout
{
    /// <summary>One by one.</summary>
    Rows,

    /// <summary>Lower bits, and upper bits as steps.</summary>
    Packed,

    /// <summary>A bit for each row of the chunk.</summary>
    Bitmap,
}
