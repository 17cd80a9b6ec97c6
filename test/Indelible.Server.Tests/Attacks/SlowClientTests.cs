using System.Net;
using System.Net.Sockets;
using System.Text;
using Indelible.Server.Tests.Api;
using Xunit;

namespace Indelible.Server.Tests.Attacks;

/// <summary>Clients that take their time: the server ends what holds it up, and serves the others meanwhile.</summary>
public sealed class SlowClientTests(TestServer server) : IClassFixture<TestServer>
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(250);

    /// <summary>What is sent at once; the rest follows a byte at a time, each long before anybody would call the connection idle.</summary>
    [Theory]
    [InlineData("GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ")]
    [InlineData("G")]
    [InlineData("PRI * HTTP/2.0\r")]
    [InlineData("POST /EVENTS HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer KEY\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n")]
    [InlineData("POST /EVENTS HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer KEY\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n")]
    public async Task Who_sends_a_byte_at_a_time_is_cut_off(string beginning)
    {
        TestLog log = await server.NewLogAsync();
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, server.Url.Port, TestContext.Current.CancellationToken);
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(beginning.Replace("EVENTS", log.Events, StringComparison.Ordinal).Replace("KEY", log.WriterKey, StringComparison.Ordinal)), TestContext.Current.CancellationToken);
        Task<bool> ended = EndsAsync(stream);
        while (await Task.WhenAny(ended, ended.WaitAsync(s_pause, TestContext.Current.CancellationToken)) != ended)
        {
            try
            {
                await stream.WriteAsync("A"u8.ToArray(), TestContext.Current.CancellationToken);
            }
            catch (IOException)
            {
                break;
            }

            Assert.Equal(200, (await server.GetAsync("healthz")).Status);
        }

        Assert.True(await ended);
        Assert.Equal(0, log.Size);
    }

    private static async Task<bool> EndsAsync(NetworkStream stream)
    {
        try
        {
            await stream.CopyToAsync(Stream.Null, TestContext.Current.CancellationToken);
        }
        catch (IOException)
        {
            // Closed while bytes were on their way.
        }

        return true;
    }
}
