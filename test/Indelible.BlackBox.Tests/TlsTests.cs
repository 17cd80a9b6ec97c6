using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Text.Json;

namespace Indelible.BlackBox.Tests;

/// <summary>The server by TLS: what it shows, what it refuses, and a certificate that is renewed while it runs.</summary>
public sealed class TlsTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("indelible-tls-").FullName;
    private readonly int _port = Command.FreePort();
    private Process? _server;
    private volatile string _errors = "";
    private string _vkey = "";
    private string _adminKey = "";

    private string Data => Path.Combine(_folder, "data");

    private string Certificate => Path.Combine(Data, "tls", "certificate.pem");

    private string Url => $"https://localhost:{_port}";

    public async ValueTask InitializeAsync()
    {
        Finished made = (await Command.RunAsync("init", "--data", Data, "--tls", "--json")).ShouldEnd(0);
        using JsonDocument json = JsonDocument.Parse(made.Output);
        _adminKey = json.RootElement.GetProperty("admin_key").GetString()!;
        _vkey = json.RootElement.GetProperty("logs")[0].GetProperty("vkey").GetString()!;
        Assert.Equal(Certificate, json.RootElement.GetProperty("tls_certificate").GetString());
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            _server.Kill();
            await _server.WaitForExitAsync();
            _server.Dispose();
        }

        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_server_with_the_certificate_of_init_speaks_HTTP_2_to_who_trusts_it_and_to_nobody_else()
    {
        await StartAsync("--urls", $"https://0.0.0.0:{_port}");
        using HttpClient trusting = Trusting(_ => { });
        using var request = new HttpRequestMessage(HttpMethod.Get, Url + "/healthz") { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using HttpResponseMessage answer = await trusting.SendAsync(request);
        Assert.Equal((HttpStatusCode.OK, HttpVersion.Version20), (answer.StatusCode, answer.Version));
        using var named = new HttpRequestMessage(HttpMethod.Get, Url + "/") { Headers = { Host = "audit.example" } };
        using HttpResponseMessage page = await trusting.SendAsync(named);
        Assert.Equal("max-age=31536000; includeSubDomains", Assert.Single(page.Headers.GetValues("Strict-Transport-Security")));
        Assert.False(answer.Headers.Contains("Strict-Transport-Security"));   // On localhost it would bind every other server there.

        using var stranger = new HttpClient();
        HttpRequestException refused = await Assert.ThrowsAsync<HttpRequestException>(() => stranger.GetAsync(Url + "/healthz"));
        Assert.Equal(HttpRequestError.SecureConnectionError, refused.HttpRequestError);
        Assert.NotEqual(0, (await Command.RunAsync("keys", "list", "--url", Url, "--key", _adminKey)).Code);
        Assert.Equal(0, await TrustingCommandAsync("keys", "list", "--url", Url, "--key", _adminKey));
        (await Command.RunAsync("verify", "--vkey", _vkey, "--data", Data)).ShouldEnd(0);

        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(Data, "tls", "key.pem")));
        }
    }

    [Fact]
    public async Task A_renewed_certificate_is_used_without_a_restart_and_half_of_one_is_not()
    {
        string other = Path.Combine(_folder, "other");
        (await Command.RunAsync("init", "--data", other, "--tls")).ShouldEnd(0);
        await StartAsync("--urls", Url);
        string first = await ShownAsync();

        File.Copy(Path.Combine(other, "tls", "key.pem"), Path.Combine(Data, "tls", "key.pem"), overwrite: true);
        await UntilAsync(async () =>
        {
            Assert.Equal(first, await ShownAsync());
            return _errors.Contains("the one before stays in use", StringComparison.Ordinal);
        });

        File.Copy(Path.Combine(other, "tls", "certificate.pem"), Certificate, overwrite: true);
        await UntilAsync(async () => await ShownAsync() != first);
        Assert.DoesNotContain("PRIVATE", _errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_would_go_in_clear_to_other_machines_is_refused_unless_it_is_said()
    {
        string open = $"http://0.0.0.0:{_port}";
        Assert.Contains("in clear", (await Command.RunAsync("serve", "--data", Data, "--urls", open)).ShouldEnd(2).Errors, StringComparison.Ordinal);
        Assert.Contains("in clear", (await Command.RunAsync("serve", "--data", Data, "--urls", $"http://*:{_port}")).ShouldEnd(2).Errors, StringComparison.Ordinal);

        await StartAsync("--urls", open, "--insecure-http");
        using var http = new HttpClient();
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync($"http://127.0.0.1:{_port}/healthz")).StatusCode);
    }

    [Fact]
    public async Task Files_that_are_no_certificate_and_its_key_stop_the_start_and_are_named()
    {
        string key = Path.Combine(Data, "tls", "key.pem");
        string nothing = Path.Combine(_folder, "nothing.pem");
        await File.WriteAllTextAsync(nothing, "nothing");

        Assert.Contains(nothing, (await ServeAsync(nothing, key)).ShouldEnd(2).Errors, StringComparison.Ordinal);
        Assert.Contains(nothing, (await ServeAsync(Certificate, nothing)).ShouldEnd(2).Errors, StringComparison.Ordinal);
        Assert.Contains("missing.pem", (await ServeAsync(Path.Combine(_folder, "missing.pem"), key)).ShouldEnd(2).Errors, StringComparison.Ordinal);
        Assert.Contains("tls_key", (await Command.RunAsync("serve", "--data", Data, "--urls", Url, "--tls-certificate", Certificate)).ShouldEnd(2).Errors, StringComparison.Ordinal);

        Task<Finished> ServeAsync(string certificate, string privateKey) =>
            Command.RunAsync("serve", "--data", Data, "--urls", Url, "--tls-certificate", certificate, "--tls-key", privateKey);
    }

    private async Task StartAsync(params string[] flags)
    {
        _server = Command.Start(Command.Metadata("Command"), ["serve", "--data", Data, .. flags]);
        _server.ErrorDataReceived += (_, line) => _errors += line.Data + "\n";
        _server.BeginErrorReadLine();
        Assert.StartsWith("Indelible serves", await _server.StandardOutput.ReadLineAsync() ?? "(nothing)", StringComparison.Ordinal);
    }

    private async Task<int> TrustingCommandAsync(params string[] arguments)
    {
        using Process process = Command.Start(Command.Metadata("Command"), arguments, environment: [("SSL_CERT_FILE", Certificate)]);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        await process.StandardError.ReadToEndAsync();
        await output;
        await process.WaitForExitAsync();
        return process.ExitCode;
    }

    /// <summary>The certificate that a new connection is shown.</summary>
    private async Task<string> ShownAsync()
    {
        string shown = "";
        using HttpClient http = Trusting(thumbprint => shown = thumbprint);
        using HttpResponseMessage _ = await http.GetAsync(Url + "/healthz");
        return shown;
    }

    /// <summary>Believes every certificate that init made, and tells of each.</summary>
    private static HttpClient Trusting(Action<string> onShown) => new(new SocketsHttpHandler
    {
        SslOptions = new SslClientAuthenticationOptions
        {
            RemoteCertificateValidationCallback = (_, certificate, _, _) =>
            {
                onShown(certificate!.GetCertHashString());
                return certificate.Subject == "CN=Indelible development";
            },
        },
    });

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!await condition())
        {
            timeout.Token.ThrowIfCancellationRequested();
        }
    }
}
