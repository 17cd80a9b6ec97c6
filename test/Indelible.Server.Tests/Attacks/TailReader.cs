using Indelible.Server.Tests.Api;
using Xunit;

namespace Indelible.Server.Tests.Attacks;

/// <summary>An open live tail.</summary>
internal sealed class TailReader(HttpResponseMessage response, StreamReader reader) : IDisposable
{
    public static async Task<TailReader> OpenAsync(TestServer server, HttpRequestMessage request)
    {
        HttpResponseMessage response = await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal(200, (int)response.StatusCode);
        var reader = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        Assert.StartsWith(": the stream begins", await reader.ReadLineAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        return new TailReader(response, reader);
    }

    /// <summary>The name of the next event; null where the stream is over.</summary>
    public async Task<string?> NextAsync()
    {
        while (await reader.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            // A sign of life would mean that the end was found by chance, at the time for one.
            Assert.NotEqual(": nothing new", line);
            if (line.StartsWith("event: ", StringComparison.Ordinal))
            {
                return line[7..];
            }
        }

        return null;
    }

    public void Dispose()
    {
        reader.Dispose();
        response.Dispose();
    }
}
