using System.Buffers.Text;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Indelible.Server.Tests.Api;
using Xunit;

namespace Indelible.Server.Tests.Attacks;

/// <summary>Tokens of a believed issuer, and everything that only looks like one.</summary>
public sealed class TokenTests(TokenServer host) : IClassFixture<TokenServer>
{
    private static readonly Dictionary<string, Func<TokenServer, string>> s_forgeries = new()
    {
        ["alg none"] = host => Unsigned(host, "none"),
        ["alg None"] = host => Unsigned(host, "None"),
        ["alg NONE"] = host => Unsigned(host, "NONE"),
        ["alg nOnE"] = host => Unsigned(host, "nOnE"),
        ["alg none, with a signature"] = host => host.Issuer.Token(host.Now, header: header => header["alg"] = "none"),
        ["alg empty"] = host => host.Issuer.Token(host.Now, header: header => header["alg"] = ""),
        ["alg null"] = host => host.Issuer.Token(host.Now, header: header => header["alg"] = null),
        ["alg a list"] = host => host.Issuer.Token(host.Now, header: header => header["alg"] = new JsonArray("ES256")),
        ["no alg"] = host => host.Issuer.Token(host.Now, header: header => header.Remove("alg")),
        ["alg es256"] = host => host.Issuer.Token(host.Now, header: header => header["alg"] = "es256"),
        ["HS256 with the public key in PEM"] = host => Hmac(host, Encoding.ASCII.GetBytes(host.Issuer.Rsa.ExportSubjectPublicKeyInfoPem())),
        ["HS256 with the public key in DER"] = host => Hmac(host, host.Issuer.Rsa.ExportSubjectPublicKeyInfo()),
        ["HS256 with the modulus"] = host => Hmac(host, host.Issuer.Rsa.ExportParameters(false).Modulus!),
        ["HS256 with the JWK set"] = host => Hmac(host, Encoding.UTF8.GetBytes(host.Issuer.KeySet.ToJsonString())),
        ["HS256 with no secret"] = host => Hmac(host, []),
        ["PS256 by a key for RS256"] = host => TokenIssuer.Sign(Header("PS256", "rsa"), Claims(host), host.Issuer.SignPs),
        ["RS256 said, signed as PS256"] = host => TokenIssuer.Sign(Header("RS256", "rsa"), Claims(host), host.Issuer.SignPs),
        ["RS512 by a key for RS256"] = host => TokenIssuer.Sign(Header("RS512", "rsa"), Claims(host), input => host.Issuer.Rsa.SignData(input, HashAlgorithmName.SHA512, RSASignaturePadding.Pkcs1)),
        ["RS256 by the key for ES256"] = host => TokenIssuer.Sign(Header("RS256", "ec"), Claims(host), host.Issuer.SignEc),
        ["ES256 by the key for RS256"] = host => TokenIssuer.Sign(Header("ES256", "rsa"), Claims(host), host.Issuer.SignRs),
        ["ES384 by the key for ES256"] = host => TokenIssuer.Sign(Header("ES384", "ec"), Claims(host), input => host.Issuer.Ec.SignData(input, HashAlgorithmName.SHA384)),
        ["ES256 by the key for ES384"] = host => TokenIssuer.Sign(Header("ES256", "ec384"), Claims(host), input => host.Issuer.Ec384.SignData(input, HashAlgorithmName.SHA256)),
        ["another audience"] = host => host.Issuer.Token(host.Now, claims => claims["aud"] = "elsewhere"),
        ["audience with a slash behind it"] = host => host.Issuer.Token(host.Now, claims => claims["aud"] = TokenIssuer.Audience + "/"),
        ["audience in capitals"] = host => host.Issuer.Token(host.Now, claims => claims["aud"] = "INDELIBLE"),
        ["no audience"] = host => host.Issuer.Token(host.Now, claims => claims.Remove("aud")),
        ["no audience in a list"] = host => host.Issuer.Token(host.Now, claims => claims["aud"] = new JsonArray()),
        ["audience with an object"] = host => host.Issuer.Token(host.Now, claims => claims["aud"] = new JsonArray(TokenIssuer.Audience, new JsonObject())),
        ["another issuer"] = host => host.Issuer.Token(host.Now, claims => claims["iss"] = "https://other.example"),
        ["issuer with a slash behind it"] = host => host.Issuer.Token(host.Now, claims => claims["iss"] = TokenIssuer.Name + "/"),
        ["issuer in capitals"] = host => host.Issuer.Token(host.Now, claims => claims["iss"] = "HTTPS://issuer.example"),
        ["issuer in a list"] = host => host.Issuer.Token(host.Now, claims => claims["iss"] = new JsonArray(TokenIssuer.Name)),
        ["no issuer"] = host => host.Issuer.Token(host.Now, claims => claims.Remove("iss")),
        ["over now"] = host => host.Issuer.Token(host.Now, claims => claims["exp"] = host.Now.ToUnixTimeSeconds()),
        ["over long ago"] = host => host.Issuer.Token(host.Now - TimeSpan.FromHours(1)),
        ["no end"] = host => host.Issuer.Token(host.Now, claims => claims.Remove("exp")),
        ["its end a text"] = host => host.Issuer.Token(host.Now, claims => claims["exp"] = "9999999999"),
        ["its end null"] = host => host.Issuer.Token(host.Now, claims => claims["exp"] = null),
        ["its end negative"] = host => host.Issuer.Token(host.Now, claims => claims["exp"] = -1),
        ["its end beyond all time"] = host => host.Issuer.Token(host.Now, claims => claims["exp"] = JsonNode.Parse("1e300")),
        ["not valid yet"] = host => host.Issuer.Token(host.Now, claims => claims["nbf"] = host.Now.ToUnixTimeSeconds() + 120),
        ["its beginning a text"] = host => host.Issuer.Token(host.Now, claims => claims["nbf"] = "0"),
        ["issued tomorrow"] = host => host.Issuer.Token(host.Now + TimeSpan.FromHours(1)),
        ["good for more than a day"] = host => host.Issuer.Token(host.Now, claims => claims["exp"] = host.Now.ToUnixTimeSeconds() + 86_401),
        ["good for years, on its last day"] = host => host.Issuer.Token(host.Now, claims => claims["iat"] = host.Now.ToUnixTimeSeconds() - 86_400),
        ["no time of issue, so that its length cannot be told"] = host => host.Issuer.Token(host.Now, claims => claims.Remove("iat")),
        ["an unknown kid"] = host => host.Issuer.Token(host.Now, header: header => header["kid"] = "other"),
        ["no kid among several keys"] = host => host.Issuer.Token(host.Now, header: header => header.Remove("kid")),
        ["kid a path"] = host => host.Issuer.Token(host.Now, header: header => header["kid"] = "../../../dev/null"),
        ["kid a list"] = host => host.Issuer.Token(host.Now, header: header => header["kid"] = new JsonArray("ec")),
        ["its own key in the header"] = _ => OwnKey((header, key) => header["jwk"] = TokenIssuer.JwkOf(key, "ec", "P-256")),
        ["its own key behind an address"] = _ => OwnKey((header, _) => header["jku"] = "https://attacker.example/keys"),
        ["its own certificate"] = _ => OwnKey((header, key) => header["x5c"] = new JsonArray(Convert.ToBase64String(key.ExportSubjectPublicKeyInfo()))),
        ["its own certificate behind an address"] = _ => OwnKey((header, _) => header["x5u"] = "https://attacker.example/certificate"),
        ["a good signature, and a key in the header"] = host => host.Issuer.Token(host.Now, header: header => header["jwk"] = TokenIssuer.JwkOf(host.Issuer.Ec, "ec", "P-256")),
        ["something critical"] = host => host.Issuer.Token(host.Now, header: header => { header["crit"] = new JsonArray("exp"); }),
        ["critical, and empty"] = host => host.Issuer.Token(host.Now, header: header => header["crit"] = new JsonArray()),
        ["payload not encoded"] = host => host.Issuer.Token(host.Now, header: header => header["b64"] = false),
        ["a token inside"] = host => host.Issuer.Token(host.Now, header: header => header["cty"] = "JWT"),
        ["another kind of token"] = host => host.Issuer.Token(host.Now, header: header => header["typ"] = "logout+jwt"),
        ["bound to somebody's key"] = host => host.Issuer.Token(host.Now, claims => claims["cnf"] = new JsonObject { ["jkt"] = "x" }),
        ["alg twice"] = host => TokenIssuer.Sign("""{"alg":"none","kid":"ec","alg":"ES256"}""", Claims(host), host.Issuer.SignEc),
        ["alg twice, once escaped"] = host => TokenIssuer.Sign("""{"alg":"ES256","kid":"ec","\u0061lg":"none"}""", Claims(host), host.Issuer.SignEc),
        ["sub twice"] = host => TokenIssuer.Sign(Header("ES256", "ec"), Claims(host).Insert(1, "\"sub\":\"root\","), host.Issuer.SignEc),
        ["a comment in the claims"] = host => TokenIssuer.Sign(Header("ES256", "ec"), Claims(host).Insert(1, "/* */"), host.Issuer.SignEc),
        ["something behind the claims"] = host => TokenIssuer.Sign(Header("ES256", "ec"), Claims(host) + "{}", host.Issuer.SignEc),
        ["claims a list"] = host => TokenIssuer.Sign(Header("ES256", "ec"), $"[{Claims(host)}]", host.Issuer.SignEc),
        ["half of a character in the claims"] = host => TokenIssuer.Sign(Header("ES256", "ec"), Claims(host).Replace("deploy", "\\ud800", StringComparison.Ordinal), host.Issuer.SignEc),
        ["claims altered"] = host => Altered(host.Issuer.Token(host.Now, claims => claims["sub"] = "idle"), 1, TokenIssuer.Encode(Claims(host))),
        ["signature of another token"] = host => Altered(host.Issuer.Token(host.Now), 2, host.Issuer.Token(host.Now, claims => claims["x"] = 1).Split('.')[2]),
        ["a bit of the signature"] = host => Signature(host, bytes => bytes[^1] ^= 1),
        ["a signature of zeros"] = host => Signature(host, bytes => bytes.AsSpan().Clear()),
        ["a signature of r = 0"] = host => Signature(host, bytes => bytes.AsSpan(0, 32).Clear()),
        ["a signature of s = the order"] = host => Signature(host, bytes => Order.ToByteArray(isUnsigned: true, isBigEndian: true).CopyTo(bytes, 32)),
        ["a signature in DER"] = host => TokenIssuer.Sign(Header("ES256", "ec"), Claims(host), input => host.Issuer.Ec.SignData(input, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)),
        ["a signature cut short"] = host => host.Issuer.Token(host.Now)[..^4],
        ["no signature"] = host => Altered(host.Issuer.Token(host.Now), 2, ""),
        ["a fourth part"] = host => host.Issuer.Token(host.Now) + ".x",
        ["two parts"] = host => string.Join('.', host.Issuer.Token(host.Now).Split('.')[..2]),
        ["padded base64"] = host => host.Issuer.Token(host.Now) + "==",
        ["a signature spelled otherwise"] = host => SpelledOtherwise(host.Issuer.Token(host.Now)),
        ["too large"] = host => host.Issuer.Token(host.Now, claims => claims["x"] = new string('x', 8_192)),
        ["deep"] = host => TokenIssuer.Sign(Header("ES256", "ec"), Claims(host).Insert(1, $"\"x\":{new string('[', 100)}{new string(']', 100)},"), host.Issuer.SignEc),
        ["nobody"] = host => Sub(host, null),
        ["an empty name"] = host => Sub(host, ""),
        ["a list of names"] = host => host.Issuer.Token(host.Now, claims => claims["sub"] = new JsonArray("deploy")),
        ["a number for a name"] = host => host.Issuer.Token(host.Now, claims => claims["sub"] = 7),
        ["the system's own name"] = host => Sub(host, "indelible"),
        ["the name of nobody"] = host => Sub(host, "anonymous"),
        ["control characters in the name"] = host => Sub(host, "deploy\u0000"),
        ["a line end in the name"] = host => Sub(host, "deploy\n"),
        ["a space in the name"] = host => Sub(host, "deploy "),
        ["a character that is not seen in the name"] = host => Sub(host, "deploy\u200b"),
        ["a name in full width"] = host => Sub(host, "ｄeploy"),
        ["a name in capitals"] = host => Sub(host, "Deploy"),
        ["the prefix twice"] = host => Sub(host, "ci:deploy"),
        ["up and into another tenant"] = host => Sub(host, "../acme/deploy"),
        ["a tenant in the name"] = host => Sub(host, "acme/deploy"),
        ["a long name"] = host => Sub(host, new string('x', 200)),
        ["a name that was granted nothing"] = host => Sub(host, "idle"),
        ["another claim for the name"] = host => host.Issuer.Token(host.Now, claims => { claims.Remove("sub"); claims["name"] = "deploy"; }),
    };

