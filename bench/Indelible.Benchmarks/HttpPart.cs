using Indelible.Cli.Bench;

namespace Indelible.Benchmarks;

/// <summary>A server as a child process, and the load generator of <c>indelible bench</c> against it.</summary>
internal sealed class HttpPart : IMeasuredPart
{
    /// <summary>Batches of 100 on 16 connections.</summary>
    public const string Batches = "HTTP, batches of 100, 16 connections";

    private readonly SuitePlan _plan;
    private readonly ServerProcess _server;
    private readonly string _key;
    private ulong _run;

    private HttpPart(SuitePlan plan, ServerProcess server, string key)
    {
        _plan = plan;
        _server = server;
        _key = key;
    }

    /// <summary>The name of the measurement of single events.</summary>
    public static string Single(int connections) => $"HTTP, single events, {connections} connection{(connections == 1 ? "" : "s")}";

    /// <summary>Makes a data folder and starts a server on it.</summary>
    public static async Task<HttpPart> OpenAsync(SuitePlan plan, string folder, CancellationToken cancellationToken)
    {
        ServerProcess server = await ServerProcess.StartAsync(plan.Command, folder, ["main"], cancellationToken);
        return new HttpPart(plan, server, await server.NewWriterAsync("main", cancellationToken));
    }

    /// <inheritdoc/>
    public Task MeasureAsync(Results results, CancellationToken cancellationToken)
    {
        foreach (int connections in (int[])[1, 16, 64])
        {
            Measure(results, Single(connections), connections, 1, 0, cancellationToken);
        }

        Measure(results, "HTTP, single events with three personal fields, 64 connections", 64, 1, 3, cancellationToken);
        Measure(results, Batches, 16, 100, 0, cancellationToken);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private void Measure(Results results, string name, int connections, int batch, int personal, CancellationToken cancellationToken)
    {
        var events = new BenchEvents(_run++, TimeProvider.System.GetUtcNow(), Workload.EventBytes, personal);
        var load = new LoadPlan(_server.Url, _key, "main", connections, batch, TimeSpan.FromSeconds(1), _plan.Duration);
        var generator = new LoadGenerator(load, events);
        var meter = new CpuMeter(_server.Process);
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
}
