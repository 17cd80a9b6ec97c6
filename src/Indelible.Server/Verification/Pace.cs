namespace Indelible.Server.Verification;

/// <summary>Keeps reading to so many bytes a second, so that it does not take the disk from those who wait. Thread-safe.</summary>
internal sealed class Pace(long bytesPerSecond, TimeProvider time)
{
    private readonly Lock _lock = new();
    private long _next = time.GetTimestamp();   // under _lock: when what was read so far is paid for

    /// <summary>Waits until so many more bytes fit the pace.</summary>
    public Task WaitAsync(long bytes, CancellationToken cancellationToken)
    {
        TimeSpan wait;
        lock (_lock)
        {
            long now = time.GetTimestamp();
            _next = Math.Max(_next, now) + (long)((double)bytes / bytesPerSecond * time.TimestampFrequency);
            wait = time.GetElapsedTime(now, _next);
        }

        // Shorter waits than a timer keeps would only cost; they add up and are waited for then.
        return wait < TimeSpan.FromMilliseconds(20) ? Task.CompletedTask : Task.Delay(wait, time, cancellationToken);
    }
}
