using System.Runtime.InteropServices;

namespace Indelible.Search;

/// <summary>Where the rows of a term are: with it, nowhere because it has all or none, or in a list.</summary>
/// <param name="Count">How many.</param>
/// <param name="Inline">The rows, where they are few: 16 bits each, the last the lowest.</param>
/// <param name="Place">The place of the list, from the first of all lists.</param>
internal readonly record struct RowsPlace(int Count, ulong Inline, int Place)
{
    /// <summary>Reads what <see cref="ListWriter.Add"/> gave.</summary>
    public static RowsPlace Read(ref IndexCursor cursor, int rows)
    {
        int count = cursor.Number(rows + 1);
        if (count == rows || count == 0)
        {
            return new RowsPlace(count, 0, 0);
        }

        if (count > PostingsForm.MaxInline)
        {
            return new RowsPlace(count, 0, checked(cursor.Number(int.MaxValue / 2) * 2));
        }

        ulong inline = 0;
        foreach (ushort row in MemoryMarshal.Cast<byte, ushort>(cursor.Take(count * sizeof(ushort))))
        {
            inline = (inline << 16) | row;
        }

        return new RowsPlace(count, inline, 0);
    }

    /// <summary>Adds rows that stand with the term.</summary>
    public void AddInline(RowSet into)
    {
        for (int i = 0; i < Count; i++)
        {
            into.Add((ushort)(Inline >> (16 * (Count - 1 - i))));
        }
    }

    /// <summary>Copies rows that stand with the term.</summary>
    public ReadOnlySpan<ushort> CopyInline(Span<ushort> into)
    {
        for (int i = 0; i < Count; i++)
        {
            into[i] = (ushort)(Inline >> (16 * (Count - 1 - i)));
        }

        return into[..Count];
    }
}
