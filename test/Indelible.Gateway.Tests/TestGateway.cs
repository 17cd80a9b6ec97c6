using System.Net;
using Indelible.AspNetCore.Tests.Support;
using Indelible.Client.Recording;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Indelible.Gateway.Tests;

/// <summary>A gateway on a loopback port before an application on two others (HTTP/1, and HTTP/2 for gRPC), with a recorder that keeps.</summary>
internal sealed class TestGateway : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly WebApplication _gateway;

    private TestGateway(WebApplication application, WebApplication gateway, KeptRecorder recorder, List<string> reached)
    {
        _application = application;
        _gateway = gateway;
        Recorder = recorder;
        Reached = reached;
        Url = new Uri(gateway.Urls.Single());
        Http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = Url, Timeout = TimeSpan.FromMinutes(2) };
    }

    public KeptRecorder Recorder { get; }

    /// <summary>The paths that reached the application.</summary>
    public List<string> Reached { get; }

    public Uri Url { get; }

    public HttpClient Http { get; }

    /// <param name="settings">Changes the settings.</param>
    /// <param name="map">Endpoints of the application before its last, which says what it got.</param>
    /// <param name="protocols">What the application speaks.</param>
    /// <param name="time">The gateway's clock.</param>
    /// <param name="file">The settings file to watch.</param>
    /// <param name="build">Services of the application.</param>
    public static async Task<TestGateway> StartAsync(
        Func<GatewaySettings, GatewaySettings>? settings = null,
        Action<WebApplication>? map = null,
        HttpProtocols protocols = HttpProtocols.Http1,
        TimeProvider? time = null,
        string? file = null,
        Action<WebApplicationBuilder>? build = null)
    {
        var reached = new List<string>();
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = protocols);
        });
        build?.Invoke(builder);
        WebApplication application = builder.Build();
        application.UseWebSockets();
        application.Use((context, next) =>
        {
            lock (reached)
            {
                reached.Add(context.Request.Path);
            }

            return next(context);
        });
        map?.Invoke(application);
        application.MapFallback(context => context.Response.WriteAsync(string.Join('\n', context.Request.Headers.Select(header => $"{header.Key}: {header.Value}").Prepend(context.Request.Path + context.Request.QueryString))));
        await application.StartAsync();

        var recorder = new KeptRecorder();
        var stated = new GatewaySettings { To = application.Urls.Single(), Listen = "http://127.0.0.1:0" };
        stated = settings?.Invoke(stated) ?? stated;
        Assert.Empty(stated.Faults());
        WebApplication gateway = GatewayApplication.Build(stated, file is null ? null : (file, await File.ReadAllBytesAsync(file)), null, host =>
        {
            host.Logging.ClearProviders();
            host.Services.AddSingleton<IAuditRecorder>(recorder);
            if (time is not null)
            {
                host.Services.AddSingleton(time);
            }
        });
        await gateway.StartAsync();
        return new TestGateway(application, gateway, recorder, reached);
    }

    public async Task<(int Status, string Body)> GetAsync(string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        foreach ((string name, string value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using HttpResponseMessage response = await Http.SendAsync(request);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        await _gateway.StopAsync(patience.Token);
        await _gateway.DisposeAsync();
        await _application.StopAsync(patience.Token);
        await _application.DisposeAsync();
    }
}
