using System.Collections.Concurrent;
using System.IO.Compression;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Indelible.Server.Tests.Streams;

/// <summary>A request that a receiver got.</summary>
/// <param name="Path">Its path.</param>
/// <param name="Headers">Its headers.</param>
/// <param name="Lines">The lines of its body.</param>
internal sealed record Received(string Path, IReadOnlyDictionary<string, string> Headers, IReadOnlyList<JsonElement> Lines);

/// <summary>A collector: real Kestrel, that can be taken down and put up again at its port. What it answers is a test's to say, path by path.</summary>
internal sealed class Receiver : IAsyncDisposable
{
    private readonly X509Certificate2? _certificate;
    private readonly ConcurrentDictionary<string, Func<HttpContext, Received, Task<int>>> _answers = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<(Received Request, int Status)> _requests = new();
    private WebApplication? _app;
    private int _port;

    /// <param name="certificate">By which it is reached over https; null for http.</param>
    public Receiver(X509Certificate2? certificate = null) => _certificate = certificate;

    public string Url => $"{(_certificate is null ? "http" : "https")}://localhost:{_port}";

    /// <summary>What it got, in order, and what it answered.</summary>
    public IEnumerable<(Received Request, int Status)> Requests(string path) => _requests.Where(request => request.Request.Path == path);

    /// <summary>The lines that it took.</summary>
    public JsonElement[] Taken(string path) => [.. Requests(path).Where(request => request.Status == 200).SelectMany(request => request.Request.Lines)];

    /// <summary>Says what a path is answered from now on.</summary>
    public void Answer(string path, Func<Received, int> status) => Answer(path, (_, received) => Task.FromResult(status(received)));

    public void Answer(string path, Func<HttpContext, Received, Task<int>> status) => _answers[path] = status;

    public async Task StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, _port, listen =>
        {
            if (_certificate is not null)
            {
                listen.UseHttps(_certificate);
            }
        }));
        _app = builder.Build();
        _app.Run(TakeAsync);
        await _app.StartAsync();
        _port = new Uri(_app.Urls.Single()).Port;
    }

    public async Task StopAsync()
    {
        if (_app is not null)
        {
            using var now = new CancellationTokenSource(0);
            await _app.StopAsync(now.Token);
            await _app.DisposeAsync();
            _app = null;
        }
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    private async Task TakeAsync(HttpContext context)
    {
        using var buffer = new MemoryStream();
        await using Stream body = context.Request.Headers.ContentEncoding == "gzip" ? new GZipStream(context.Request.Body, CompressionMode.Decompress) : context.Request.Body;
        await body.CopyToAsync(buffer);
        string text = System.Text.Encoding.UTF8.GetString(buffer.ToArray());
        var received = new Received(
            context.Request.Path,
            context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase),
            [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonElement.Parse(line))]);
        int status = _answers.TryGetValue(received.Path, out Func<HttpContext, Received, Task<int>>? answer) ? await answer(context, received) : 200;
        _requests.Enqueue((received, status));
        context.Response.StatusCode = status;
        if (context.Items["answer"] is string answered)
        {
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync(answered);
        }
    }
}
