using System.Diagnostics.CodeAnalysis;

namespace Indelible.Events;

/// <summary>An event as its producer states it, parsed, valid and in canonical form, with its personal values still in clear.</summary>
/// <remarks>
/// What the server adds is the envelope (<see cref="EntryBuilder"/>); what it changes is that personal values are sealed. Holds no
/// reference to the bytes it was read from. Immutable, thread-safe. Never log it: it holds personal data.
/// </remarks>
public sealed class Claim
{
    internal Claim(CanonicalDocument document, string id, string time, string action, string actorId, bool isSigned)
    {
        Document = document;
        Id = id;
        Time = time;
        Action = action;
        ActorId = actorId;
        IsSigned = isSigned;
    }

    /// <summary><c>id</c>: with the principal, the idempotency key.</summary>
    public string Id { get; }

    /// <summary><c>time</c>, as the producer wrote it: RFC 3339 in UTC.</summary>
    public string Time { get; }

    /// <summary><c>action</c>.</summary>
    public string Action { get; }

    /// <summary><c>actor.id</c>: the subject of the event's personal values.</summary>
    public string ActorId { get; }

    /// <summary>Whether the producer signed it (<c>producer.signature</c>): then nothing in it may be personal.</summary>
    public bool IsSigned { get; }

    /// <summary>The canonical bytes, personal values in clear: what a producer's signature covers.</summary>
    public ReadOnlyMemory<byte> CanonicalBytes => Document.Memory;

    internal CanonicalDocument Document { get; }

    /// <summary>Reads and validates one event.</summary>
    /// <param name="json">Untrusted JSON, in any spelling; at most <see cref="EventLimits.ClaimInputBytes"/> bytes. Not kept.</param>
    /// <param name="claim">The claim, or null.</param>
    /// <param name="faults">All that is wrong, up to <see cref="EventLimits.Faults"/>; empty where the result is
    /// <see langword="true"/>.</param>
    public static bool TryParse(ReadOnlySpan<byte> json, [NotNullWhen(true)] out Claim? claim, out IReadOnlyList<Fault> faults)
    {
        var list = new FaultList();
        claim = ClaimReader.Read(json, list);
        faults = list.ToList();
        return claim is not null;
    }

    /// <summary>Reads and validates one event.</summary>
    /// <param name="json">JSON in any spelling.</param>
    /// <exception cref="TlogFormatException">The event is not valid; the message names the first fault.</exception>
    public static Claim Parse(ReadOnlySpan<byte> json) =>
        TryParse(json, out Claim? claim, out IReadOnlyList<Fault> faults)
            ? claim
            : throw new TlogFormatException($"Not a valid event: {faults[0]}");
}
