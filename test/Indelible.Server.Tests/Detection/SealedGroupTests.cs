using System.Text.Json;
using Indelible.Engine;
using Indelible.Server.Detection;
using Indelible.Server.Tests.Api;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Indelible.Server.Tests.Detection;

/// <summary>A rule that groups by a value that is sealed in the events: no alert says it, whatever else stands in them.</summary>
public sealed class SealedGroupTests : IAsyncLifetime
{
    private const string Rule = """
        title: Seen
        name: seen
        logsource: {product: indelible}
        detection: {seen: {action: invoice.read}, condition: seen}
        ---
        title: Seen at an age
        id: 5b0a58d2-7d0e-4c6a-9e6b-0000000000b1
        correlation: {type: event_count, rules: [seen], group-by: [data.age], timespan: 1h, condition: {gte: 1}}
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;
    private readonly TestServer _server;

    public SealedGroupTests() => _server = new TestServer { Settings = { ["rules"] = _folder } };

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "seen.yml"), Rule);
        await _server.InitializeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("12", "1234")]           // the beginning of a number
    [InlineData("12", "12")]             // the same number, of something else
    [InlineData("true", "true")]
    [InlineData("\"lost\"", "\"lost\"")]
    [InlineData("\"age\"", "0")]         // the name of a member
    public async Task It_is_told_as_sealed(string age, string other)
    {
        Assert.Equal(201, (await _server.PostAsync("api/logs", _server.AdminKey, """{"name":"clinic","personal":["/data/age"]}""")).Status);
        string writer = (await _server.NewKeyAsync("writer", "clinic")).Text;
        Assert.Equal(201, (await _server.PostAsync("api/logs/clinic/events", writer, TestLog.Event("e-1", ("data.age", age), ("data.other", other)))).Status);

        Assert.Equal("""[{"field":"data.age","sealed":true}]""", await GroupAsync());
    }

    [Theory]
    [InlineData("12")]
    [InlineData("\"lost\"")]
    public async Task What_everybody_sees_is_told(string age)
    {
        Assert.Equal(201, (await _server.PostAsync("api/logs", _server.AdminKey, """{"name":"clinic"}""")).Status);
        string writer = (await _server.NewKeyAsync("writer", "clinic")).Text;
        Assert.Equal(201, (await _server.PostAsync("api/logs/clinic/events", writer, TestLog.Event("e-1", ("data.age", age)))).Status);

        Assert.Equal($$"""[{"field":"data.age","value":"{{age.Trim('"')}}"}]""", await GroupAsync());
    }

    private async Task<string> GroupAsync()
    {
        await _server.Services.GetRequiredService<LogDetections>().SettleAsync();
        LogReader alerts = _server.Engine.Find("_alerts")!;
        JsonElement alert = Assert.Single(Enumerable.Range(0, (int)alerts.Size).Select(index => JsonElement.Parse(alerts.ReadEntry(index).Span)), alert => alert.GetProperty("action").GetString() == "indelible.alert.raise");
        return alert.GetProperty("data").GetProperty("group").GetRawText();
    }
}
