namespace Indelible.Server.Limits;

/// <summary>Divides the processors' time for looking at entries between tenants, a slice of some entries at a time. Thread-safe.</summary>
/// <remarks>
/// A scan is computation for up to seconds. Left alone, as many scans as there are processors would hold all threads of the pool, and
/// appends would wait. So a scan asks for each slice anew: not all processors look at entries at once, tenants take turns, and each slice goes
/// through the pool's queue, where appends stand too. A slice is given back after about a millisecond, so that waiting needs no cancellation.
/// </remarks>
/// <param name="slices">How many slices at a time.</param>
internal sealed class ScanGate(int slices)
{
    private readonly Dictionary<string, Queue<TaskCompletionSource>> _waiting = new(StringComparer.Ordinal);   // by its own lock; no queue is empty
    private readonly Queue<string> _turns = new();                                                             // as above: whose turn it is comes first
    private int _free = slices;                                                                                // as above

    /// <summary>Waits for a slice, which ends when the result is disposed.</summary>
    /// <param name="tenant">Whose entries are looked at.</param>
    public async ValueTask<Slice> EnterAsync(string tenant)
    {
        Task turn;
        lock (_waiting)
        {
            turn = _free > 0 ? Task.CompletedTask : Wait(tenant);
            _free -= turn.IsCompleted ? 1 : 0;
        }

        if (turn.IsCompleted)
        {
            await Task.Yield();
        }
        else
        {
            await turn;
        }

        return new Slice(this);
    }

    private Task Wait(string tenant)
    {
        if (!_waiting.TryGetValue(tenant, out Queue<TaskCompletionSource>? own))
        {
            _waiting.Add(tenant, own = new Queue<TaskCompletionSource>());
            _turns.Enqueue(tenant);
        }

        var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        own.Enqueue(turn);
        return turn.Task;
    }

    private void Leave()
    {
        lock (_waiting)
        {
            if (!_turns.TryDequeue(out string? tenant))
            {
                _free++;
                return;
            }

            Queue<TaskCompletionSource> own = _waiting[tenant];
            own.Dequeue().SetResult();
            if (own.Count > 0)
            {
                _turns.Enqueue(tenant);
            }
            else
            {
                _waiting.Remove(tenant);
            }
        }
    }

    /// <summary>The right to look at some entries.</summary>
    internal readonly struct Slice(ScanGate gate) : IDisposable
    {
        /// <summary>Gives it back; once.</summary>
        public void Dispose() => gate.Leave();
    }
}
