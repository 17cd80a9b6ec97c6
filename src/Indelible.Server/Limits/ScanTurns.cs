namespace Indelible.Server.Limits;

/// <summary>The turns of one search on the threads for long computations. For one search, which is on one thread at a time.</summary>
/// <remarks>
/// What an index answers at once is answered where the request arrived: a change of threads would cost as much. A search that has computed for <see cref="ServerLimits.ShortWorkMicroseconds"/> goes over to
/// the workers, and gives its place there to others, of other tenants before those of its own, each time that it has had it for <see cref="ServerLimits.SearchTurnMilliseconds"/>.
/// </remarks>
internal sealed class ScanTurns(FairWorkers workers, string tenant, TimeProvider time)
{
    private long _began = time.GetTimestamp();

    /// <summary>Whether the search has gone over to the workers.</summary>
    public bool HasMoved { get; private set; }

    /// <summary>Completes when the search may go on: mostly at once.</summary>
    public ValueTask NextAsync()
    {
        TimeSpan turn = HasMoved ? TimeSpan.FromMilliseconds(ServerLimits.SearchTurnMilliseconds) : TimeSpan.FromMicroseconds(ServerLimits.ShortWorkMicroseconds);
        return time.GetElapsedTime(_began) < turn ? ValueTask.CompletedTask : new(TakeAsync());
    }

    private async Task TakeAsync()
    {
        await workers.TakeTurnAsync(tenant).ConfigureAwait(false);
        HasMoved = true;
        _began = time.GetTimestamp();
    }
}
