using System.Text;
using Indelible.Server.Tests.Api;
using Xunit;

namespace Indelible.Server.Tests.Attacks;

/// <summary>HTTP/2 by prior knowledge: what would be another request once somebody wrote it as HTTP/1, and what costs the server more than the sender.</summary>
public sealed class Http2AttackTests(TestServer server) : IClassFixture<TestServer>
{
    /// <summary>Changes to the headers of a good append: <c>name=value</c> added behind, <c>-name</c> taken away, <c>!name=value</c> put in front.</summary>
    [Theory]
    [InlineData("connection=keep-alive")]
    [InlineData("connection=transfer-encoding")]
    [InlineData("keep-alive=timeout=5")]
    [InlineData("proxy-connection=keep-alive")]
    [InlineData("upgrade=h2c")]
    [InlineData("transfer-encoding=chunked")]
    [InlineData("te=gzip")]
    [InlineData("X-Upper=a")]
    [InlineData("Content-Length=5")]
    [InlineData("x-split=a\r\nTransfer-Encoding: chunked")]
    [InlineData("x-split=a\nb")]
    [InlineData("x-null=a\0b")]
    [InlineData("x bad=a")]
    [InlineData("x:bad=a")]
    [InlineData("x\r\ny=a")]
    [InlineData("=a")]
    [InlineData("content-length=5")]
    [InlineData("content-length=99999")]
    [InlineData("content-length=0\tcontent-length=0")]
    [InlineData("content-length=+LENGTH")]
    [InlineData("content-length=")]
    [InlineData(":path=/healthz")]
    [InlineData(":authority=y")]
    [InlineData(":x=a")]
    [InlineData(":status=200")]
    [InlineData("-:path")]
    [InlineData("-:method")]
    [InlineData("-:scheme")]
    [InlineData("-:path\t!:path=")]
    [InlineData("-:path\t!:path=api/logs")]
    [InlineData("-:path\t!:path=/a HTTP/1.1\r\nX: y")]
    [InlineData("-:path\t!:path=http://elsewhere.example/")]
    [InlineData("-:method\t!:method=CONNECT")]
    [InlineData("-:method\t!:method=POST /x HTTP/1.1\r\nX: y")]
    [InlineData("-:method\t!:method=post")]
    [InlineData("-:scheme\t!:scheme=ht tp")]
    [InlineData("-:scheme\t!:scheme=http://x")]
    [InlineData("-:authority\t!:authority=a/b@c")]
    public async Task A_request_that_is_malformed_appends_nothing(string changes)
    {
        TestLog log = await server.NewLogAsync();
        byte[] body = Encoding.UTF8.GetBytes(TestLog.Event("a"));
        using RawHttp2 connection = await RawHttp2.OpenAsync(server.Url);

        await connection.TrySendAsync([
            .. RawHttp2.Frame(Http2Frame.Headers, Http2Frame.EndHeaders, 1, RawHttp2.Encode(Change(Append(log), changes, body.Length))),
            .. RawHttp2.Frame(Http2Frame.Data, Http2Frame.EndStream, 1, body),
        ]);

        Http2Frame? outcome = await connection.OutcomeAsync(1);
        Assert.True(outcome is not { Type: Http2Frame.Headers } || outcome.Status is >= 400 and < 500, $"{outcome?.Status}");
        Assert.Equal(0, log.Size);
    }

    [Fact]
    public async Task The_same_request_without_a_fault_is_taken()
    {
        TestLog log = await server.NewLogAsync();
        byte[] body = Encoding.UTF8.GetBytes(TestLog.Event("a"));
        using RawHttp2 connection = await RawHttp2.OpenAsync(server.Url);

        await connection.TrySendAsync([
            .. RawHttp2.Frame(Http2Frame.Headers, Http2Frame.EndHeaders, 1, RawHttp2.Encode(Append(log))),
            .. RawHttp2.Frame(Http2Frame.Data, Http2Frame.EndStream, 1, body),
        ]);

        Assert.Equal(201, (await connection.OutcomeAsync(1))?.Status);
        Assert.Equal(1, log.Size);
    }

