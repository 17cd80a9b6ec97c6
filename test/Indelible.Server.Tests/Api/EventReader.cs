using System.Net.Http.Headers;
using System.Net.Sockets;
using Xunit;

namespace Indelible.Server.Tests.Api;

/// <summary>Reads a live tail, event by event.</summary>
internal sealed class EventReader(HttpResponseMessage response, StreamReader reader, HttpClient? own = null) : IDisposable
{
    /// <summary>How often the server said that it had nothing to say.</summary>
    public int SignsOfLife { get; private set; }

    public string? ContentType => response.Content.Headers.ContentType?.MediaType;

    public static Task<EventReader> OpenAsync(TestLog log, string parameters, string? lastEventId = null) =>
        OpenAsync(log.Server, log.Name, log.ReaderKey, parameters, lastEventId);

    /// <summary>Opens a stream over a connection of its own that takes little ahead.</summary>
    public static async Task<EventReader> OpenSlowAsync(TestLog log, string parameters)
    {
        var http = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = static async (context, cancellationToken) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 8 << 10 };
                await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            },
        })
        { BaseAddress = log.Server.Url };
        return await OpenAsync(http, log.Name, log.ReaderKey, parameters, null, http);
    }

    public static Task<EventReader> OpenAsync(TestServer server, string log, string key, string parameters, string? lastEventId = null) =>
        OpenAsync(server.Http, log, key, parameters, lastEventId, null);

    private static async Task<EventReader> OpenAsync(HttpClient http, string log, string key, string parameters, string? lastEventId, HttpClient? own)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"api/logs/{log}/tail{parameters}");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        if (lastEventId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastEventId);
        }

        HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal(200, (int)response.StatusCode);
        var reader = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        Assert.StartsWith(": the stream begins", await reader.ReadLineAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        return new EventReader(response, reader, own);
    }

    /// <summary>The next event; without id and name where the stream has ended.</summary>
    public Task<(long? Id, string Name, string Data)> NextAsync() => NextAsync(orSignOfLife: false);

    /// <summary>The next event, or sign of life, which has no name.</summary>
    public Task<(long? Id, string Name, string Data)> NextSignOfLifeAsync() => NextAsync(orSignOfLife: true);

    private async Task<(long? Id, string Name, string Data)> NextAsync(bool orSignOfLife)
    {
        long? id = null;
        string name = "";
        string data = "";
        int signs = SignsOfLife;
        while (await reader.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            if (line.Length == 0 && (data.Length > 0 || (orSignOfLife && SignsOfLife > signs)))
            {
                break;
            }

            SignsOfLife += line == ": nothing new" ? 1 : 0;
            id = line.StartsWith("id: ", StringComparison.Ordinal) ? long.Parse(line.AsSpan(4), provider: null) : id;
            name = line.StartsWith("event: ", StringComparison.Ordinal) ? line[7..] : name;
            data = line.StartsWith("data: ", StringComparison.Ordinal) ? line[6..] : data;
        }

        return (id, name, data);
    }

    public void Dispose()
    {
        reader.Dispose();
        response.Dispose();
        own?.Dispose();
    }
}
