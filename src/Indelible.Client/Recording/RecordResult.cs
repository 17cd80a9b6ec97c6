using Indelible.Proofs;

namespace Indelible.Client.Recording;

/// <summary>What became of a recorded event by the time that the call returned.</summary>
/// <param name="Id">The event's id: what a search for it takes.</param>
/// <param name="Mode">How it was delivered.</param>
/// <param name="Receipt">The server's receipt, verified; null unless <paramref name="Mode"/> is <see cref="DeliveryMode.Guaranteed"/>.</param>
public sealed record RecordResult(string Id, DeliveryMode Mode, DurableReceipt? Receipt);
