using Indelible.Cli.Bench;

namespace Indelible.Benchmarks;

/// <summary>A server as a child process, and the load generator of <c>indelible bench</c> against it.</summary>
internal sealed class HttpPart : IMeasuredPart
{
    /// <summary>Batches of 100 on 16 connections.</summary>
    public const string Batches = "HTTP, batches of 100, 16 connections";

    private readonly SuitePlan _plan;
    private readonly string _folder;
    private readonly Node _node;
    private ulong _run;

    private HttpPart(SuitePlan plan, string folder, Node node) => (_plan, _folder, _node) = (plan, folder, node);

    /// <summary>The name of the measurement of single events.</summary>
    public static string Single(int connections) => $"HTTP, single events, {connections} connection{(connections == 1 ? "" : "s")}";

    /// <summary>Makes a data folder and starts a server on it.</summary>
    public static async Task<HttpPart> OpenAsync(SuitePlan plan, string folder, CancellationToken cancellationToken) =>
        new(plan, folder, await StartAsync(plan, Path.Combine(folder, "node"), cancellationToken));

    /// <inheritdoc/>
    public async Task MeasureAsync(Results results, CancellationToken cancellationToken)
    {
        foreach (int connections in (int[])[1, 16, 64])
        {
            Measure(results, _node, Single(connections), connections, 1, 0, cancellationToken);
        }

        Measure(results, _node, "HTTP, single events with three personal fields, 64 connections", 64, 1, 3, cancellationToken);
        Measure(results, _node, Batches, 16, 100, 0, cancellationToken);

        // With indexes and without, each on a server of its own that has nothing left to do of what came before; in turn, the one first and then the other.
        foreach (bool isIndexed in _run % 2 == 0 ? [true, false] : (bool[])[false, true])
        {
            Node node = await StartAsync(_plan, Path.Combine(_folder, $"{_run}"), cancellationToken, isIndexed ? [] : ["--no-index"]);
            Measure(results, node, $"{Batches}, a new server {(isIndexed ? "with" : "without")} indexes", 16, 100, 0, cancellationToken);
            await node.Server.DisposeAsync();
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _node.Server.DisposeAsync();

    private static async Task<Node> StartAsync(SuitePlan plan, string folder, CancellationToken cancellationToken, params string[] options)
    {
        ServerProcess server = await ServerProcess.StartAsync(plan.Command, folder, ["main"], cancellationToken, options);
        return new Node(server, await server.NewWriterAsync("main", cancellationToken));
    }

    private void Measure(Results results, Node node, string name, int connections, int batch, int personal, CancellationToken cancellationToken)
    {
        var events = new BenchEvents(_run++, TimeProvider.System.GetUtcNow(), Workload.EventBytes, personal);
        var load = new LoadPlan(node.Server.Url, node.Key, "main", connections, batch, TimeSpan.FromSeconds(1), _plan.Duration);
        var generator = new LoadGenerator(load, events);
        var meter = new CpuMeter(node.Server.Process);
        LoadResult result = generator.Run(cancellationToken);
        results.Add(name, "events/s", result.EventsPerSecond);
        results.Add(name + ", p50", "ms", result.Latency.Percentile(0.5).TotalMilliseconds);
        results.Add(name + ", p99", "ms", result.Latency.Percentile(0.99).TotalMilliseconds);
        results.Add(name + ", server's processor time", "µs an event", meter.Cpu.TotalMicroseconds / generator.EventsSent);
        if (result.Errors > 0)
        {
            results.Note($"{name}: {result.Errors} requests failed, the first with: {result.FirstError}");
        }
    }

    /// <summary>A server, and the key of a writer.</summary>
    private sealed record Node(ServerProcess Server, string Key);
}
