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
        VerifiedReceiptNote.Verify(Note.Span, receiptsKey).Check(this);
    }
}
