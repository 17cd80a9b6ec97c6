using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Engine.Configuration;
using Indelible.Engine.Sequencing;
using Indelible.Engine.Storage;
using Indelible.Server.Problems;

namespace Indelible.Server.Access;

/// <summary>Enters in <c>_access</c> who was turned away: without a valid credential, or with one that does not do.</summary>
/// <remarks>
/// <para>
/// The first refusal of a kind (caller, address, door, log, problem) is entered at once; those that follow within <see cref="ServerLimits.RefusedRequestsInterval"/> are
/// counted, and the count is entered at its end. A principal's kinds beyond <see cref="ServerLimits.RefusedRequestKinds"/> are counted together under his name, and so are
/// those of all who have none: nobody hides behind another's flood. So a flood leaves its trace, and neither fills the disk nor slows anybody else down; the answer to a
/// refused request does not wait for its entry.
/// </para>
/// <para>A crash loses what was counted since. Thread-safe.</para>
/// </remarks>
internal sealed partial class AccessRefusals : BackgroundService
{
    private const string Anonymous = "anonymous";

    private readonly LogEngine _engine;
    private readonly ILogger<AccessRefusals> _logger;
    private readonly SemaphoreSlim _signal = new(0);
    private readonly Lock _lock = new();
    private readonly Dictionary<Refusal, Tally> _counted = [];   // under _lock
    private readonly Dictionary<string, int> _kinds = [];        // under _lock; by principal, how many of his are in _counted
    private DateTimeOffset _since;                               // under _lock; when the interval began

    public AccessRefusals(LogEngine engine, ILogger<AccessRefusals> logger)
    {
        _engine = engine;
        _logger = logger;
        _since = engine.Time.GetUtcNow();
    }

    /// <summary>Counts a request that was refused, if it was for who asked or what he may do.</summary>
    /// <param name="context">The request.</param>
    /// <param name="problem">What it is answered.</param>
    public void Count(HttpContext context, Problem problem)
    {
        AccessKind? kind = problem switch
        {
            { Status: StatusCodes.Status401Unauthorized } => AccessKind.Unauthenticated,
            { Status: StatusCodes.Status403Forbidden } or { Name: Problem.UnknownLogName or Problem.RateLimitedName } => AccessKind.Refused,
            _ => null,
        };
        if (kind is null)
        {
            return;
        }

        var caller = context.Items[typeof(Caller)] as Caller;
        var shown = context.Items[typeof(ApiKey)] as ApiKey;

        // The route as it was mapped, and a name that a log can have: no text of the caller's own making.
        string route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "";
        string? log = context.Request.RouteValues["log"] as string is { } name && LogName.CanBe(name) ? name : null;
        string? tenant = caller?.Authority.Tenant ?? (log is not null && _engine.Find(log) is not null ? Tenant.OfLog(log) : null);
        var refusal = new Refusal(kind.Value, caller?.Principal ?? Anonymous, caller?.CredentialId ?? shown?.Id ?? "", problem.Name, $"{context.Request.Method} {route}", log, Authenticator.AddressOf(context), tenant);
        lock (_lock)
        {
            if (!_counted.ContainsKey(refusal))
            {
                refusal = ToldApart(refusal);
            }

            _counted[refusal] = _counted.TryGetValue(refusal, out Tally counted) ? counted with { Count = counted.Count + 1 } : new Tally(1, 0);
            if (_counted[refusal].Count > 1)
            {
                return;
            }
        }

        _signal.Release();
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await EnterAsync(isOver: true);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _signal.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await WaitAsync(stoppingToken);
                await EnterAsync(isOver: false);
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    /// <summary>As what a refusal of a new kind is counted: itself, or where its principal has too many kinds, or there are too many principals, what stands for them. Under <see cref="_lock"/>.</summary>
    private Refusal ToldApart(Refusal refusal)
    {
        if (!_kinds.ContainsKey(refusal.Principal) && _kinds.Count >= ServerLimits.RefusedPrincipals)
        {
            return Refusal.OthersOf(Anonymous, null);
        }

        int kinds = _kinds.GetValueOrDefault(refusal.Principal);
        if (kinds >= ServerLimits.RefusedRequestKinds)
        {
            return Refusal.OthersOf(refusal.Principal, refusal.Principal == Anonymous ? null : refusal.Tenant);
        }

        _kinds[refusal.Principal] = kinds + 1;
        return refusal;
    }

    /// <summary>Waits for the first refusal of a kind, or for the end of the interval where something is counted.</summary>
    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        bool waits;
        lock (_lock)
        {
            waits = _counted.Count > 0;
        }

        if (!waits)
        {
            await _signal.WaitAsync(cancellationToken);
            return;
        }

        // The wait is ended where the time is over first: it would take the next signal with it.
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task signal = _signal.WaitAsync(over.Token);
        try
        {
            await signal.WaitAsync(ServerLimits.RefusedRequestsInterval, _engine.Time, cancellationToken);
        }
        catch (TimeoutException)
        {
            await over.CancelAsync();
        }
    }

    private async Task EnterAsync(bool isOver)
    {
        List<(Refusal Refusal, long Count)> due = [];
        lock (_lock)
        {
            DateTimeOffset now = _engine.Time.GetUtcNow();
            bool ends = isOver || now - _since >= ServerLimits.RefusedRequestsInterval;
            foreach ((Refusal refusal, Tally tally) in _counted)
            {
                if (tally.Entered == 0 || (ends && tally.Count > tally.Entered))
                {
                    due.Add((refusal, tally.Count - tally.Entered));
                }
            }

            foreach ((Refusal refusal, _) in due)
            {
                _counted[refusal] = _counted[refusal] with { Entered = _counted[refusal].Count };
            }

            if (ends)
            {
                _counted.Clear();
                _kinds.Clear();
                _since = now;
            }
        }

        foreach ((Refusal refusal, long count) in due)
        {
            try
            {
                await _engine.NoteAccessAsync(refusal.ToNote(count), new AppendCaller(refusal.Principal, refusal.CredentialId, _engine.System.Size, "http", refusal.Address));
            }
            catch (Exception e) when (e is NodeStoppedException or StorageException or QueueFullException or NotWrittenException)
            {
                LogNotEntered(e, count, refusal.Problem);
            }
        }
    }

    [LoggerMessage(2302, LogLevel.Warning, "{Count} refused requests ({Problem}) could not be entered in _access")]
    private partial void LogNotEntered(Exception why, long count, string problem);

    private readonly record struct Tally(long Count, long Entered);

    private sealed record Refusal(AccessKind Kind, string Principal, string CredentialId, string Problem, string? Door, string? Log, string? Address, string? Tenant)
    {
        /// <summary>What stands for the kinds of a principal that are not told apart.</summary>
        public static Refusal OthersOf(string principal, string? tenant) => new(AccessKind.Refused, principal, "", "others", null, null, null, tenant);

        public AccessNote ToNote(long count) => new(Kind, Log is null ? ("node", "door") : ("log", Log), data =>
        {
            data.WriteString("problem", Problem);
            data.WriteNumber("count", count);
            if (Door is not null)
            {
                data.WriteString("door", Door);
            }
        })
        { Tenant = Tenant };
    }
}
