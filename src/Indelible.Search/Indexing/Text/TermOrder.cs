using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;

namespace Indelible.Search;

/// <summary>Puts terms of one tag in order: by value, where they are numbers, else by bytes.</summary>
/// <remarks>Most are told apart by eight bytes behind what all of them share; only the rest is compared as a whole, which looks at memory twice for each comparison.</remarks>
internal sealed class TermOrder
{
    private readonly TermTable _terms;
    private readonly TermKind _kind;

    /// <param name="terms">Where they are.</param>
    /// <param name="kind">What they are.</param>
    public TermOrder(TermTable terms, TermKind kind)
    {
        (_terms, _kind) = (terms, kind);
        Comparison = kind == TermKind.Number
            ? (a, b) => NumberText.Compare(terms.TextOf(ref terms[a]), terms.TextOf(ref terms[b]))
            : (a, b) => terms.TextOf(ref terms[a]).SequenceCompareTo(terms.TextOf(ref terms[b]));
    }

    /// <summary>The order of two terms.</summary>
    public Comparison<int> Comparison { get; }

    /// <summary>The terms of a tag from the newest back to another, or to the first; in no order.</summary>
    /// <param name="newest">The newest, or 0.</param>
    /// <param name="last">Where to end; that one is not among them.</param>
    /// <param name="isWhole">Whether <paramref name="last"/> was met, and not the first before it.</param>
    public int[] Collect(int newest, int last, out bool isWhole)
    {
        int at = newest;
        int count = 0;
        int[] found = ArrayPool<int>.Shared.Rent(256);
        for (; at != last && at != 0; at = _terms[at].Previous)
        {
            if (count == found.Length)
            {
                int[] more = ArrayPool<int>.Shared.Rent(count * 2);
                found.CopyTo(more, 0);
                ArrayPool<int>.Shared.Return(found);
                found = more;
            }

            found[count++] = at;
        }

        isWhole = at == last;
        int[] collected = found[..count];
        ArrayPool<int>.Shared.Return(found);
        return collected;
    }

    /// <summary>Puts terms in order.</summary>
    public void Sort(int[] terms)
    {
        ulong[] keys = ArrayPool<ulong>.Shared.Rent(terms.Length);
        int shared = _kind == TermKind.Number ? 0 : Shared(terms);
        for (int i = 0; i < terms.Length; i++)
        {
            ReadOnlySpan<byte> text = _terms.TextOf(ref _terms[terms[i]]);
            keys[i] = _kind == TermKind.Number ? NumberKey(text) : BytesKey(text[shared..]);
        }

        Array.Sort(keys, terms, 0, terms.Length);
        for (int first = 0; first < terms.Length;)
        {
            int end = first + 1;
            while (end < terms.Length && keys[end] == keys[first])
            {
                end++;
            }

            if (end > first + 1)
            {
                terms.AsSpan(first, end - first).Sort(Comparison);
            }

            first = end;
        }

        ArrayPool<ulong>.Shared.Return(keys);
    }

    private static ulong BytesKey(ReadOnlySpan<byte> text)
    {
        if (text.Length >= sizeof(ulong))
        {
            return BinaryPrimitives.ReadUInt64BigEndian(text);
        }

        ulong key = 0;
        for (int i = 0; i < text.Length; i++)
        {
            key |= (ulong)text[i] << (56 - (8 * i));
        }

        return key;
    }

    /// <summary>The nearest double, which no smaller number exceeds, as bits in the order of its values.</summary>
    private static ulong NumberKey(ReadOnlySpan<byte> text)
    {
        if (!NumberText.IsComparable(text))
        {
            return ulong.MaxValue;
        }

        double value = double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture) + 0.0;
        ulong bits = BitConverter.DoubleToUInt64Bits(value);
        return (bits >> 63) != 0 ? ~bits : bits | (1UL << 63);
    }

    private int Shared(ReadOnlySpan<int> terms)
    {
        ReadOnlySpan<byte> shared = terms.IsEmpty ? default : _terms.TextOf(ref _terms[terms[0]]);
        for (int i = 1; i < terms.Length && !shared.IsEmpty; i++)
        {
            shared = shared[..shared.CommonPrefixLength(_terms.TextOf(ref _terms[terms[i]]))];
        }

        return shared.Length;
    }
}
