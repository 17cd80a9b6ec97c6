using System.Text.Json;
using Indelible.Server.Tests.Api;
using Xunit;

namespace Indelible.Server.Tests.Attacks;

/// <summary>The live tail as an attacker would use it: by what he writes.</summary>
public sealed class TailAttackTests(TestServer server) : IClassFixture<TestServer>
{
    [Theory]
    [InlineData("\n\nid: 999\nevent: end\ndata: forged\n\n")]
    [InlineData("\r\rdata: forged\r\r")]
    [InlineData("\r\n\r\ndata: forged\r\n\r\n")]
    [InlineData("\u2028\u2028data: forged\u2029\u2029")]
    [InlineData("\u0085data: forged\u0085")]
    [InlineData("\0\v\f\u001e")]
    public async Task The_text_of_an_entry_writes_no_event_of_its_own(string text)
    {
        TestLog log = await server.NewLogAsync();
        string json = JsonSerializer.Serialize(text);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"api/logs/{log.Name}/tail");
        request.Headers.Authorization = new("Bearer", log.ReaderKey);
        using HttpResponseMessage response = await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));

        Answer appended = await log.AppendAsync(
            $"[{TestLog.Event("a", ("message", json), ("actor.name", json), ("data.x", json), ("labels.x", json), ("service.name", json))},{TestLog.Event("b")}]");
        Assert.True(appended.Status == 201, appended.Text);
        var lines = new List<string>();
        while (lines is not [.., var last] || !last.Contains("\"id\":\"b\"", StringComparison.Ordinal))
        {
            lines.Add(await reader.ReadLineAsync(TestContext.Current.CancellationToken) ?? throw new EndOfStreamException());
        }

        Assert.Equal([": the stream begins at index 0", "", "id: 0", "event: entry", "data: ", "", "id: 1", "event: entry", "data: "],
            lines.Select(line => line.StartsWith("data: ", StringComparison.Ordinal) ? line[..6] : line));
        Assert.Equal(text, JsonElement.Parse(lines[4][6..]).GetProperty("entry").GetProperty("message").GetString());
    }
}
