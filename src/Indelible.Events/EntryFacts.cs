namespace Indelible.Events;

/// <summary>The few members of an entry that the log itself works with.</summary>
/// <param name="Id">The event's <c>id</c>.</param>
/// <param name="Principal">Who delivered it; with <paramref name="Id"/>, the idempotency key.</param>
/// <param name="ReceivedAt">When the server received it, <see cref="Instant.FixedWidth"/> characters.</param>
/// <param name="Time">When it happened, as the producer wrote it.</param>
/// <param name="Action">What was done.</param>
/// <param name="ActorId">Who did it.</param>
public readonly record struct EntryFacts(string Id, string Principal, string ReceivedAt, string Time, string Action, string ActorId);
