using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Indelible.Client.Recording;
using Indelible.Keys;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Serilog;

namespace Indelible.Benchmarks;

/// <summary>A trivial endpoint on Kestrel: as it is, with our middleware, with our middleware and the client's spool, and with Serilog's request log to a file in audit mode.</summary>
/// <remarks>Applications and load run in this process: the generator's own processor time is in every figure and falls out of the differences. The log's server is away: its work is not the application's.</remarks>
internal sealed class AspNetCorePart : IMeasuredPart
{
    private const int Connections = 32;
    private const string Bare = "ASP.NET Core, trivial endpoint";
    private const string Capture = "ASP.NET Core, with our middleware, recorder that forgets";
    private const string Durable = "ASP.NET Core, with our middleware, Durable to the spool";
    private const string Serilogs = "ASP.NET Core, with Serilog's request log, audited to a file";
    private static readonly byte[] s_request = Encoding.ASCII.GetBytes("GET /records/7 HTTP/1.1\r\nHost: bench\r\nUser-Agent: bench/1\r\n\r\n");
    private readonly SuitePlan _plan;
    private readonly List<(string Name, WebApplication App, int Port)> _variants = [];
    private int _round;

    private AspNetCorePart(SuitePlan plan) => _plan = plan;

    /// <summary>Starts the applications.</summary>
    public static async Task<AspNetCorePart> OpenAsync(SuitePlan plan, string folder)
    {
        Directory.CreateDirectory(folder);
        var part = new AspNetCorePart(plan);
        await part.StartAsync(Bare, _ => { }, _ => { });
        await part.StartAsync(
            Capture,
            builder =>
            {
                builder.Services.AddSingleton<IAuditRecorder, Forgetful>();
                builder.Services.AddIndelibleAudit();
            },
            app => app.UseIndelibleAudit());
        await part.StartAsync(
            Durable,
            builder => builder.AddIndelible(client =>
            {
                client.ServerUrl = new Uri("http://127.0.0.1:9");
                client.Key = "ind_w_" + new string('x', 43);
                client.LogVkey = Vkey("bench/logs/main");
                client.ReceiptsVkey = Vkey("bench/receipts");
                client.SpoolFolder = Path.Combine(folder, "spool");
                client.SpoolBytes = 1L << 34;
            }),
            app => app.UseIndelibleAudit());
        Serilog.Core.Logger logger = new LoggerConfiguration().AuditTo.File(Path.Combine(folder, "serilog.json")).CreateLogger();
        await part.StartAsync(Serilogs, builder => builder.Services.AddSerilog(logger, dispose: true), app => app.UseSerilogRequestLogging());
        return part;
    }

    /// <inheritdoc/>
    public async Task MeasureAsync(Results results, CancellationToken cancellationToken)
    {
        // Another order in each round: what is measured first finds the machine in another state.
        int first = _round++;
        for (int i = 0; i < _variants.Count; i++)
        {
            (string name, _, int port) = _variants[(first + i) % _variants.Count];
            await MeasureAsync(results, name, port);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach ((_, WebApplication app, _) in _variants)
        {
            await app.DisposeAsync();
        }
    }

    private static string Vkey(string name)
    {
        using Ed25519NoteSigner signer = Ed25519NoteSigner.FromSeed(name, new byte[Ed25519NoteSigner.SeedSize]);
        return signer.VerifierKey.ToString();
    }

    private async Task StartAsync(string name, Action<WebApplicationBuilder> build, Action<WebApplication> use)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        build(builder);
        WebApplication app = builder.Build();
        use(app);
        app.MapGet("/records/{id}", (string id) => id).WithAudit("record.read");
        await app.StartAsync();
        string address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        _variants.Add((name, app, new Uri(address).Port));
    }

    private async Task MeasureAsync(Results results, string name, int port)
    {
        Socket[] sockets = new Socket[Connections];
        var latencies = new List<double>[Connections];
        byte[][] buffers = new byte[Connections][];
        for (int i = 0; i < Connections; i++)
        {
            sockets[i] = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await sockets[i].ConnectAsync(IPAddress.Loopback, port);
            latencies[i] = [];
            buffers[i] = new byte[4096];
        }

        var meter = new CpuMeter(Process.GetCurrentProcess());
        long requests = 0;
        double rate = await Workload.RateAsync(Connections, _plan.Duration, async i =>
        {
            long started = Stopwatch.GetTimestamp();
            await sockets[i].SendAsync(s_request);
            int read = 0;
            do
            {
                int n = await sockets[i].ReceiveAsync(buffers[i].AsMemory(read));
                read += n > 0 ? n : throw new InvalidOperationException("The connection was closed.");
            }
            while (!IsWhole(buffers[i].AsSpan(0, read)));
            latencies[i].Add(Stopwatch.GetElapsedTime(started).TotalMicroseconds);
            Interlocked.Increment(ref requests);
            return 1;
        });
        double cpu = meter.Cpu.TotalMicroseconds / requests;
        double[] all = [.. latencies.SelectMany(one => one).Order()];
        results.Add(name, "requests/s", rate);
        results.Add(name + ", p99", "µs", all[(int)(all.Length * 0.99)]);
        results.Add(name + ", processor time with the generator's", "µs a request", cpu);
        Array.ForEach(sockets, socket => socket.Dispose());
    }

    /// <summary>The answer is chunked or has a length; both end in the one digit that the endpoint gives.</summary>
    private static bool IsWhole(ReadOnlySpan<byte> answer) => answer.IndexOf("\r\n\r\n"u8) is >= 0 and var head && answer[(head + 4)..].IndexOf((byte)'7') >= 0;

    private sealed class Forgetful : IAuditRecorder
    {
        private static readonly RecordResult s_result = new("e", DeliveryMode.Durable, null);

        public ValueTask<RecordResult> RecordAsync(EventDraft draft, CancellationToken cancellationToken = default) => ValueTask.FromResult(s_result);

        public ValueTask<RecordResult> RecordAsync(EventDraft draft, DeliveryMode mode, CancellationToken cancellationToken = default) => ValueTask.FromResult(s_result);
    }
}
