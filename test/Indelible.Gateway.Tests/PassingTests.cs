using System.Net;
using System.Net.WebSockets;
using System.Text;
using Grpc.Core;
using Grpc.Net.Client;
using Indelible.Client.Recording;
using Indelible.Events.Producing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Indelible.Gateway.Tests;

/// <summary>What passes through, untouched and unbuffered.</summary>
public sealed class PassingTests
{
    private static readonly Marshaller<string> s_text = Marshallers.Create(Encoding.UTF8.GetBytes, Encoding.UTF8.GetString);
    private static readonly Method<string, string> s_shout = new(MethodType.DuplexStreaming, "test.Echo", "Shout", s_text, s_text);

    [Fact]
    public async Task Status_headers_bodies_and_redirections_are_as_the_application_made_them()
    {
        await using TestGateway gateway = await TestGateway.StartAsync(map: app => app.MapPost("/orders/{id}", async (HttpContext context, string id) =>
        {
            context.Response.StatusCode = 302;
            context.Response.Headers.Location = "/elsewhere?x=1";
            context.Response.Headers.Append("Set-Cookie", "a=1; Path=/");
            context.Response.Headers.Append("Set-Cookie", "b=2; Path=/");
            context.Response.Headers["X-Id"] = id;
            using var reader = new StreamReader(context.Request.Body);
            await context.Response.WriteAsync("got " + await reader.ReadToEndAsync() + context.Request.QueryString);
        }));
        using HttpResponseMessage response = await gateway.Http.PostAsync("/orders/a%20b?q=%2F&q=2", new StringContent("body"), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Redirect, response.StatusCode);
        Assert.Equal("/elsewhere?x=1", response.Headers.Location!.OriginalString);
        Assert.Equal(["a=1; Path=/", "b=2; Path=/"], response.Headers.GetValues("Set-Cookie"));
        Assert.Equal("a b", response.Headers.GetValues("X-Id").Single());
        Assert.Equal("got body?q=%2F&q=2", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        EventDraft draft = await gateway.Recorder.WaitAsync("http.post");
        Assert.Equal(302, draft.Request!.Status);
        Assert.Equal(4, draft.Request.BytesIn);
        Assert.Equal("/orders/a%20b", draft.Request.Path);
        Assert.Equal("default", draft.Decision!.Rule);
    }

    [Fact]
    public async Task Events_are_streamed_one_by_one()
    {
        var go = new SemaphoreSlim(0);
        await using TestGateway gateway = await TestGateway.StartAsync(map: app => app.MapGet("/stream", async (HttpContext context) =>
        {
            context.Response.ContentType = "text/event-stream";
            for (int i = 0; i < 3; i++)
            {
                await context.Response.WriteAsync($"data: {i}\n\n");
                await context.Response.Body.FlushAsync();
                await go.WaitAsync(context.RequestAborted);
            }
        }));
        await using Stream stream = await gateway.Http.GetStreamAsync("/stream", TestContext.Current.CancellationToken);
        using var reader = new StreamReader(stream);
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal($"data: {i}", await reader.ReadLineAsync(TestContext.Current.CancellationToken));
            Assert.Equal("", await reader.ReadLineAsync(TestContext.Current.CancellationToken));
            go.Release();
        }

        Assert.Null(await reader.ReadLineAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Web_sockets_pass_and_are_recorded()
    {
        await using TestGateway gateway = await TestGateway.StartAsync(settings => settings with { RecordEverything = true }, map: MapSocket);
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri($"ws://{gateway.Url.Authority}/socket"), TestContext.Current.CancellationToken);
        Assert.Equal("hello", await EchoAsync(socket, "hello"));
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "bye", TestContext.Current.CancellationToken);
        EventDraft draft = Assert.Single(await gateway.Recorder.WaitAsync(1));
        Assert.Equal(101, draft.Request!.Status);
    }

    [Fact]
    public async Task A_fan_out_of_web_sockets_takes_little_memory_each()
    {
        int clients = int.TryParse(Environment.GetEnvironmentVariable("INDELIBLE_SOCKETS"), out int stated) ? stated : 300;
        await using TestGateway gateway = await TestGateway.StartAsync(map: MapSocket);
        var sockets = new List<ClientWebSocket>();
        try
        {
            await OpenAsync(clients / 3);
            long before = GC.GetTotalMemory(forceFullCollection: true);
            await OpenAsync(clients - sockets.Count);
            Assert.All(await Task.WhenAll(sockets.Select(socket => EchoAsync(socket, "x"))), echo => Assert.Equal("x", echo));
            long each = (GC.GetTotalMemory(forceFullCollection: true) - before) / (clients - (clients / 3));

            // Client, gateway (both sides) and application together.
            Assert.InRange(each, 0, 256 * 1024);
        }
        finally
        {
            sockets.ForEach(socket => socket.Dispose());
        }

        async Task OpenAsync(int count)
        {
            for (int i = 0; i < count; i++)
            {
                var socket = new ClientWebSocket();
                sockets.Add(socket);
                await socket.ConnectAsync(new Uri($"ws://{gateway.Url.Authority}/socket"), TestContext.Current.CancellationToken);
            }
        }
    }

