using System.Net.Mime;
using System.Text;
using System.Text.Json;
using CloudNative.CloudEvents;
using CloudNative.CloudEvents.Http;
using CloudNative.CloudEvents.SystemTextJson;
using Indelible.Server.Tests.Api;
using Xunit;

namespace Indelible.Server.Tests.Ingestion;

/// <summary>CloudEvents, made and sent by their own library, and by hand.</summary>
public sealed class CloudEventTests(TestServer server) : IClassFixture<TestServer>
{
    private const string Structured = "application/cloudevents+json";
    private const string Batch = "application/cloudevents-batch+json";
    private static readonly JsonEventFormatter s_formatter = new();

    [Theory]
    [InlineData(ContentMode.Structured)]
    [InlineData(ContentMode.Binary)]
    public async Task One_event_by_the_library(ContentMode mode)
    {
        TestLog log = await server.NewLogAsync();
        CloudEvent sent = Event("a1");
        for (int i = 0; i < 2; i++)
        {
            Answer answer = await log.AppendAsync(sent.ToHttpContent(mode, s_formatter));
            Assert.Equal(i == 0 ? 201 : 200, answer.Status);   // the same event again is no other
        }

        JsonElement entry = (await log.FindAsync("action:com.example.invoice.refunded")).GetProperty("items")[0].GetProperty("entry");
        Assert.Equal(1, log.Size);
        Assert.Equal("2026-11-23T06:14:25Z", entry.GetProperty("time").GetString());
        Assert.Equal("https://billing.example/refunds", entry.GetProperty("service").GetProperty("name").GetString());
        Assert.Equal("i-77", entry.GetProperty("targets")[0].GetProperty("id").GetString());
        Assert.Equal("u-8472", entry.GetProperty("actor").GetProperty("id").GetString());
        Assert.Equal("success", entry.GetProperty("outcome").GetString());
        Assert.Equal("cloudevents", entry.GetProperty("ingest").GetProperty("protocol").GetString());
        JsonElement data = entry.GetProperty("data");
        Assert.Equal(12.5, data.GetProperty("amount").GetDouble());
        Assert.Equal("a1", data.GetProperty("cloudevent").GetProperty("id").GetString());
        Assert.Equal("gold", data.GetProperty("cloudevent").GetProperty("tier").GetString());
        Assert.Equal("com.example.Invoice/Refunded", data.GetProperty("cloudevent").GetProperty("type").GetString());
    }

    [Fact]
    public async Task A_batch_by_the_library()
    {
        TestLog log = await server.NewLogAsync();
        Answer answer = await log.AppendAsync(((IReadOnlyList<CloudEvent>)[Event("a"), Event("b"), Event("c", "https://other.example/")]).ToHttpContent(s_formatter), "?ack=published");
        Assert.True(answer.Status == 201, answer.Text);
        Assert.Equal(3, answer.Json.GetProperty("receipts").GetArrayLength());
        Assert.Equal(3, log.Size);
    }

    [Fact]
    public async Task An_id_is_the_sources_own()
    {
        TestLog log = await server.NewLogAsync();
        Assert.Equal(201, (await log.AppendAsync(Event("a").ToHttpContent(ContentMode.Structured, s_formatter))).Status);
        Assert.Equal(201, (await log.AppendAsync(Event("a", "https://other.example/").ToHttpContent(ContentMode.Structured, s_formatter))).Status);
        CloudEvent changed = Event("a");
        changed.Subject = "i-78";
        (await log.AppendAsync(changed.ToHttpContent(ContentMode.Structured, s_formatter))).ShouldBeProblem(409, "id-conflict");
        Assert.Equal(2, log.Size);
    }

    [Theory]
    [InlineData("")]
    [InlineData("?partial=true")]
    public async Task An_event_without_a_time_sent_again_later_is_the_same_event(string parameters)
    {
        TestLog log = await server.NewLogAsync();
        string body = """{"specversion":"1.0","id":"a","source":"s","type":"t"}""";
        Assert.Equal(parameters.Length == 0 ? 201 : 200, (await log.AppendAsync(body, parameters, Structured)).Status);
        server.Clock.Advance(TimeSpan.FromHours(1));
        Answer again = await log.AppendAsync(body, parameters, Structured);
        Assert.True(again.Status == 200, again.Text);
        Assert.DoesNotContain("conflict", again.Text, StringComparison.Ordinal);
        Assert.Equal(1, log.Size);
        (await log.AppendAsync(body.Replace("\"t\"", "\"u\"", StringComparison.Ordinal), "", Structured)).ShouldBeProblem(409, "id-conflict");
    }

