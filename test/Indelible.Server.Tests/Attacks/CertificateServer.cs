using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Indelible.Connections;
using Indelible.Server.Tests.Api;
using Xunit;

namespace Indelible.Server.Tests.Attacks;

/// <summary>A server by TLS that believes one client certificate by its hash, and those of an authority for one name.</summary>
public sealed class CertificateServer : IAsyncLifetime
{
    internal TestServer Server { get; } = new();

    internal TestAuthority Authority { get; private set; } = null!;

    /// <summary>Believed by its hash, as <c>pinned</c>.</summary>
    internal X509Certificate2 Pinned { get; private set; } = null!;

    internal DateTimeOffset Now => Server.Clock.GetUtcNow();

    public async ValueTask InitializeAsync()
    {
        string folder = Directory.CreateTempSubdirectory("indelible-certificate-").FullName;
        string certificate = DevelopmentCertificate.Write(folder, "localhost", TimeProvider.System);
        Server.Settings["urls"] = "https://127.0.0.1:0";
        Server.Settings["tls_certificate"] = certificate;
        Server.Settings["tls_key"] = Path.Combine(folder, DevelopmentCertificate.KeyFile);
        await Server.InitializeAsync();
        Directory.Delete(folder, recursive: true);
        Authority = new TestAuthority("CN=Authority", Now);
        Pinned = TestAuthority.SelfSigned("CN=pinned", Now - TimeSpan.FromHours(1), Now + TimeSpan.FromHours(1));
        await EnterAsync("pinned", "main");
        await EnterAsync("issued", "main");
        await TrustAsync(new JsonObject { ["id"] = "pinned", ["principal"] = "pinned", ["sha256"] = HashOf(Pinned) });
        await TrustAsync(AuthorityBody());
    }

    public async ValueTask DisposeAsync()
    {
        Authority.Dispose();
        Pinned.Dispose();
        await Server.DisposeAsync();
    }

    internal static string HashOf(X509Certificate2 certificate) => certificate.GetCertHashString(HashAlgorithmName.SHA256);

    internal JsonObject AuthorityBody(Action<JsonObject>? change = null)
    {
        var body = new JsonObject { ["id"] = "issued", ["principal"] = "issued", ["authority"] = Authority.Pem, ["dns_name"] = "service.example" };
        change?.Invoke(body);
        return body;
    }

    internal async Task TrustAsync(JsonObject body)
    {
        Answer made = await SendAsync(null, HttpMethod.Post, "api/certificates", body.ToJsonString(), Server.AdminKey);
        Assert.True(made.Status == 201, made.Text);
    }

    /// <summary>Sends a request on a connection of its own, which shows a certificate.</summary>
    internal async Task<Answer> SendAsync(X509Certificate2? shown, HttpMethod method, string path, string? json = null, string? key = null, params (string Name, string Value)[] headers)
    {
        using HttpClient http = Client(shown);
        using var request = new HttpRequestMessage(method, path) { Content = json is null ? null : TestServer.Body(System.Text.Encoding.UTF8.GetBytes(json)) };
        request.Headers.Authorization = key is null ? null : new("Bearer", key);
        foreach ((string name, string value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using HttpResponseMessage response = await http.SendAsync(request, TestContext.Current.CancellationToken);
        return await Answer.ReadAsync(response);
    }

    /// <summary>Who a certificate speaks for.</summary>
    internal Task<Answer> MeAsync(X509Certificate2? shown, params (string Name, string Value)[] headers) => SendAsync(shown, HttpMethod.Get, "api/me", headers: headers);

    internal HttpClient Client(X509Certificate2? shown)
    {
        var options = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, shownByServer, _, _) => shownByServer is not null };
        if (shown is not null)
        {
            options.LocalCertificateSelectionCallback = (_, _, _, _, _) => shown;
        }

        return new HttpClient(new SocketsHttpHandler { SslOptions = options }) { BaseAddress = Server.Url, Timeout = TimeSpan.FromMinutes(1) };
    }

    private async Task EnterAsync(string name, string log)
    {
        Assert.Equal(201, (await SendAsync(null, HttpMethod.Post, "api/principals", new JsonObject { ["name"] = name, ["kind"] = "service" }.ToJsonString(), Server.AdminKey)).Status);
        foreach (string role in new[] { "writer", "reader" })
        {
            string grant = new JsonObject { ["principal"] = name, ["role"] = role, ["logs"] = new JsonArray(log) }.ToJsonString();
            Assert.Equal(201, (await SendAsync(null, HttpMethod.Post, "api/grants", grant, Server.AdminKey)).Status);
        }
    }
}
