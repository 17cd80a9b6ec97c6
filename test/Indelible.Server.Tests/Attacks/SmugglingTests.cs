using System.Globalization;
using Indelible.Server.Tests.Api;
using Xunit;

namespace Indelible.Server.Tests.Attacks;

/// <summary>Requests of which two readers could disagree where they end: nothing that lies hidden in one is ever answered as another.</summary>
/// <remarks>RFC 9112, 6.3 and 11.2. Behind each first request lies a whole second one that would append an event, were it taken for a request.</remarks>
public sealed class SmugglingTests(TestServer server) : IClassFixture<TestServer>
{
    /// <summary>Heads and bodies whose end is in doubt. Each must be the last thing that its connection says.</summary>
    public static TheoryData<string, string> Doubtful() => new()
    {
        { "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n" },
        { "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n" },
        { "Content-Length: 0\r\nContent-Length: 5\r\n", "" },
        { "Content-Length: 0\r\nContent-Length: 0\r\n", "" },
        { "Content-Length: 0, 5\r\n", "" },
        { "Content-Length: 0, 0\r\n", "" },
        { "Content-Length: +0\r\n", "" },
        { "Content-Length: -0\r\n", "" },
        { "Content-Length: -1\r\n", "" },
        { "Content-Length: 0x0\r\n", "" },
        { "Content-Length: 0 5\r\n", "" },
        { "Content-Length:\r\n", "" },
        { "Content-Length: 18446744073709551616\r\n", "" },
        { "Content-Length : 0\r\n", "" },
        { " Content-Length: 0\r\n", "" },
        { "Content-Length:\r\n 0\r\n", "" },
        { "X-Fold: a\r\n b\r\nContent-Length: 0\r\n", "" },
        { "Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n" },
        { "Transfer-Encoding: identity, chunked\r\n", "0\r\n\r\n" },
        { "Transfer-Encoding: identity\r\n", "0\r\n\r\n" },
        { "Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n" },
        { "Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n" },
        { "Transfer-Encoding: xchunked\r\n", "0\r\n\r\n" },
        { "Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n" },
        { "Transfer-Encoding: \vchunked\r\n", "0\r\n\r\n" },
        { "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n" },
        { "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n" },
        { "Transfer-Encoding : chunked\r\n", "0\r\n\r\n" },
        { " Transfer-Encoding: chunked\r\n", "0\r\n\r\n" },
        { "Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n" },
        { "X-Line: a\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n" },
        { "Content-Length: 0\n", "" },
        { "X-Line: a\rTransfer-Encoding: chunked\r\nContent-Length: 0\r\n", "" },
        { "X-Null: a\0\r\nContent-Length: 0\r\n", "" },
        { "X\0Null: a\r\nContent-Length: 0\r\n", "" },
        { ": a\r\nContent-Length: 0\r\n", "" },
        { "no colon\r\nContent-Length: 0\r\n", "" },
        { "Host: y\r\nContent-Length: 0\r\n", "" },
        { "Transfer-Encoding: chunked\r\n", "1;\nx\r\n1\r\nx\r\n0\r\n\r\n" },
        { "Transfer-Encoding: chunked\r\n", "1;\rx\r\nx\r\n0\r\n\r\n" },
        { "Transfer-Encoding: chunked\r\n", "1\nx\r\n0\r\n\r\n" },
        { "Transfer-Encoding: chunked\r\n", "1 \r\nx\r\n0\r\n\r\n" },
        { "Transfer-Encoding: chunked\r\n", "0x1\r\nx\r\n0\r\n\r\n" },
        { "Transfer-Encoding: chunked\r\n", "-1\r\nx\r\n0\r\n\r\n" },
        { "Transfer-Encoding: chunked\r\n", "+1\r\nx\r\n0\r\n\r\n" },
        { "Transfer-Encoding: chunked\r\n", "fffffffffffffffff1\r\nx\r\n0\r\n\r\n" },
        { "Transfer-Encoding: chunked\r\n", "100000001\r\nx\r\n0\r\n\r\n" },
        { "Transfer-Encoding: chunked\r\n", "1\r\nxx\r\n0\r\n\r\n" },
        { "Transfer-Encoding: chunked\r\n", "1\r\nx\n0\r\n\r\n" },
        { "Transfer-Encoding: chunked\r\n", "0\n\n" },
        { "Transfer-Encoding: chunked\r\n", "0\r\n\n" },
        { "Transfer-Encoding: chunked\r\n", "0\r\nA: b\nC: d\r\n\r\n" },
    };

    [Theory]
    [MemberData(nameof(Doubtful))]
    public async Task Behind_a_request_whose_end_is_in_doubt_nothing_is_read(string head, string body)
    {
        TestLog log = await server.NewLogAsync();

        string answers = await RawHttp.SendAsync(server.Url, Start("POST /api/logs/nosuch/events HTTP/1.1", log) + head + "\r\n" + body + Append(log));

        int status = Assert.Single(RawHttp.Statuses(answers));
        Assert.InRange(status, 400, 499);
        Assert.Equal(0, log.Size);
    }

