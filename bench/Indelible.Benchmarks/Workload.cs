using System.Diagnostics;
using Indelible.Cli.Bench;
using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Engine.Configuration;
using Indelible.Engine.Sequencing;
using Indelible.Engine.Storage;
using Indelible.Events;
using Microsoft.Extensions.Logging.Abstractions;

namespace Indelible.Benchmarks;

/// <summary>What the measurements have in common: one kind of event, and loops that run for a time.</summary>
internal static class Workload
{
    /// <summary>Bytes of an event's JSON.</summary>
    public const int EventBytes = 420;

    /// <summary>The events of one measurement.</summary>
    public static BenchEvents Events(ulong run, int personalFields = 0) => new(run, TimeProvider.System.GetUtcNow(), EventBytes, personalFields);

    /// <summary>Runs a loop on several tasks until the time is over.</summary>
    /// <param name="tasks">How many loops run at a time.</param>
    /// <param name="duration">How long.</param>
    /// <param name="step">One turn of one loop; returns what it has done.</param>
    /// <returns>What all have done, in a second.</returns>
    public static async Task<double> RateAsync(int tasks, TimeSpan duration, Func<int, Task<int>> step)
    {
        // The first turns are not counted: connections open, code is compiled.
        await Task.WhenAll(Enumerable.Range(0, tasks).Select(i => Task.Run(() => LoopAsync(i, TimeSpan.FromMilliseconds(500), step))));
        long started = Stopwatch.GetTimestamp();
        long[] done = await Task.WhenAll(Enumerable.Range(0, tasks).Select(i => Task.Run(() => LoopAsync(i, duration, step))));
        return done.Sum() / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    /// <summary>Makes a data folder with a log <c>main</c>.</summary>
    public static async Task<DataFolder> InitialiseAsync(string path)
    {
        var folder = new DataFolder(path);
        await LogEngine.InitialiseAsync(folder, "localhost:7480", ["main"], 65_536, new EngineOptions(), TimeProvider.System, RandomSource.System, NullLoggerFactory.Instance);
        return folder;
    }

    /// <summary>Opens a node on a data folder.</summary>
    public static Task<LogEngine> OpenAsync(DataFolder folder, EngineOptions? options = null) =>
        LogEngine.OpenAsync(folder, options ?? new EngineOptions(), TimeProvider.System, RandomSource.System, NullLoggerFactory.Instance);

    /// <summary>A writer of the log <c>main</c>.</summary>
    /// <param name="engine">The node.</param>
    /// <param name="address">Where he calls from, or null: then nothing of the envelope is personal.</param>
    public static async Task<AppendCaller> WriterAsync(LogEngine engine, string? address = "127.0.0.1")
    {
        var system = new AppendCaller("indelible", "", 0, "bench", null);
        (ApiKey key, _) = await engine.Administration.CreateKeyAsync(new NewKey(KeyKind.Writer, ["main"]), system, CancellationToken.None);
        return new AppendCaller(key.Principal, key.Id, engine.System.Size, "api", address);
    }

    /// <summary>Parses and appends events of consecutive numbers, as the server does.</summary>
    public static async Task<int> AppendAsync(LogEngine engine, AppendCaller caller, BenchEvents events, long number, int count)
    {
        var claims = new Claim[count];
        byte[] json = new byte[events.EventBytes];
        for (int i = 0; i < count; i++)
        {
            events.Write(number + i, json);
            claims[i] = Claim.Parse(json);
        }

        AppendResult result = await engine.AppendAsync(engine.Find("main")!, claims, caller, AppendOptions.Default, CancellationToken.None);
        return result.Events.Count;
    }

    private static async Task<long> LoopAsync(int task, TimeSpan duration, Func<int, Task<int>> step)
    {
        long done = 0;
        long started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < duration)
        {
            done += await step(task);
        }

        return done;
    }
}
