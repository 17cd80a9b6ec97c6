using System.Diagnostics.Metrics;
using System.IO.Pipelines;
using System.Net;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text;
using Indelible.AspNetCore.Tests.Support;
using Indelible.Client.Recording;
using Indelible.Events.Producing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Indelible.AspNetCore.Tests.Requests;

/// <summary>What people complain about in audit middlewares, each as a test.</summary>
public sealed class ComplaintTests
{
    private const int UploadBytes = 2_000_000_000;

    [Fact]
    public async Task A_minimal_api_s_body_is_present_and_its_fields_are_recorded()
    {
        await using TestApp app = await TestApp.StartAsync(
            map => map.MapPost("/orders", (Order order) => Results.Ok(order with { Name = order.Name + "!" })),
            audit: options =>
            {
                options.RequestFields.Add("name");
                options.ResponseFields.Add("name");
            });
        using HttpResponseMessage response = await app.Http.PostAsJsonAsync("/orders", new Order("seven", 7));
        Assert.Equal(new Order("seven!", 7), await response.Content.ReadFromJsonAsync<Order>());

        EventDraft draft = Assert.Single(await app.Recorder.WaitAsync(1));
        Assert.Equal("""{"name":"seven"}""", draft.Data["request_body"].GetRawText());
        Assert.Equal("""{"name":"seven!"}""", draft.Data["response_body"].GetRawText());
    }

    [Fact]
    public async Task An_exception_middleware_above_ours_can_still_write()
    {
        await using TestApp app = await TestApp.StartAsync(
            map => map.MapPost("/boom", string (HttpContext context) =>
            {
                _ = context.Response.Body;
                context.Response.BodyWriter.GetMemory(10).Span.Clear();
                throw new InvalidOperationException("secret");
            }),
            use: app =>
            {
                app.Use(async (context, next) =>
                {
                    try
                    {
                        await next(context);
                    }
                    catch (InvalidOperationException)
                    {
                        context.Response.StatusCode = 418;
                        await context.Response.WriteAsync("written above");
                    }
                });
                app.UseIndelibleAudit();
            });
        using HttpResponseMessage response = await app.Http.PostAsync("/boom", null);
        Assert.Equal((418, "written above"), ((int)response.StatusCode, await response.Content.ReadAsStringAsync()));

        EventDraft draft = Assert.Single(await app.Recorder.WaitAsync(1));
        Assert.Equal((Outcome.Failure, "418", "System.InvalidOperationException"), (draft.Outcome, draft.OutcomeCode, draft.OutcomeReason));
    }

    [Fact]
    public async Task Middleware_twice_and_attributes_on_group_and_handler_make_one_event()
    {
        await using TestApp app = await TestApp.StartAsync(
            map => map.MapGroup("/g").WithAudit("outer").MapGet("/x", [Audit("x.read")] () => "").WithAudit("x.get"),
            use: app =>
            {
                app.UseIndelibleAudit();
                app.UseIndelibleAudit();
            });
        await app.Http.GetAsync("/g/x");
        await app.Http.GetAsync("/g/x?again");
        await app.Recorder.WaitAsync(2);
        Assert.Equal(["x.get", "x.get"], app.Recorder.Drafts.Select(draft => draft.Action));
    }

    [Fact]
    public async Task The_response_s_body_is_the_server_s_own_again_when_the_pipeline_returns()
    {
        object? above = null;
        object? after = null;
        await using TestApp app = await TestApp.StartAsync(
            map => map.MapPost("/", () => "x"),
            use: app =>
            {
                app.Use(async (context, next) =>
                {
                    above = context.Features.Get<IHttpResponseBodyFeature>();
                    await next(context);
                    after = context.Features.Get<IHttpResponseBodyFeature>();
                });
                app.UseIndelibleAudit();
            });
        await app.Http.PostAsync("/", null);
        Assert.Same(above, after);
    }