    [Theory]
    [InlineData("POST /api/logs/nosuch/events HTTP/1.0", "Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")]
    [InlineData("POST /api/logs/nosuch/events HTTP/1.0", "Connection: keep-alive\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n")]
    [InlineData("POST /api/logs/nosuch/events HTTP/1.2", "Content-Length: 0\r\n", "")]
    [InlineData("POST http://elsewhere.example/api/logs/nosuch/events HTTP/1.1", "Content-Length: 0\r\n", "")]
    [InlineData("POST http:///api/logs/nosuch/events HTTP/1.1", "Content-Length: 0\r\n", "")]
    [InlineData("POST x:80 HTTP/1.1", "Content-Length: 0\r\n", "")]
    [InlineData("CONNECT elsewhere.example:80 HTTP/1.1", "Content-Length: 0\r\n", "")]
    [InlineData("POST  /api/logs/nosuch/events HTTP/1.1", "Content-Length: 0\r\n", "")]
    [InlineData("PO ST /api/logs/nosuch/events HTTP/1.1", "Content-Length: 0\r\n", "")]
    [InlineData("POST /api/logs/nosuch/events", "Content-Length: 0\r\n", "")]
    [InlineData("POST /api/logs/no\0such/events HTTP/1.1", "Content-Length: 0\r\n", "")]
    [InlineData("POST /api/logs/no\u00ffsuch/events HTTP/1.1", "Content-Length: 0\r\n", "")]
    public async Task Behind_a_request_line_that_means_several_things_nothing_is_read(string line, string head, string body)
    {
        TestLog log = await server.NewLogAsync();

        string answers = await RawHttp.SendAsync(server.Url, Start(line, log) + head + "\r\n" + body + Append(log));

        int status = Assert.Single(RawHttp.Statuses(answers));
        Assert.InRange(status, 400, 505);
        Assert.Equal(0, log.Size);
    }

    /// <summary>Requests that are refused before their body is read; the body is a request in all of them.</summary>
    [Theory]
    [InlineData(401, "main", "", false)]
    [InlineData(401, "main", "", true)]
    [InlineData(404, "nosuch", "KEY", false)]
    [InlineData(404, "nosuch", "KEY", true)]
    [InlineData(415, "LOG", "KEYContent-Encoding: br\r\n", false)]
    [InlineData(415, "LOG", "KEYContent-Encoding: br\r\n", true)]
    [InlineData(404, "nosuch", "KEYExpect: 100-continue\r\n", false)]
    [InlineData(404, "nosuch", "KEYConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n", false)]
    public async Task A_refused_body_is_passed_over_and_not_taken_for_a_request(int status, string name, string headers, bool chunked)
    {
        TestLog log = await server.NewLogAsync();
        string hidden = Append(log);
        string head = $"POST /api/logs/{name.Replace("LOG", log.Name, StringComparison.Ordinal)}/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            + headers.Replace("KEY", $"Authorization: Bearer {log.WriterKey}\r\n", StringComparison.Ordinal);
        string request = chunked
            ? $"{head}Transfer-Encoding: chunked\r\n\r\n{hidden.Length.ToString("x", CultureInfo.InvariantCulture)}\r\n{hidden}\r\n0\r\n\r\n"
            : $"{head}Content-Length: {hidden.Length}\r\n\r\n{hidden}";

        string answers = await RawHttp.SendAsync(server.Url, request + "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

        Assert.Equal([status, 200], RawHttp.Statuses(answers));
        Assert.Equal(0, log.Size);
    }

    [Theory]
    [InlineData(17L << 20)]
    [InlineData(17L << 30)]
    [InlineData(long.MaxValue)]
    public async Task A_body_that_is_too_large_ends_the_connection_and_is_not_taken_for_a_request(long length)
    {
        TestLog log = await server.NewLogAsync();

        string answers = await RawHttp.SendAsync(
            server.Url, Start($"POST /api/logs/{log.Name}/events HTTP/1.1", log) + $"Content-Length: {length}\r\n\r\n" + Append(log) + new string(' ', 64 * 1024));

        Assert.Equal([413], RawHttp.Statuses(answers));
        Assert.Equal(0, log.Size);
    }

    [Theory]
    [InlineData("1;name=value\r\nx\r\n0\r\n\r\n")]
    [InlineData("1\r\nx\r\n0\r\nContent-Length: 5\r\nTransfer-Encoding: identity\r\n\r\n")]
    [InlineData("0001\r\nx\r\n000\r\n\r\n")]
    public async Task What_the_standard_allows_in_a_chunked_body_ends_where_it_says(string body)
    {
        TestLog log = await server.NewLogAsync();

        string answers = await RawHttp.SendAsync(server.Url, Start("POST /api/logs/nosuch/events HTTP/1.1", log) + "Transfer-Encoding: chunked\r\n\r\n" + body + Append(log));

        Assert.Equal([404, 201], RawHttp.Statuses(answers));
        Assert.Equal(1, log.Size);
    }

    /// <summary>A request for another protocol is answered as if the wish had not been said, and HTTP/1 goes on.</summary>
    [Theory]
    [InlineData("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n")]
    [InlineData("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n")]
    public async Task No_wish_for_another_protocol_is_granted(string wish)
    {
        string answers = await RawHttp.SendAsync(server.Url, $"GET /healthz HTTP/1.1\r\nHost: x\r\n{wish}\r\nGET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

        Assert.Equal([200, 200], RawHttp.Statuses(answers));
    }

    private static string Start(string line, TestLog log) => $"{line}\r\nHost: x\r\nAuthorization: Bearer {log.WriterKey}\r\nContent-Type: application/json\r\n";

    /// <summary>The request that an attacker hides: it would append an event.</summary>
    private static string Append(TestLog log)
    {
        string json = TestLog.Event("hidden");
        return Start($"POST /{log.Events} HTTP/1.1", log) + $"Connection: close\r\nContent-Length: {json.Length}\r\n\r\n{json}";
    }
}
