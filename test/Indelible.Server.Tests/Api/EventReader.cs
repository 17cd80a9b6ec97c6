using System.Net.Http.Headers;
using Xunit;

namespace Indelible.Server.Tests.Api;

/// <summary>Reads a live tail, event by event.</summary>
internal sealed class EventReader(HttpResponseMessage response, StreamReader reader) : IDisposable
{
    /// <summary>How often the server said that it had nothing to say.</summary>
    public int SignsOfLife { get; private set; }

    public string? ContentType => response.Content.Headers.ContentType?.MediaType;

    public static Task<EventReader> OpenAsync(TestLog log, string parameters, string? lastEventId = null) =>
        OpenAsync(log.Server, log.Name, log.ReaderKey, parameters, lastEventId);

    public static async Task<EventReader> OpenAsync(TestServer server, string log, string key, string parameters, string? lastEventId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"api/logs/{log}/tail{parameters}");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        if (lastEventId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastEventId);
        }

        HttpResponseMessage response = await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal(200, (int)response.StatusCode);
        var reader = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        Assert.StartsWith(": the stream begins", await reader.ReadLineAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        return new EventReader(response, reader);
    }

    /// <summary>The next event; without id and name where the stream has ended.</summary>
    public async Task<(long? Id, string Name, string Data)> NextAsync()
    {
        long? id = null;
        string name = "";
        string data = "";
        while (await reader.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            if (line.Length == 0 && data.Length > 0)
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
    }
}
