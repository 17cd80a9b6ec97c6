using System.Net;
using System.Security.Cryptography.X509Certificates;
using Indelible.AspNetCore;
using Indelible.Client.Recording;
using Indelible.Connections;
using Indelible.Gateway.Identities;
using Indelible.Gateway.Requests;
using Indelible.Gateway.Rules;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.IdentityModel.Tokens;

namespace Indelible.Gateway;

/// <summary>The composition root: a reverse proxy that records.</summary>
public static class GatewayApplication
{
    /// <summary>Answers whether the gateway runs; never passed on.</summary>
    public const string HealthPath = "/.indelible/health";

    /// <summary>Answers whether the gateway runs and records.</summary>
    public const string ReadyPath = "/.indelible/ready";

    /// <summary>Makes the gateway.</summary>
    /// <param name="settings">Without faults.</param>
    /// <param name="file">The settings file and its bytes, whose rules are read anew when it changes; null where there is none.</param>
    /// <param name="key">The writer's key for the log.</param>
    /// <param name="configure">Changes the host before it is built.</param>
    /// <returns>The application, not started.</returns>
    /// <exception cref="IOException">A file that the settings name cannot be read.</exception>
    /// <exception cref="FormatException">A file that the settings name is not what it should be.</exception>
    public static WebApplication Build(GatewaySettings settings, (string Path, byte[] Bytes)? file, string? key, Action<WebApplicationBuilder>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(settings);

        // Production whatever the machine's variables say: elsewhere a failure would be answered with its stack.
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ApplicationName = "indelible", EnvironmentName = Environments.Production });

        // Settings come from the file and the command alone.
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddInMemoryCollection();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.UseUrls(settings.Listen.Split(';', StringSplitOptions.RemoveEmptyEntries));
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;   // the application has its own
            TlsCertificate? certificate = settings.Identity.Tls is { } tls
                ? new TlsCertificate(tls.Certificate, tls.Key, TimeProvider.System, kestrel.ApplicationServices.GetRequiredService<ILogger<TlsCertificate>>())
                : null;
            kestrel.ConfigureHttpsDefaults(https =>
            {
                certificate?.Use(https);
                https.ClientCertificateMode = settings.Identity.Certificate is null ? ClientCertificateMode.NoCertificate : ClientCertificateMode.AllowCertificate;
                https.ClientCertificateValidation = static (_, _, _) => true;   // judged by the scheme, so that the attempt is recorded
            });
            Http2Preface.Use(kestrel);
            StrictHttp1.Use(kestrel);
        });
        IServiceCollection services = builder.Services;
        services.AddSingleton(settings);
        services.AddSingleton(new RuleStore(new RuleBook(settings.Rules, settings.DenyByDefault, settings.FailClosed)));
        services.AddSingleton<GatewayTransformer>();
        services.AddSingleton(_ => ClientOf(settings));
        services.AddSingleton(AddIdentity(services, settings.Identity));
        services.AddHttpForwarder();
        if (file is { } source)
        {
            services.AddSingleton<IHostedService>(provider => new RuleReload(
                source.Path,
                source.Bytes,
                settings,
                provider.GetRequiredService<RuleStore>(),
                provider.GetRequiredService<IAuditRecorder>(),
                provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<ILogger<RuleReload>>()));
        }

        configure?.Invoke(builder);
        builder.AddIndelible(
            client =>
            {
                client.ServerUrl = new Uri(settings.Log.Url);
                client.Log = settings.Log.Name;
                client.Key = key;
                client.LogVkey = settings.Log.Vkey;
                client.ReceiptsVkey = settings.Log.ReceiptsVkey;
                client.ServiceName = settings.Name ?? new Uri(settings.To).Authority;
                client.SpoolFolder = settings.Log.Spool;
            },
            capture =>
            {
                capture.Scope = settings.RecordEverything ? AuditScope.Everything : AuditScope.Protected;
                capture.IntentBudget = TimeSpan.FromMilliseconds(settings.IntentBudgetMs);

                // Without the application's routes, the path is what tells one request from another.
                capture.Path = true;
                capture.Actor.Roles.Add(settings.Identity.Jwt?.RolesClaim ?? "roles");
                foreach (string network in settings.TrustedProxies)
                {
                    capture.TrustedProxies.Add(network);
                }
            });
        WebApplication app = builder.Build();

        // Health is asked for too often to be an event, and by nobody who is known.
        app.MapWhen(static context => context.Request.Path == HealthPath || context.Request.Path == ReadyPath, health => health.Run(AnswerHealthAsync));
        app.UseIndelibleAudit();
        app.UseMiddleware<GatewayMiddleware>();
        return app;
    }

    private static Task AnswerHealthAsync(HttpContext context)
    {
        AuditClientHealth? health = context.Request.Path == ReadyPath ? context.RequestServices.GetService<AuditClient>()?.Health : null;
        bool isReady = health is null or { State: AuditClientState.Healthy or AuditClientState.Delayed };
        context.Response.StatusCode = isReady ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        return context.Response.WriteAsync(isReady ? "ok\n" : $"not recording: {health!.Detail}\n", context.RequestAborted);
    }

    private static HttpMessageInvoker ClientOf(GatewaySettings settings) => new(new SocketsHttpHandler
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        UseCookies = false,
        EnableMultipleHttp2Connections = true,
        ActivityHeadersPropagator = null,
        ConnectTimeout = TimeSpan.FromSeconds(15),
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(settings.IdleSeconds),
    });

    private static IdentitySchemes AddIdentity(IServiceCollection services, IdentitySettings identity)
    {
        AuthenticationBuilder authentication = services.AddAuthentication();
        services.TryAddSingleton(TimeProvider.System);
        var names = new List<string>();
        if (identity.Certificate is { } certificate)
        {
            names.Add(ClientCertificateHandler.Name);
            X509Certificate2Collection authorities = [];
            if (certificate.Authorities is { } path)
            {
                authorities.ImportFromPemFile(path);
            }

            byte[][] thumbprints = [.. certificate.Thumbprints.Select(Convert.FromHexString)];
            authentication.AddScheme<ClientCertificateOptions, ClientCertificateHandler>(ClientCertificateHandler.Name, options =>
            {
                options.Authorities = authorities;
                options.Thumbprints = thumbprints;
            });
        }

        if (identity.Jwt is { } jwt)
        {
            names.Add("jwt");
            IList<SecurityKey> keys = ReadKeys(jwt.Keys);
            authentication.AddJwtBearer("jwt", options =>
            {
                options.MapInboundClaims = false;
                options.TokenValidationParameters = new TokenValidationParameters
                {
                    ValidIssuer = jwt.Issuer,
                    ValidAudience = jwt.Audience,
                    IssuerSigningKeys = keys,
                    ValidAlgorithms = jwt.Algorithms,
                    ValidTypes = jwt.Types.Count == 0 ? null : jwt.Types,
                    RequireSignedTokens = true,
                    RequireExpirationTime = true,
                    ClockSkew = TimeSpan.FromSeconds(30),
                    NameClaimType = jwt.UserClaim,
                    RoleClaimType = jwt.RolesClaim,
                };
            });
        }

        if (identity.Header is { } header)
        {
            names.Add(TrustedHeaderHandler.Name);
            authentication.AddScheme<TrustedHeaderOptions, TrustedHeaderHandler>(TrustedHeaderHandler.Name, options => options.Header = header);
        }

        return new IdentitySchemes(names);
    }

    private static IList<SecurityKey> ReadKeys(string path)
    {
        try
        {
            return new JsonWebKeySet(File.ReadAllText(path)).GetSigningKeys() is { Count: > 0 } keys ? keys : throw new FormatException($"identity.jwt.keys: {path} holds no key that signs");
        }
        catch (ArgumentException e)
        {
            throw new FormatException($"identity.jwt.keys: {path} is no JSON Web Key Set: {e.Message}");
        }
    }
}
