using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;

namespace Indelible.Client.Tests.Recording;

/// <summary>A web server in front of the log's: it can end TLS, notes what it is asked, and answers an append itself where it is told to.</summary>
internal sealed class Front : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly HttpClient _behind;
    private readonly X509Certificate2? _certificate;

    private Front(string target, bool tls)
    {
        int port = BlackBox.Tests.Command.FreePort();
        Url = $"{(tls ? "https" : "http")}://localhost:{port}";
        _behind = new HttpClient { BaseAddress = new Uri(target) };
        _certificate = tls ? NewCertificate() : null;
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port, listen =>
        {
            listen.Protocols = tls ? HttpProtocols.Http1AndHttp2 : HttpProtocols.Http1;
            if (_certificate is not null)
            {
                listen.UseHttps(new HttpsConnectionAdapterOptions { ServerCertificate = _certificate });
            }
        }));
        builder.Logging.ClearProviders();
        _application = builder.Build();
        _application.Run(AnswerAsync);
    }

    /// <summary>Its address, by the name that its certificate has.</summary>
    public string Url { get; }

    /// <summary>The protocol and the content encoding of each append so far.</summary>
    public ConcurrentQueue<(string Protocol, string Encoding)> Appends { get; } = new();

    /// <summary>Answers an append itself and gives true, or gives false.</summary>
    public Func<HttpContext, bool> Intercept { get; set; } = _ => false;

    public static async Task<Front> StartAsync(string target, bool tls = false)
    {
        var front = new Front(target, tls);
        await front._application.StartAsync();
        return front;
    }

    /// <summary>Writes the certificate that a client must trust.</summary>
    public void SaveCertificate(string path) => File.WriteAllText(path, _certificate!.ExportCertificatePem());

    public async ValueTask DisposeAsync()
    {
        await _application.DisposeAsync();
        _behind.Dispose();
        _certificate?.Dispose();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        HttpRequest request = context.Request;
        if (HttpMethods.IsPost(request.Method))
        {
            Appends.Enqueue((request.Protocol, request.Headers.ContentEncoding.ToString()));
            if (Intercept(context))
            {
                return;
            }
        }

        using var onward = new HttpRequestMessage(new HttpMethod(request.Method), request.Path + request.QueryString);
        onward.Headers.TryAddWithoutValidation("Authorization", request.Headers.Authorization.ToString());
        if (HttpMethods.IsPost(request.Method))
        {
            onward.Content = new StreamContent(request.Body);
            onward.Content.Headers.TryAddWithoutValidation("Content-Type", request.ContentType);
            onward.Content.Headers.TryAddWithoutValidation("Content-Encoding", (IEnumerable<string?>)request.Headers.ContentEncoding);
        }

        using HttpResponseMessage answer = await _behind.SendAsync(onward, context.RequestAborted);
        context.Response.StatusCode = (int)answer.StatusCode;
        context.Response.ContentType = answer.Content.Headers.ContentType?.ToString();
        await answer.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
    }

    private static X509Certificate2 NewCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        return request.CreateSelfSigned(DateTimeOffset.UnixEpoch.AddYears(50), DateTimeOffset.UnixEpoch.AddYears(100));
    }
}
