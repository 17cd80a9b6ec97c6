using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Indelible.Client.Recording;
using Indelible.Events.Producing;

namespace Indelible.Gateway.Tests;

/// <summary>Who a caller is, and what the application is told of it.</summary>
public sealed class IdentityTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("indelible-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("X-Indelible-User")]
    [InlineData("x-indelible-user")]
    [InlineData("X_Indelible_User")]
    [InlineData("X-Indelible_User")]
    [InlineData("X-Indelible-Roles")]
    [InlineData("X_INDELIBLE_ROLES")]
    public async Task What_a_caller_says_of_himself_does_not_reach_the_application(string header)
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        (int status, string got) = await gateway.GetAsync("/", (header, "admin"), ("X-Other_Header", "kept"));
        Assert.Equal(200, status);
        Assert.DoesNotContain("admin", got, StringComparison.Ordinal);
        Assert.Contains("kept", got, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_header_is_believed_from_its_proxy_alone()
    {
        foreach ((string from, bool believed) in ((string, bool)[])[("127.0.0.0/8", true), ("10.0.0.0/8", false)])
        {
            await using TestGateway gateway = await TestGateway.StartAsync(settings => settings with
            {
                Identity = new IdentitySettings { Header = new HeaderSettings { User = "X-Forwarded-User", Roles = "X-Forwarded-Groups", From = [from] } },
                RecordEverything = true,
            });
            (_, string got) = await gateway.GetAsync("/x", ("X-Forwarded-User", "ada@example.com"), ("X-Forwarded-Groups", "nurse, admin"), ("X_Forwarded_User", "eve"));
            Assert.Equal(believed, got.Contains("X-Indelible-User: ada@example.com\nX-Indelible-Roles: nurse,admin", StringComparison.Ordinal) || (got.Contains("X-Indelible-User: ada@example.com", StringComparison.Ordinal) && got.Contains("X-Indelible-Roles: nurse,admin", StringComparison.Ordinal)));
            Assert.DoesNotContain("X-Forwarded-User", got, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("eve", got, StringComparison.Ordinal);
            EventDraft draft = Assert.Single(await gateway.Recorder.WaitAsync(1));
            Assert.Equal(believed ? "ada@example.com" : "anonymous", draft.Actor!.Id);
            Assert.Equal("/x", draft.Request!.Path);
        }
    }

    [Fact]
    public async Task Forwarding_headers_are_the_gateways_own_unless_a_proxy_is_trusted()
    {
        foreach ((string[] trusted, string chain) in ((string[], string)[])[([], "X-Forwarded-For: 127.0.0.1\n"), (["127.0.0.0/8"], "X-Forwarded-For: 203.0.113.9, 127.0.0.1\n")])
        {
            await using TestGateway gateway = await TestGateway.StartAsync(settings => settings with { TrustedProxies = trusted });
            (_, string got) = await gateway.GetAsync("/", ("X-Forwarded-For", "203.0.113.9"), ("Forwarded", "for=1.2.3.4"), ("X-Original-URL", "/admin"));
            Assert.Contains(chain, got + "\n", StringComparison.Ordinal);
            Assert.Equal(trusted.Length > 0, got.Contains("X-Original-URL", StringComparison.Ordinal));
            Assert.Contains($"Host: {gateway.Url.Authority}", got, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_token_is_believed_under_the_pinned_key_issuer_audience_and_algorithm_alone()
    {
        using var key = RSA.Create(2048);
        using var other = RSA.Create(2048);
        string keys = Path.Combine(_folder, "keys.json");
        RSAParameters open = key.ExportParameters(false);
        await File.WriteAllTextAsync(keys, JsonSerializer.Serialize(new { keys = new[] { new { kty = "RSA", use = "sig", kid = "k1", n = Base64Url(open.Modulus!), e = Base64Url(open.Exponent!) } } }), TestContext.Current.CancellationToken);
        await using TestGateway gateway = await TestGateway.StartAsync(settings => settings with
        {
            Identity = new IdentitySettings { Jwt = new JwtSettings { Issuer = "https://idp.example", Audience = "app", Keys = keys } },
            RecordEverything = true,
        });
        string good = Token(key, "RS256");
        (int status, string got) = await gateway.GetAsync("/x", ("Authorization", "Bearer " + good));
        Assert.Equal(200, status);
        Assert.Contains("X-Indelible-User: ada", got, StringComparison.Ordinal);
        Assert.Contains("X-Indelible-Roles: nurse,admin", got, StringComparison.Ordinal);
        EventDraft draft = Assert.Single(await gateway.Recorder.WaitAsync(1));
        Assert.Equal("ada", draft.Actor!.Id);
        Assert.Equal(["nurse", "admin"], draft.Actor.Roles!);

        string[] bad =
        [
            Token(other, "RS256"), Token(key, "RS256", issuer: "https://evil.example"), Token(key, "RS256", audience: "another"), Token(key, "RS256", expires: -3600),
            Token(key, "none"), Token(key, "HS256"), Token(key, "RS384"), good[..^3] + "AAA", "nonsense",
        ];
        foreach (string token in bad)
        {
            Assert.Equal(401, (await gateway.GetAsync("/bad", ("Authorization", "Bearer " + token))).Status);
        }

        Assert.DoesNotContain("/bad", gateway.Reached);
        await gateway.Recorder.WaitAsync(drafts => drafts.Count(draft => draft.Outcome == Outcome.Failure) >= bad.Length);
        Assert.All(gateway.Recorder.Drafts, kept => Assert.DoesNotContain(good, JsonSerializer.Serialize(kept.Request?.Path) + kept.OutcomeReason + kept.Decision?.Reason, StringComparison.Ordinal));
        Assert.Equal(200, (await gateway.GetAsync("/anonymous")).Status);
    }

    [Fact]
    public async Task A_certificate_is_believed_from_its_authority_alone()
    {
        using X509Certificate2 authority = Authority("our authority");
        using X509Certificate2 others = Authority("another");
        using X509Certificate2 server = Issued(authority, "CN=localhost", isClient: false);
        await File.WriteAllTextAsync(Path.Combine(_folder, "ca.pem"), authority.ExportCertificatePem(), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(_folder, "server.pem"), server.ExportCertificatePem(), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(_folder, "server.key"), server.GetRSAPrivateKey()!.ExportPkcs8PrivateKeyPem(), TestContext.Current.CancellationToken);
        await using TestGateway gateway = await TestGateway.StartAsync(settings => settings with
        {
            Listen = "https://127.0.0.1:0",
            Identity = new IdentitySettings
            {
                Required = true,
                Tls = new TlsSettings(Path.Combine(_folder, "server.pem"), Path.Combine(_folder, "server.key")),
                Certificate = new CertificateSettings { Authorities = Path.Combine(_folder, "ca.pem") },
            },
        });
        using X509Certificate2 good = Issued(authority, "CN=ledger-job", isClient: true);
        using X509Certificate2 forged = Issued(others, "CN=ledger-job", isClient: true);
        using X509Certificate2 misused = Issued(authority, "CN=ledger-job", isClient: false);
        foreach ((X509Certificate2? shown, int status) in ((X509Certificate2?, int)[])[(good, 200), (forged, 401), (misused, 401), (null, 401)])
        {
            using var http = new HttpClient(new SocketsHttpHandler
            {
                SslOptions = new SslClientAuthenticationOptions
                {
                    RemoteCertificateValidationCallback = (_, got, _, _) => got?.GetCertHashString() == server.GetCertHashString(),
                    LocalCertificateSelectionCallback = (_, _, _, _, _) => shown!,
                },
            });
            using HttpResponseMessage response = await http.GetAsync(gateway.Url, TestContext.Current.CancellationToken);
            Assert.Equal(status, (int)response.StatusCode);
            Assert.Equal(status == 200, (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Contains("X-Indelible-User: CN%3Dledger-job", StringComparison.Ordinal));
        }
    }

    private static X509Certificate2 Authority(string name)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        return request.CreateSelfSigned(DateTimeOffset.UnixEpoch.AddYears(50), DateTimeOffset.UnixEpoch.AddYears(100));
    }

    private static X509Certificate2 Issued(X509Certificate2 authority, string subject, bool isClient)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(isClient ? "1.3.6.1.5.5.7.3.2" : "1.3.6.1.5.5.7.3.1")], false));
        using X509Certificate2 issued = request.Create(authority, DateTimeOffset.UnixEpoch.AddYears(51), DateTimeOffset.UnixEpoch.AddYears(99), RandomNumberGenerator.GetBytes(8));
        using X509Certificate2 withKey = issued.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pfx), null, X509KeyStorageFlags.Exportable);
    }

    [Fact]
    public async Task Where_a_type_of_token_is_wanted_no_other_is_believed()
    {
        using var key = RSA.Create(2048);
        string keys = Path.Combine(_folder, "keys.json");
        RSAParameters open = key.ExportParameters(false);
        await File.WriteAllTextAsync(keys, JsonSerializer.Serialize(new { keys = new[] { new { kty = "RSA", use = "sig", kid = "k1", n = Base64Url(open.Modulus!), e = Base64Url(open.Exponent!) } } }), TestContext.Current.CancellationToken);
        await using TestGateway gateway = await TestGateway.StartAsync(settings => settings with
        {
            Identity = new IdentitySettings { Jwt = new JwtSettings { Issuer = "https://idp.example", Audience = "app", Keys = keys, Types = ["at+jwt"] } },
        });

        Assert.Equal(200, (await gateway.GetAsync("/x", ("Authorization", "Bearer " + Token(key, "RS256", type: "at+jwt")))).Status);
        Assert.Equal(401, (await gateway.GetAsync("/bad", ("Authorization", "Bearer " + Token(key, "RS256")))).Status);
        Assert.DoesNotContain("/bad", gateway.Reached);
    }

    private static string Token(RSA key, string algorithm, string issuer = "https://idp.example", string audience = "app", int expires = 3600, string type = "JWT")
    {
        long now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        string signed = Base64Url(JsonSerializer.SerializeToUtf8Bytes(new { alg = algorithm, typ = type, kid = "k1" })) + "."
            + Base64Url(JsonSerializer.SerializeToUtf8Bytes(new { iss = issuer, aud = audience, sub = "ada", roles = new[] { "nurse", "admin" }, exp = now + expires, nbf = now - 7200 }));
        byte[] bytes = Encoding.ASCII.GetBytes(signed);
        byte[] signature = algorithm switch
        {
            "none" => [],
            "HS256" => HMACSHA256.HashData(Encoding.ASCII.GetBytes(key.ExportRSAPublicKeyPem()), bytes),
            "RS384" => key.SignData(bytes, HashAlgorithmName.SHA384, RSASignaturePadding.Pkcs1),
            _ => key.SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
        };
        return signed + "." + Base64Url(signature);
    }

    private static string Base64Url(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');
}