    [Fact]
    public async Task The_header_of_the_binary_mode_outranks_the_content_type()
    {
        TestLog log = await server.NewLogAsync();
        Answer answer = await server.SendAsync(HttpMethod.Post, log.Events, log.WriterKey, TestServer.Body(Encoding.UTF8.GetBytes(TestLog.Event("inner"))), request =>
        {
            request.Headers.Add("ce-specversion", "1.0");
            request.Headers.Add("ce-id", "outer");
            request.Headers.Add("ce-source", "s");
            request.Headers.Add("ce-type", "wrapped");
            request.Headers.Add("ce-subject", "caf%C3%A9");
        });
        Assert.Equal(201, answer.Status);
        Assert.Equal(1, (await log.FindAsync("id:inner")).GetProperty("items").GetArrayLength());
        JsonElement entry = (await log.GetAsync("events/0")).Json;
        Assert.Equal("invoice.read", entry.GetProperty("action").GetString());
        Assert.Equal("café", entry.GetProperty("targets")[0].GetProperty("id").GetString());
        Assert.Equal("outer", entry.GetProperty("data").GetProperty("cloudevent").GetProperty("id").GetString());
        Assert.Equal("wrapped", entry.GetProperty("data").GetProperty("cloudevent").GetProperty("type").GetString());
    }

    [Theory]
    [InlineData("application/octet-stream", "payload_base64", "AAH/")]
    [InlineData("text/plain", "payload", "caf\u00e9")]
    public async Task Data_of_any_kind_is_kept(string type, string member, string kept)
    {
        TestLog log = await server.NewLogAsync();
        CloudEvent sent = Event("a");
        sent.DataContentType = type;
        sent.Data = type == "text/plain" ? "caf\u00e9" : new byte[] { 0, 1, 255 };
        Assert.Equal(201, (await log.AppendAsync(sent.ToHttpContent(ContentMode.Binary, s_formatter))).Status);
        Assert.Equal(kept, (await log.GetAsync("events/0")).Json.GetProperty("data").GetProperty(member).GetString());
    }

    [Fact]
    public async Task A_batch_may_be_empty_and_what_is_wrong_in_one_is_named()
    {
        TestLog log = await server.NewLogAsync();
        Assert.Equal(200, (await log.AppendAsync("[]", "", Batch)).Status);
        string good = """{"specversion":"1.0","id":"a","source":"s","type":"t","time":"2026-11-23T07:14:25+01:00"}""";
        string body = $"[{good},{{\"specversion\":\"1.0\",\"id\":\"\",\"source\":\"s\"}},7,{{\"id\":1,\"id\":2}}]";
        Answer whole = await log.AppendAsync(body, "", Batch);
        whole.ShouldBeProblem(400, "invalid-event");
        Assert.Equal(0, log.Size);
        Answer part = await log.AppendAsync(body, "?partial=true", Batch);
        Assert.Equal(["appended", "invalid", "invalid", "invalid"], part.Json.GetProperty("results").EnumerateArray().Select(result => result.GetProperty("status").GetString()));
        Assert.Equal("2026-11-23T06:14:25.0000000Z", (await log.GetAsync("events/0")).Json.GetProperty("time").GetString());
    }

    [Theory]
    [InlineData("application/cloudevents+xml", 415)]
    [InlineData(Structured, 400)]
    [InlineData(Batch, 400)]
    public async Task Other_formats_and_what_is_no_event_are_refused(string type, int status)
    {
        TestLog log = await server.NewLogAsync();
        Assert.Equal(status, (await log.AppendAsync("<event/>", "", type)).Status);
        Assert.Equal(status, (await log.AppendAsync("{\"specversion\":\"0.3\",\"id\":\"a\",\"source\":\"s\",\"type\":\"t\"}", "", type)).Status);
        Assert.Equal(0, log.Size);
    }

    private static CloudEvent Event(string id, string source = "https://billing.example/refunds")
    {
        var sent = new CloudEvent
        {
            Id = id,
            Source = new Uri(source),
            Type = "com.example.Invoice/Refunded",
            Subject = "i-77",
            Time = new DateTimeOffset(2026, 11, 23, 6, 14, 25, TimeSpan.Zero),
            DataContentType = MediaTypeNames.Application.Json,
            Data = new { amount = 12.5, currency = "EUR" },
        };
        sent["actorid"] = "u-8472";
        sent["actortype"] = "user";
        sent["outcome"] = "success";
        sent["tier"] = "gold";
        return sent;
    }
}
