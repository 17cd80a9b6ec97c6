namespace Indelible.Client.Recording.Sending;

/// <summary>Pauses between attempts: exponential, with full jitter, so that many clients do not come back at once. Not thread-safe.</summary>
internal sealed class RetryPause(TimeSpan first, TimeSpan longest, int seed)
{
    private readonly Random _random = new(seed);
    private int _failures;

    public void Reset() => _failures = 0;

    /// <summary>The next pause.</summary>
    /// <param name="asked">What the server asked for: that long at least.</param>
    public TimeSpan Next(TimeSpan? asked)
    {
        double most = Math.Min(longest.TotalMilliseconds, first.TotalMilliseconds * Math.Pow(2, Math.Min(_failures++, 30)));
        var drawn = TimeSpan.FromMilliseconds(_random.NextDouble() * most);
        return asked is { } wait && wait > TimeSpan.Zero ? Bounded(wait) + drawn : drawn;
    }

    // A server may ask for an hour; a mistake of its clock may ask for a year.
    private static TimeSpan Bounded(TimeSpan wait) => wait < TimeSpan.FromHours(1) ? wait : TimeSpan.FromHours(1);
}
