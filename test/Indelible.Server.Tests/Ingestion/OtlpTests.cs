using System.Buffers.Binary;
using System.Diagnostics;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Indelible.Server.Tests.Api;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Resources;
using Xunit;

namespace Indelible.Server.Tests.Ingestion;

/// <summary>OpenTelemetry logs, from OpenTelemetry's own exporter and by hand.</summary>
public sealed class OtlpTests(TestServer server) : IClassFixture<TestServer>
{
    private const string Protobuf = "application/x-protobuf";
    private const string GrpcMethod = "opentelemetry.proto.collector.logs.v1.LogsService/Export";

    [Theory]
    [InlineData(OtlpExportProtocol.HttpProtobuf)]
    [InlineData(OtlpExportProtocol.Grpc)]
    public async Task The_exporter_of_OpenTelemetry_delivers_events(OtlpExportProtocol protocol)
    {
        TestLog log = await server.NewLogAsync();
        using var activity = new Activity("refund");
        activity.SetIdFormat(ActivityIdFormat.W3C).Start();
        var attributes = new Dictionary<string, object?>
        {
            ["audit.actor.id"] = "u-8472",
            ["audit.actor.type"] = "USER",
            ["audit.outcome"] = "success",
            ["audit.target.type"] = "invoice",
            ["audit.target.id"] = "i-77",
            ["client.address"] = "192.0.2.7",
            ["amount"] = 12.5,
            ["lines"] = 3,
            ["large"] = long.MaxValue,
            ["tags"] = new[] { "a", "b" },
        };
        using (ServiceProvider services = Exporting(log, protocol))
        {
            ILogger logger = services.GetRequiredService<ILoggerFactory>().CreateLogger("Billing.Refunds");
            logger.Log(LogLevel.Information, new EventId(7, "invoice.refund"), attributes, null, static (_, _) => "a refund");
        }

        Assert.Equal(1, log.Size);
        JsonElement entry = (await log.FindAsync("action:invoice.refund")).GetProperty("items")[0].GetProperty("entry");
        Assert.Equal("u-8472", entry.GetProperty("actor").GetProperty("id").GetString());
        Assert.Equal("user", entry.GetProperty("actor").GetProperty("type").GetString());
        Assert.Equal("success", entry.GetProperty("outcome").GetString());
        Assert.Equal("i-77", entry.GetProperty("targets")[0].GetProperty("id").GetString());
        Assert.Equal("billing", entry.GetProperty("service").GetProperty("name").GetString());
        Assert.Equal("2.1", entry.GetProperty("service").GetProperty("version").GetString());
        Assert.Equal(activity.TraceId.ToHexString(), entry.GetProperty("trace").GetProperty("trace_id").GetString());
        Assert.Equal("otlp", entry.GetProperty("ingest").GetProperty("protocol").GetString());
        JsonElement kept = entry.GetProperty("data").GetProperty("attributes");
        Assert.Equal(12.5, kept.GetProperty("amount").GetDouble());
        Assert.Equal(3, kept.GetProperty("lines").GetInt64());
        Assert.Equal("9223372036854775807", kept.GetProperty("large").GetProperty("intValue").GetString());
        Assert.Equal(["a", "b"], kept.GetProperty("tags").EnumerateArray().Select(tag => tag.GetString()));
        Assert.Equal("Billing.Refunds", entry.GetProperty("data").GetProperty("otlp").GetProperty("scope_name").GetString());
    }

    [Fact]
    public async Task A_request_that_is_sent_again_is_the_same_events_in_either_encoding()
    {
        TestLog log = await server.NewLogAsync();
        string record = """{"severityText":"INFO","body":{"stringValue":"x"},"attributes":[{"key":"n","value":{"intValue":"7"}}]}""";
        string request = Request(record, record);   // two equals in one request are two events
        Assert.Equal("{}", (await SendAsync(log, request)).Text);
        Assert.Equal(2, log.Size);
        server.Clock.Advance(TimeSpan.FromMinutes(3));
        Assert.Equal("{}", (await SendAsync(log, request)).Text);
        Assert.Equal(2, log.Size);

        byte[] message = Field(1, [.. Field(1, [.. Pair(1, "service.name", Field(1, "shop"u8))]), .. Field(2, [.. Repeat(Field(2, [.. Field(3, "INFO"u8), .. Field(5, Field(1, "x"u8)), .. Pair(6, "n", [0x18, 7])]), 2)])]);
        Answer again = await server.SendAsync(HttpMethod.Post, "v1/logs", log.WriterKey, TestServer.Body(message, Protobuf));
        Assert.Equal(200, again.Status);
        Assert.Equal(2, log.Size);
    }