    private static BigInteger Order => BigInteger.Parse("00FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551", System.Globalization.NumberStyles.HexNumber, provider: null);

    private TestServer Server => host.Server;

    public static TheoryData<string> Forgeries() => [.. s_forgeries.Keys];

    [Theory]
    [MemberData(nameof(Forgeries))]
    public async Task What_is_no_token_of_a_believed_issuer_is_nobodys(string forgery)
    {
        Answer answer = await host.MeAsync(s_forgeries[forgery](host));

        answer.ShouldBeProblem(401, "unauthenticated");
        Assert.Equal(200, (await host.MeAsync(host.Issuer.Token(host.Now))).Status);
    }

    [Fact]
    public async Task A_service_appends_and_searches_with_a_token_and_the_entries_name_it()
    {
        string token = host.Issuer.Token(host.Now);
        string id = $"t-{Server.Engine.Find("main")!.Size}";

        Assert.Equal(201, (await Server.PostAsync("api/logs/main/events?ack=published", token, TestLog.Event(id))).Status);
        Answer found = await Server.GetAsync($"api/logs/main/events?q=id:{id}", token);

        JsonElement ingest = found.Json.GetProperty("items")[0].GetProperty("entry").GetProperty("ingest");
        Assert.Equal(("ci:deploy", "token:ci"), (ingest.GetProperty("principal").GetString(), ingest.GetProperty("key_id").GetString()));
        Answer me = await host.MeAsync(token);
        Assert.Equal(("ci:deploy", "token:ci"), (me.Json.GetProperty("principal").GetString(), me.Json.GetProperty("credential").GetString()));
        Assert.Equal(["append", "export", "read", "tail", "verify"], me.Json.GetProperty("logs")[0].GetProperty("rights").EnumerateArray().Select(right => right.GetString()!).Order());
    }

