using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Indelible.Server.Tests.Api;

/// <summary>Sends bytes that no well-behaved client would, and reads what comes back until the server closes.</summary>
internal static class RawHttp
{
    public static async Task<string> SendAsync(Uri server, string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, server.Port);
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request));
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return await reader.ReadToEndAsync();
    }

    /// <summary>A GET of exactly this target, not normalised by anybody.</summary>
    public static async Task<(int Status, string Answer)> GetAsync(Uri server, string target, string? key)
    {
        string answer = await SendAsync(
            server, $"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{(key is null ? "" : $"Authorization: Bearer {key}\r\n")}\r\n");
        return (int.Parse(answer.AsSpan(9, 3), provider: null), answer);
    }
}