    [Fact]
    public async Task An_id_of_its_own_is_the_events_id()
    {
        TestLog log = await server.NewLogAsync();
        await SendAsync(log, Request("""{"timeUnixNano":"1764000000123456789","eventName":"Invoice Paid","attributes":[{"key":"audit.record.id","value":{"stringValue":"01931c3e-7f3a"}}]}"""));
        JsonElement entry = (await log.FindAsync("id:01931c3e-7f3a")).GetProperty("items")[0].GetProperty("entry");
        Assert.Equal("2025-11-24T16:00:00.1234567Z", entry.GetProperty("time").GetString());
        Assert.Equal("invoice-paid", entry.GetProperty("action").GetString());
        JsonElement kept = entry.GetProperty("data").GetProperty("otlp");
        Assert.Equal("1764000000123456789", kept.GetProperty("time_unix_nano").GetString());
        Assert.Equal("Invoice Paid", kept.GetProperty("event_name").GetString());
    }

    [Fact]
    public async Task What_does_not_fit_is_rejected_alone_and_counted_and_the_rest_is_taken()
    {
        TestLog log = await server.NewLogAsync();
        string twice = """{"attributes":[{"key":"audit.actor.id","value":{"stringValue":"a"}},{"key":"audit.actor.id","value":{"stringValue":"b"}}]}""";
        Answer answer = await SendAsync(log, Request("""{"body":{"stringValue":"good"}}""", twice));
        Assert.Equal(200, answer.Status);
        Assert.Equal("1", answer.Json.GetProperty("partialSuccess").GetProperty("rejectedLogRecords").GetString());
        Assert.Contains("audit.actor.id is there twice", answer.Json.GetProperty("partialSuccess").GetProperty("errorMessage").GetString(), StringComparison.Ordinal);
        Assert.Equal(1, log.Size);
        JsonElement sources = (await log.GetAsync("sources")).Json;
        Assert.Contains("duplicate-member", sources.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_mapped_is_kept_as_it_came()
    {
        TestLog log = await server.NewLogAsync();
        string record = """
            {"body":{"kvlistValue":{"values":[{"key":"a","value":{"bytesValue":"AAEC"}},{"key":"d","value":{"doubleValue":"NaN"}},{"key":"e","value":{"doubleValue":7}}]}},"attributes":[
            {"key":"http.response.status_code","value":{"stringValue":"no number"}},{"key":"client.address","value":{"stringValue":"a-host"}},
            {"key":"same","value":{"intValue":1}},{"key":"same","value":{"intValue":2}},{"key":"audit.target.id","value":{"boolValue":true}}]}
            """;
        await SendAsync(log, Request(record));
        JsonElement data = (await log.FindAsync("action:otel.log")).GetProperty("items")[0].GetProperty("entry").GetProperty("data");
        Assert.Equal("AAEC", data.GetProperty("body").GetProperty("a").GetProperty("bytesValue").GetString());
        Assert.Equal("NaN", data.GetProperty("body").GetProperty("d").GetProperty("doubleValue").GetString());
        Assert.Equal(7, data.GetProperty("body").GetProperty("e").GetProperty("doubleValue").GetInt32());
        string attributes = data.GetProperty("attributes").GetRawText();
        Assert.All((string[])["no number", "a-host", "same", "audit.target.id"], kept => Assert.Contains(kept, attributes, StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_is_too_much_for_data_is_kept_whole()
    {
        TestLog log = await server.NewLogAsync();
        await SendAsync(log, Request($$$"""{"attributes":[{"key":"{{{new string('k', 100)}}}","value":{"stringValue":"{{{new string('v', 20_000)}}}"}}]}"""));
        Assert.Equal(1, log.Size);
        JsonElement entry = (await log.GetAsync("events/0?pii=clear")).Json;
        Assert.True(entry.GetProperty("data").TryGetProperty("original", out _), entry.GetRawText());
    }

    [Theory]
    [InlineData("application/json", "{\"resourceLogs\":7}")]
    [InlineData("application/json", "nonsense")]
    [InlineData("application/json", "{\"resourceLogs\":[],\"resourceLogs\":[]}")]
    [InlineData(Protobuf, "nonsense")]
    public async Task What_is_no_request_is_answered_with_a_status_in_its_encoding_and_counted(string type, string body)
    {
        TestLog log = await server.NewLogAsync();
        Answer answer = await server.SendAsync(HttpMethod.Post, "v1/logs", log.WriterKey, TestServer.Body(Encoding.UTF8.GetBytes(body), type));
        Assert.Equal(400, answer.Status);
        Assert.Equal(type, answer.ContentHeaders.ContentType?.MediaType);
        Assert.Contains("invalid-body", (await log.GetAsync("sources")).Text, StringComparison.Ordinal);
        if (type == "application/json")
        {
            Assert.Equal(3, answer.Json.GetProperty("code").GetInt32());
        }
    }

    [Fact]
    public async Task Who_has_no_writers_key_or_names_no_log_is_refused()
    {
        TestLog log = await server.NewLogAsync();
        TestLog another = await server.NewLogAsync();
        HttpContent Body() => TestServer.Body("{}"u8.ToArray());
        Assert.Equal(401, (await server.SendAsync(HttpMethod.Post, "v1/logs", null, Body())).Status);
        Assert.Equal(403, (await server.SendAsync(HttpMethod.Post, "v1/logs", log.ReaderKey, Body())).Status);
        Assert.Equal(200, (await server.SendAsync(HttpMethod.Post, "v1/logs", log.WriterKey, Body())).Status);
        Assert.Equal(404, (await server.SendAsync(HttpMethod.Post, "v1/logs", log.WriterKey, Body(), request => request.Headers.Add("indelible-log", another.Name))).Status);
        (_, string both) = await server.NewKeyAsync("writer", log.Name, another.Name);
        Assert.Equal(400, (await server.SendAsync(HttpMethod.Post, "v1/logs", both, Body())).Status);
        Assert.Equal(200, (await server.SendAsync(HttpMethod.Post, "v1/logs", both, Body(), request => request.Headers.Add("indelible-log", another.Name))).Status);
        Assert.Equal(415, (await server.SendAsync(HttpMethod.Post, "v1/logs", log.WriterKey, TestServer.Body([], "text/plain"))).Status);
    }

    [Fact]
    public async Task Values_nested_without_end_and_messages_cut_anywhere_are_refused()
    {
        TestLog log = await server.NewLogAsync();
        byte[] value = Field(1, "x"u8);
        for (int i = 0; i < 200; i++)
        {
            value = Field(5, Field(1, value));
        }

        Assert.Equal(400, await PostAsync(Message(Field(5, value))));
        byte[] good = Message(Field(5, Field(1, "x"u8)));
        for (int cut = 1; cut < good.Length; cut++)
        {
            Assert.Equal(400, await PostAsync(good[..cut]));
        }

        Assert.Equal(0, log.Size);
        Assert.Equal(200, await PostAsync(good));

        async Task<int> PostAsync(byte[] message) => (await server.SendAsync(HttpMethod.Post, "v1/logs", log.WriterKey, TestServer.Body(message, Protobuf))).Status;
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("gzip", 1)]
    public async Task The_gRPC_method_shares_the_port_without_TLS(string encoding, byte flag)
    {
        TestLog log = await server.NewLogAsync();
        byte[] message = Message(Field(5, Field(1, "x"u8)));
        (HttpResponseMessage response, byte[] body) = await CallAsync(log.WriterKey, Frame(encoding == "gzip" ? Gzip(message) : message, flag), encoding);
        using (response)
        {
            Assert.Equal("0", Assert.Single(response.TrailingHeaders.GetValues("grpc-status")));
            Assert.Equal(Frame([], 0), body);
            Assert.Equal(1, log.Size);
        }
    }

    [Theory]
    [InlineData(false, "0000000000", "16")]
    [InlineData(true, "00000000", "3")]
    [InlineData(true, "00000000020A", "3")]
    [InlineData(true, "02000000010A", "3")]
    [InlineData(true, "01000000010A", "3")]
    public async Task The_gRPC_method_answers_in_its_own_numbers(bool hasKey, string frame, string status)
    {
        TestLog log = await server.NewLogAsync();
        (HttpResponseMessage response, _) = await CallAsync(hasKey ? log.WriterKey : "ind_w_none", Convert.FromHexString(frame), "");
        using (response)
        {
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal(status, Assert.Single(response.Headers.GetValues("grpc-status")));
            Assert.Equal(0, log.Size);
        }
    }

    [Theory]
    [InlineData("cut")]
    [InlineData("something behind")]
    [InlineData("too large")]
    public async Task A_compressed_message_is_one_whole_member_within_the_bound(string fault)
    {
        TestLog log = await server.NewLogAsync();

        // Stored, not compressed: cut between the records, what is left would decode to one of two.
        byte[] one = Message(Field(5, Field(1, "x"u8)));
        byte[] gzip = fault == "too large" ? Gzip(new byte[(16 << 20) + 1]) : Gzip([.. one, .. one], CompressionLevel.NoCompression);
        byte[] message = fault switch { "cut" => gzip[..^(8 + one.Length)], "something behind" => [.. gzip, 1, 2, 3], _ => gzip };

        (HttpResponseMessage response, _) = await CallAsync(log.WriterKey, Frame(message, 1), "gzip");
        using (response)
        {
            Assert.Equal(fault == "too large" ? "8" : "3", Assert.Single(response.Headers.GetValues("grpc-status")));
            Assert.Equal(0, log.Size);
        }
    }

    [Fact]
    public async Task Prior_knowledge_serves_every_route_and_HTTP_1_goes_on_beside_it()
    {
        TestLog log = await server.NewLogAsync();
        using var http2 = new HttpClient { BaseAddress = server.Url, DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        http2.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", log.WriterKey);
        using HttpResponseMessage appended = await http2.PostAsync(log.Events, TestServer.Body(Encoding.UTF8.GetBytes(TestLog.Event("a"))), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Created, appended.StatusCode);
        Assert.Equal(HttpVersion.Version20, appended.Version);
        Assert.Equal(201, (await log.AppendAsync(TestLog.Event("b"))).Status);
    }

    private static string Request(params string[] records) =>
        """{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},"scopeLogs":[{"logRecords":[""" + string.Join(',', records) + "]}]}]}";

    private static async Task<Answer> SendAsync(TestLog log, string json)
    {
        Answer answer = await log.Server.PostAsync("v1/logs", log.WriterKey, json);
        Assert.True(answer.Status == 200, answer.Text);
        return answer;
    }

    private static byte[] Message(byte[] record) => Field(1, Field(2, Field(2, record)));

    private static byte[] Field(int number, ReadOnlySpan<byte> bytes)
    {
        var field = new List<byte>();
        foreach (int value in (int[])[(number << 3) | 2, bytes.Length])
        {
            int rest = value;
            for (; rest >= 0x80; rest >>= 7)
            {
                field.Add((byte)(rest | 0x80));
            }

            field.Add((byte)rest);
        }

        return [.. field, .. bytes];
    }

    private static byte[] Pair(int number, string key, byte[] value) => Field(number, [.. Field(1, Encoding.UTF8.GetBytes(key)), .. Field(2, value)]);

    private static byte[] Repeat(byte[] bytes, int count) => [.. Enumerable.Repeat(bytes, count).SelectMany(each => each)];

    private static byte[] Frame(byte[] message, byte flag)
    {
        byte[] frame = new byte[5 + message.Length];
        frame[0] = flag;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), message.Length);
        message.CopyTo(frame, 5);
        return frame;
    }

    private static byte[] Gzip(byte[] bytes, CompressionLevel level = CompressionLevel.Fastest)
    {
        using var whole = new MemoryStream();
        using (var gzip = new GZipStream(whole, level))
        {
            gzip.Write(bytes);
        }

        return whole.ToArray();
    }

    private async Task<(HttpResponseMessage Response, byte[] Body)> CallAsync(string key, byte[] frame, string encoding)
    {
        using var http2 = new HttpClient { BaseAddress = server.Url };
        using var request = new HttpRequestMessage(HttpMethod.Post, GrpcMethod)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = TestServer.Body(frame, "application/grpc"),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        if (encoding.Length > 0)
        {
            request.Headers.Add("grpc-encoding", encoding);
        }

        HttpResponseMessage response = await http2.SendAsync(request, TestContext.Current.CancellationToken);
        return (response, await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    private ServiceProvider Exporting(TestLog log, OtlpExportProtocol protocol) => new ServiceCollection()
        .AddLogging(logging => logging.AddOpenTelemetry(otel => otel
            .SetResourceBuilder(ResourceBuilder.CreateEmpty().AddService("billing", serviceVersion: "2.1"))
            .AddOtlpExporter((exporter, processor) =>
            {
                exporter.Protocol = protocol;
                exporter.Endpoint = protocol == OtlpExportProtocol.Grpc ? server.Url : new Uri(server.Url, "v1/logs");
                exporter.Headers = $"Authorization=Bearer {log.WriterKey}";
                processor.ExportProcessorType = ExportProcessorType.Simple;
            })))
        .BuildServiceProvider();
}
