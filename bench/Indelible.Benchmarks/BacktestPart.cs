using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Indelible.Cli.Demo;
using Indelible.Detection;
using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Engine.Configuration;
using Indelible.Events;
using Indelible.Server;
using Indelible.Server.Indexing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Indelible.Benchmarks;

/// <summary>Rules of the product over a long history: a log of as many events as <c>--entries</c> says, from the demonstration's months one after the other, sealed and indexed, personal values and all.</summary>
internal sealed class BacktestPart : IMeasuredPart
{
    private const int Batch = 2_000;
    private const int MonthEvents = 1_000_000;
    private const int Times = 5;

    private static readonly (string Name, string File)[] s_rules =
    [
        ("a selective rule", "self-grant.yml"),
        ("a correlation, selective", "password-spray.yml"),
        ("a correlation of every third event", "mass-read.yml"),
    ];

    private readonly SuitePlan _plan;
    private readonly LogEngine _engine;
    private readonly WebApplication _app;
    private readonly HttpClient _http;

    private BacktestPart(SuitePlan plan, LogEngine engine, WebApplication app, string key)
    {
        (_plan, _engine, _app) = (plan, engine, app);
        _http = new HttpClient { BaseAddress = new Uri(app.Urls.Single()), Timeout = TimeSpan.FromMinutes(5) };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    /// <summary>Writes the log, and waits until it is sealed and indexed.</summary>
    public static async Task<BacktestPart> OpenAsync(SuitePlan plan, string folder, CancellationToken cancellationToken)
    {
        LogEngine engine = await Workload.OpenAsync(await Workload.InitialiseAsync(folder));
        AppendCaller writer = await Workload.WriterAsync(engine);
        ServerOptions options = ServerOptions.Read(null, new Dictionary<string, string?> { ["urls"] = "http://127.0.0.1:0", ["log_level"] = "None", ["data"] = folder }, out _);
        WebApplication app = IndelibleServer.Build(engine, options);
        await app.StartAsync(cancellationToken);
        LogReader log = engine.Find("main")!;
        foreach (ReadOnlyMemory<byte>[] batch in Events(plan.Entries).Chunk(Batch))
        {
            await engine.AppendAsync(log, [.. batch.Select(json => Claim.Parse(json.Span))], writer, AppendOptions.Default, cancellationToken);
        }

        while (log.Size - log.SealedSize >= 65_536)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), cancellationToken);
        }

        await app.Services.GetRequiredService<LogIndexes>().SettleAsync();
        (_, string key) = await engine.Administration.CreateKeyAsync(new NewKey(KeyKind.Reader, ["main"]), new AppendCaller("indelible", "", 0, "bench", null), cancellationToken);
        return new BacktestPart(plan, engine, app, key);
    }

    /// <inheritdoc/>
    public async Task MeasureAsync(Results results, CancellationToken cancellationToken)
    {
        foreach ((string name, string file) in s_rules)
        {
            string rule = ShippedRules.Files.Single(one => Path.GetFileName(one.Path) == file).Text;
            double[] milliseconds = new double[Times];
            JsonElement answer = default;
            for (int i = 0; i < Times; i++)
            {
                long started = Stopwatch.GetTimestamp();
                using HttpResponseMessage response = await _http.PostAsJsonAsync("api/logs/main/backtest", new JsonObject { ["rule"] = rule }, cancellationToken);
                response.EnsureSuccessStatusCode();
                answer = JsonElement.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken));
                milliseconds[i] = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
            }

            Array.Sort(milliseconds);
            string what = string.Create(CultureInfo.InvariantCulture, $"backtest over {_plan.Entries:N0} events, {name}");
            results.Add(what, "ms", milliseconds[Times / 2]);
            results.Add(what + ": read", "entries", answer.GetProperty("read").GetInt64());
            results.Add(what + ": findings", "findings", answer.GetProperty("total").GetInt64());
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        await _engine.DisposeAsync();
    }

    /// <summary>Months of the demonstration, each with a story of its own.</summary>
    private static IEnumerable<ReadOnlyMemory<byte>> Events(long count)
    {
        for (int month = 0; count > 0; month++)
        {
            long told = 0;
            var company = new DemoCompany(DemoCompany.DefaultSeed + (ulong)month, DemoCompany.DefaultEnd.AddDays(DemoCompany.Days * (month - 40)), (int)Math.Min(count, MonthEvents));
            foreach (ReadOnlyMemory<byte> claim in company.Claims())
            {
                told++;
                yield return claim;
            }

            // A month has some fewer than it was asked for.
            count -= Math.Max(told, 1);
        }
    }
}