    [Fact]
    public async Task Calls_of_gRPC_pass_in_both_directions_with_their_trailers()
    {
        await using TestGateway gateway = await TestGateway.StartAsync(
            settings => settings with { Rules = [new Rules.AccessRule { Name = "calls", Path = "/test.Echo/{method}", Action = "echo.shout" }] },
            app => app.MapGrpcService<EchoService>(),
            HttpProtocols.Http2,
            build: builder =>
            {
                builder.Services.AddGrpc();
                builder.Services.AddSingleton<Grpc.AspNetCore.Server.Model.IServiceMethodProvider<EchoService>, EchoMethods>();
            });
        using GrpcChannel channel = GrpcChannel.ForAddress(gateway.Url);
        using AsyncDuplexStreamingCall<string, string> call = channel.CreateCallInvoker().AsyncDuplexStreamingCall(s_shout, null, new CallOptions(cancellationToken: TestContext.Current.CancellationToken));
        foreach (string word in (string[])["one", "two"])
        {
            await call.RequestStream.WriteAsync(word, TestContext.Current.CancellationToken);
            Assert.True(await call.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
            Assert.Equal(word.ToUpperInvariant(), call.ResponseStream.Current);
        }

        await call.RequestStream.CompleteAsync();
        Assert.False(await call.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
        Assert.Equal("2", call.GetTrailers().GetValue("words"));
        EventDraft draft = await gateway.Recorder.WaitAsync("echo.shout");
        Assert.Equal("grpc", draft.Request!.Protocol);
        Assert.Equal(Outcome.Success, draft.Outcome);
    }

    [Fact]
    public async Task An_upload_of_two_gigabytes_passes_without_being_kept()
    {
        const long Size = 2L << 30;
        await using TestGateway gateway = await TestGateway.StartAsync(map: app => app.MapPost("/upload", async (HttpContext context) =>
        {
            long count = 0;
            byte[] part = new byte[1 << 16];
            int read;
            while ((read = await context.Request.Body.ReadAsync(part)) > 0)
            {
                count += read;
            }

            await context.Response.WriteAsync($"{count} bytes");
        }));
        long before = GC.GetTotalMemory(forceFullCollection: true);
        long most = 0;
        using var content = new StreamContent(new Zeros(Size, () => most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: false))));
        using HttpResponseMessage response = await gateway.Http.PostAsync("/upload", content, TestContext.Current.CancellationToken);
        Assert.Equal($"{Size} bytes", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.InRange(most - before, 0, 256 << 20);
        Assert.Equal(Size, (await gateway.Recorder.WaitAsync("http.post")).Request!.BytesIn);
    }

    [Fact]
    public async Task Health_is_the_gateways_own()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        Assert.Equal((200, "ok\n"), await gateway.GetAsync(GatewayApplication.HealthPath));
        Assert.Empty(gateway.Reached);
    }

    [Fact]
    public async Task An_application_that_is_away_is_a_failure_on_the_record()
    {
        await using TestGateway gateway = await TestGateway.StartAsync(settings => settings with { To = $"http://127.0.0.1:{BlackBox.Tests.Command.FreePort()}" });
        Assert.Equal(502, (await gateway.GetAsync("/x")).Status);
        EventDraft draft = Assert.Single(await gateway.Recorder.WaitAsync(1));
        Assert.Equal(Outcome.Failure, draft.Outcome);
        Assert.Equal("502", draft.OutcomeCode);
    }

    private static void MapSocket(WebApplication app) => app.Map("/socket", async (HttpContext context) =>
    {
        using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync();
        byte[] buffer = new byte[256];
        while (await socket.ReceiveAsync(buffer, context.RequestAborted) is { CloseStatus: null } received)
        {
            await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, context.RequestAborted);
        }

        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, context.RequestAborted);
    });

    private static async Task<string> EchoAsync(ClientWebSocket socket, string text)
    {
        await socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, TestContext.Current.CancellationToken);
        byte[] buffer = new byte[256];
        WebSocketReceiveResult received = await socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken);
        return Encoding.UTF8.GetString(buffer, 0, received.Count);
    }

    /// <summary>Says each word aloud, and how many there were.</summary>
    private sealed class EchoService
    {
        public static async Task ShoutAsync(IAsyncStreamReader<string> words, IServerStreamWriter<string> aloud, ServerCallContext context)
        {
            int count = 0;
            await foreach (string word in words.ReadAllAsync())
            {
                count++;
                await aloud.WriteAsync(word.ToUpperInvariant());
            }

            context.ResponseTrailers.Add("words", $"{count}");
        }
    }

    private sealed class EchoMethods : Grpc.AspNetCore.Server.Model.IServiceMethodProvider<EchoService>
    {
        public void OnServiceMethodDiscovery(Grpc.AspNetCore.Server.Model.ServiceMethodProviderContext<EchoService> context) =>
            context.AddDuplexStreamingMethod(s_shout, [], static (_, words, aloud, call) => EchoService.ShoutAsync(words, aloud, call));
    }

    /// <summary>Zeros that are nowhere.</summary>
    private sealed class Zeros(long size, Action read) : Stream
    {
        private long _left = size;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            int taken = (int)Math.Min(_left, count);
            buffer.AsSpan(offset, taken).Clear();
            if ((_left & 0xFFFFFF) < taken)
            {
                read();
            }

            _left -= taken;
            return taken;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
