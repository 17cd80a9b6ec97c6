using System.Text.Json;
using Indelible.Server.Tests.Api;
using Indelible.Server.Tests.Attacks;
using Xunit;

namespace Indelible.Server.Tests.Streams;

/// <summary>A server with streams, and whom tests stream to. One for the tests of a class, which have a log each.</summary>
public sealed class StreamingServer : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("indelible-test-").FullName;
    private string _file = "";

    internal TestServer Server { get; } = new();

    internal Receiver Http { get; } = new();

    internal TestAuthority Authority { get; } = new("CN=collectors", TimeProvider.System.GetUtcNow());

    public async ValueTask InitializeAsync()
    {
        await Http.StartAsync();
        await Server.InitializeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await Http.DisposeAsync();
        Authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Writes a file beside the file of streams.</summary>
    public string Write(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>Starts the server anew with streams besides those that it has.</summary>
    internal async Task StreamAsync(params string[] streams)
    {
        await Server.StopAsync();
        _file += string.Concat(streams);
        Server.Settings["streams"] = Write("streams.yml", "streams:\n" + _file);
        await Server.StartAsync();
    }

    /// <summary>Starts the server anew with streams in the place of those that it has.</summary>
    internal Task StreamOnlyAsync(params string[] streams)
    {
        _file = "";
        return StreamAsync(streams);
    }

    /// <summary>Starts the server anew.</summary>
    internal async Task RestartAsync()
    {
        await Server.StopAsync();
        await Server.StartAsync();
    }

    /// <summary>A log, and a stream of the same name to a path of the same name.</summary>
    internal async Task<TestLog> NewStreamAsync(string more = "", string http = "")
    {
        TestLog log = await Server.NewLogAsync();
        await StreamAsync($"""
              - name: {log.Name}
                log: {log.Name}
                {more}
                to:
                  http:
                    url: {Http.Url}/{log.Name}
                    insecure: true
                    {http}

            """);
        return log;
    }

    /// <summary>A stream, as the API tells of it.</summary>
    internal async Task<JsonElement> StateAsync(string stream) =>
        (await Server.GetAsync("api/streams", Server.AdminKey)).Json.GetProperty("streams").EnumerateArray().Single(one => one.GetProperty("name").GetString() == stream);

    /// <summary>Waits until a stream is as it is wanted.</summary>
    internal async Task<JsonElement> WaitAsync(string stream, Func<JsonElement, bool> condition)
    {
        JsonElement state = await StateAsync(stream);
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!condition(state))
        {
            Assert.False(timeout.IsCancellationRequested, state.GetRawText());
            state = await StateAsync(stream);
        }

        return state;
    }

    /// <summary>Waits until everything that there is was sent.</summary>
    internal Task<JsonElement> SettleAsync(string stream) => WaitAsync(stream, state => state.GetProperty("state").GetString() == "idle");

    internal Task<Answer> DoAsync(string stream, string what, string body = "{}") => Server.PostAsync($"api/streams/{stream}/{what}", Server.AdminKey, body);

    internal static async Task AppendAsync(TestLog log, params string[] ids)
    {
        Answer answer = await log.AppendAsync("[" + string.Join(',', ids.Select(id => TestLog.Event(id))) + "]");
        Assert.True(answer.Status == 201, answer.Text);
    }

    internal static IEnumerable<long> IndexesOf(IEnumerable<JsonElement> lines) => lines.Select(line => line.GetProperty("index").GetInt64());

    internal static IEnumerable<string?> IdsOf(IEnumerable<JsonElement> lines) => lines.Select(line => line.GetProperty("entry").GetProperty("id").GetString());
}