    [Theory]
    [InlineData("ES384")]
    [InlineData("RS256")]
    public async Task Each_of_the_issuers_algorithms_is_good_with_its_key(string algorithm)
    {
        string token = algorithm == "RS256"
            ? TokenIssuer.Sign(Header("RS256", "rsa"), Claims(host), host.Issuer.SignRs)
            : TokenIssuer.Sign(Header("ES384", "ec384"), Claims(host), input => host.Issuer.Ec384.SignData(input, HashAlgorithmName.SHA384));

        Assert.Equal(200, (await host.MeAsync(token)).Status);
    }

    [Fact]
    public async Task What_the_standards_leave_to_issuers_is_taken()
    {
        string[] tokens =
        [
            host.Issuer.Token(host.Now, claims => claims["aud"] = new JsonArray("elsewhere", TokenIssuer.Audience)),
            host.Issuer.Token(host.Now, header: header => header["typ"] = "at+jwt"),
            host.Issuer.Token(host.Now, header: header => header.Remove("typ")),
            host.Issuer.Token(host.Now, claims => claims["exp"] = host.Now.ToUnixTimeSeconds() + 600.25),
            host.Issuer.Token(host.Now, claims => claims["exp"] = host.Now.ToUnixTimeSeconds() + 86_400),
            host.Issuer.Token(host.Now, claims => { claims["nbf"] = host.Now.ToUnixTimeSeconds() + 30; claims["iat"] = host.Now.ToUnixTimeSeconds() + 30; }),
        ];

        foreach (string token in tokens)
        {
            Assert.Equal(200, (await host.MeAsync(token)).Status);
        }
    }

