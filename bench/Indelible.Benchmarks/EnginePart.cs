using System.Diagnostics;
using Indelible.Cli.Bench;
using Indelible.Engine;

namespace Indelible.Benchmarks;

/// <summary>The engine in this process: parsing, validating and appending, without HTTP.</summary>
internal sealed class EnginePart : IMeasuredPart
{
    /// <summary>64 appenders of single events.</summary>
    public const string Single = "Engine in process, single events, 64 appenders";

    /// <summary>Four appenders of batches of 1,000.</summary>
    public const string Batches = "Engine in process, batches of 1,000, 4 appenders";

    private readonly SuitePlan _plan;
    private readonly LogEngine _engine;
    private readonly AppendCaller _caller;
    private readonly Process _process = Process.GetCurrentProcess();
    private ulong _run;

    private EnginePart(SuitePlan plan, LogEngine engine, AppendCaller caller)
    {
        _plan = plan;
        _engine = engine;
        _caller = caller;
    }

    /// <summary>Opens a node on a new folder.</summary>
    public static async Task<EnginePart> OpenAsync(SuitePlan plan, string folder, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        LogEngine engine = await Workload.OpenAsync(await Workload.InitialiseAsync(folder));
        return new EnginePart(plan, engine, await Workload.WriterAsync(engine));
    }

    /// <inheritdoc/>
    public async Task MeasureAsync(Results results, CancellationToken cancellationToken)
    {
        await MeasureAsync(results, Single, 64, 1);
        await MeasureAsync(results, Batches, 4, 1_000);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync();
        _process.Dispose();
    }

    private async Task MeasureAsync(Results results, string name, int appenders, int batch)
    {
        BenchEvents events = Workload.Events(_run++);
        long number = 0;
        var meter = new CpuMeter(_process);
        double rate = await Workload.RateAsync(
            appenders, _plan.Duration, _ => Workload.AppendAsync(_engine, _caller, events, Interlocked.Add(ref number, batch) - batch, batch));
        results.Add(name, "events/s", rate);
        results.Add(name + ", processor time", "µs an event", meter.Cpu.TotalMicroseconds / number);
        results.Add(name + ", allocated", "bytes an event", (double)meter.Allocated / number);
        results.Add(name + ", stopped for garbage", "µs an event", meter.Pause.TotalMicroseconds / number);
    }
}
