namespace Indelible.Server.Limits;

/// <summary>Threads for the long computations of requests, on which tenants take turns. Thread-safe.</summary>
/// <remarks>
/// A scan or a batch of thousands computes for up to seconds. On the threads of the pool, as many of them as there are processors would
/// keep everything else waiting: small requests, the sequencer, the publisher. Here they wait for each other instead, in turns of
/// their tenants, and the operating system divides the processors between these threads and the pool's. One tenant alone still has all processors.
/// What waits is bounded by the requests that may be under way (<see cref="NodeResources"/>).
/// </remarks>
internal sealed class FairWorkers : IDisposable
{
    private readonly Dictionary<string, Queue<Action>> _waiting = new(StringComparer.Ordinal);   // by _lock; no queue is empty
    private readonly Queue<string> _turns = new();                                               // as above: whose turn it is comes first
    private readonly object _lock = new();
    [ThreadStatic]
    private static bool t_isWorker;

    private bool _stopping;                                                                      // as above

    /// <summary>Starts the threads.</summary>
    public FairWorkers(int threads)
    {
        for (int i = 0; i < threads; i++)
        {
            new Thread(Work) { IsBackground = true, Name = "indelible work" }.Start();
        }
    }

    /// <summary>Runs a computation in its tenant's turn.</summary>
    /// <param name="tenant">Whose it is.</param>
    /// <param name="work">Must not wait for anything but the disk.</param>
    /// <returns>What it returns; what it throws.</returns>
    public Task<T> RunAsync<T>(string tenant, Func<T> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        void Run()
        {
            try
            {
                done.SetResult(work());
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        }

        Enqueue(tenant, Run);
        return done.Task;
    }

    /// <summary>Whether this is one of such threads.</summary>
    public static bool IsWorker => t_isWorker;

    /// <summary>Goes on in a tenant's turn.</summary>
    /// <param name="tenant">Whose it is.</param>
    /// <param name="work">What goes on; throws nothing.</param>
    public void Post(string tenant, Action work) => Enqueue(tenant, work);

    /// <summary>Lets what waits be done, and ends the threads.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _stopping = true;
            Monitor.PulseAll(_lock);
        }
    }

    private void Enqueue(string tenant, Action work)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_stopping, this);
            if (!_waiting.TryGetValue(tenant, out Queue<Action>? own))
            {
                _waiting.Add(tenant, own = new Queue<Action>());
                _turns.Enqueue(tenant);
            }

            own.Enqueue(work);
            Monitor.Pulse(_lock);
        }
    }

    private void Work()
    {
        t_isWorker = true;
        while (TakeNext() is { } work)
        {
            work();
        }
    }

    private Action? TakeNext()
    {
        lock (_lock)
        {
            string? tenant;
            while (!_turns.TryDequeue(out tenant))
            {
                if (_stopping)
                {
                    return null;
                }

                Monitor.Wait(_lock);
            }

            Queue<Action> own = _waiting[tenant];
            Action work = own.Dequeue();
            if (own.Count > 0)
            {
                _turns.Enqueue(tenant);
            }
            else
            {
                _waiting.Remove(tenant);
            }

            return work;
        }
    }
}
