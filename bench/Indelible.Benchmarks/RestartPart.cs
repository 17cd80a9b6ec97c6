using System.Diagnostics;
using System.Globalization;
using Indelible.Cli.Demo;
using Indelible.Engine;
using Indelible.Events;
using Indelible.Server;
using Indelible.Server.Detection;
using Indelible.Server.Indexing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Indelible.Benchmarks;

/// <summary>How soon the rules of the product have been asked of everything after a start, of a log of as many events of the demonstration as <c>--entries</c> says: with what correlations remember kept beside the log, and without.</summary>
internal sealed class RestartPart : IMeasuredPart
{
    private const int Batch = 2_000;

    private readonly SuitePlan _plan;
    private readonly DataFolder _folder;
    private LogEngine _engine;
    private WebApplication _app;

    private RestartPart(SuitePlan plan, DataFolder folder, LogEngine engine, WebApplication app) => (_plan, _folder, _engine, _app) = (plan, folder, engine, app);

    /// <summary>Writes the log, and waits until rules were asked of all of it.</summary>
    public static async Task<RestartPart> OpenAsync(SuitePlan plan, string path, CancellationToken cancellationToken)
    {
        DataFolder folder = await Workload.InitialiseAsync(path);
        LogEngine engine = await Workload.OpenAsync(folder);
        WebApplication app = await StartAsync(engine, folder);
        AppendCaller writer = await Workload.WriterAsync(engine);
        LogReader log = engine.Find("main")!;
        var company = new DemoCompany(DemoCompany.DefaultSeed, DemoCompany.DefaultEnd, (int)plan.Entries);
        foreach (ReadOnlyMemory<byte>[] batch in company.Claims().Chunk(Batch))
        {
            await engine.AppendAsync(log, [.. batch.Select(json => Claim.Parse(json.Span))], writer, AppendOptions.Default, cancellationToken);
        }

        await app.Services.GetRequiredService<LogIndexes>().SettleAsync();
        await CatchUpAsync(app, cancellationToken);
        return new RestartPart(plan, folder, engine, app);
    }

    /// <inheritdoc/>
    public async Task MeasureAsync(Results results, CancellationToken cancellationToken)
    {
        string what = string.Create(CultureInfo.InvariantCulture, $"restart with {_plan.Entries:N0} events");
        results.Add(what + ", as kept: rules asked of all after", "ms", await RestartAsync(isKept: true, cancellationToken));
        results.Add(what + ": bytes kept", "bytes", new FileInfo(_folder.DetectionFile("main")).Length);
        results.Add(what + ", nothing kept: rules asked of all after", "ms", await RestartAsync(isKept: false, cancellationToken));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await StopAsync();

    private async Task<double> RestartAsync(bool isKept, CancellationToken cancellationToken)
    {
        await StopAsync();
        if (!isKept)
        {
            File.Delete(_folder.DetectionFile("main"));
        }

        _engine = await Workload.OpenAsync(_folder);
        long started = Stopwatch.GetTimestamp();
        _app = await StartAsync(_engine, _folder);
        await CatchUpAsync(_app, cancellationToken);
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }

    private async Task StopAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        await _engine.DisposeAsync();
    }

    private static async Task<WebApplication> StartAsync(LogEngine engine, DataFolder folder)
    {
        ServerOptions options = ServerOptions.Read(null, new Dictionary<string, string?> { ["urls"] = "http://127.0.0.1:0", ["log_level"] = "None", ["data"] = folder.Root, ["rules"] = ServerOptions.ShippedRulesName }, out _);
        WebApplication app = IndelibleServer.Build(engine, options);
        await app.StartAsync();
        return app;
    }

    private static async Task CatchUpAsync(WebApplication app, CancellationToken cancellationToken)
    {
        LogDetections detections = app.Services.GetRequiredService<LogDetections>();
        while (detections.Lag > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1), cancellationToken);
        }
    }
}
