namespace Indelible.Events;

/// <summary>Who delivered an event, as the server saw it: the envelope's <c>ingest</c>.</summary>
/// <param name="Protocol">By which door: <c>api</c>, <c>otlp</c>, <c>import</c>…</param>
/// <param name="Principal">Who: survives the rotation of its keys; with the event's <c>id</c>, the idempotency key.</param>
/// <param name="KeyId">By which key.</param>
/// <param name="AuthAt">The size of <c>_system</c> by which it was authorised; 0 and up.</param>
/// <param name="RemoteIp">The remote address, or null. Personal: it is sealed under the key of <c>actor.id</c>.</param>
public sealed record Ingest(string Protocol, string Principal, string KeyId, long AuthAt, string? RemoteIp = null);
