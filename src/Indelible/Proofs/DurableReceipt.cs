using System.Text;
using Indelible.Merkle;
using Indelible.Notes;

namespace Indelible.Proofs;

/// <summary>A promise as its receiver holds it, <b>not verified</b> until <see cref="Verify"/> returns. Our own construction B. Immutable.</summary>
/// <param name="Origin">The log.</param>
/// <param name="Index">The leaf index promised.</param>
/// <param name="LeafHash">The leaf hash promised.</param>
/// <param name="ReceivedAt">The time of receipt promised.</param>
/// <param name="Id">The event's id.</param>
/// <param name="Position">The promise's position in its group.</param>
/// <param name="Path">Its inclusion proof in the group.</param>
/// <param name="Note">The group's signed note.</param>
public sealed record DurableReceipt(
    string Origin, long Index, Hash LeafHash, string ReceivedAt, string Id, long Position, IReadOnlyList<Hash> Path, ReadOnlyMemory<byte> Note)
{
    /// <summary>Checks that the receipts' key has signed this promise.</summary>
    /// <param name="receiptsKey">The key of <c>&lt;host&gt;/receipts</c>, pinned by the caller.</param>
    /// <exception cref="TlogFormatException">The note is not one of receipts.</exception>
    /// <exception cref="VerificationException">The promise is not signed by this key, or is another host's than the key's.</exception>
    public void Verify(NoteVerifier receiptsKey)
    {
        ArgumentNullException.ThrowIfNull(receiptsKey);
        string[] lines = Encoding.UTF8.GetString(SignedNote.Parse(Note.Span).Verify(receiptsKey).Text.Span).Split('\n');
        if (lines.Length != 4 || lines[0] != ReceiptGroup.NoteHeader || lines[3].Length != 0
            || !CanonicalText.TryParseDecimal(lines[1], out long count) || !Hash.TryParseBase64(lines[2], out Hash root))
        {
            throw new TlogFormatException("The note is not one of receipts: indelible.dev/receipt/v1, count and root, each on a line.");
        }

        // The line feeds divide the leaf's fields: one inside a field could move the borders.
        if (Origin.Contains('\n', StringComparison.Ordinal) || ReceivedAt.Contains('\n', StringComparison.Ordinal) || Id.Contains('\n', StringComparison.Ordinal))
        {
            throw new VerificationException("A field of the receipt holds a line feed.");
        }

        if (Index < 0)
        {
            throw new VerificationException($"The index is {Index}, and no entry is there.");
        }

        const string KeySuffix = "/receipts";
        if (!receiptsKey.Name.EndsWith(KeySuffix, StringComparison.Ordinal)
            || !Origin.StartsWith(receiptsKey.Name[..^KeySuffix.Length] + "/logs/", StringComparison.Ordinal))
        {
            throw new VerificationException($"The key {receiptsKey.Name} signs no receipts for {Origin}.");
        }

        Hash leaf = ReceiptGroup.LeafOf(Origin, Index, LeafHash, ReceivedAt, Id);
        if (!InclusionProof.Verify(leaf, Position, new TreeHead(count, root), [.. Path]))
        {
            throw new VerificationException($"The receipt for {Id} at index {Index} of {Origin} is not among the {count} that were signed.");
        }
    }
}
