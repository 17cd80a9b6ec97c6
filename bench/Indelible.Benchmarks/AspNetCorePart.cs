using System.Net;
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
    private const string Bare = "ASP.NET Core, trivial endpoint";
    private const string Capture = "ASP.NET Core, with our middleware, recorder that forgets";
    private const string Durable = "ASP.NET Core, with our middleware, Durable to the spool";
    private const string Serilogs = "ASP.NET Core, with Serilog's request log, audited to a file";
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
            await RequestLoad.MeasureAsync(results, name, port, _plan.Duration);
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

    internal static string Vkey(string name)
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

    internal sealed class Forgetful : IAuditRecorder
    {
        private static readonly RecordResult s_result = new("e", DeliveryMode.Durable, null);

        public ValueTask<RecordResult> RecordAsync(EventDraft draft, CancellationToken cancellationToken = default) => ValueTask.FromResult(s_result);

        public ValueTask<RecordResult> RecordAsync(EventDraft draft, DeliveryMode mode, CancellationToken cancellationToken = default) => ValueTask.FromResult(s_result);
    }
}
