using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Indelible.BlackBox.Tests;

/// <summary>What neither the framework's own variables nor another server's word may change.</summary>
public sealed class OutsideInfluenceTests
{
    [Fact]
    public async Task Variables_of_the_framework_open_no_port_and_make_no_header_believed()
    {
        await using ServerProcess server = await ServerProcess.CreateAsync();
        Assert.Equal(0, await server.StopAsync());
        int other = Command.FreePort();
        server.Variables =
        [
            ("ASPNETCORE_FORWARDEDHEADERS_ENABLED", "true"), ("ASPNETCORE_ENVIRONMENT", "Development"), ("DOTNET_ENVIRONMENT", "Development"), ("ASPNETCORE_DETAILEDERRORS", "true"),
            ("ASPNETCORE_URLS", $"http://127.0.0.1:{other}"), ("ASPNETCORE_HTTP_PORTS", $"{other}"), ("DOTNET_URLS", $"http://127.0.0.1:{other}"), ("URLS", $"http://127.0.0.1:{other}"),
            ("Kestrel__Endpoints__Other__Url", $"http://127.0.0.1:{other}"), ("Kestrel__Limits__MaxRequestBodySize", "1"), ("Logging__LogLevel__Default", "Trace"),
        ];
        await server.StartAsync();
        using HttpClient writer = server.Client(server.WriterKey);
        writer.DefaultRequestHeaders.Add("X-Forwarded-For", "203.0.113.9");
        writer.DefaultRequestHeaders.Add("X-Forwarded-Proto", "https");
        writer.DefaultRequestHeaders.Host = "audit.example";
        using HttpResponseMessage appended = await writer.PostAsync("/api/logs/main/events", ServerProcess.Events("a"), TestContext.Current.CancellationToken);
        using HttpClient reader = server.Client(server.ReaderKey);

        Assert.Equal(HttpStatusCode.Created, appended.StatusCode);
        Assert.False(appended.Headers.Contains("Strict-Transport-Security"));
        Assert.Contains("\"/ingest/remote_ip\":\"127.0.0.1\"", await reader.GetStringAsync("/api/logs/main/events", TestContext.Current.CancellationToken), StringComparison.Ordinal);
        using var client = new TcpClient();
        await Assert.ThrowsAsync<SocketException>(async () => await client.ConnectAsync(IPAddress.Loopback, other, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(307)]
    [InlineData(308)]
    public async Task A_server_that_sends_the_command_elsewhere_is_not_followed(int status)
    {
        using var named = new TcpListener(IPAddress.Loopback, 0);
        using var elsewhere = new TcpListener(IPAddress.Loopback, 0);
        named.Start();
        elsewhere.Start();
        Task<Finished> appending = Command.ProgramAsync(
            Command.Metadata("Command"), await ServerProcess.Events("a").ReadAsStringAsync(TestContext.Current.CancellationToken), "append", "--url", $"http://{named.LocalEndpoint}", "--key", "ind_w_secret");
        using (TcpClient client = await named.AcceptTcpClientAsync(TestContext.Current.CancellationToken))
        {
            await client.GetStream().WriteAsync(
                Encoding.ASCII.GetBytes($"HTTP/1.1 {status} Moved\r\nLocation: http://{elsewhere.LocalEndpoint}/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"), TestContext.Current.CancellationToken);
            await client.GetStream().CopyToAsync(Stream.Null, TestContext.Current.CancellationToken);
        }

        Task<TcpClient> followed = elsewhere.AcceptTcpClientAsync(TestContext.Current.CancellationToken).AsTask();
        Assert.Same(appending, await Task.WhenAny(followed, appending));
        (await appending).ShouldEnd(2);
        elsewhere.Stop();
        await Assert.ThrowsAnyAsync<SocketException>(() => followed);
    }
}
