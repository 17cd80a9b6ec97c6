using System.Text;
using Indelible.Server.Tests.Api;
using Xunit;

namespace Indelible.Server.Tests.Access;

/// <summary>What a producer cannot make: another's events, another's numbers, and entries that look like the system's own.</summary>
public sealed class ProducerTests(TestServer server) : IClassFixture<TestServer>
{
    private const string Otlp = """{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},"scopeLogs":[{"logRecords":[{"timeUnixNano":"1764000000000000000","eventName":"NAME","attributes":[{"key":"audit.actor.id","value":{"stringValue":"u"}},{"key":"audit.actor.type","value":{"stringValue":"user"}},{"key":"audit.outcome","value":{"stringValue":"success"}}]}]}]}]}""";

    private const string CloudEvent = """{"specversion":"1.0","id":"a","source":"/shop","type":"NAME","data":{}}""";

    [Theory]
    [InlineData("api", "application/json")]
    [InlineData("lines", "application/x-ndjson")]
    [InlineData("cloudevents", "application/cloudevents+json")]
    [InlineData("otlp", "application/json")]
    public async Task No_protocol_takes_an_action_of_the_systems_own(string protocol, string type)
    {
        TestLog log = await server.NewLogAsync();

        Answer answer = await SendAsync("indelible.key.create");

        Assert.Equal(0, log.Size);
        Assert.True(protocol == "otlp" ? answer.Status == 200 && answer.Json.GetProperty("partialSuccess").GetProperty("rejectedLogRecords").ToString() == "1" : answer.Status == 400, $"{answer.Status} {answer.Text}");

        // The same but for the name is taken: it was refused for that.
        Assert.InRange((await SendAsync("indelibles.key.create")).Status, 200, 201);
        Assert.Equal(1, log.Size);

        Task<Answer> SendAsync(string action) => protocol switch
        {
            "otlp" => server.SendAsync(HttpMethod.Post, "v1/logs", log.WriterKey, TestServer.Body(Encoding.UTF8.GetBytes(Otlp.Replace("NAME", action, StringComparison.Ordinal)), type)),
            "cloudevents" => log.AppendAsync(CloudEvent.Replace("NAME", action, StringComparison.Ordinal), "", type),
            _ => log.AppendAsync(TestLog.Event("a", ("action", $"\"{action}\"")), "", type),
        };
    }

    [Fact]
    public async Task The_same_id_under_another_principal_is_another_event_and_tells_nothing_of_the_first()
    {
        TestLog log = await server.NewLogAsync();
        (_, string other) = await server.NewKeyAsync("writer", log.Name);
        Assert.Equal(201, (await log.AppendAsync(TestLog.Event("a"))).Status);

        Answer same = await server.PostAsync(log.Events, other, TestLog.Event("a"));
        Answer differs = await server.PostAsync(log.Events, other, TestLog.Event("a", ("outcome", "\"failure\"")));

        Assert.Equal((201, 409), (same.Status, differs.Status));
        Assert.Equal(1, same.Json.GetProperty("receipts")[0].GetProperty("index").GetInt64());
        Assert.Contains("entry 1,", differs.Text, StringComparison.Ordinal);
        Assert.Equal(2, log.Size);
    }

    [Fact]
    public async Task A_stream_of_numbers_is_its_first_principals_and_others_are_told_no_name()
    {
        TestLog log = await server.NewLogAsync();
        (string id, string other) = await server.NewKeyAsync("writer", log.Name);
        Assert.Equal(201, (await log.AppendAsync(Numbered("a", 1))).Status);

        Answer taken = await server.PostAsync(log.Events, other, Numbered("b", 2));

        taken.ShouldBeProblem(409, "stream-taken", "/producer/stream_id", 0);
        Assert.DoesNotContain("key:", taken.Text.Replace("key:" + id, "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Equal(201, (await log.AppendAsync(Numbered("b", 2))).Status);

        static string Numbered(string id, int number) => TestLog.Event(id, ("producer", $$"""{"stream_id":"0123456789abcdef0123456789abcdef","seq":{{number}}}"""));
    }
}
