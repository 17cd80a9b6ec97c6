namespace Indelible.Server.Tests.Api;

/// <summary>The system's clock, which a test can set forward.</summary>
internal sealed class ForwardClock : TimeProvider
{
    private long _aheadTicks;
    private long? _heldAt;

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref _aheadTicks));

    public override long GetTimestamp() =>
        (_heldAt ?? System.GetTimestamp()) + (long)(TimeSpan.FromTicks(Interlocked.Read(ref _aheadTicks)).TotalSeconds * TimestampFrequency);

    public void Advance(TimeSpan by) => Interlocked.Add(ref _aheadTicks, by.Ticks);

    /// <summary>Time stamps, by which durations and rates are measured, stand still from now on unless the clock is set forward.</summary>
    public void HoldTimestamps() => _heldAt = System.GetTimestamp();
}
