using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Indelible.Connections;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Indelible.Server.Tests.Notifications;

/// <summary>A request that a receiver was sent.</summary>
internal sealed record Received(string Path, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public JsonElement Json => JsonElement.Parse(Body);

    public string Text => Encoding.UTF8.GetString(Body);

    public string Alert => Json.GetProperty("data").GetProperty("alert").GetProperty("id").GetString()!;
}

/// <summary>A real receiver of webhooks on Kestrel: keeps what comes by its path, and answers as it is told to.</summary>
internal sealed class HookReceiver : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, Channel<Received>> _received = new();
    private readonly ConcurrentDictionary<string, Func<int, HttpContext, Task>> _answers = new();
    private readonly ConcurrentDictionary<string, int> _counts = new();

    private HookReceiver(WebApplication app) => _app = app;

    public string Url => _app.Urls.First(url => url.StartsWith("http:", StringComparison.Ordinal));

    /// <summary>Where it is reached by TLS, if a certificate was given.</summary>
    public string SecureUrl => _app.Urls.First(url => url.StartsWith("https:", StringComparison.Ordinal));

    /// <param name="certificateFolder">Where a certificate is that it serves with as well; null for none.</param>
    public static async Task<HookReceiver> StartAsync(string? certificateFolder = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            if (certificateFolder is not null)
            {
                X509Certificate2 certificate = X509Certificate2.CreateFromPemFile(Path.Combine(certificateFolder, DevelopmentCertificate.CertificateFile), Path.Combine(certificateFolder, DevelopmentCertificate.KeyFile));
                kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(certificate));
            }
        });
        WebApplication app = builder.Build();
        var receiver = new HookReceiver(app);
        app.Run(receiver.TakeAsync);
        await app.StartAsync();
        return receiver;
    }

    /// <summary>How requests to a path are answered, by their number from 1.</summary>
    public void Answer(string path, Func<int, HttpContext, Task> how) => _answers[path] = how;

    public void Answer(string path, Func<int, int> status) => Answer(path, (number, context) =>
    {
        context.Response.StatusCode = status(number);
        return Task.CompletedTask;
    });

    /// <summary>The next request to a path.</summary>
    public async Task<Received> NextAsync(string path)
    {
        using var timeout = new CancellationTokenSource(s_patience);
        return await Of(path).Reader.ReadAsync(timeout.Token);
    }

    /// <summary>Whether nothing came to a path that was not asked for.</summary>
    public bool IsEmpty(string path) => !Of(path).Reader.TryPeek(out _);

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private Channel<Received> Of(string path) => _received.GetOrAdd(path, _ => Channel.CreateUnbounded<Received>());

    private async Task TakeAsync(HttpContext context)
    {
        string path = context.Request.Path;
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        int number = _counts.AddOrUpdate(path, 1, (_, count) => count + 1);
        Of(path).Writer.TryWrite(new Received(path, context.Request.Headers.ToDictionary(header => header.Key.ToLowerInvariant(), header => header.Value.ToString()), body.ToArray()));
        if (_answers.TryGetValue(path, out Func<int, HttpContext, Task>? answer))
        {
            await answer(number, context);
        }
    }
}
