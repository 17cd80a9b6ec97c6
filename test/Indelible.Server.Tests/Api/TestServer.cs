using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Indelible.Connections;
using Indelible.Engine;
using Indelible.Engine.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Indelible.Server.Tests.Api;

/// <summary>A whole server on a free port: real Kestrel, real files in a folder of its own.</summary>
public sealed class TestServer : IAsyncLifetime
{
    public const string Host = "audit.example:7480";

    private static int s_folders;
    private static int s_logs;   // of all servers: no log has the name of one of another server
    private WebApplication _app = null!;
    private string? _custodian;

    /// <summary>The clock of the engine and of expiry.</summary>
    internal ForwardClock Clock { get; } = new();

    /// <summary>Settings besides those that every test's server has.</summary>
    internal Dictionary<string, string?> Settings { get; } = new() { ["urls"] = "http://127.0.0.1:0", ["log_level"] = "None", ["failed_authentications_per_second"] = "0" };

    public string Folder { get; } = Path.Combine(
        Path.GetTempPath(), $"indelible-server-tests-{Environment.ProcessId}-{Interlocked.Increment(ref s_folders)}");

    public HttpClient Http { get; private set; } = null!;

    public Uri Url => Http.BaseAddress!;

    public LogEngine Engine { get; private set; } = null!;

    /// <summary>Every route that the running server has.</summary>
    public IEnumerable<RouteEndpoint> Routes => ((IEndpointRouteBuilder)_app).DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>();

    public IServiceProvider Services => _app.Services;

    public string AdminKey { get; private set; } = "";

    public string ReceiptsVkey { get; private set; } = "";

    /// <summary>Whether it is reached by https alone, under a certificate that only its own <see cref="Http"/> trusts.</summary>
    public bool HasTls { get; init; }

    public async ValueTask InitializeAsync()
    {
        InitialisedFolder made = await LogEngine.InitialiseAsync(
            new DataFolder(Folder), Host, ["main"], 256, new EngineOptions { Journal = ReadOptions().Engine.Journal }, Clock, RandomSource.System, NullLoggerFactory.Instance);
        AdminKey = made.AdminKey;
        ReceiptsVkey = made.Settings.ReceiptsVkey;
        await StartAsync();
    }

    public async Task StartAsync()
    {
        if (HasTls && !Directory.Exists(new DataFolder(Folder).TlsFolder))
        {
            DevelopmentCertificate.Write(new DataFolder(Folder).TlsFolder, Host, TimeProvider.System);
        }

        if (HasTls)
        {
            Settings["data"] = Folder;
            Settings["urls"] = "https://127.0.0.1:0";
        }

        ServerOptions options = ReadOptions();
        Engine = await LogEngine.OpenAsync(new DataFolder(Folder), options.Engine, Clock, RandomSource.System, NullLoggerFactory.Instance);
        _app = IndelibleServer.Build(Engine, options);
        await _app.StartAsync();

        // Cookies are a browser's, which a test plays itself.
        Http = new HttpClient(new SocketsHttpHandler { UseCookies = false, SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => HasTls } }) { BaseAddress = new Uri(_app.Urls.Single()), Timeout = TimeSpan.FromMinutes(5) };
    }

    private ServerOptions ReadOptions()
    {
        ServerOptions options = ServerOptions.Read(null, Settings, out IReadOnlyList<string> faults);
        Assert.Empty(faults);
        return options;
    }

    /// <summary>Stops as on SIGTERM: requests under way end, what waits is written.</summary>
    public async Task StopAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        await Engine.DisposeAsync();
        Http.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(Folder, recursive: true);
    }

    /// <summary>Sends a request and reads the whole answer.</summary>
    public async Task<Answer> SendAsync(
        HttpMethod method, string path, string? key = null, HttpContent? content = null, Action<HttpRequestMessage>? change = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        if (key is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }

        change?.Invoke(request);
        using HttpResponseMessage response = await Http.SendAsync(request);
        return await Answer.ReadAsync(response);
    }

    public Task<Answer> GetAsync(string path, string? key = null) => SendAsync(HttpMethod.Get, path, key);

    public Task<Answer> PostAsync(string path, string? key, string json, string type = "application/json") =>
        SendAsync(HttpMethod.Post, path, key, Body(Encoding.UTF8.GetBytes(json), type));

    public static ByteArrayContent Body(byte[] bytes, string? type = "application/json", string? encoding = null)
    {
        var content = new ByteArrayContent(bytes);
        if (type is not null)
        {
            content.Headers.TryAddWithoutValidation("Content-Type", type);
        }

        if (encoding is not null)
        {
            content.Headers.TryAddWithoutValidation("Content-Encoding", encoding);
        }

        return content;
    }

    /// <summary>Makes a key over the API.</summary>
    public async Task<(string Id, string Text)> NewKeyAsync(string kind, params string[] logs)
    {
        var wanted = new JsonObject { ["kind"] = kind, ["logs"] = new JsonArray([.. logs.Select(log => (JsonNode)log)]) };
        Answer made = await PostAsync("api/keys", AdminKey, wanted.ToJsonString());
        Assert.Equal(201, made.Status);
        return (made.Json.GetProperty("id").GetString()!, made.Json.GetProperty("key").GetString()!);
    }

    /// <summary>The key of a custodian of the node's, made once.</summary>
    public async Task<string> CustodianAsync()
    {
        if (_custodian is null)
        {
            Answer made = await PostAsync("api/keys", AdminKey, """{"role":"custodian","logs":["*"]}""");
            Assert.Equal(201, made.Status);
            _custodian = made.Json.GetProperty("key").GetString()!;
        }

        return _custodian;
    }

    /// <summary>Makes a log that no other test knows, with a writer's and a reader's key.</summary>
    internal async Task<TestLog> NewLogAsync(bool isPublic = false)
    {
        string name = $"log-{Interlocked.Increment(ref s_logs)}";
        Answer made = await PostAsync("api/logs", AdminKey, new JsonObject { ["name"] = name, ["public"] = isPublic }.ToJsonString());
        Assert.Equal(201, made.Status);
        return new TestLog(
            this, name, made.Json.GetProperty("vkey").GetString()!, (await NewKeyAsync("writer", name)).Text, (await NewKeyAsync("reader", name)).Text);
    }
}
