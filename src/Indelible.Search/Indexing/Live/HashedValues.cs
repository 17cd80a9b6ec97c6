using System.Buffers;
using System.IO.Hashing;

namespace Indelible.Search;

/// <summary>The strings of one path that are kept as hashes while a chunk fills. One writer, many readers.</summary>
internal sealed class HashedValues(MemoryCount memory)
{
    private readonly Sequence<uint> _hashes = new(memory);
    private readonly Sequence<ushort> _rows = new(memory);

    /// <summary>What its identifiers look like. Changed before the row is shown, and only ever to more: a reader may see more than his rows have.</summary>
    public IdentifierShape Shape;

    /// <summary>Rows that have a string here.</summary>
    public RowList Rows;

    /// <summary>Rows that have an identifier here.</summary>
    public RowList Identifiers;

    /// <summary>The hash by which a string is kept.</summary>
    /// <param name="folded">Its folded words.</param>
    public static uint HashOf(ReadOnlySpan<byte> folded) => (uint)(XxHash3.HashToUInt64(folded) >> 32);

    /// <summary>The hash by which a string is looked for.</summary>
    /// <param name="value">The string as it stands in an entry.</param>
    public static uint HashOfValue(ReadOnlySpan<byte> value)
    {
        int needed = FoldedText.MaxLength(value.Length);
        byte[]? rented = needed > 512 ? ArrayPool<byte>.Shared.Rent(needed) : null;
        Span<byte> folded = rented ?? stackalloc byte[512];
        uint hash = HashOf(folded[..FoldedText.Fold(value, folded)]);
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }

        return hash;
    }

    /// <summary>How many values.</summary>
    public int Count => _rows.Count;

    /// <summary>Adds a value.</summary>
    public void Add(uint hash, int row)
    {
        _hashes.Add(hash);
        _rows.Add((ushort)row);
    }

    /// <summary>Adds the rows below a bound whose value has a hash.</summary>
    public void AddTo(uint hash, int rows, RowSet into)
    {
        int count = _rows.Count;
        for (int page = 0; page * Sequence<uint>.PageElements < count; page++)
        {
            ReadOnlySpan<uint> hashes = _hashes.Page(page, count);
            ReadOnlySpan<ushort> rowsOf = _rows.Page(page, count);
            for (int at = 0, found; (found = hashes[at..].IndexOf(hash)) >= 0; at += found + 1)
            {
                ushort row = rowsOf[at + found];
                if (row < rows)
                {
                    into.Add(row);
                }
            }
        }
    }

    /// <summary>The values of rows below a bound, in order: the hash in the upper bits, the row in the lower 16.</summary>
    public ulong[] Sorted(int rows)
    {
        var values = new List<ulong>();
        int count = _rows.Count;
        for (int page = 0; page * Sequence<uint>.PageElements < count; page++)
        {
            ReadOnlySpan<uint> hashes = _hashes.Page(page, count);
            ReadOnlySpan<ushort> rowsOf = _rows.Page(page, count);
            for (int i = 0; i < rowsOf.Length; i++)
            {
                if (rowsOf[i] < rows)
                {
                    values.Add(((ulong)hashes[i] << 16) | rowsOf[i]);
                }
            }
        }

        values.Sort();
        return [.. values];
    }

    /// <summary>Copies all values: the hash in the upper bits, the row in the lower 16.</summary>
    public void CopyTo(Span<ulong> into)
    {
        int count = _rows.Count;
        for (int i = 0; i < count;)
        {
            ReadOnlySpan<uint> hashes = _hashes.Page(i / Sequence<uint>.PageElements, count);
            ReadOnlySpan<ushort> rows = _rows.Page(i / Sequence<uint>.PageElements, count);
            for (int k = 0; k < hashes.Length; k++, i++)
            {
                into[i] = ((ulong)hashes[k] << 16) | rows[k];
            }
        }
    }
}
