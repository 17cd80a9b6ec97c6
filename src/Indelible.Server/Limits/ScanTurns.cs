using System.Threading.Tasks.Sources;

namespace Indelible.Server.Limits;

/// <summary>The turns of one search on the threads for long computations. For one search, which is on one thread at a time.</summary>
/// <remarks>
/// What an index answers at once is answered where the request arrived: a change of threads would cost as much. A search that has computed for <see cref="ServerLimits.ShortWorkMicroseconds"/> goes over to
/// the workers, and gives its place there to others, of other tenants before those of its own, each time that it has had it for <see cref="ServerLimits.SearchTurnMilliseconds"/>.
/// </remarks>
internal sealed class ScanTurns(FairWorkers workers, string tenant, TimeProvider time) : IValueTaskSource
{
    private long _began = time.GetTimestamp();
    private short _turn;        // counts the turns, so that none is awaited twice
    private bool _hasBegun;
    private CancellationToken _cancellation;

    /// <summary>Completes when the search may go on: mostly at once, else on one of the workers.</summary>
    /// <param name="cancellationToken">Ends the search before its turn, and when it has waited for it.</param>
    public ValueTask NextAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        TimeSpan most = FairWorkers.IsWorker ? TimeSpan.FromMilliseconds(ServerLimits.SearchTurnMilliseconds) : TimeSpan.FromMicroseconds(ServerLimits.ShortWorkMicroseconds);
        if (time.GetElapsedTime(_began) < most)
        {
            return ValueTask.CompletedTask;
        }

        _cancellation = cancellationToken;
        _hasBegun = false;
        return new ValueTask(this, ++_turn);
    }

    /// <inheritdoc/>
    public ValueTaskSourceStatus GetStatus(short token) => token == _turn && _hasBegun ? ValueTaskSourceStatus.Succeeded : ValueTaskSourceStatus.Pending;

    /// <summary>What awaits a turn goes on in it, on the worker's thread: a task would run on with whoever awaits it a moment too late.</summary>
    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
    {
        ExecutionContext? context = (flags & ValueTaskSourceOnCompletedFlags.FlowExecutionContext) != 0 ? ExecutionContext.Capture() : null;
        workers.Post(tenant, () =>
        {
            _began = time.GetTimestamp();
            _hasBegun = true;
            if (context is null)
            {
                continuation(state);
            }
            else
            {
                ExecutionContext.Run(context, go => continuation(go), state);
            }
        });
    }

    /// <inheritdoc/>
    public void GetResult(short token)
    {
        if (token != _turn || !_hasBegun)
        {
            throw new InvalidOperationException("The turn has not begun, or is over.");
        }

        // Whoever asked may have gone meanwhile.
        _cancellation.ThrowIfCancellationRequested();
    }
}
