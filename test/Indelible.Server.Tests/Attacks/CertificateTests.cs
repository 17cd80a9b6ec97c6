using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Nodes;
using Indelible.Server.Tests.Api;
using Xunit;

namespace Indelible.Server.Tests.Attacks;

/// <summary>Client certificates that are believed, and everything that only looks like one.</summary>
public sealed class CertificateTests(CertificateServer host) : IClassFixture<CertificateServer>
{
    private static readonly Dictionary<string, Func<CertificateServer, X509Certificate2?>> s_forgeries = new()
    {
        ["none"] = _ => null,
        ["the pinned one's subject, signed by itself"] = host => TestAuthority.SelfSigned("CN=pinned", host.Now - TimeSpan.FromHours(1), host.Now + TimeSpan.FromHours(1)),
        ["the authority's subject, signed by itself"] = host => TestAuthority.SelfSigned("CN=Authority", host.Now - TimeSpan.FromHours(1), host.Now + TimeSpan.FromHours(1), TestAuthority.ForClients),
        ["another authority of the same name"] = host => Sign(host, new TestAuthority("CN=Authority", host.Now)),
        ["over"] = host => host.Authority.Sign(["service.example"], host.Now - TimeSpan.FromHours(2), host.Now - TimeSpan.FromMinutes(1), [TestAuthority.ForClients]),
        ["not valid yet"] = host => host.Authority.Sign(["service.example"], host.Now + TimeSpan.FromMinutes(5), host.Now + TimeSpan.FromHours(1), [TestAuthority.ForClients]),
        ["for another name"] = host => Sign(host, host.Authority, "other.example"),
        ["for every name"] = host => Sign(host, host.Authority, "*.example"),
        ["for a name below"] = host => Sign(host, host.Authority, "x.service.example"),
        ["for a name that goes on"] = host => Sign(host, host.Authority, "service.example.attacker.example"),
        ["for no name"] = host => host.Authority.Sign([], host.Now - TimeSpan.FromHours(1), host.Now + TimeSpan.FromHours(1), [TestAuthority.ForClients]),
        ["for more names than anybody has"] = host => Sign(host, host.Authority, ["service.example", .. Enumerable.Range(0, 20).Select(i => $"n{i}.example")]),
        ["for servers alone"] = host => host.Authority.Sign(["service.example"], host.Now - TimeSpan.FromHours(1), host.Now + TimeSpan.FromHours(1), [TestAuthority.ForServers]),
        ["signed by a client's, which is no authority"] = SignedByLeaf,
        ["signed by an authority below, whose own was never given"] = host => Sign(host, new TestAuthority("CN=Below", host.Now, host.Authority)),
    };

    public static TheoryData<string> Forgeries() => [.. s_forgeries.Keys];

    [Theory]
    [MemberData(nameof(Forgeries))]
    public async Task What_is_no_believed_certificate_is_nobodys(string forgery)
    {
        using X509Certificate2? shown = s_forgeries[forgery](host);

        (await host.MeAsync(shown)).ShouldBeProblem(401, "unauthenticated");
        Assert.Equal("pinned", await PrincipalAsync(host.Pinned));
    }

    [Fact]
    public async Task A_service_appends_and_searches_by_its_certificate_and_the_entries_name_it()
    {
        using X509Certificate2 shown = Sign(host, host.Authority);
        string id = $"c-{host.Server.Engine.Find("main")!.Size}";

        Assert.Equal(201, (await host.SendAsync(shown, HttpMethod.Post, "api/logs/main/events?ack=published", TestLog.Event(id))).Status);
        Answer found = await host.SendAsync(shown, HttpMethod.Get, $"api/logs/main/events?q=id:{id}");

        JsonElement ingest = found.Json.GetProperty("items")[0].GetProperty("entry").GetProperty("ingest");
        Assert.Equal(("issued", "certificate:issued"), (ingest.GetProperty("principal").GetString(), ingest.GetProperty("key_id").GetString()));
    }

