using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Indelible.Cli.Bench;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace Indelible.Benchmarks;

/// <summary>How soon a webhook hears of an event that a rule finds, while 5,000 events arrive in a second and the rules of the product are asked of each: from the event's acknowledgement to the notification's arrival.</summary>
internal sealed class AlarmPart : IMeasuredPart
{
    private const int EventsPerSecond = 5_000;
    private const int Batch = 100;
    private const int ProbeEvery = 5;   // batches
    private const string SecretVariable = "INDELIBLE_BENCH_HOOK_SECRET";

    private const string Rule = """
        title: A probe
        name: probe
        logsource: {product: indelible}
        detection: {selection: {action: probe.sent}, condition: selection}
        ---
        title: A probe arrived
        id: 3c1fd2a0-53f5-4d8f-8a7b-0a1f5f7a1b11
        level: high
        correlation: {type: event_count, rules: [probe], group-by: [actor.id], timespan: 1m, condition: {gte: 1}}

        """;

    private readonly SuitePlan _plan;
    private readonly ServerProcess _server;
    private readonly WebApplication _receiver;
    private readonly HttpClient _http;
    private readonly ConcurrentDictionary<string, long> _heard;
    private ulong _run;

    private AlarmPart(SuitePlan plan, ServerProcess server, WebApplication receiver, ConcurrentDictionary<string, long> heard, string key)
    {
        (_plan, _server, _receiver, _heard) = (plan, server, receiver, heard);
        _http = new HttpClient { BaseAddress = server.Url };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    /// <summary>Starts a receiver, and a server that tells it.</summary>
    public static async Task<AlarmPart> OpenAsync(SuitePlan plan, string folder, CancellationToken cancellationToken)
    {
        var heard = new ConcurrentDictionary<string, long>(StringComparer.Ordinal);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        WebApplication receiver = builder.Build();
        receiver.Run(async context =>
        {
            using JsonDocument body = await JsonDocument.ParseAsync(context.Request.Body);
            JsonElement group = body.RootElement.GetProperty("data").GetProperty("alert").GetProperty("group");
            if (group.GetArrayLength() > 0 && group[0].TryGetProperty("value", out JsonElement value))
            {
                heard.TryAdd(value.GetString()!, Stopwatch.GetTimestamp());
            }
        });
        await receiver.StartAsync(cancellationToken);
        Directory.CreateDirectory(folder);
        string rules = Path.Combine(folder, "probe.yml");
        string notify = Path.Combine(folder, "notify.yml");
        Environment.SetEnvironmentVariable(SecretVariable, "whsec_" + Convert.ToBase64String(Enumerable.Range(0, 32).Select(i => (byte)i).ToArray()));
        await File.WriteAllTextAsync(rules, Rule, cancellationToken);
        await File.WriteAllTextAsync(
            notify, $"destinations: [{{name: hook, kind: webhook, url: '{receiver.Urls.Single()}', insecure: true, secret: '{{env:{SecretVariable}}}', alerts: {{rules: [3c1fd2a0-53f5-4d8f-8a7b-0a1f5f7a1b11]}}}}]\n", cancellationToken);
        ServerProcess server = await ServerProcess.StartAsync(plan.Command, Path.Combine(folder, "node"), ["main"], cancellationToken, "--rules", $"shipped;{rules}", "--notify", notify);
        return new AlarmPart(plan, server, receiver, heard, await server.NewWriterAsync("main", cancellationToken));
    }

    /// <inheritdoc/>
    public async Task MeasureAsync(Results results, CancellationToken cancellationToken)
    {
        var events = new BenchEvents(_run++, TimeProvider.System.GetUtcNow(), Workload.EventBytes, 0);
        var acknowledged = new ConcurrentDictionary<string, long>(StringComparer.Ordinal);
        var sending = new List<Task>();
        int batches = (int)(_plan.Duration.TotalSeconds * EventsPerSecond / Batch);
        long started = Stopwatch.GetTimestamp();
        for (int i = 0; i < batches; i++)
        {
            TimeSpan due = TimeSpan.FromSeconds((double)i * Batch / EventsPerSecond) - Stopwatch.GetElapsedTime(started);
            if (due > TimeSpan.Zero)
            {
                await Task.Delay(due, cancellationToken);
            }

            sending.Add(SendAsync(events, i, acknowledged, cancellationToken));
        }

        await Task.WhenAll(sending);
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        long waited = Stopwatch.GetTimestamp();
        while (acknowledged.Keys.Any(probe => !_heard.ContainsKey(probe)) && Stopwatch.GetElapsedTime(waited) < TimeSpan.FromMinutes(1))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), cancellationToken);
        }

        double[] milliseconds = [.. acknowledged.Where(probe => _heard.ContainsKey(probe.Key)).Select(probe => Stopwatch.GetElapsedTime(probe.Value, _heard[probe.Key]).TotalMilliseconds).Order()];
        results.Add("alarm: events appended meanwhile", "events/s", batches * Batch / seconds);
        results.Add("alarm: acknowledged to webhook, p50", "ms", milliseconds[milliseconds.Length / 2]);
        results.Add("alarm: acknowledged to webhook, p99", "ms", milliseconds[milliseconds.Length * 99 / 100]);
        results.Add("alarm: acknowledged to webhook, greatest", "ms", milliseconds[^1]);
        results.Add("alarm: told", "alerts", milliseconds.Length);
        if (milliseconds.Length < acknowledged.Count)
        {
            results.Note($"alarm: of {acknowledged.Count} events, {acknowledged.Count - milliseconds.Length} were not told of within a minute");
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _server.DisposeAsync();
        await _receiver.StopAsync();
        await _receiver.DisposeAsync();
    }

    private async Task SendAsync(BenchEvents events, int number, ConcurrentDictionary<string, long> acknowledged, CancellationToken cancellationToken)
    {
        byte[] one = new byte[events.EventBytes];
        var body = new StringBuilder("[");
        for (int i = 0; i < Batch; i++)
        {
            events.Write(((long)number * Batch) + i, one);
            body.Append(i == 0 ? "" : ",").Append(Encoding.UTF8.GetString(one));
        }

        string? probe = number % ProbeEvery == 0 ? $"probe-{_run}-{number}" : null;
        if (probe is not null)
        {
            string time = TimeProvider.System.GetUtcNow().UtcDateTime.ToString("O");
            body.Append($$$""",{"schema":"audit/1","id":"{{{probe}}}","time":"{{{time}}}","action":"probe.sent","outcome":"success","actor":{"id":"{{{probe}}}","type":"service"},"service":{"name":"bench"}}""");
        }

        using var content = new StringContent(body.Append(']').ToString(), Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await _http.PostAsync("api/logs/main/events", content, cancellationToken);
        answer.EnsureSuccessStatusCode();
        if (probe is not null)
        {
            acknowledged[probe] = Stopwatch.GetTimestamp();
        }
    }
}
