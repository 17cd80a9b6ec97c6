using Indelible.Engine;
using Indelible.Engine.Configuration;
using Indelible.Server.Access;
using Indelible.Server.Problems;

namespace Indelible.Server.Limits;

/// <summary>What requests share on this node besides the sequencer: processors, scans, open tails, and memory for bodies.</summary>
internal sealed class NodeResources : IDisposable
{
    private readonly FairWorkers _workers = new(Environment.ProcessorCount);
    private readonly SharedRoom _scans = new(ServerLimits.Scans, ServerLimits.ScansPerTenant);
    private readonly SharedRoom _tails = new(ServerLimits.Tails, ServerLimits.TailsPerKey);
    private readonly SharedRoom _bodies = new(ServerLimits.BodiesBytes, ServerLimits.BodiesBytesPerTenant);

    /// <summary>Runs a computation for a request: a small one at once, a long one in its tenant's turn.</summary>
    /// <param name="log">The log that it is for.</param>
    /// <param name="size">How many events it is about, or a like measure; see <see cref="ServerLimits.SmallWork"/>.</param>
    /// <param name="work">The computation.</param>
    public ValueTask<T> ComputeAsync<T>(string log, long size, Func<T> work) =>
        size <= ServerLimits.SmallWork ? ValueTask.FromResult(work()) : new(_workers.RunAsync(LogName.TenantOf(log), work));

    /// <summary>The right to search or count in a log, for as long as the request has results in memory.</summary>
    /// <exception cref="ProblemException">429: its tenant has too many under way.</exception>
    public IDisposable BeginScan(LogReader log) => _scans.TryTake(LogName.TenantOf(log.Settings.Name), 1, out SharedRoom.Part? part)
        ? part
        : throw new ProblemException(Problem.Busy("searches", $"Too many searches and counts are under way: at most {ServerLimits.ScansPerTenant} of a tenant, fewer where others search too."));

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
}
