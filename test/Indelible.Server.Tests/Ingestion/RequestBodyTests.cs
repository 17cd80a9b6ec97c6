using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Indelible.Server.Ingestion;
using Indelible.Server.Limits;
using Indelible.Server.Problems;
using Indelible.Server.Tests.Api;
using Microsoft.AspNetCore.Http;
using Xunit;
using ZstdSharp;

namespace Indelible.Server.Tests.Ingestion;

/// <summary>Bodies as bytes: kinds, encodings, sizes, cut and hostile ones.</summary>
public sealed class RequestBodyTests(TestServer server) : IClassFixture<TestServer>
{
    private const int Limit = 16 << 20;

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("text/plain")]
    [InlineData("application/jsonx")]
    [InlineData("application/octet-stream")]
    [InlineData("application/json/x")]
    public async Task Refuses_a_content_type_that_it_does_not_read(string? type)
    {
        TestLog log = await server.NewLogAsync();

        Answer answer = await log.AppendAsync(TestServer.Body(Encoding.UTF8.GetBytes(TestLog.Event("a")), type));

        answer.ShouldBeProblem(415, "unsupported-media-type");
        Assert.Equal(0, log.Size);
    }

    [Theory]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("Application/JSON")]
    [InlineData("application/x-ndjson")]
    public async Task Takes_the_content_types_that_it_reads(string type)
    {
        TestLog log = await server.NewLogAsync();

        Answer answer = await log.AppendAsync(TestServer.Body(Encoding.UTF8.GetBytes(TestLog.Event("a")), type));

        Assert.Equal(201, answer.Status);
    }

    [Theory]
    [InlineData("br")]
    [InlineData("deflate")]
    [InlineData("gzip, gzip")]
    [InlineData("gzip, zstd")]
    [InlineData("bogus")]
    public async Task Refuses_a_content_encoding_that_it_does_not_read(string encoding)
    {
        TestLog log = await server.NewLogAsync();

        Answer answer = await log.AppendAsync(TestServer.Body(Gzip(TestLog.Event("a")), encoding: encoding));

        answer.ShouldBeProblem(415, "unsupported-media-type");
        Assert.Equal(0, log.Size);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("GZip")]
    [InlineData("zstd")]
    [InlineData("identity")]
    public async Task Decodes_a_body(string encoding)
    {
        TestLog log = await server.NewLogAsync();
        string lines = $"{TestLog.Event("a")}\n{TestLog.Event("b")}\n";
        byte[] body = encoding switch { "zstd" => Zstd(lines), "identity" => Encoding.UTF8.GetBytes(lines), _ => Gzip(lines) };

        Answer answer = await log.AppendAsync(TestServer.Body(body, "application/x-ndjson", encoding));

        Assert.True(answer.Status == 201, answer.Text);
        Assert.Equal(2, log.Size);
    }

    /// <summary>Lines, so that what was decoded before the damage would be valid events.</summary>
    public static TheoryData<string, string> Damages()
    {
        var damages = new TheoryData<string, string>();
        foreach (string encoding in (string[])["gzip", "zstd"])
        {
            foreach (string damage in (string[])["first byte", "middle byte", "checksum", "cut in the middle", "cut before the checksum", "garbage behind", "not encoded", "empty"])
            {
                damages.Add(encoding, damage);
            }
        }

        return damages;
    }

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task Refuses_a_body_that_does_not_decode(string encoding, string damage)
    {
        TestLog log = await server.NewLogAsync();
        string lines = string.Concat(Enumerable.Range(0, 200).Select(i => TestLog.Event($"e-{i}") + "\n"));
        byte[] body = encoding == "gzip" ? Gzip(lines) : Zstd(lines);
        switch (damage)
        {
            case "first byte":
                body[0] ^= 1;
                break;
            case "middle byte":
                body[body.Length / 2] ^= 1;
                break;
            case "checksum":
                body[encoding == "gzip" ? ^6 : ^2] ^= 1;
                break;
            case "cut in the middle":
                body = body[..(body.Length / 2)];
                break;
            case "cut before the checksum":
                body = body[..^(encoding == "gzip" ? 8 : 4)];
                break;
            case "garbage behind":
                body = [.. body, .. "garbage"u8];
                break;
            case "not encoded":
                body = Encoding.UTF8.GetBytes(lines);
                break;
            default:
                body = [];
                break;
        }

        Answer answer = await log.AppendAsync(TestServer.Body(body, "application/x-ndjson", encoding));

        answer.ShouldBeProblem(400, "invalid-body");
        Assert.Equal(0, log.Size);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Refuses_a_body_of_a_byte_more_than_16_MiB(bool chunked)
    {
        TestLog log = await server.NewLogAsync();
        byte[] body = Padded(Limit + 1);

        Answer answer = await server.SendAsync(HttpMethod.Post, log.Events, log.WriterKey, TestServer.Body(body), request =>
        {
            request.Headers.TransferEncodingChunked = chunked;
            request.Headers.ExpectContinue = true;
        });

        answer.ShouldBeProblem(413, "too-large");
        Assert.Equal(0, log.Size);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Takes_a_body_of_exactly_16_MiB(bool chunked)
    {
        TestLog log = await server.NewLogAsync();
        string lines = string.Concat(Enumerable.Range(0, 9_000).Select(i => TestLog.Event($"e-{i}", ("message", $"\"{new string('m', 1_000)}\"")) + "\n"));
        byte[] body = [.. Encoding.UTF8.GetBytes(lines), .. Enumerable.Repeat((byte)'\n', Limit)];

        Answer answer = await server.SendAsync(
            HttpMethod.Post, log.Events, log.WriterKey, TestServer.Body(body[..Limit], "application/x-ndjson"), request => request.Headers.TransferEncodingChunked = chunked);

        Assert.True(answer.Status == 201, answer.Text);
        Assert.Equal(9_000, log.Size);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("zstd")]
    public async Task Refuses_a_decompression_bomb_without_unpacking_it(string encoding)
    {
        TestLog log = await server.NewLogAsync();
        string spaces = new(' ', Limit);

        // 1 GiB: 64 parts of 16 MiB, one behind the other, as both formats allow.
        byte[] part = encoding == "gzip" ? Gzip(spaces) : Zstd(spaces);
        byte[] bomb = [.. Enumerable.Repeat(part, 64).SelectMany(bytes => bytes)];

        Answer answer = await log.AppendAsync(TestServer.Body(bomb, encoding: encoding));

        answer.ShouldBeProblem(413, "too-large");
        Assert.Equal(0, log.Size);

        // Read again on this thread alone, where what it takes can be counted: the body and its decoded form, each at most three
        // times the limit while it doubles.
        HttpRequest request = new DefaultHttpContext { Request = { Body = new MemoryStream(bomb) } }.Request;
        request.Headers.ContentEncoding = encoding;
        long before = GC.GetAllocatedBytesForCurrentThread();
        await Assert.ThrowsAsync<ProblemException>(() => RequestBody.ReadAsync(request, new BodyRoom(new SharedRoom(1L << 30, 1L << 30), "a"), TestContext.Current.CancellationToken));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, Limit, 6L * Limit);
    }

    [Fact]
    public async Task Refuses_a_zstd_frame_that_asks_for_a_window_of_128_MiB()
    {
        TestLog log = await server.NewLogAsync();
        using var compressor = new Compressor(3);
        compressor.SetParameter(ZstdSharp.Unsafe.ZSTD_cParameter.ZSTD_c_windowLog, 27);
        compressor.SetParameter(ZstdSharp.Unsafe.ZSTD_cParameter.ZSTD_c_contentSizeFlag, 0);
        using var body = new MemoryStream();
        using (var stream = new CompressionStream(body, compressor))
        {
            stream.Write(Encoding.UTF8.GetBytes(TestLog.Event("a")));
        }

        Answer answer = await log.AppendAsync(TestServer.Body(body.ToArray(), encoding: "zstd"));

        answer.ShouldBeProblem(400, "invalid-body");
        Assert.Equal(0, log.Size);
    }

    /// <summary>What decodes to nothing counts as it came: RFC 8878, 3.1.2, and frames without content.</summary>
    [Theory]
    [InlineData("one skippable frame")]
    [InlineData("many skippable frames")]
    [InlineData("empty frames")]
    public async Task Refuses_more_than_16_MiB_of_zstd_that_decodes_to_little(string kind)
    {
        TestLog log = await server.NewLogAsync();
        byte[] unit = kind switch
        {
            "one skippable frame" => [0x50, 0x2a, 0x4d, 0x18, .. BitConverter.GetBytes(Limit), .. new byte[Limit]],
            "many skippable frames" => [0x5f, 0x2a, 0x4d, 0x18, 0, 0, 0, 0],
            _ => Zstd(""),
        };
        byte[] body = [.. Enumerable.Repeat(unit, (Limit / unit.Length) + 1).SelectMany(bytes => bytes), .. Zstd(TestLog.Event("a"))];

        Answer answer = await server.SendAsync(
            HttpMethod.Post, log.Events, log.WriterKey, TestServer.Body(body, encoding: "zstd"), request => request.Headers.TransferEncodingChunked = true);

        answer.ShouldBeProblem(413, "too-large");
        Assert.Equal(0, log.Size);
    }

    [Fact]
    public async Task Decodes_zstd_of_many_frames_with_skippable_ones_between()
    {
        TestLog log = await server.NewLogAsync();
        byte[] skippable = [0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];
        byte[] body = [.. Enumerable.Range(0, 50).SelectMany(i => (byte[])[.. skippable, .. Zstd(TestLog.Event($"e-{i}") + "\n")])];

        Answer answer = await log.AppendAsync(TestServer.Body(body, "application/x-ndjson", "zstd"));

        Assert.True(answer.Status == 201, answer.Text);
        Assert.Equal(50, log.Size);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("zstd")]
    public async Task What_is_encoded_twice_is_decoded_once(string encoding)
    {
        TestLog log = await server.NewLogAsync();
        byte[] inner = encoding == "gzip" ? Gzip(TestLog.Event("a")) : Zstd(TestLog.Event("a"));
        using var compressor = new Compressor(3);
        byte[] body = encoding == "gzip" ? Gzip(inner) : compressor.Wrap(inner).ToArray();

        (await log.AppendAsync(TestServer.Body(body, encoding: encoding))).ShouldBeProblem(400, "invalid-event");
        Assert.Equal(0, log.Size);
    }

    [Theory]
    [InlineData("Content-Length: 1000\r\n\r\n{\"schema\":")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n3e8\r\n{\"schema\":")]
    [InlineData("Content-Encoding: gzip\r\nContent-Length: 1000\r\n\r\n{\"schema\":")]
    public async Task Outlives_a_request_that_is_cut_and_logs_nothing_of_it(string rest)
    {
        TestLog log = await server.NewLogAsync();
        for (int i = 0; i < 10; i++)
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, server.Url.Port, TestContext.Current.CancellationToken);
            client.GetStream().Write(Encoding.ASCII.GetBytes(
                $"POST /{log.Events} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {log.WriterKey}\r\nContent-Type: application/json\r\n{rest}"));
        }

        Answer answer = await log.AppendAsync(TestLog.Event("a"));

        Assert.Equal(201, answer.Status);
        Assert.Equal(1, log.Size);
    }

    [Theory]
    [InlineData("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("Content-Length: -1\r\n\r\n")]
    [InlineData("Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\nzz\r\n")]
    public async Task Refuses_a_request_whose_length_is_not_clear(string rest)
    {
        TestLog log = await server.NewLogAsync();
        string answer = await RawHttp.SendAsync(
            server.Url, $"POST /{log.Events} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {log.WriterKey}\r\nContent-Type: application/json\r\n{rest}");

        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        Assert.Equal(0, log.Size);
    }

    private static byte[] Padded(int length)
    {
        byte[] body = new byte[length];
        Array.Fill(body, (byte)' ');
        Encoding.UTF8.GetBytes(TestLog.Event("a")).CopyTo(body, 0);
        return body;
    }

    private static byte[] Gzip(string text) => Gzip(Encoding.UTF8.GetBytes(text));

    private static byte[] Gzip(byte[] bytes)
    {
        using var buffer = new MemoryStream();
        using (var gzip = new GZipStream(buffer, CompressionLevel.Fastest))
        {
            gzip.Write(bytes);
        }

        return buffer.ToArray();
    }

    private static byte[] Zstd(string text)
    {
        using var compressor = new Compressor(3);
        compressor.SetParameter(ZstdSharp.Unsafe.ZSTD_cParameter.ZSTD_c_checksumFlag, 1);
        return compressor.Wrap(Encoding.UTF8.GetBytes(text)).ToArray();
    }
}