    [Fact]
    public async Task The_other_signature_that_fits_an_ES256_token_speaks_for_the_same_and_gains_nothing()
    {
        // (r, n − s) is a signature of the same text: whoever has one has both, and either names the same principal until the same end.
        string other = Signature(host, bytes =>
        {
            byte[] s = (Order - new BigInteger(bytes.AsSpan(32), isUnsigned: true, isBigEndian: true)).ToByteArray(isUnsigned: true, isBigEndian: true);
            bytes.AsSpan(32).Clear();
            s.CopyTo(bytes, 64 - s.Length);
        });

        Answer me = await host.MeAsync(other);

        Assert.Equal("ci:deploy", me.Json.GetProperty("principal").GetString());
    }

    [Fact]
    public async Task A_row_limit_of_the_principals_grant_holds_for_tokens()
    {
        TestLog log = await Server.NewLogAsync();
        await log.FillAsync(14);
        await host.EnterAsync("ci:limited");
        string limited = new JsonObject { ["principal"] = "ci:limited", ["role"] = "reader", ["logs"] = new JsonArray(log.Name), ["rows"] = "request.status:3" }.ToJsonString();
        Assert.Equal(201, (await Server.PostAsync("api/grants", Server.AdminKey, limited)).Status);

        string token = Sub(host, "limited");

        Assert.Equal(2, (await Server.GetAsync($"api/logs/{log.Name}/events", token)).Json.GetProperty("items").GetArrayLength());
        (await Server.PostAsync(log.Events, token, TestLog.Event("x"))).ShouldBeProblem(403, "forbidden");
    }

    [Fact]
    public async Task A_token_that_was_good_is_good_no_longer_when_it_is_over()
    {
        await using var own = new TokenServer();
        await own.InitializeAsync();
        string token = own.Issuer.Token(own.Now);
        Assert.Equal(200, (await own.MeAsync(token)).Status);

        own.Server.Clock.Advance(TimeSpan.FromMinutes(10));

        (await own.MeAsync(token)).ShouldBeProblem(401, "unauthenticated");
    }

