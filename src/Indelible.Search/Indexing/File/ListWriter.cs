using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace Indelible.Search;

/// <summary>Writes lists of rows, equal ones once: half of all words are in the very rows of one value.</summary>
internal sealed class ListWriter(int rows) : IDisposable
{
    private readonly ByteBuffer _lists = new();
    private readonly ByteBuffer _reference = new();
    private readonly ushort[] _missing = new ushort[RowSet.MaxRows];

    // Hash and place of what is written, by hash; a place counts from 1.
    private (ulong Hash, int Place, int Bytes)[] _written = new (ulong Hash, int Place, int Bytes)[1024];
    private int _count;

    /// <summary>The lists.</summary>
    public ReadOnlySpan<byte> Lists => _lists.Written;

    /// <summary>Writes a list.</summary>
    /// <param name="list">Rows in ascending order.</param>
    /// <returns>What stands for it in a dictionary (<see cref="TermPageWriter"/>); valid until the next.</returns>
    public ReadOnlySpan<byte> Add(ReadOnlySpan<ushort> list)
    {
        _reference.Clear();
        _reference.WriteNumber((uint)list.Length);
        if (list.Length == rows)
        {
            return _reference.Written;
        }

        if (list.Length <= PostingsForm.MaxInline)
        {
            _reference.Write(MemoryMarshal.AsBytes(list));
            return _reference.Written;
        }

        var form = PostingsForm.Of(list.Length, rows);
        _lists.Align(form.Alignment);
        int place = _lists.Length;
        Encode(form, list, _lists.Take(form.Bytes));
        _reference.WriteNumber((uint)Shared(place, form.Bytes) / 2);
        return _reference.Written;
    }

    public void Dispose()
    {
        _lists.Dispose();
        _reference.Dispose();
    }

    private void Encode(PostingsForm form, ReadOnlySpan<ushort> list, Span<byte> into)
    {
        if (form.Layout == PostingsLayout.Bitmap)
        {
            into.Clear();
            Span<ulong> bitmap = MemoryMarshal.Cast<byte, ulong>(into);
            foreach (ushort row in list)
            {
                bitmap[row >> 6] |= 1UL << row;
            }

            return;
        }

        if (form.IsComplement)
        {
            list = Missing(list);
        }

        if (form.Layout == PostingsLayout.Packed)
        {
            PostingsForm.Pack(list, into);
        }
        else
        {
            MemoryMarshal.AsBytes(list).CopyTo(into);
        }
    }

    private ReadOnlySpan<ushort> Missing(ReadOnlySpan<ushort> list)
    {
        int count = 0;
        int next = 0;
        foreach (ushort row in list)
        {
            for (; next < row; next++)
            {
                _missing[count++] = (ushort)next;
            }

            next = row + 1;
        }

        for (; next < rows; next++)
        {
            _missing[count++] = (ushort)next;
        }

        return _missing.AsSpan(0, count);
    }

    /// <summary>The place of equal bytes that were written before; then those at the end are taken back.</summary>
    private int Shared(int place, int bytes)
    {
        ReadOnlySpan<byte> list = _lists.Written.Slice(place, bytes);
        ulong hash = XxHash3.HashToUInt64(list);
        int slot = (int)hash & (_written.Length - 1);
        for (; _written[slot].Place != 0; slot = (slot + 1) & (_written.Length - 1))
        {
            (ulong other, int before, int length) = _written[slot];
            if (other == hash && length == bytes && _lists.Written.Slice(before - 1, length).SequenceEqual(list))
            {
                _lists.Shorten(place);
                return before - 1;
            }
        }

        _written[slot] = (hash, place + 1, bytes);
        if (++_count > _written.Length / 2)
        {
            Grow();
        }

        return place;
    }

    private void Grow()
    {
        (ulong Hash, int Place, int Bytes)[] before = _written;
        _written = new (ulong Hash, int Place, int Bytes)[before.Length * 2];
        foreach ((ulong Hash, int Place, int Bytes) list in before)
        {
            if (list.Place != 0)
            {
                int slot = (int)list.Hash & (_written.Length - 1);
                while (_written[slot].Place != 0)
                {
                    slot = (slot + 1) & (_written.Length - 1);
                }

                _written[slot] = list;
            }
        }
    }
}
