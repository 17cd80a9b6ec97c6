using Indelible.Proofs;

namespace Indelible.Client.Recording.Sending;

/// <summary>What the loops in the background tell the client. Called on their threads; must not wait.</summary>
internal interface IDeliveryEvents
{
    void OnDelivered(DurableReceipt? last);

    void OnFailed(SendResult result);

    void OnDelayed(string detail);

    void OnRefused(IReadOnlyList<(OutgoingEvent Event, string Reason)> refused);

    void OnDropped(long events);

    void OnSettled(long damagedBytes, string folder);

    void OnContradiction(ContradictionKind kind, string message, IReadOnlyList<(string Name, byte[] Content)> evidence);
}
