using System.Diagnostics.Metrics;
using Indelible.Connections;
using Indelible.Engine;
using Indelible.Server.Access;
using Indelible.Server.Access.Sessions;
using Indelible.Server.Alerts;
using Indelible.Server.Detection;
using Indelible.Server.Endpoints;
using Indelible.Server.Export;
using Indelible.Server.Indexing;
using Indelible.Server.Ingestion;
using Indelible.Server.Limits;
using Indelible.Server.Notifications;
using Indelible.Server.Problems;
using Indelible.Server.Sources;
using Indelible.Server.Streams;
using Indelible.Server.Verification;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.FileProviders;
using OpenTelemetry.Metrics;

namespace Indelible.Server;

/// <summary>The composition root: an engine behind HTTP.</summary>
public static class IndelibleServer
{
    /// <summary>Makes the web application around an open engine.</summary>
    /// <param name="engine">Open; disposed by the caller, after the application has stopped.</param>
    /// <param name="options">Where to listen and how much to log.</param>
    /// <returns>The application, not started.</returns>
    /// <exception cref="FormatException">The certificate's files hold none and its key, or a stream asks for what there is not; the message names the file.</exception>
    /// <exception cref="IOException">They, or a file of rules, cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not read them.</exception>
    public static WebApplication Build(LogEngine engine, ServerOptions options)
    {
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(options);

        // Production whatever the machine's variables say: elsewhere a failure would be answered with its stack.
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ApplicationName = "indelible", EnvironmentName = Environments.Production });

        // Settings come from ServerOptions alone: no other file or variable may change where the server listens.
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddInMemoryCollection();
        ConfigureLogging(builder.Logging, options.LogLevel);
        builder.WebHost.UseUrls([.. options.Urls.Split(';', StringSplitOptions.RemoveEmptyEntries), .. options.OtlpGrpc is { } otlp ? [otlp] : Array.Empty<string>()]);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            if (options is { TlsCertificate: { } certificate, TlsKey: { } key })
            {
                var tls = new TlsCertificate(certificate, key, engine.Time, kestrel.ApplicationServices.GetRequiredService<ILogger<TlsCertificate>>());
                kestrel.ConfigureHttpsDefaults(https =>
                {
                    tls.Use(https);
                    CertificateCredentials.Use(https, engine);
                });
            }

            Http2Preface.Use(kestrel);
            StrictHttp1.Use(kestrel);
            ConnectionLimits.Use(kestrel.Limits);
        });
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = ServerLimits.StopTimeout);
        builder.Services.AddRouting();
        builder.Services.AddSingleton<Microsoft.AspNetCore.Routing.MatcherPolicy, ExactPathPolicy>();
        builder.Services.AddSingleton(engine);
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton<ServerMetrics>();
        builder.Services.AddSingleton<BackgroundVerification>();
        builder.Services.AddHostedService(services => services.GetRequiredService<BackgroundVerification>());
        builder.Services.AddSingleton<LogIndexes>();
        builder.Services.AddHostedService(services => services.GetRequiredService<LogIndexes>());
        builder.Services.AddSingleton<LogDetections>();
        builder.Services.AddSingleton<LogStreams>();
        builder.Services.AddHostedService(services => services.GetRequiredService<LogStreams>());
        builder.Services.AddSingleton<AlertBoard>();
        builder.Services.AddSingleton<Notifier>();

        // Notifications first: what detection finds when it starts is told.
        builder.Services.AddHostedService(services => services.GetRequiredService<Notifier>());
        builder.Services.AddHostedService(services => services.GetRequiredService<LogDetections>());
        builder.Services.AddSingleton<RefusalCounter>();
        builder.Services.AddSingleton<SourceWatch>();
        builder.Services.AddHostedService(services => services.GetRequiredService<SourceWatch>());
        builder.Services.AddSingleton<NodeResources>();
        builder.Services.AddSingleton<EndedExports>();
        builder.Services.AddSingleton<RequestRates>();
        builder.Services.AddSingleton<EventDoor>();
        builder.Services.AddSingleton<LastUses>();
        builder.Services.AddHostedService(services => services.GetRequiredService<LastUses>());
        builder.Services.AddSingleton<TokenCredentials>();
        builder.Services.AddSingleton<CertificateCredentials>();
        builder.Services.AddSingleton<SessionTable>();
        builder.Services.AddSingleton<SessionDoor>();
        builder.Services.AddHostedService<SessionWatch>();
        builder.Services.AddSingleton<Authenticator>();
        builder.Services.AddSingleton<ConfigurationHistory>();
        builder.Services.AddSingleton<AccessRefusals>();
        builder.Services.AddHostedService(services => services.GetRequiredService<AccessRefusals>());
        builder.Services.AddHostedService(services => services.GetRequiredService<RefusalCounter>());
        builder.Services.AddOpenApi(api => api.AddDocumentTransformer((document, _, _) =>
        {
            document.Info.Title = "Indelible";
            document.Info.Description = "An immutable audit log. Authorization: Bearer <key>. Errors are application/problem+json with types urn:indelible:<name>.";

            // By default the host that the request names: who can have a document kept somewhere under a host of his own would be sent other people's keys.
            document.Servers = [new Microsoft.OpenApi.OpenApiServer { Url = "/" }];
            return Task.CompletedTask;
        }));
        builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics
            .AddMeter(ServerMetrics.MeterName, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel")
            .AddPrometheusExporter());

        // Meters are found by name: those of another server in this process have the same instruments, and would take these with them when it ends.
        builder.Services.ConfigureOpenTelemetryMeterProvider((services, metrics) =>
        {
            IMeterFactory own = services.GetRequiredService<IMeterFactory>();
            metrics.AddView(instrument => instrument.Meter.Scope == own ? null : MetricStreamConfiguration.Drop);
        });

        WebApplication app = builder.Build();
        _ = app.Services.GetRequiredService<ServerMetrics>();

        // What is wrong with the streams is told before anything is served.
        _ = app.Services.GetRequiredService<LogStreams>();
        app.UseMiddleware<StrictRequests>();
        app.UseMiddleware<SecurityHeaders>();
        app.UseMiddleware<ProblemMiddleware>((Action<HttpContext, Problem>)app.Services.GetRequiredService<AccessRefusals>().Count);
        app.UseMiddleware<RateMiddleware>();
        app.UseMiddleware<RepeatedParameters>();
        if (options.OtlpGrpc is { } alone)
        {
            ServeOnly(app, new Uri(alone).Port, OtlpEndpoint.GrpcPath);
        }

        MapPage(app);
        LogEndpoints.Map(app);
        KeyEndpoints.Map(app);
        PrincipalEndpoints.Map(app);
        IssuerEndpoints.Map(app);
        CertificateEndpoints.Map(app);
        AccessHistoryEndpoint.Map(app);
        SessionEndpoints.Map(app);
        AppendEndpoint.Map(app);
        OtlpEndpoint.Map(app);
        EntryEndpoints.Map(app);
        ContextEndpoint.Map(app);
        EntityEndpoint.Map(app);
        SearchEndpoints.Map(app);
        CountsEndpoint.Map(app);
        BacktestEndpoint.Map(app);
        SourcesEndpoints.Map(app);
        TailEndpoint.Map(app);
        ExportEndpoints.Map(app);
        AlertEndpoints.Map(app);
        RuleEndpoints.Map(app);
        NotificationEndpoints.Map(app);
        StreamEndpoints.Map(app);
        TileEndpoints.Map(app);
        RotationEndpoints.Map(app);
        HealthEndpoints.Map(app);
        VerificationEndpoint.Map(app);
        app.MapOpenApi("/openapi/v1.json");
        MetricsEndpoint.Map(app, engine);
        return app;
    }

    /// <summary>Logs to standard error, one line an event.</summary>
    public static void ConfigureLogging(ILoggingBuilder logging, LogLevel level)
    {
        ArgumentNullException.ThrowIfNull(logging);
        logging.ClearProviders();
        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
        });
        logging.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        logging.SetMinimumLevel(level);

        // Below that, Kestrel repeats header lines that it cannot read, keys and all.
        logging.AddFilter("Microsoft", level > LogLevel.Warning ? level : LogLevel.Warning);
    }

    /// <summary>At one port, serves one path and nothing else: who is let in there by a firewall is let in for that.</summary>
    private static void ServeOnly(WebApplication app, int port, string path) => app.Use((context, next) =>
        context.Connection.LocalPort != port || context.Request.Path == path ? next(context) : throw new ProblemException(Problem.NotFound("Nothing but OpenTelemetry's gRPC is served at this port.")));

    /// <summary>Says of a text which characters its bytes are: nobody need guess.</summary>
    private static void NameCharset(HttpResponse response)
    {
        if (response.ContentType is { } type && type.StartsWith("text/", StringComparison.Ordinal))
        {
            response.ContentType = type + "; charset=utf-8";
        }
    }

    private static void MapPage(WebApplication app)
    {
        var files = new ManifestEmbeddedFileProvider(typeof(IndelibleServer).Assembly, "wwwroot");
        app.UseStaticFiles(new StaticFileOptions { FileProvider = files, OnPrepareResponse = static file => NameCharset(file.Context.Response) });

        // A route of its own: the fallback for unknown routes is chosen before any middleware could turn / into a file.
        app.MapGet("/", (HttpContext context) =>
        {
            context.Response.ContentType = "text/html; charset=utf-8";
            return context.Response.SendFileAsync(files.GetFileInfo("index.html"), context.RequestAborted);
        }).ExcludeFromDescription();
    }
}
