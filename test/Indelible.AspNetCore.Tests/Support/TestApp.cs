using System.Net;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Indelible.Client.Recording;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Indelible.AspNetCore.Tests.Support;

/// <summary>An application on Kestrel and a loopback port, with the middleware first and a recorder that keeps.</summary>
internal sealed class TestApp : IAsyncDisposable
{
    private readonly WebApplication _app;

    private TestApp(WebApplication app, KeptRecorder recorder, KeptLogs logs, Uri address)
    {
        _app = app;
        recorder.Said = () => logs.Lines.Where(line => line.Category.StartsWith("Indelible", StringComparison.Ordinal)).Select(line => line.Text);
        Recorder = recorder;
        Logs = logs;
        Address = address;
        Http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = true }) { BaseAddress = address, Timeout = TimeSpan.FromMinutes(5) };
    }

    public KeptRecorder Recorder { get; }

    public KeptLogs Logs { get; }

    public Uri Address { get; }

    public HttpClient Http { get; }

    public IServiceProvider Services => _app.Services;

    /// <param name="build">Services.</param>
    /// <param name="map">Middleware and endpoints behind ours.</param>
    /// <param name="audit">Options.</param>
    /// <param name="use">The pipeline in the place of ours first: for tests of order.</param>
    /// <param name="protocols">What the port speaks.</param>
    public static async Task<TestApp> StartAsync(
        Action<WebApplication> map,
        Action<WebApplicationBuilder>? build = null,
        Action<AuditOptions>? audit = null,
        Action<WebApplication>? use = null,
        HttpProtocols protocols = HttpProtocols.Http1)
    {
        var recorder = new KeptRecorder();
        var logs = new KeptLogs();
        WebApplicationBuilder builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Production", ApplicationName = typeof(TestApp).Assembly.GetName().Name });
        builder.Logging.ClearProviders().AddProvider(logs);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = protocols);
        });
        builder.Services.AddSingleton<IAuditRecorder>(recorder);
        builder.Services.AddAuthorization();
        build?.Invoke(builder);
        builder.Services.AddIndelibleAudit(audit);
        WebApplication app = builder.Build();
        (use ?? (static app => app.UseIndelibleAudit()))(app);
        map(app);
        await app.StartAsync();
        string address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return new TestApp(app, recorder, logs, new Uri(address));
    }

    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.StopAsync(new CancellationTokenSource(TimeSpan.FromSeconds(5)).Token);
        await _app.DisposeAsync();
    }
}

/// <summary>Believes a header that names the user and the roles: <c>X-User: ada;nurse,admin</c>.</summary>
internal sealed class HeaderAuthentication(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public static void Add(WebApplicationBuilder builder) => builder.Services.AddAuthentication("Header").AddScheme<AuthenticationSchemeOptions, HeaderAuthentication>("Header", null);

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        string stated = Request.Headers["X-User"].ToString();
        if (stated.Length == 0)
        {
            return Task.FromResult(AuthenticateResult.NoResult());
        }

        if (stated == "broken")
        {
            return Task.FromResult(AuthenticateResult.Fail(new InvalidOperationException("the token abc.def.ghi is broken")));
        }

        string[] parts = stated.Split(';');
        var claims = new List<Claim> { new("sub", parts[0]), new("sid", "s-" + parts[0]) };
        claims.AddRange((parts.Length > 1 ? parts[1] : "").Split(',', StringSplitOptions.RemoveEmptyEntries).Select(role => new Claim("role", role)));
        claims.AddRange(parts.Skip(2).Select(claim => new Claim(claim[..claim.IndexOf('=', StringComparison.Ordinal)], claim[(claim.IndexOf('=', StringComparison.Ordinal) + 1)..])));
        var identity = new ClaimsIdentity(claims, "Header", "sub", "role");
        return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), "Header")));
    }
}
