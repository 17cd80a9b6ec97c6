using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Indelible.Cli.Bench;

namespace Indelible.Benchmarks;

/// <summary>A server as a child process, and the load generator of <c>indelible bench</c> against it.</summary>
internal sealed partial class HttpPart : IMeasuredPart
{
    /// <summary>Batches of 100 on 16 connections.</summary>
    public const string Batches = "HTTP, batches of 100, 16 connections";

    private readonly SuitePlan _plan;
    private readonly Process _server;
    private readonly Uri _url;
    private readonly string _key;
    private ulong _run;

    private HttpPart(SuitePlan plan, Process server, Uri url, string key)
    {
        _plan = plan;
        _server = server;
        _url = url;
        _key = key;
    }

    /// <summary>The name of the measurement of single events.</summary>
    public static string Single(int connections) => $"HTTP, single events, {connections} connection{(connections == 1 ? "" : "s")}";

    /// <summary>Makes a data folder and starts a server on it.</summary>
    public static async Task<HttpPart> OpenAsync(SuitePlan plan, string folder, CancellationToken cancellationToken)
    {
        string adminKey = await ReadAsync(plan.Command, "admin_key", ["init", "--data", folder, "--json"], cancellationToken);
        Process server = Start(plan.Command, ["serve", "--data", folder, "--urls", "http://127.0.0.1:0", "--log-level", "Error"]);
        string? line = await server.StandardOutput.ReadLineAsync(cancellationToken);
        string url = AddressPattern().Match(line ?? "").Value;
        if (url.Length == 0)
        {
            throw new InvalidOperationException("The server did not start: " + await server.StandardError.ReadToEndAsync(cancellationToken));
        }

        string key = await ReadAsync(
            plan.Command, "key", ["keys", "create", "--kind", "writer", "--log", "main", "--url", url, "--key", adminKey, "--json"], cancellationToken);
        return new HttpPart(plan, server, new Uri(url), key);
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
    public ValueTask DisposeAsync()
    {
        _server.Kill();
        _server.WaitForExit();
        _server.Dispose();
        return ValueTask.CompletedTask;
    }

    private void Measure(Results results, string name, int connections, int batch, int personal, CancellationToken cancellationToken)
    {
        var events = new BenchEvents(_run++, TimeProvider.System.GetUtcNow(), Workload.EventBytes, personal);
        var load = new LoadPlan(_url, _key, "main", connections, batch, TimeSpan.FromSeconds(1), _plan.Duration);
        var generator = new LoadGenerator(load, events);
        var meter = new CpuMeter(_server);
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

    private static Process Start(string command, IReadOnlyList<string> arguments) =>
        Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;

    private static async Task<string> ReadAsync(string command, string property, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        using Process process = Start(command, arguments);
        string output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{arguments[0]} failed: {await process.StandardError.ReadToEndAsync(cancellationToken)}");
        }

        using JsonDocument json = JsonDocument.Parse(output);
        return json.RootElement.GetProperty(property).GetString()!;
    }

    [GeneratedRegex("http://[0-9.:]+[0-9]")]
    private static partial Regex AddressPattern();
}
