using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace Indelible.Server.Tests.Api;

/// <summary>Sends bytes that no well-behaved client would, and reads what comes back until the server closes.</summary>
internal static partial class RawHttp
{
    // Longer than every patience of the server's.
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    /// <summary>Sends these characters, each a byte, and gives all that comes until the connection ends.</summary>
    /// <exception cref="OperationCanceledException">The server kept the connection open.</exception>
    public static async Task<string> SendAsync(Uri server, string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, server.Port);
        using var patience = new CancellationTokenSource(s_patience);
        NetworkStream stream = client.GetStream();
        using var answer = new MemoryStream();
        try
        {
            await stream.WriteAsync(Encoding.Latin1.GetBytes(request), patience.Token);
            await stream.CopyToAsync(answer, patience.Token);
        }
        catch (IOException)
        {
            // Closed while bytes of ours were unread: what came before counts.
        }

        return Encoding.UTF8.GetString(answer.GetBuffer(), 0, (int)answer.Length);
    }

    /// <summary>The statuses of all answers that a connection brought, in order.</summary>
    public static IReadOnlyList<int> Statuses(string answers) => [.. StatusLine().Matches(answers).Select(line => int.Parse(line.Groups[1].ValueSpan, provider: null))];

    /// <summary>A GET of exactly this target, not normalised by anybody.</summary>
    public static Task<(int Status, string Answer)> GetAsync(Uri server, string target, string? key) => AskAsync(server, "GET", target, key);

    /// <summary>A request without a body, of exactly this method, target and further headers.</summary>
    public static async Task<(int Status, string Answer)> AskAsync(Uri server, string method, string target, string? key, params IEnumerable<string> headers)
    {
        string answer = await SendAsync(
            server, $"{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{(key is null ? "" : $"Authorization: Bearer {key}\r\n")}{string.Concat(headers.Select(header => header + "\r\n"))}\r\n");
        return (int.Parse(answer.AsSpan(9, 3), provider: null), answer);
    }

    /// <summary>The head of an answer: status line and headers.</summary>
    public static string HeadOf(string answer) => answer[..answer.IndexOf("\r\n\r\n", StringComparison.Ordinal)];

    [GeneratedRegex("HTTP/1\\.1 ([0-9]{3})")]
    private static partial Regex StatusLine();
}
