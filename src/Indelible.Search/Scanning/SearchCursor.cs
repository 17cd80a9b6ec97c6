using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Indelible.Search;

/// <summary>Where the next page goes on. Nothing in it is secret, and nothing in it is trusted.</summary>
/// <remarks>
/// base64url, without padding, of: version (1 byte), request digest (16), then big-endian as_of, position, counted, counted-to, delivered
/// and time
/// (8 each). The digest is the head of SHA-256 over the canonical query, the range and the order: positions mean nothing in another
/// request.
/// </remarks>
/// <param name="AsOf">The size that the search covers.</param>
/// <param name="Position">The leaf index at which the next page starts (below which, in descending order).</param>
/// <param name="Counted">Matches counted so far over all pages.</param>
/// <param name="CountedTo">How far the counting came, in the same direction as the position.</param>
/// <param name="Delivered">Results on the pages so far: when that is all that were counted, and all were, no page follows.</param>
/// <param name="Time">In time order, the ticks of the last result; it and the position are the key to go on below.</param>
internal sealed record SearchCursor(long AsOf, long Position, long Counted, long CountedTo, long Delivered, long Time)
{
    private const byte Version = 1;
    private const int DigestBytes = 16;
    private const int Bytes = 1 + DigestBytes + (6 * sizeof(long));

    public static byte[] DigestOf(Query query, TimeRange? time, SearchOrder order)
    {
        string text = string.Create(
            CultureInfo.InvariantCulture,
            $"{(int)order}\n{time?.From?.UtcTicks}\n{time?.To?.UtcTicks}\n{query}");
        return SHA256.HashData(Encoding.UTF8.GetBytes(text))[..DigestBytes];
    }

    public string Format(ReadOnlySpan<byte> digest)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        bytes[0] = Version;
        digest.CopyTo(bytes[1..]);
        Span<byte> numbers = bytes[(1 + DigestBytes)..];
        BinaryPrimitives.WriteInt64BigEndian(numbers, AsOf);
        BinaryPrimitives.WriteInt64BigEndian(numbers[8..], Position);
        BinaryPrimitives.WriteInt64BigEndian(numbers[16..], Counted);
        BinaryPrimitives.WriteInt64BigEndian(numbers[24..], CountedTo);
        BinaryPrimitives.WriteInt64BigEndian(numbers[32..], Delivered);
        BinaryPrimitives.WriteInt64BigEndian(numbers[40..], Time);
        return Base64Url.EncodeToString(bytes);
    }

    /// <exception cref="SearchException">The text is no cursor, or one of another request.</exception>
    public static SearchCursor Parse(string text, ReadOnlySpan<byte> digest)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        if (text.Length != Base64Url.GetEncodedLength(Bytes) || !Base64Url.IsValid(text)
            || !Base64Url.TryDecodeFromChars(text, bytes, out int written) || written != Bytes || bytes[0] != Version
            || Base64Url.EncodeToString(bytes) != text)
        {
            throw new SearchException(SearchFault.InvalidCursor, "The cursor is not one that a search of this server returned.");
        }

        if (!bytes.Slice(1, DigestBytes).SequenceEqual(digest))
        {
            throw new SearchException(
                SearchFault.CursorOfAnotherRequest,
                "The cursor belongs to another query, time range or order; a relative time such as last7d is another query a second later: "
                    + "repeat the canonical query of the first page.");
        }

        ReadOnlySpan<byte> numbers = bytes[(1 + DigestBytes)..];
        var cursor = new SearchCursor(
            BinaryPrimitives.ReadInt64BigEndian(numbers),
            BinaryPrimitives.ReadInt64BigEndian(numbers[8..]),
            BinaryPrimitives.ReadInt64BigEndian(numbers[16..]),
            BinaryPrimitives.ReadInt64BigEndian(numbers[24..]),
            BinaryPrimitives.ReadInt64BigEndian(numbers[32..]),
            BinaryPrimitives.ReadInt64BigEndian(numbers[40..]));
        bool sane = cursor.AsOf >= 0 && cursor.Position >= 0 && cursor.Position <= cursor.AsOf && cursor.CountedTo >= 0
            && cursor.CountedTo <= cursor.AsOf && cursor.Counted >= 0 && cursor.Counted <= cursor.AsOf && cursor.Delivered >= 0
            && cursor.Delivered <= cursor.AsOf && cursor.Time >= -1;
        return sane ? cursor : throw new SearchException(SearchFault.InvalidCursor, "The cursor's numbers contradict each other.");
    }
}
