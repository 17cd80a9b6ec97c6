using System.Buffers;

namespace Indelible.Search;

/// <summary>Reads the lists of an index file one after the other, in memory that is rented when the first of them needs it.</summary>
internal sealed class ListSource(IndexContent content) : PostingsSource, IDisposable
{
    private ulong[]? _scratch;

    /// <summary>The rows of a term, read only when they are asked for.</summary>
    /// <param name="rows">Where they are.</param>
    /// <param name="few">Receives rows that stand with the term.</param>
    public Postings Of(RowsPlace rows, Span<ushort> few)
    {
        if (rows.Count == content.Rows)
        {
            return Postings.All(rows.Count);
        }

        return rows.Count <= PostingsForm.MaxInline ? Postings.Of(rows.CopyInline(few)) : Postings.Of(this, rows.Place, rows.Count);
    }

    /// <inheritdoc/>
    public override Postings Read(int place, int count)
    {
        var form = PostingsForm.Of(count, content.Rows);
        ReadOnlySpan<byte> bytes = content.List(place, form.Bytes);
        bool isThere = form.Layout != PostingsLayout.Packed && !form.IsComplement;
        return form.Read(bytes, content.Rows, isThere ? default : _scratch ??= ArrayPool<ulong>.Shared.Rent(PostingsForm.ScratchWords));
    }

    public void Dispose()
    {
        if (_scratch is not null)
        {
            ArrayPool<ulong>.Shared.Return(_scratch);
            _scratch = null;
        }
    }
}
