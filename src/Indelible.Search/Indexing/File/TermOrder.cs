using System.Buffers.Binary;
using System.Globalization;

namespace Indelible.Search;

/// <summary>Puts the terms of a tag in order. Most are told apart by eight bytes behind what all of them share; only the rest is compared as a whole.</summary>
internal sealed class TermOrder(TermTable terms)
{
    private int[] _terms = new int[256];
    private ulong[] _keys = new ulong[256];

    /// <summary>The terms of a tag in order: by value, where they are numbers, else by bytes.</summary>
    /// <param name="newest">The newest of them, or 0.</param>
    /// <param name="kind">What they are.</param>
    /// <returns>Their addresses; valid until the next call.</returns>
    public ReadOnlySpan<int> Of(int newest, TermKind kind)
    {
        int count = Collect(newest);
        int shared = kind == TermKind.Number ? 0 : Shared(count);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> text = terms.TextOf(ref terms[_terms[i]]);
            _keys[i] = kind == TermKind.Number ? NumberKey(text) : BytesKey(text[shared..]);
        }

        Array.Sort(_keys, _terms, 0, count);
        Comparison<int> order = kind == TermKind.Number
            ? (a, b) => NumberText.Compare(terms.TextOf(ref terms[a]), terms.TextOf(ref terms[b]))
            : (a, b) => terms.TextOf(ref terms[a]).SequenceCompareTo(terms.TextOf(ref terms[b]));
        for (int first = 0; first < count;)
        {
            int end = first + 1;
            while (end < count && _keys[end] == _keys[first])
            {
                end++;
            }

            _terms.AsSpan(first, end - first).Sort(order);
            first = end;
        }

        return _terms.AsSpan(0, count);
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

    private int Collect(int newest)
    {
        int count = 0;
        for (int at = newest; at != 0; at = terms[at].Previous)
        {
            if (count == _terms.Length)
            {
                Array.Resize(ref _terms, count * 2);
            }

            _terms[count++] = at;
        }

        if (_keys.Length < count)
        {
            _keys = new ulong[_terms.Length];
        }

        return count;
    }

    private int Shared(int count)
    {
        ReadOnlySpan<byte> shared = count == 0 ? default : terms.TextOf(ref terms[_terms[0]]);
        for (int i = 1; i < count && !shared.IsEmpty; i++)
        {
            shared = shared[..shared.CommonPrefixLength(terms.TextOf(ref terms[_terms[i]]))];
        }

        return shared.Length;
    }
}
