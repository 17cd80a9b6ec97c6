using Indelible.Cli.Bench;

namespace Indelible.Benchmarks;

/// <summary>Four quiet tenants who send single events, alone and beside one who floods the node with batches.</summary>
/// <remarks>The flood has more on its way than the sequencer's queue holds, so that part of it is refused at any time.</remarks>
internal sealed class FairnessPart : IMeasuredPart
{
    private const int QuietTenants = 4;
    private const int FloodConnections = 80;
    private const int FloodBatch = 1_000;
    private static readonly TimeSpan s_warmUp = TimeSpan.FromSeconds(2);

    private readonly SuitePlan _plan;
    private readonly ServerProcess _server;
    private readonly string[] _keys;   // of the flood, then of each quiet tenant
    private ulong _run;

    private FairnessPart(SuitePlan plan, ServerProcess server, string[] keys)
    {
        _plan = plan;
        _server = server;
        _keys = keys;
    }

    /// <summary>Starts a server with a log for each tenant.</summary>
    public static async Task<FairnessPart> OpenAsync(SuitePlan plan, string folder, CancellationToken cancellationToken)
    {
        string[] logs = [.. Enumerable.Range(0, 1 + QuietTenants).Select(LogOf)];
        ServerProcess server = await ServerProcess.StartAsync(plan.Command, folder, logs, cancellationToken);
        var keys = new List<string>();
        foreach (string log in logs)
        {
            keys.Add(await server.NewWriterAsync(log, cancellationToken));
        }

        return new FairnessPart(plan, server, [.. keys]);
    }

    /// <inheritdoc/>
    public async Task MeasureAsync(Results results, CancellationToken cancellationToken)
    {
        Add(results, "Quiet tenants alone", await Task.WhenAll(StartQuiet(cancellationToken)));

        // The quiet are there first: a generator whose first request is refused ends.
        Task<LoadResult>[] quiet = StartQuiet(cancellationToken);
        await Task.Delay(s_warmUp / 4, cancellationToken);
        Task<LoadResult> flood = RunAsync(0, FloodConnections, FloodBatch, s_warmUp / 2, _plan.Duration + (s_warmUp / 2), cancellationToken);
        Add(results, "Quiet tenants beside a flood", await Task.WhenAll(quiet));
        LoadResult noise = await flood;
        results.Add("The flood", "events/s", noise.EventsPerSecond);
        results.Add("The flood, refused", "requests/s", noise.Errors / noise.Elapsed.TotalSeconds);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static string LogOf(int tenant) => tenant == 0 ? "flood" : $"quiet-{tenant}";

    private Task<LoadResult>[] StartQuiet(CancellationToken cancellationToken) =>
        [.. Enumerable.Range(1, QuietTenants).Select(tenant => RunAsync(tenant, 1, 1, s_warmUp, _plan.Duration, cancellationToken))];

    private static void Add(Results results, string name, LoadResult[] each)
    {
        var latency = new LatencyHistogram();
        foreach (LoadResult result in each)
        {
            latency.Add(result.Latency);
        }

        results.Add(name + ", p50", "ms", latency.Percentile(0.5).TotalMilliseconds);
        results.Add(name + ", p99", "ms", latency.Percentile(0.99).TotalMilliseconds);
        results.Add(name, "events/s", each.Sum(result => result.EventsPerSecond));
        results.Add(name + ", refused", "requests in a thousand", 1000.0 * each.Sum(result => result.Errors) / Math.Max(1, each.Sum(result => result.Errors + result.Requests)));
    }

    private Task<LoadResult> RunAsync(int tenant, int connections, int batch, TimeSpan warmUp, TimeSpan duration, CancellationToken cancellationToken)
    {
        var load = new LoadPlan(_server.Url, _keys[tenant], LogOf(tenant), connections, batch, warmUp, duration);
        var generator = new LoadGenerator(load, Workload.Events(_run++));
        return Task.Factory.StartNew(() => generator.Run(cancellationToken), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }
}