    [Fact]
    public async Task A_body_replaced_by_a_middleware_inside_and_a_file_and_a_pipe_all_arrive_whole_and_are_counted()
    {
        string file = Path.GetTempFileName();
        await File.WriteAllBytesAsync(file, new byte[70_000]);
        await using TestApp app = await TestApp.StartAsync(map =>
        {
            map.UseResponseCompression();
            map.MapPost("/file", () => Results.File(file));
            map.MapPost("/pipe", async (HttpContext context) =>
            {
                PipeWriter pipe = context.Response.BodyWriter;
                for (int i = 0; i < 3; i++)
                {
                    pipe.GetSpan(1000)[..1000].Fill((byte)'p');
                    pipe.Advance(1000);
                    await pipe.FlushAsync();
                }
            });
            map.MapPost("/swapped", async (HttpContext context) =>
            {
                Stream original = context.Response.Body;
                using var buffer = new MemoryStream();
                context.Response.Body = buffer;
                await context.Response.WriteAsync("swapped");
                context.Response.Body = original;
                buffer.Position = 0;
                await buffer.CopyToAsync(original);
            });
            map.MapPost("/text", () => Results.Text(new string('a', 50_000)));
        }, builder => builder.Services.AddResponseCompression());
        Assert.Equal(70_000, (await (await app.Http.PostAsync("/file", null)).Content.ReadAsByteArrayAsync()).Length);
        Assert.Equal(new string('p', 3000), await (await app.Http.PostAsync("/pipe", null)).Content.ReadAsStringAsync());
        Assert.Equal("swapped", await (await app.Http.PostAsync("/swapped", null)).Content.ReadAsStringAsync());
        using var request = new HttpRequestMessage(HttpMethod.Post, "/text");
        request.Headers.Add("Accept-Encoding", "gzip");
        byte[] compressed = await (await app.Http.SendAsync(request)).Content.ReadAsByteArrayAsync();

        IReadOnlyList<EventDraft> drafts = await app.Recorder.WaitAsync(4);
        Assert.Equal([70_000L, 3000, 7, compressed.Length], drafts.Select(draft => draft.Request!.BytesOut!.Value));
        Assert.True(compressed.Length < 5_000);
        File.Delete(file);
    }

    [Fact]
    public async Task An_upload_of_two_gigabytes_is_not_buffered()
    {
        long peak = 0;
        await using TestApp app = await TestApp.StartAsync(
            map => map.MapPost("/upload", async (HttpContext context) =>
            {
                byte[] buffer = new byte[64 * 1024];
                long read = 0;
                for (int n, rounds = 0; (n = await context.Request.Body.ReadAsync(buffer)) > 0; rounds++)
                {
                    read += n;
                    if (rounds % 1000 == 0)
                    {
                        peak = Math.Max(peak, GC.GetTotalMemory(false));
                    }
                }

                return Results.Text(read.ToString(System.Globalization.CultureInfo.InvariantCulture));
            }),
            audit: options => options.RequestFields.Add("name"));
        long before = GC.GetTotalMemory(true);
        using HttpResponseMessage response = await app.Http.PostAsync("/upload", new Generated(UploadBytes));
        Assert.Equal("2000000000", await response.Content.ReadAsStringAsync());

        Assert.Equal(UploadBytes, Assert.Single(await app.Recorder.WaitAsync(1)).Request!.BytesIn);
        Assert.InRange(peak - before, long.MinValue, 100_000_000);
    }

    [Fact]
    public async Task Requests_go_on_while_the_recorder_hangs_and_what_is_lost_is_counted_and_recorded()
    {
        var hangs = new TaskCompletionSource();
        await using TestApp app = await TestApp.StartAsync(map => map.MapPost("/", () => "fine"), audit: options => options.MostPending = 20);
        long lost = 0;
        using var listener = new MeterListener { InstrumentPublished = (instrument, to) => Enable(instrument, to, "indelible.capture.lost") };
        var thirty = new TaskCompletionSource();
        listener.SetMeasurementEventCallback<long>((_, value, _, _) =>
        {
            if (Interlocked.Add(ref lost, value) == 30)
            {
                thirty.SetResult();
            }
        });
        listener.Start();
        app.Recorder.Before = (_, _, _) => hangs.Task;

        for (int i = 0; i < 50; i++)
        {
            Assert.Equal("fine", await (await app.Http.PostAsync("/", null)).Content.ReadAsStringAsync());
        }

        await thirty.Task.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Empty(app.Recorder.Drafts);
        hangs.SetResult();
        EventDraft told = await app.Recorder.WaitAsync("audit.capture.lost");
        await app.Recorder.WaitAsync(21);
        Assert.Equal("30", told.Data["lost"].GetRawText());
        Assert.Contains(app.Logs.Lines, line => line.Id == 5102);
    }

    [Fact]
    public async Task A_recorder_that_fails_breaks_no_request_and_is_logged_once()
    {
        await using TestApp app = await TestApp.StartAsync(map => map.MapPost("/", () => "fine"));
        app.Recorder.Before = (draft, _, _) => throw new AuditNotRecordedException(draft.Action, false, "the disk of the spool is full");
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal(HttpStatusCode.OK, (await app.Http.PostAsync("/", null)).StatusCode);
        }