    [Theory]
    [InlineData("distrusted")]
    [InlineData("other keys")]
    [InlineData("disabled")]
    [InlineData("grants ended")]
    public async Task A_token_that_was_good_ends_at_once_with_what_it_rests_on(string what)
    {
        await using var own = new TokenServer();
        await own.InitializeAsync();
        string token = own.Issuer.Token(own.Now);
        using HttpResponseMessage tail = await TailAsync(own.Server, token);
        using var lines = new StreamReader(await tail.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        Assert.StartsWith(": the stream begins", await lines.ReadLineAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        using RawAppend waiting = await RawAppend.BeginAsync(own.Server.Url, token, TestLog.Event("late"));

        await EndAsync(own, what);

        (await own.MeAsync(token)).ShouldBeProblem(401, "unauthenticated");
        Assert.StartsWith("HTTP/1.1 401", await waiting.FinishAsync(), StringComparison.Ordinal);
        string rest = await lines.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.Contains("event: end", rest, StringComparison.Ordinal);
        Assert.DoesNotContain("nothing new", rest, StringComparison.Ordinal);
        Assert.Equal(0, own.Server.Engine.Find("main")!.Size);
    }

    [Fact]
    public async Task An_append_whose_token_is_over_when_its_turn_comes_is_refused()
    {
        await using var own = new TokenServer();
        await own.InitializeAsync();
        using RawAppend waiting = await RawAppend.BeginAsync(own.Server.Url, own.Issuer.Token(own.Now), TestLog.Event("late"));

        own.Server.Clock.Advance(TimeSpan.FromMinutes(10));

        Assert.StartsWith("HTTP/1.1 401", await waiting.FinishAsync(), StringComparison.Ordinal);
        Assert.Equal(0, own.Server.Engine.Find("main")!.Size);
    }

    [Fact]
    public async Task One_key_without_an_id_needs_none_and_an_id_that_is_not_its_is_refused()
    {
        using var other = new TokenIssuer();
        await host.EnterAsync("one:deploy", ("reader", "main"));
        await host.EnterAsync("two:deploy", ("reader", "main"));
        await host.TrustAsync(Other("one", "https://one.example", TokenIssuer.JwkOf(other.Ec, null, "P-256")));
        await host.TrustAsync(Other("two", "https://two.example", TokenIssuer.JwkOf(other.Ec, "k", "P-256")));

        Assert.Equal(200, (await host.MeAsync(Signed("https://one.example", null))).Status);
        Assert.Equal(200, (await host.MeAsync(Signed("https://two.example", null))).Status);
        Assert.Equal(200, (await host.MeAsync(Signed("https://two.example", "k"))).Status);
        Assert.Equal(401, (await host.MeAsync(Signed("https://two.example", "j"))).Status);

        JsonObject Other(string id, string name, JsonObject key) => host.IssuerBody(body =>
        {
            body["id"] = id;
            body["issuer"] = name;
            body["prefix"] = id + ":";
            body["algorithms"] = new JsonArray("ES256");
            body["keys"] = new JsonObject { ["keys"] = new JsonArray(key) };
        });

        string Signed(string name, string? kid) => TokenIssuer.Sign(
            TokenIssuer.Header("ES256", kid).ToJsonString(), TokenIssuer.Claims(host.Now, claims => claims["iss"] = name).ToJsonString(), other.SignEc);
    }

    [Fact]
    public async Task An_issuer_of_a_tenant_names_nobody_outside_of_it()
    {
        await host.EnterAsync("globex/acme/x", ("reader", "globex.*"));
        await Server.PostAsync("api/logs", Server.AdminKey, """{"name":"globex.audit"}""");
        await Server.PostAsync("api/logs", Server.AdminKey, """{"name":"acme.audit"}""");
        (await Server.PostAsync("api/grants", Server.AdminKey, """{"principal":"globex/acme/x","role":"reader","logs":["acme.audit"]}""")).ShouldBeProblem(400, "invalid-parameter", "/logs");
        (await Server.PostAsync("api/principals", Server.AdminKey, """{"name":"globex/../acme/x","kind":"service"}""")).ShouldBeProblem(400, "invalid-parameter", "/name");
        await host.TrustAsync(host.IssuerBody(body =>
        {
            body["id"] = "globex";
            body["prefix"] = "globex/";
            body["issuer"] = "https://globex.example";
        }));

        string TokenOf(string subject) => host.Issuer.Token(host.Now, claims => { claims["iss"] = "https://globex.example"; claims["sub"] = subject; });

        // Whatever it looks like, what stands before the first slash is the tenant.
        Answer me = await host.MeAsync(TokenOf("acme/x"));
        Assert.Equal(["globex.audit"], me.Json.GetProperty("logs").EnumerateArray().Select(log => log.GetProperty("name").GetString()));
        (await host.MeAsync(TokenOf("../acme/deploy"))).ShouldBeProblem(401, "unauthenticated");
    }

    [Fact]
    public async Task Scopes_keep_an_administrators_grant_from_tokens_unless_they_are_said()
    {
        await using var own = new TokenServer();
        await own.InitializeAsync();
        await own.EnterAsync("ci:admin", ("administrator", "*"), ("custodian", "*"));
        string token = Sub(own, "admin");

        (await own.Server.PostAsync("api/keys", token, """{"kind":"admin"}""")).ShouldBeProblem(403, "forbidden");
        await own.TrustAsync(own.IssuerBody(body => body["scopes"] = new JsonArray("admin")));

        Assert.Equal(201, (await own.Server.PostAsync("api/keys", token, """{"kind":"admin"}""")).Status);
    }

    [Theory]
    [InlineData("id", "\"Ci\"", "/id")]
    [InlineData("id", "\"\"", "/id")]
    [InlineData("issuer", "\"\"", "/issuer")]
    [InlineData("issuer", "\"https://a b\"", "/issuer")]
    [InlineData("audience", "null", "/audience")]
    [InlineData("algorithms", "[]", "/algorithms")]
    [InlineData("algorithms", "null", "/algorithms")]
    [InlineData("algorithms", "[\"none\"]", "/algorithms")]
    [InlineData("algorithms", "[\"ES256\",\"HS256\"]", "/algorithms")]
    [InlineData("algorithms", "[\"EdDSA\"]", "/algorithms")]
    [InlineData("algorithms", "[\"ES256\",\"ES384\",\"RS256\",\"ES512\"]", "/algorithms")]
    [InlineData("principal_claim", "\"\"", "/principal_claim")]
    [InlineData("principal_claim", "\"iss\"", "/principal_claim")]
    [InlineData("prefix", "null", "/prefix")]
    [InlineData("prefix", "\"\"", "/prefix")]
    [InlineData("prefix", "\"ci\"", "/prefix")]
    [InlineData("prefix", "\"/\"", "/prefix")]
    [InlineData("prefix", "\":/\"", "/prefix")]
    [InlineData("prefix", "\"key:\"", "/prefix")]
    [InlineData("prefix", "\"acme/key:\"", "/prefix")]
    [InlineData("prefix", "\"a b:\"", "/prefix")]
    [InlineData("prefix", "\"No.Tenant/\"", "/prefix")]
    [InlineData("scopes", "[]", "/scopes")]
    [InlineData("scopes", "[\"root\"]", "/scopes")]
    [InlineData("keys", "null", "/keys")]
    [InlineData("keys", "[]", "/keys")]
    [InlineData("keys", "{\"keys\":[]}", "/keys/keys")]
    [InlineData("keys", "{\"keys\":[7]}", "/keys/keys/0/kty")]
    [InlineData("keys", "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"}]}", "/keys/keys/0/k")]
    [InlineData("keys", "{\"keys\":[{\"kty\":\"oct\"}]}", "/keys/keys/0/kty")]
    [InlineData("keys", "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AAAA\",\"e\":\"AQAB\"}]}", "/keys/keys/0/n")]
    [InlineData("keys", "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"AAAA\",\"y\":\"AAAA\"}]}", "/keys/keys/0/crv")]
    [InlineData("keys", "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAA\",\"y\":\"AAAA\"}]}", "/keys/keys/0/x")]
    public async Task What_is_wrong_with_an_issuer_is_named_by_its_member(string member, string json, string pointer)
    {
        JsonObject body = host.IssuerBody(issuer =>
        {
            issuer["id"] = "wrong";
            issuer["issuer"] = "https://wrong.example";
            issuer["prefix"] = "wrong:";
            issuer[member] = JsonNode.Parse(json);
        });

        (await Server.PostAsync("api/issuers", Server.AdminKey, body.ToJsonString())).ShouldBeProblem(400, "invalid-parameter", pointer);
    }

    [Theory]
    [InlineData("d", "AAAA")]
    [InlineData("p", "AAAA")]
    [InlineData("q", "AAAA")]
    [InlineData("k", "AAAA")]
    [InlineData("use", "enc")]
    [InlineData("kid", "ec384")]
    [InlineData("kid", "")]
    [InlineData("alg", "HS256")]
    public async Task A_key_that_is_private_or_of_no_use_is_refused(string member, string value)
    {
        JsonObject body = host.IssuerBody(issuer =>
        {
            issuer["id"] = "wrong";
            issuer["issuer"] = "https://wrong.example";
            issuer["prefix"] = "wrong:";
            issuer["keys"]!["keys"]![0]![member] = value;
        });
        string place = member == "kid" && value == "ec384" ? "/keys/keys/1/kid" : $"/keys/keys/0/{member}";

        (await Server.PostAsync("api/issuers", Server.AdminKey, body.ToJsonString())).ShouldBeProblem(400, "invalid-parameter", place);
    }

    [Fact]
    public async Task A_point_that_is_not_on_its_curve_and_an_exponent_of_one_are_refused()
    {
        JsonObject off = host.IssuerBody(issuer => issuer["keys"]!["keys"]![0]!["y"] = issuer["keys"]!["keys"]![0]!["x"]!.GetValue<string>());
        JsonObject one = host.IssuerBody(issuer => issuer["keys"]!["keys"]![2]!["e"] = "AQ");

        (await Server.PostAsync("api/issuers", Server.AdminKey, off.ToJsonString())).ShouldBeProblem(400, "invalid-parameter", "/keys/keys/0/x");
        (await Server.PostAsync("api/issuers", Server.AdminKey, one.ToJsonString())).ShouldBeProblem(400, "invalid-parameter", "/keys/keys/2/e");
        Assert.Equal(200, (await host.MeAsync(host.Issuer.Token(host.Now))).Status);
    }

    [Theory]
    [InlineData("c")]
    [InlineData("ci:x:")]
    public async Task No_issuer_gets_a_prefix_within_anothers_or_around_it(string prefix)
    {
        JsonObject body = host.IssuerBody(issuer =>
        {
            issuer["id"] = "near";
            issuer["issuer"] = "https://near.example";
            issuer["prefix"] = prefix;
        });
        Answer answer = await Server.PostAsync("api/issuers", Server.AdminKey, body.ToJsonString());

        if (prefix == "c")
        {
            answer.ShouldBeProblem(400, "invalid-parameter", "/prefix");
        }
        else
        {
            answer.ShouldBeProblem(409, "conflict");
        }
    }

    [Fact]
    public async Task The_same_issuer_and_audience_are_believed_once()
    {
        JsonObject body = host.IssuerBody(issuer =>
        {
            issuer["id"] = "again";
            issuer["prefix"] = "again:";
        });

        (await Server.PostAsync("api/issuers", Server.AdminKey, body.ToJsonString())).ShouldBeProblem(409, "conflict");
    }

    [Fact]
    public async Task A_tenants_administrator_reaches_no_issuer()
    {
        await using var own = new TokenServer();
        await own.InitializeAsync();
        await own.EnterAsync("acme/admin", ("administrator", "acme.*"));
        Answer key = await own.Server.PostAsync("api/keys", own.Server.AdminKey, """{"kind":"admin","principal":"acme/admin"}""");
        string acme = key.Json.GetProperty("key").GetString()!;
        string wanted = own.IssuerBody(body =>
        {
            body["id"] = "acme";
            body["issuer"] = "https://acme.example";
            body["prefix"] = "acme/";
            body["scopes"] = new JsonArray("admin");
        }).ToJsonString();

        (await own.Server.PostAsync("api/issuers", acme, wanted)).ShouldBeProblem(403, "forbidden");
        (await own.Server.PostAsync("api/issuers", acme, own.IssuerBody().ToJsonString())).ShouldBeProblem(403, "forbidden");
        (await own.Server.SendAsync(HttpMethod.Delete, "api/issuers/ci", acme)).ShouldBeProblem(403, "forbidden");
        (await own.Server.SendAsync(HttpMethod.Delete, "api/issuers/none", acme)).ShouldBeProblem(403, "forbidden");
        (await own.Server.GetAsync("api/issuers", acme)).ShouldBeProblem(403, "forbidden");
        Assert.Equal(["ci"], (await own.Server.GetAsync("api/issuers", own.Server.AdminKey)).Json.GetProperty("issuers").EnumerateArray().Select(issuer => issuer.GetProperty("id").GetString()));
    }

    [Fact]
    public async Task The_list_shows_what_was_believed_without_a_secret_and_is_entered()
    {
        long before = Server.Engine.Find("_access")!.Size;
        Answer list = await Server.GetAsync("api/issuers", Server.AdminKey);

        JsonElement issuer = list.Json.GetProperty("issuers").EnumerateArray().Single(one => one.GetProperty("id").GetString() == "ci");
        Assert.Equal(["EC", "EC", "RSA"], issuer.GetProperty("keys").GetProperty("keys").EnumerateArray().Select(key => key.GetProperty("kty").GetString()));
        Assert.DoesNotContain("admin", issuer.GetProperty("scopes").EnumerateArray().Select(scope => scope.GetString()));
        Assert.DoesNotContain("custody", issuer.GetProperty("scopes").EnumerateArray().Select(scope => scope.GetString()));
        Assert.True(Server.Engine.Find("_access")!.Size > before);
        (await Server.SendAsync(HttpMethod.Delete, "api/issuers/none", Server.AdminKey)).ShouldBeProblem(404, "not-found");
    }

    [Fact]
    public async Task What_is_believed_is_believed_after_a_restart()
    {
        await using var own = new TokenServer();
        await own.InitializeAsync();
        await own.Server.StopAsync();
        await own.Server.StartAsync();

        Assert.Equal(200, (await own.MeAsync(own.Issuer.Token(own.Now))).Status);
    }

    private static async Task EndAsync(TokenServer own, string what)
    {
        TestServer server = own.Server;
        switch (what)
        {
            case "distrusted":
                Assert.Equal(204, (await server.SendAsync(HttpMethod.Delete, "api/issuers/ci", server.AdminKey)).Status);
                break;
            case "other keys":
                using (var next = new TokenIssuer())
                {
                    await own.TrustAsync(own.IssuerBody(body => body["keys"] = next.KeySet));
                }

                break;
            case "disabled":
                Assert.Equal(204, (await server.SendAsync(HttpMethod.Post, "api/principals/disable/ci:deploy", server.AdminKey)).Status);
                break;
            default:
                foreach (JsonElement grant in (await server.GetAsync("api/grants", server.AdminKey)).Json.GetProperty("grants").EnumerateArray())
                {
                    Assert.Equal(204, (await server.SendAsync(HttpMethod.Delete, "api/grants/" + grant.GetProperty("id").GetString(), server.AdminKey)).Status);
                }

                break;
        }
    }

    private static Task<HttpResponseMessage> TailAsync(TestServer server, string token)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "api/logs/main/tail");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
    }

    private static string Header(string alg, string kid) => TokenIssuer.Header(alg, kid).ToJsonString();

    private static string Claims(TokenServer host) => TokenIssuer.Claims(host.Now).ToJsonString();

    private static string Sub(TokenServer host, string? name) => host.Issuer.Token(host.Now, claims => claims["sub"] = name);

    private static string Unsigned(TokenServer host, string alg) => TokenIssuer.Sign(TokenIssuer.Header(alg, null).ToJsonString(), Claims(host), _ => []);

    private static string Hmac(TokenServer host, byte[] secret) => TokenIssuer.Sign(Header("HS256", "rsa"), Claims(host), input => HMACSHA256.HashData(secret, input));

    private static string OwnKey(Action<JsonObject, ECDsa> header)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        return TokenIssuer.Sign(
            TokenIssuer.Header("ES256", "ec", text => header(text, key)).ToJsonString(), TokenIssuer.Claims(now).ToJsonString(), input => key.SignData(input, HashAlgorithmName.SHA256));
    }

    private static string Altered(string token, int part, string other)
    {
        string[] parts = token.Split('.');
        parts[part] = other;
        return string.Join('.', parts);
    }

    private static string Signature(TokenServer host, Action<byte[]> change) => TokenIssuer.Sign(Header("ES256", "ec"), Claims(host), input =>
    {
        byte[] signature = host.Issuer.SignEc(input);
        change(signature);
        return signature;
    });

    /// <summary>The same bytes, with other bits where the last character has bits to spare.</summary>
    private static string SpelledOtherwise(string token)
    {
        const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        string other = token[..^1] + Alphabet[Alphabet.IndexOf(token[^1], StringComparison.Ordinal) ^ 1];
        Assert.Equal(0, Base64Url.DecodeFromChars(token.Split('.')[2]).Length % 64);
        return other;
    }

    /// <summary>An append whose caller was let in, and whose body has not come yet.</summary>
    private sealed class RawAppend(TcpClient client, string body) : IDisposable
    {
        public static async Task<RawAppend> BeginAsync(Uri server, string token, string body)
        {
            var client = new TcpClient();
            await client.ConnectAsync(server.Host, server.Port, TestContext.Current.CancellationToken);
            string head = $"POST /api/logs/main/events HTTP/1.1\r\nHost: {server.Authority}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n";
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(head), TestContext.Current.CancellationToken);

            // The server asks for the body when it has let the caller in.
            byte[] go = new byte["HTTP/1.1 100 Continue\r\n\r\n".Length];
            await client.GetStream().ReadExactlyAsync(go, TestContext.Current.CancellationToken);
            Assert.StartsWith("HTTP/1.1 100", Encoding.ASCII.GetString(go), StringComparison.Ordinal);
            return new RawAppend(client, body);
        }

        public async Task<string> FinishAsync()
        {
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(body), TestContext.Current.CancellationToken);
            using var reader = new StreamReader(client.GetStream());
            return await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
        }

        public void Dispose() => client.Dispose();
    }
}
