using Indelible.Merkle;

namespace Indelible.Events;

/// <summary>An entry ready to be sequenced. Its bytes are its own; nothing else refers to them.</summary>
public sealed class BuiltEntry
{
    internal BuiltEntry(byte[] bytes, int receivedAtOffset, in Hash claimHash, string id, string principal)
    {
        Bytes = bytes;
        ReceivedAtOffset = receivedAtOffset;
        ClaimHash = claimHash;
        Id = id;
        Principal = principal;
    }

    /// <summary>
    /// The canonical entry, at most <see cref="EventLimits.EntryBytes"/> bytes. Writable for one purpose: <see cref="RaiseReceivedAt"/>.
    /// </summary>
    public Memory<byte> Bytes { get; }

    /// <summary>Where the <see cref="Instant.FixedWidth"/> characters of <c>received_at</c> start in <see cref="Bytes"/>.</summary>
    public int ReceivedAtOffset { get; }

    /// <summary>SHA-256 of the canonical claim as persisted: the entry without its envelope, personal values sealed.</summary>
    public Hash ClaimHash { get; }

    /// <summary>The event's <c>id</c>.</summary>
    public string Id { get; }

    /// <summary>Who delivered it: with <see cref="Id"/>, the idempotency key.</summary>
    public string Principal { get; }

    /// <summary>
    /// Overwrites <c>received_at</c> in place: the sequencer keeps it from decreasing. The leaf hash is computed after this.
    /// </summary>
    /// <param name="receivedAt">Exactly <see cref="Instant.FixedWidth"/> bytes, an instant.</param>
    /// <exception cref="ArgumentException">It is not such an instant.</exception>
    public void RaiseReceivedAt(ReadOnlySpan<byte> receivedAt)
    {
        if (receivedAt.Length != Instant.FixedWidth || !Instant.TryParse(receivedAt, out _))
        {
            throw new ArgumentException($"An instant of {Instant.FixedWidth} characters is wanted.", nameof(receivedAt));
        }

        receivedAt.CopyTo(Bytes.Span[ReceivedAtOffset..]);
    }
}
