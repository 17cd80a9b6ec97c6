namespace Indelible.Server.Tests.Api;

/// <summary>The system's clock, which a test can set forward.</summary>
internal sealed class ForwardClock : TimeProvider
{
    private long _aheadTicks;
    private long? _heldAt;
    private long _stepTicks;
    private long _steppedTicks;

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref _aheadTicks));

    public override long GetTimestamp() =>
        (_heldAt ?? System.GetTimestamp()) + Interlocked.Add(ref _steppedTicks, Interlocked.Read(ref _stepTicks)) + (long)(TimeSpan.FromTicks(Interlocked.Read(ref _aheadTicks)).TotalSeconds * TimestampFrequency);

    public void Advance(TimeSpan by) => Interlocked.Add(ref _aheadTicks, by.Ticks);

    /// <summary>Whoever measures a duration from now on finds that it took at least so long.</summary>
    public void StepEachTime(TimeSpan by) => Interlocked.Exchange(ref _stepTicks, (long)(by.TotalSeconds * TimestampFrequency));

    /// <summary>Time stamps, by which durations and rates are measured, stand still from now on unless the clock is set forward.</summary>
    public void HoldTimestamps() => _heldAt = System.GetTimestamp();
}
