namespace Indelible.Server.Tests.Api;

/// <summary>The system's clock, which a test can set forward, and back to where it was.</summary>
internal sealed class ForwardClock : TimeProvider
{
    private long _aheadTicks;
    private long? _heldAt;
    private long _stepTicks;
    private long _steppedTicks;
    private long _backTicks;
    private (TimeSpan Period, TimeSpan To)? _hurried;
    private long _hurriedTicks;

    /// <summary>How often timers that are hurried came.</summary>
    public long HurriedTicks => Interlocked.Read(ref _hurriedTicks);

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref _aheadTicks) - Interlocked.Read(ref _backTicks));

    public override long GetTimestamp() =>
        (_heldAt ?? System.GetTimestamp()) + Interlocked.Add(ref _steppedTicks, Interlocked.Read(ref _stepTicks)) + (long)(TimeSpan.FromTicks(Interlocked.Read(ref _aheadTicks)).TotalSeconds * TimestampFrequency);

    public void Advance(TimeSpan by) => Interlocked.Add(ref _aheadTicks, by.Ticks);

    /// <summary>Sets it back, as somebody does who notices that it was ahead. Durations are measured as before.</summary>
    public void SetBack(TimeSpan by) => Interlocked.Add(ref _backTicks, by.Ticks);

    /// <summary>A timer that is made from now on to come again after a period comes again after a shorter one.</summary>
    public void Hurry(TimeSpan period, TimeSpan to) => _hurried = (period, to);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (_hurried is not { } hurried || period != hurried.Period)
        {
            return base.CreateTimer(callback, state, dueTime, period);
        }

        return base.CreateTimer(
            given =>
            {
                Interlocked.Increment(ref _hurriedTicks);
                callback(given);
            },
            state, hurried.To, hurried.To);
    }

    /// <summary>Whoever measures a duration from now on finds that it took at least so long.</summary>
    public void StepEachTime(TimeSpan by) => Interlocked.Exchange(ref _stepTicks, (long)(by.TotalSeconds * TimestampFrequency));

    /// <summary>Time stamps, by which durations and rates are measured, stand still from now on unless the clock is set forward.</summary>
    public void HoldTimestamps() => _heldAt = System.GetTimestamp();
}
