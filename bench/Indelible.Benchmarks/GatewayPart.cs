using Indelible.Client.Recording;
using Indelible.Gateway;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Configuration;

namespace Indelible.Benchmarks;

/// <summary>A trivial application behind YARP alone, and behind our gateway, which records every request to its spool.</summary>
/// <remarks>Application, proxies and load run in this process. The log's server is away: its work is not the gateway's.</remarks>
internal sealed class GatewayPart : IMeasuredPart
{
    /// <summary>The peer.</summary>
    public const string Bare = "YARP alone, by its defaults, before a trivial application";

    /// <summary>Ours.</summary>
    public const string Ours = "gateway, every request recorded, before a trivial application";

    private const string Forgetting = "gateway, recorder that forgets, before a trivial application";

    private readonly SuitePlan _plan;
    private readonly WebApplication _application;
    private readonly (string Name, WebApplication App)[] _variants;
    private int _round;

    private GatewayPart(SuitePlan plan, WebApplication application, (string Name, WebApplication App)[] variants)
    {
        _plan = plan;
        _application = application;
        _variants = variants;
    }

    /// <summary>Starts the application and both proxies.</summary>
    public static async Task<GatewayPart> OpenAsync(SuitePlan plan, string folder)
    {
        Directory.CreateDirectory(folder);
        WebApplication application = Make(_ => { });
        application.MapGet("/records/{id}", (string id) => id);
        await application.StartAsync();
        string to = application.Urls.Single();

        // As its documentation sets it up: one route, one cluster, its own defaults, which forward the caller's address as ours do.
        WebApplication bare = Make(builder => builder.Services.AddReverseProxy().LoadFromMemory(
            [new RouteConfig { RouteId = "all", ClusterId = "application", Match = new RouteMatch { Path = "/{**path}" } }],
            [new ClusterConfig { ClusterId = "application", Destinations = new Dictionary<string, DestinationConfig> { ["one"] = new() { Address = to } } }]));
        bare.MapReverseProxy();
        await bare.StartAsync();

        var settings = new GatewaySettings
        {
            To = to,
            Listen = "http://127.0.0.1:0",
            RecordEverything = true,
            Log = new LogSettings { Url = "http://127.0.0.1:9", Vkey = AspNetCorePart.Vkey("bench/logs/main"), ReceiptsVkey = AspNetCorePart.Vkey("bench/receipts"), Spool = Path.Combine(folder, "spool") },
        };
        WebApplication ours = GatewayApplication.Build(settings, null, "ind_w_" + new string('x', 43), builder => builder.Logging.ClearProviders());
        await ours.StartAsync();
        WebApplication forgetting = GatewayApplication.Build(settings, null, null, builder =>
        {
            builder.Logging.ClearProviders();
            builder.Services.AddSingleton<IAuditRecorder, AspNetCorePart.Forgetful>();
        });
        await forgetting.StartAsync();
        return new GatewayPart(plan, application, [(Bare, bare), (Ours, ours), (Forgetting, forgetting)]);
    }

    /// <inheritdoc/>
    public async Task MeasureAsync(Results results, CancellationToken cancellationToken)
    {
        // The other one first in every other round.
        int first = _round++;
        for (int i = 0; i < _variants.Length; i++)
        {
            (string name, WebApplication app) = _variants[(first + i) % _variants.Length];
            await RequestLoad.MeasureAsync(results, name, new Uri(app.Urls.Single()).Port, _plan.Duration);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach ((_, WebApplication app) in _variants)
        {
            await app.DisposeAsync();
        }

        await _application.DisposeAsync();
    }

    private static WebApplication Make(Action<WebApplicationBuilder> build)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        build(builder);
        return builder.Build();
    }
}
