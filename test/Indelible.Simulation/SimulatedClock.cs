namespace Indelible.Simulation;

/// <summary>A clock that stands still until it is set, forward or back.</summary>
internal sealed class SimulatedClock : TimeProvider
{
    public DateTimeOffset Now { get; set; } = new(2026, 11, 23, 6, 14, 25, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow() => Now;

    public override long GetTimestamp() => Now.Ticks;
}