        await app.StopAsync();
        Assert.Single(app.Logs.Lines, line => line.Id == 5101);
    }

    [Fact]
    public async Task A_stop_of_the_host_waits_for_events_on_their_way()
    {
        var hangs = new TaskCompletionSource();
        await using TestApp app = await TestApp.StartAsync(map => map.MapPost("/", () => "fine"));
        app.Recorder.Before = (_, _, _) => hangs.Task;
        await app.Http.PostAsync("/", null);
        Task stopping = app.StopAsync();
        Assert.False(stopping.IsCompleted);
        hangs.SetResult();
        await stopping;
        Assert.Single(app.Recorder.Drafts);
    }

    [Fact]
    public async Task An_amendment_that_throws_is_logged_and_the_connection_goes_on()
    {
        await using TestApp app = await TestApp.StartAsync(map => map.MapPost("/", (HttpContext context) =>
        {
            context.AmendAudit(_ => throw new InvalidOperationException("mine"));
            return "fine";
        }));
        Assert.Equal("fine", await (await app.Http.PostAsync("/", null)).Content.ReadAsStringAsync());
        Assert.Equal("fine", await (await app.Http.PostAsync("/", null)).Content.ReadAsStringAsync());
        Assert.Contains(app.Logs.Lines, line => line.Id == 5105);
    }

    [Fact]
    public async Task A_web_socket_fan_out_to_many_clients_keeps_memory_flat()
    {
        int count = int.TryParse(Environment.GetEnvironmentVariable("INDELIBLE_TEST_SOCKETS"), out int many) ? many : 1_000;
        var sockets = new System.Collections.Concurrent.ConcurrentBag<WebSocket>();
        var all = new TaskCompletionSource();
        await using TestApp app = await TestApp.StartAsync(map =>
        {
            map.UseWebSockets();
            map.Map("/ws", async (HttpContext context) =>
            {
                using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync();
                sockets.Add(socket);
                if (sockets.Count == count)
                {
                    all.TrySetResult();
                }

                byte[] buffer = new byte[64];
                while ((await socket.ReceiveAsync(buffer, context.RequestAborted)).MessageType != WebSocketMessageType.Close)
                {
                }
            }).WithAudit("ws.feed");
        });
        var clients = new List<ClientWebSocket>();
        var address = new UriBuilder(app.Address) { Scheme = "ws", Path = "/ws" }.Uri;
        for (int i = 0; i < count; i++)
        {
            var client = new ClientWebSocket();
            clients.Add(client);
            await client.ConnectAsync(address, CancellationToken.None);
        }

        await all.Task.WaitAsync(TimeSpan.FromMinutes(2));
        await RoundAsync();
        await RoundAsync();
        long before = GC.GetTotalMemory(true);
        for (int round = 0; round < 10; round++)
        {
            await RoundAsync();
        }

        Assert.InRange(GC.GetTotalMemory(true) - before, long.MinValue, 2_000 * (long)count + 4_000_000);
        clients.ForEach(client => client.Abort());
        clients.ForEach(client => client.Dispose());
        Assert.All(await app.Recorder.WaitAsync(count), draft => Assert.Equal("ws.feed", draft.Action));

        async Task RoundAsync()
        {
            byte[] message = Encoding.UTF8.GetBytes(new string('m', 512));
            await Task.WhenAll(sockets.Select(socket => socket.SendAsync(message, WebSocketMessageType.Text, true, CancellationToken.None)));
            byte[] buffer = new byte[1024];
            foreach (ClientWebSocket client in clients)
            {
                Assert.Equal(512, (await client.ReceiveAsync(buffer, CancellationToken.None)).Count);
            }
        }
    }

    private static void Enable(Instrument instrument, MeterListener listener, string name)
    {
        if (instrument.Meter.Name == "Indelible.AspNetCore" && instrument.Name == name)
        {
            listener.EnableMeasurementEvents(instrument);
        }
    }

    private sealed record Order(string Name, int Count);

    /// <summary>A body made while it is sent; declared JSON, so that the tee looks at its beginning.</summary>
    private sealed class Generated : HttpContent
    {
        private readonly long _bytes;

        public Generated(long bytes)
        {
            _bytes = bytes;
            Headers.ContentType = new("application/json");
        }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            byte[] chunk = new byte[256 * 1024];
            for (long sent = 0; sent < _bytes; sent += chunk.Length)
            {
                await stream.WriteAsync(chunk.AsMemory(0, (int)Math.Min(chunk.Length, _bytes - sent)));
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
