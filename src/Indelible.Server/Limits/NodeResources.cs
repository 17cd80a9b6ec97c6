using Indelible.Engine;
using Indelible.Engine.Configuration;
using Indelible.Server.Access;
using Indelible.Server.Problems;

namespace Indelible.Server.Limits;

/// <summary>What requests share on this node besides the sequencer: processors, scans, open tails, and memory for bodies.</summary>
internal sealed class NodeResources(LogEngine engine) : IDisposable
{
    // What the scan of an entry costs on one core; see ScanLimits.MaxScanned.
    private const int MicrosecondsPerEntry = 4;

    private readonly long _aloneTicks = (long)(ServerLimits.AloneAfter.TotalSeconds * engine.Time.TimestampFrequency);
    private readonly FairWorkers _workers = new(Environment.ProcessorCount);
    private readonly SharedRoom _scans = new(ServerLimits.Scans, ServerLimits.ScansPerTenant);
    private readonly SharedRoom _backtests = new(ServerLimits.Backtests, ServerLimits.BacktestsPerTenant);
    private readonly SharedRoom _exports = new(ServerLimits.Exports, ServerLimits.ExportsPerTenant);
    private readonly SharedRoom _tails = new(ServerLimits.Tails, ServerLimits.TailsPerKey);
    private readonly SharedRoom _bodies = new(ServerLimits.BodiesBytes, ServerLimits.BodiesBytesPerTenant);
    private volatile string? _lastTenant;   // whoever asked last; a race between two of them is between two that are not alone
    private long _othersUntil;              // until then nobody counts as alone; a time stamp

    /// <summary>Runs a computation for a batch: a short one at once, a long one in its tenant's turn where there are other tenants.</summary>
    /// <param name="log">The log that it is for.</param>
    /// <param name="microseconds">About how long it takes.</param>
    /// <param name="work">The computation.</param>
    public ValueTask<T> ComputeAsync<T>(string log, long microseconds, Func<T> work)
    {
        string tenant = LogName.TenantOf(log);
        bool isAlone = IsAlone(tenant);
        return isAlone || microseconds <= ServerLimits.ShortWorkMicroseconds ? ValueTask.FromResult(work()) : new(_workers.RunAsync(tenant, work));
    }

    /// <summary>Looks at entries: some at once, many in the tenant's turn, though it be alone: its own appends should not wait for its searches.</summary>
    /// <param name="log">The log.</param>
    /// <param name="entries">How many.</param>
    /// <param name="work">The computation.</param>
    public ValueTask<T> ScanAsync<T>(string log, long entries, Func<T> work) =>
        entries * MicrosecondsPerEntry <= ServerLimits.ShortWorkMicroseconds ? ValueTask.FromResult(work()) : new(_workers.RunAsync(LogName.TenantOf(log), work));

    /// <summary>Runs a search or a count, which takes turns with others wherever it is long.</summary>
    /// <param name="log">The log.</param>
    /// <param name="work">Searches, and asks for its turn between the parts of what it does.</param>
    public async Task<T> SearchAsync<T>(string log, Func<ScanTurns, Task<T>> work)
    {
        var turns = new ScanTurns(_workers, LogName.TenantOf(log), engine.Time);
        try
        {
            return await work(turns);
        }
        finally
        {
            if (FairWorkers.IsWorker)
            {
                // What is done with the result may wait for the network, or for the disk: not on a thread for computing.
                await Task.Yield();
            }
        }
    }

    /// <summary>The right to search or count in a log, for as long as the request has results in memory.</summary>
    /// <exception cref="ProblemException">429: its tenant has too many under way.</exception>
    public IDisposable BeginScan(LogReader log) => _scans.TryTake(LogName.TenantOf(log.Settings.Name), 1, out SharedRoom.Part? part)
        ? part
        : throw new ProblemException(Problem.Busy("searches", $"Too many searches and counts are under way: at most {ServerLimits.ScansPerTenant} of a tenant, fewer where others search too."));

    /// <summary>The right to run a rule over a log's history, for as long as that goes on.</summary>
    /// <exception cref="ProblemException">429: its tenant has too many under way.</exception>
    public IDisposable BeginBacktest(LogReader log) => _backtests.TryTake(LogName.TenantOf(log.Settings.Name), 1, out SharedRoom.Part? part)
        ? part
        : throw new ProblemException(Problem.Busy("backtests", $"Too many backtests are under way: at most {ServerLimits.BacktestsPerTenant} of a tenant, fewer where others run some too."));

    /// <summary>The right to export from a log, for as long as that goes on.</summary>
    /// <exception cref="ProblemException">429: its tenant has too many under way.</exception>
    public IDisposable BeginExport(LogReader log) => _exports.TryTake(LogName.TenantOf(log.Settings.Name), 1, out SharedRoom.Part? part)
        ? part
        : throw new ProblemException(Problem.Busy("exports", $"Too many exports are under way: at most {ServerLimits.ExportsPerTenant} of a tenant, fewer where others export too."));

    /// <summary>The right to keep a tail open.</summary>
    /// <exception cref="ProblemException">429: the key has too many open.</exception>
    public IDisposable BeginTail(Caller caller) => _tails.TryTake(caller.CredentialId, 1, out SharedRoom.Part? part)
        ? part
        : throw new ProblemException(Problem.Busy("tails", $"Too many tails are open: at most {ServerLimits.TailsPerKey} of a key, fewer where others have theirs."));

    /// <summary>Memory for a request's body, given back when the request has ended. What is small is not counted.</summary>
    /// <param name="context">The request.</param>
    /// <param name="log">The log that the body is for.</param>
    public BodyRoom BodyOf(HttpContext context, string log)
    {
        var room = new BodyRoom(_bodies, LogName.TenantOf(log));
        context.Response.RegisterForDispose(room);
        return room;
    }

    /// <inheritdoc/>
    public void Dispose() => _workers.Dispose();

    /// <summary>Whether no other tenant has asked for anything lately. Then a change of threads is of use to nobody.</summary>
    private bool IsAlone(string tenant)
    {
        long now = engine.Time.GetTimestamp();
        if (_lastTenant is { } last && last != tenant)
        {
            Interlocked.Exchange(ref _othersUntil, now + _aloneTicks);
        }

        _lastTenant = tenant;
        return now >= Interlocked.Read(ref _othersUntil);
    }
}
