using System.Text;
using Indelible.Merkle;
using Indelible.Notes;

namespace Indelible.Proofs;

/// <summary>A group of promises that the receipts' key, pinned by the caller, has signed: one signature to verify for all of them. Only <see cref="Verify"/> makes one. Immutable.</summary>
public sealed class VerifiedReceiptNote
{
    private const string KeySuffix = "/receipts";
    private readonly TreeHead _head;
    private readonly string _origins;

    private VerifiedReceiptNote(TreeHead head, string origins)
    {
        _head = head;
        _origins = origins;
    }

    /// <summary>Verifies the note of a group.</summary>
    /// <param name="note">Untrusted.</param>
    /// <param name="receiptsKey">The key of <c>&lt;host&gt;/receipts</c>, pinned by the caller.</param>
    /// <exception cref="TlogFormatException">The note is not one of receipts.</exception>
    /// <exception cref="VerificationException">It is not signed by this key, or the key is none for receipts.</exception>
    public static VerifiedReceiptNote Verify(ReadOnlySpan<byte> note, NoteVerifier receiptsKey)
    {
        ArgumentNullException.ThrowIfNull(receiptsKey);
        string[] lines = Encoding.UTF8.GetString(SignedNote.Parse(note).Verify(receiptsKey).Text.Span).Split('\n');
        if (lines.Length != 4 || lines[0] != ReceiptGroup.NoteHeader || lines[3].Length != 0
            || !CanonicalText.TryParseDecimal(lines[1], out long count) || !Hash.TryParseBase64(lines[2], out Hash root))
        {
            throw new TlogFormatException("The note is not one of receipts: indelible.dev/receipt/v1, count and root, each on a line.");
        }

        return receiptsKey.Name.EndsWith(KeySuffix, StringComparison.Ordinal)
            ? new VerifiedReceiptNote(new TreeHead(count, root), receiptsKey.Name[..^KeySuffix.Length] + "/logs/")
            : throw new VerificationException($"The key {receiptsKey.Name} signs no receipts.");
    }

    /// <summary>Checks that a promise is of this group.</summary>
    /// <param name="receipt">Untrusted; its <see cref="DurableReceipt.Note"/> is not looked at.</param>
    /// <exception cref="VerificationException">It is not among the signed, or is another host's than the key's.</exception>
    public void Check(DurableReceipt receipt)
    {
        ArgumentNullException.ThrowIfNull(receipt);

        // The line feeds divide the leaf's fields: one inside a field could move the borders.
        if (receipt.Origin.Contains('\n', StringComparison.Ordinal) || receipt.ReceivedAt.Contains('\n', StringComparison.Ordinal)
            || receipt.Id.Contains('\n', StringComparison.Ordinal))
        {
            throw new VerificationException("A field of the receipt holds a line feed.");
        }

        if (!receipt.Origin.StartsWith(_origins, StringComparison.Ordinal))
        {
            throw new VerificationException($"The key of {_origins[..^6]}{KeySuffix} signs no receipts for {receipt.Origin}.");
        }

        Hash leaf = ReceiptGroup.LeafOf(receipt.Origin, receipt.Index, receipt.LeafHash, receipt.ReceivedAt, receipt.Id);
        if (!InclusionProof.Verify(leaf, receipt.Position, _head, [.. receipt.Path]))
        {
            throw new VerificationException($"The receipt for {receipt.Id} at index {receipt.Index} of {receipt.Origin} is not among the {_head.Size} that were signed.");
        }
    }
}
