namespace Indelible.Server.Limits;

/// <summary>What one credential, or one address, may send in a second; 0 where there is no limit. Of each, <see cref="ServerLimits.RateBurst"/> may come at once.</summary>
/// <param name="EventsPerSecond">Events to append, whatever becomes of them.</param>
/// <param name="BytesPerSecond">Bytes of requests that append, decoded.</param>
/// <param name="QueriesPerSecond">Requests that read. Of an address: requests of any kind.</param>
public sealed record RateLimits(long EventsPerSecond, long BytesPerSecond, long QueriesPerSecond)
{
    /// <summary>No limits.</summary>
    public static RateLimits None { get; } = new(0, 0, 0);
}