    [Fact]
    public async Task One_without_uses_one_in_other_letters_and_one_of_several_names_are_taken()
    {
        using X509Certificate2 plain = host.Authority.Sign(["service.example"], host.Now - TimeSpan.FromHours(1), host.Now + TimeSpan.FromHours(1), []);
        using X509Certificate2 capitals = Sign(host, host.Authority, "SERVICE.example");
        using X509Certificate2 several = Sign(host, host.Authority, "other.example", "service.example");

        foreach (X509Certificate2 shown in new[] { plain, capitals, several })
        {
            Assert.Equal("issued", await PrincipalAsync(shown));
        }
    }

    [Fact]
    public async Task Certificates_between_the_authority_and_a_clients_count_where_they_are_given()
    {
        await using var own = new CertificateServer();
        await own.InitializeAsync();
        using var below = new TestAuthority("CN=Below", own.Now, own.Authority);
        await own.TrustAsync(own.AuthorityBody(body => body["authority"] = own.Authority.Pem + "\n" + below.Pem));
        using X509Certificate2 shown = Sign(own, below);

        Assert.Equal(200, (await own.MeAsync(shown)).Status);
    }

    [Theory]
    [InlineData("Bearer ind_w_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("Bearer a.b.c")]
    [InlineData("Basic cGlubmVkOg==")]
    [InlineData("")]
    public async Task Who_says_in_words_who_he_is_is_not_taken_for_his_certificate(string header)
    {
        Answer answer = await host.MeAsync(host.Pinned, ("Authorization", header));

        answer.ShouldBeProblem(401, "unauthenticated");
    }

    [Fact]
    public async Task A_key_counts_before_the_certificate_of_its_connection()
    {
        Answer me = await host.SendAsync(host.Pinned, HttpMethod.Get, "api/me", key: host.Server.AdminKey);

        Assert.Equal("administrator", me.Json.GetProperty("principal").GetString());
    }

    [Theory]
    [InlineData("X-Forwarded-Client-Cert")]
    [InlineData("X-ARR-ClientCert")]
    [InlineData("X-Client-Cert")]
    [InlineData("X-SSL-Client-Cert")]
    [InlineData("ssl-client-cert")]
    [InlineData("Client-Cert")]
    public async Task A_certificate_in_a_header_counts_for_nothing(string header)
    {
        foreach (string text in new[] { Convert.ToBase64String(host.Pinned.RawData), $":{Convert.ToBase64String(host.Pinned.RawData)}:", Uri.EscapeDataString(host.Pinned.ExportCertificatePem()) })
        {
            (await host.MeAsync(null, (header, text))).ShouldBeProblem(401, "unauthenticated");
        }
    }

    [Theory]
    [InlineData("cross-site")]
    [InlineData("same-site")]
    public async Task A_page_of_another_site_does_not_use_the_certificate_of_a_browser(string site)
    {
        (await host.MeAsync(host.Pinned, ("Sec-Fetch-Site", site))).ShouldBeProblem(403, "cross-site");
        (await host.MeAsync(host.Pinned, ("Origin", $"https://{site}.example"))).ShouldBeProblem(403, "cross-site");
        Assert.Equal(200, (await host.MeAsync(host.Pinned, ("Sec-Fetch-Site", "same-origin"))).Status);
    }

    [Theory]
    [InlineData("distrusted")]
    [InlineData("replaced")]
    [InlineData("disabled")]
    [InlineData("over")]
    public async Task What_was_believed_ends_at_once_on_an_open_connection_and_an_open_tail(string what)
    {
        await using var own = new CertificateServer();
        await own.InitializeAsync();
        using HttpClient http = own.Client(own.Pinned);
        using HttpResponseMessage tail = await http.GetAsync(new Uri(own.Server.Url, "api/logs/main/tail"), HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        using var lines = new StreamReader(await tail.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        Assert.StartsWith(": the stream begins", await lines.ReadLineAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal(200, await StatusAsync(http));

        switch (what)
        {
            case "distrusted":
                Assert.Equal(204, (await own.SendAsync(null, HttpMethod.Delete, "api/certificates/pinned", key: own.Server.AdminKey)).Status);
                break;
            case "replaced":
                await own.TrustAsync(new JsonObject { ["id"] = "pinned", ["principal"] = "pinned", ["sha256"] = new string('0', 64) });
                break;
            case "disabled":
                Assert.Equal(204, (await own.SendAsync(null, HttpMethod.Post, "api/principals/disable/pinned", key: own.Server.AdminKey)).Status);
                break;
            default:
                // The clock jumps, and an entry wakes the tail, whose waiting is by the clock before.
                own.Server.Clock.Advance(TimeSpan.FromHours(2));
                Answer key = await own.SendAsync(null, HttpMethod.Post, "api/keys", """{"kind":"writer","logs":["main"]}""", own.Server.AdminKey);
                Assert.Equal(201, (await own.SendAsync(null, HttpMethod.Post, "api/logs/main/events", TestLog.Event("late"), key.Json.GetProperty("key").GetString())).Status);
                break;
        }

        Assert.Equal(401, await StatusAsync(http));
        string rest = await lines.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.Contains("event: end", rest, StringComparison.Ordinal);
        Assert.DoesNotContain("event: entry", rest, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_that_two_entries_would_have_be_different_callers_is_nobodys()
    {
        await using var own = new CertificateServer();
        await own.InitializeAsync();
        await own.TrustAsync(own.AuthorityBody(body =>
        {
            body["id"] = "other";
            body["principal"] = "pinned";
            body["dns_name"] = "other.example";
        }));
        using X509Certificate2 both = Sign(own, own.Authority, "service.example", "other.example");
        using X509Certificate2 one = Sign(own, own.Authority, "other.example");

        Assert.Equal(401, (await own.MeAsync(both)).Status);
        Assert.Equal(200, (await own.MeAsync(one)).Status);
    }

    [Fact]
    public async Task Nobody_is_asked_for_a_certificate_where_none_is_believed()
    {
        await using var own = new CertificateServer();
        await own.InitializeAsync();
        Assert.True(await IsAskedAsync());
        foreach (string id in new[] { "pinned", "issued" })
        {
            Assert.Equal(204, (await own.SendAsync(null, HttpMethod.Delete, "api/certificates/" + id, key: own.Server.AdminKey)).Status);
        }

        Assert.False(await IsAskedAsync());

        async Task<bool> IsAskedAsync()
        {
            using var client = new System.Net.Sockets.TcpClient();
            await client.ConnectAsync(own.Server.Url.Host, own.Server.Url.Port, TestContext.Current.CancellationToken);
            await using var ssl = new System.Net.Security.SslStream(client.GetStream());
            await ssl.AuthenticateAsClientAsync(
                new System.Net.Security.SslClientAuthenticationOptions
                {
                    TargetHost = "localhost",
                    AllowTlsResume = false,
                    EnabledSslProtocols = System.Security.Authentication.SslProtocols.Tls12,
                    RemoteCertificateValidationCallback = (_, shownByServer, _, _) => shownByServer is not null,
                    LocalCertificateSelectionCallback = (_, _, _, _, _) => own.Pinned,
                },
                TestContext.Current.CancellationToken);
            return ssl.IsMutuallyAuthenticated;
        }
    }

    [Theory]
    [InlineData("id", "\"Pinned\"", "/id")]
    [InlineData("principal", "\"nobody\"", "/principal")]
    [InlineData("principal", "null", "/principal")]
    [InlineData("sha256", "null", "/sha256")]
    [InlineData("sha256", "\"\"", "/sha256")]
    [InlineData("sha256", "\"AA:BB\"", "/sha256")]
    [InlineData("dns_name", "\"service.example\"", "/sha256")]
    [InlineData("scopes", "[]", "/scopes")]
    [InlineData("scopes", "[\"root\"]", "/scopes")]
    public async Task What_is_wrong_with_a_certificate_is_named_by_its_member(string member, string json, string pointer)
    {
        var body = new JsonObject { ["id"] = "wrong", ["principal"] = "pinned", ["sha256"] = new string('a', 64), [member] = JsonNode.Parse(json) };

        (await host.SendAsync(null, HttpMethod.Post, "api/certificates", body.ToJsonString(), host.Server.AdminKey)).ShouldBeProblem(400, "invalid-parameter", pointer);
    }

    [Theory]
    [InlineData("authority", "", "/authority")]
    [InlineData("authority", "nothing", "/authority")]
    [InlineData("authority", "LEAF", "/authority")]
    [InlineData("authority", "BELOW", "/authority")]
    [InlineData("authority", "KEY", "/authority")]
    [InlineData("dns_name", "*.example", "/dns_name")]
    [InlineData("dns_name", "", "/dns_name")]
    public async Task What_is_wrong_with_an_authority_is_named_by_its_member(string member, string value, string pointer)
    {
        using var below = new TestAuthority("CN=Below", host.Now, host.Authority);
        JsonObject body = host.AuthorityBody(wanted =>
        {
            wanted["id"] = "wrong";
            wanted[member] = value switch
            {
                "LEAF" => host.Pinned.ExportCertificatePem(),
                "BELOW" => below.Pem,
                "KEY" => host.Authority.Pem + "\n" + host.Pinned.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem(),
                _ => value,
            };
        });
        Answer answer = await host.SendAsync(null, HttpMethod.Post, "api/certificates", body.ToJsonString(), host.Server.AdminKey);

        answer.ShouldBeProblem(400, "invalid-parameter", pointer);
        Assert.DoesNotContain("PRIVATE", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_same_certificate_is_believed_once()
    {
        var body = new JsonObject { ["id"] = "again", ["principal"] = "issued", ["sha256"] = CertificateServer.HashOf(host.Pinned) };

        (await host.SendAsync(null, HttpMethod.Post, "api/certificates", body.ToJsonString(), host.Server.AdminKey)).ShouldBeProblem(409, "conflict");
    }

    [Fact]
    public async Task A_tenants_administrator_reaches_no_certificate()
    {
        await using var own = new CertificateServer();
        await own.InitializeAsync();
        Answer key = await own.SendAsync(null, HttpMethod.Post, "api/keys", """{"kind":"admin","principal":"acme/admin","logs":["acme.*"]}""", own.Server.AdminKey);
        string acme = key.Json.GetProperty("key").GetString()!;
        Assert.Equal(201, (await own.SendAsync(null, HttpMethod.Post, "api/principals", """{"name":"acme/x","kind":"service"}""", acme)).Status);
        string wanted = new JsonObject { ["id"] = "acme", ["principal"] = "acme/x", ["sha256"] = new string('b', 64) }.ToJsonString();

        (await own.SendAsync(null, HttpMethod.Post, "api/certificates", wanted, acme)).ShouldBeProblem(403, "forbidden");
        (await own.SendAsync(null, HttpMethod.Delete, "api/certificates/pinned", key: acme)).ShouldBeProblem(403, "forbidden");
        (await own.SendAsync(null, HttpMethod.Get, "api/certificates", key: acme)).ShouldBeProblem(403, "forbidden");
        Answer list = await own.SendAsync(null, HttpMethod.Get, "api/certificates", key: own.Server.AdminKey);
        Assert.Equal(["issued", "pinned"], list.Json.GetProperty("certificates").EnumerateArray().Select(one => one.GetProperty("id").GetString()));
    }

    private async Task<string?> PrincipalAsync(X509Certificate2 shown)
    {
        Answer me = await host.MeAsync(shown);
        Assert.True(me.Status == 200, me.Text);
        return me.Json.GetProperty("principal").GetString();
    }

    private static async Task<int> StatusAsync(HttpClient http)
    {
        using HttpResponseMessage answer = await http.GetAsync(new Uri(http.BaseAddress!, "api/me"), TestContext.Current.CancellationToken);
        return (int)answer.StatusCode;
    }

    private static X509Certificate2 Sign(CertificateServer host, TestAuthority authority, params string[] names) =>
        authority.Sign(names.Length == 0 ? ["service.example"] : names, host.Now - TimeSpan.FromHours(1), host.Now + TimeSpan.FromHours(1), [TestAuthority.ForClients]);

    /// <summary>A certificate signed by the key of one that was good, but is no authority's; both are shown, as far as TLS has room for it.</summary>
    private static X509Certificate2 SignedByLeaf(CertificateServer host)
    {
        using X509Certificate2 leaf = Sign(host, host.Authority);
        using System.Security.Cryptography.ECDsa own = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=service", own, System.Security.Cryptography.HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("service.example");
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 signed = request.Create(
            leaf.SubjectName, X509SignatureGenerator.CreateForECDsa(leaf.GetECDsaPrivateKey()!), host.Now - TimeSpan.FromMinutes(30), host.Now + TimeSpan.FromMinutes(30), [1, 2, 3]);
        return signed.CopyWithPrivateKey(own);
    }
}