    [Theory]
    [InlineData("http")]
    [InlineData("https")]
    [InlineData("gopher")]
    public async Task A_scheme_that_a_request_names_does_not_make_a_plain_connection_one_of_TLS(string scheme)
    {
        using RawHttp2 connection = await RawHttp2.OpenAsync(server.Url);

        await connection.TrySendAsync(RawHttp2.Frame(Http2Frame.Headers, Http2Frame.EndHeaders | Http2Frame.EndStream, 1, RawHttp2.Encode(
            (":method", "GET"), (":path", "/healthz"), (":scheme", scheme), (":authority", "audit.example"))));

        Http2Frame? answer = await connection.OutcomeAsync(1);
        Assert.Equal(200, answer?.Status);
        Assert.DoesNotContain("max-age", Encoding.Latin1.GetString(answer!.Payload), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Headers_without_an_end_are_cut_off()
    {
        using RawHttp2 connection = await RawHttp2.OpenAsync(server.Url);
        byte[] part = RawHttp2.Encode(Enumerable.Range(0, 100).Select(i => ($"x-{i}", new string('a', 100))));
        await connection.TrySendAsync(RawHttp2.Frame(Http2Frame.Headers, 0, 1, RawHttp2.Encode((":method", "GET"), (":path", "/healthz"), (":scheme", "http"), (":authority", "x"))));
        byte[] frame = RawHttp2.Frame(Http2Frame.Continuation, 0, 1, part);

        long taken = 0;
        while (taken < 256 << 20 && await connection.TrySendAsync(frame))
        {
            taken += frame.Length;
        }

        // What a socket buffers on the way is not the server's memory, but not that much either.
        Assert.InRange(taken, 0, 64 << 20);
        Assert.Equal(200, (await server.GetAsync("healthz")).Status);
    }

    [Fact]
    public async Task A_small_block_that_stands_for_endless_headers_is_refused()
    {
        using RawHttp2 connection = await RawHttp2.OpenAsync(server.Url);

        // One header of 4,000 bytes goes into the table, then each byte stands for it: 60 MB in 15,000 bytes. RFC 7541, 6.2.1 and 6.1.
        byte[] name = [0x40, 1, (byte)'x', 0x7f, .. Varint(4_000 - 127), .. Enumerable.Repeat((byte)'a', 4_000)];
        byte[] block = [.. RawHttp2.Encode((":method", "GET"), (":path", "/healthz"), (":scheme", "http"), (":authority", "x")), .. name, .. Enumerable.Repeat((byte)0xbe, 12_000)];
        await connection.TrySendAsync(RawHttp2.Frame(Http2Frame.Headers, Http2Frame.EndHeaders | Http2Frame.EndStream, 1, block));

        Http2Frame? outcome = await connection.OutcomeAsync(1);
        Assert.True(outcome is not { Type: Http2Frame.Headers } || outcome.Status is 431 or 400, $"{outcome?.Status}");
    }

    [Fact]
    public async Task Requests_that_are_taken_back_at_once_end_the_connection_and_nobody_else_waits()
    {
        TestLog log = await server.NewLogAsync();
        using RawHttp2 connection = await RawHttp2.OpenAsync(server.Url);
        byte[] headers = RawHttp2.Encode((":method", "GET"), (":path", $"/api/logs/{log.Name}/events"), (":scheme", "http"), (":authority", "x"), ("authorization", "Bearer " + log.ReaderKey));

        const int Requests = 200_000;
        int sent = 0;
        bool isOpen = true;
        while (isOpen && sent < Requests)
        {
            using var batch = new MemoryStream();
            for (int i = 0; i < 500; i++, sent++)
            {
                int stream = (2 * sent) + 1;
                batch.Write(RawHttp2.Frame(Http2Frame.Headers, Http2Frame.EndHeaders | Http2Frame.EndStream, stream, headers));
                batch.Write(RawHttp2.Frame(Http2Frame.Reset, 0, stream, [0, 0, 0, 8]));
            }

            isOpen = await connection.TrySendAsync(batch.ToArray());
            Assert.Equal(201, (await log.AppendAsync(TestLog.Event($"e-{sent}"))).Status);
        }

        Assert.False(isOpen);
        Assert.Equal(200, (await server.GetAsync("readyz")).Status);
    }

    [Fact]
    public async Task More_streams_than_allowed_at_once_are_refused()
    {
        // Tails of two keys: one alone may not have as many, and a refused tail would make room for the last.
        byte[][] tails = [Tail(await server.NewLogAsync()), Tail(await server.NewLogAsync())];
        using RawHttp2 connection = await RawHttp2.OpenAsync(server.Url);
        for (int i = 0; i < 101; i++)
        {
            await connection.TrySendAsync(RawHttp2.Frame(Http2Frame.Headers, Http2Frame.EndHeaders | Http2Frame.EndStream, (2 * i) + 1, tails[i % tails.Length]));
        }

        Assert.Equal(Http2Frame.Reset, (await connection.OutcomeAsync(201))?.Type);
    }

    private static byte[] Tail(TestLog log) =>
        RawHttp2.Encode((":method", "GET"), (":path", $"/api/logs/{log.Name}/tail"), (":scheme", "http"), (":authority", "x"), ("authorization", "Bearer " + log.ReaderKey));

    private static IEnumerable<(string, string)> Append(TestLog log) =>
    [
        (":method", "POST"), (":path", "/" + log.Events), (":scheme", "http"), (":authority", "x"),
        ("authorization", "Bearer " + log.WriterKey), ("content-type", "application/json"),
    ];

    private static IEnumerable<(string, string)> Change(IEnumerable<(string Name, string Value)> headers, string changes, int length)
    {
        foreach (string change in changes.Replace("LENGTH", $"{length}", StringComparison.Ordinal).Split('\t'))
        {
            int equals = change.IndexOf('=', 1);
            headers = change[0] switch
            {
                '-' => headers.Where(header => header.Name != change[1..]),
                '!' => headers.Prepend((change[1..equals], change[(equals + 1)..])),
                '=' => headers.Append(("", change[1..])),
                _ => headers.Append((change[..equals], change[(equals + 1)..])),
            };
        }

        return headers;
    }

    private static IEnumerable<byte> Varint(int value)
    {
        for (; value >= 128; value >>= 7)
        {
            yield return (byte)((value & 127) | 128);
        }

        yield return (byte)value;
    }
}
