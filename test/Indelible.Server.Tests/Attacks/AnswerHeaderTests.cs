using Indelible.Server.Tests.Api;
using Xunit;

namespace Indelible.Server.Tests.Attacks;

/// <summary>What an answer's headers tell a browser or a cache, and that nobody but the server writes them.</summary>
public sealed class AnswerHeaderTests(TestServer server) : IClassFixture<TestServer>
{
    private static readonly Dictionary<string, string> s_always = new()
    {
        ["Content-Security-Policy"] = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
        ["X-Content-Type-Options"] = "nosniff",
        ["X-Frame-Options"] = "DENY",
        ["Referrer-Policy"] = "no-referrer",
        ["Cross-Origin-Opener-Policy"] = "same-origin",
        ["Cross-Origin-Resource-Policy"] = "same-origin",
        ["Permissions-Policy"] = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    };

    [Theory]
    [InlineData("GET", "/", 200)]
    [InlineData("GET", "/app.js", 200)]
    [InlineData("HEAD", "/app.js", 200)]
    [InlineData("GET", "/favicon.svg", 200)]
    [InlineData("GET", "/healthz", 200)]
    [InlineData("GET", "/metrics", 200)]
    [InlineData("GET", "/openapi/v1.json", 200)]
    [InlineData("GET", "/api/logs", 200)]
    [InlineData("GET", "/api/logs/LOG/events", 200)]
    [InlineData("GET", "/api/logs/LOG/events/0", 200)]
    [InlineData("GET", "/api/logs/LOG/events?q=(", 400)]
    [InlineData("GET", "/logs/LOG/checkpoint", 200)]
    [InlineData("GET", "/logs/LOG/tile/0/000.p/1", 200)]
    [InlineData("GET", "/logs/LOG/tile/entries/000.p/1", 200)]
    [InlineData("GET", "/logs/LOG/tile/9/999", 404)]
    [InlineData("GET", "/api/keys", 403)]
    [InlineData("GET", "/nosuch", 404)]
    [InlineData("GET", "/nosuch.js", 404)]
    [InlineData("HEAD", "/api/logs/LOG/events", 405)]
    [InlineData("OPTIONS", "/api/logs/LOG/events", 405)]
    [InlineData("OPTIONS", "/logs/LOG/checkpoint", 405)]
    [InlineData("OPTIONS", "*", 405)]
    [InlineData("TRACE", "/api/logs/LOG/events", 405)]
    [InlineData("TRACE", "/", 405)]
    [InlineData("PROPFIND", "/", 405)]
    [InlineData("PATCH", "/app.js", 404)]
    [InlineData("get", "/api/logs", 405)]
    [InlineData("Post", "/api/logs", 405)]
    [InlineData("FOO-BAR", "/healthz", 405)]
    public async Task Every_answer_is_strict_and_tells_no_other_origin_anything(string method, string path, int expected)
    {
        TestLog log = await server.NewLogAsync();
        await log.FillAsync(1);

        (int status, string answer) = await RawHttp.AskAsync(
            server.Url, method, path.Replace("LOG", log.Name, StringComparison.Ordinal), log.ReaderKey,
            "Origin: https://elsewhere.example", "Access-Control-Request-Method: GET", "Access-Control-Request-Headers: authorization", "X-Secret: do-not-echo");

        string head = RawHttp.HeadOf(answer) + "\r\n";
        Assert.True(status == expected, answer);
        foreach ((string name, string value) in s_always)
        {
            Assert.Contains($"\r\n{name}: {value}\r\n", head, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("Access-Control-", head, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("\r\nServer:", head, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("X-Powered-By", head, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("do-not-echo", answer, StringComparison.Ordinal);
        Assert.DoesNotContain(log.ReaderKey, answer, StringComparison.Ordinal);
        if (status >= 400 && method is not "HEAD" && path != "*")
        {
            Assert.Contains("\r\nContent-Type: application/problem+json\r\n", head, StringComparison.Ordinal);
            Assert.Contains("\r\nCache-Control: no-store\r\n", head, StringComparison.Ordinal);
        }
    }

    /// <summary>How a public log's paths answer a page of another origin; R is shown a reader's key.</summary>
    [Theory]
    [InlineData("/logs/LOG/checkpoint", true, "no-cache")]
    [InlineData("/logs/LOG/tile/0/000.p/1", true, "public, max-age=604800, immutable")]
    [InlineData("/logs/LOG/tile/0/000.p/1R", true, "public, max-age=604800, immutable")]
    [InlineData("/logs/LOG/tile/entries/000.p/1R", true, "private, max-age=604800, immutable")]
    [InlineData("/api/logs/LOG/consistency?from=1", false, "no-store")]
    [InlineData("/api/logs/LOG/eventsR", false, "no-store")]
    public async Task Other_origins_may_read_what_is_public_and_nothing_else(string path, bool isAllowed, string cache)
    {
        TestLog log = await server.NewLogAsync(isPublic: true);
        await log.FillAsync(1);

        (int status, string answer) = await RawHttp.AskAsync(
            server.Url, "GET", path.Replace("LOG", log.Name, StringComparison.Ordinal).TrimEnd('R'), path.EndsWith('R') ? log.ReaderKey : null, "Origin: https://elsewhere.example");

        Assert.Equal(200, status);
        string head = RawHttp.HeadOf(answer) + "\r\n";
        Assert.Equal(isAllowed, head.Contains("\r\nAccess-Control-Allow-Origin: *\r\n", StringComparison.Ordinal));
        Assert.DoesNotContain("Access-Control-Allow-Credentials", head, StringComparison.Ordinal);
        Assert.Contains($"\r\nCache-Control: {cache}\r\n", head, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "/api/logs/a%0d%0aInjected:%20yes/events")]
    [InlineData("GET", "/api/logs/LOG/events/a%0d%0aInjected:%20yes")]
    [InlineData("GET", "/api/logs/LOG/events?q=%0d%0aInjected:%20yes")]
    [InlineData("GET", "/api/logs/LOG/events?cursor=1.%0d%0aInjected:%20yes")]
    [InlineData("GET", "/api/logs/LOG/events?order=%0aInjected:%20yes")]
    [InlineData("GET", "/api/logs/LOG/events/0?view=%0d%0aInjected:%20yes")]
    [InlineData("GET", "/api/logs/LOG/tail?after=%0d%0aInjected:%20yes")]
    [InlineData("GET", "/api/logs/LOG/counts?by=%0d%0aInjected:%20yes")]
    [InlineData("GET", "/logs/LOG/tile/%0d%0aInjected:%20yes")]
    [InlineData("GET", "/a%0d%0aInjected:%20yes")]
    [InlineData("GET", "/app.js?%0d%0aInjected:%20yes")]
    [InlineData("DELETE", "/api/keys/a%0d%0aInjected:%20yes")]
    [InlineData("DELETE", "/api/logs/LOG/sources/expected/a%0d%0aInjected:%20yes")]
    public async Task What_a_request_holds_writes_no_header_of_the_answer(string method, string path)
    {
        TestLog log = await server.NewLogAsync();
        await log.FillAsync(1);

        foreach (string key in (string[])[log.ReaderKey, server.AdminKey, "ind_r_none"])
        {
            (_, string answer) = await RawHttp.AskAsync(server.Url, method, path.Replace("LOG", log.Name, StringComparison.Ordinal), key);

            Assert.DoesNotMatch("(?im)^Injected", RawHttp.HeadOf(answer));
            Assert.Single(RawHttp.Statuses(answer));
        }
    }

    /// <summary>A header that a proxy would set, and who would gain if it were believed.</summary>
    [Theory]
    [InlineData("X-Forwarded-For: 203.0.113.9")]
    [InlineData("X-Real-IP: 203.0.113.9")]
    [InlineData("True-Client-IP: 203.0.113.9")]
    [InlineData("Forwarded: for=203.0.113.9;proto=https;host=elsewhere.example")]
    [InlineData("X-Forwarded-Proto: https")]
    [InlineData("X-Forwarded-Host: elsewhere.example")]
    [InlineData("X-Forwarded-Prefix: /elsewhere")]
    [InlineData("X-Forwarded-Scheme: https")]
    [InlineData("X-Original-URL: /api/keys")]
    [InlineData("X-Rewrite-URL: /api/keys")]
    [InlineData("X-Original-Proto: https")]
    [InlineData("X-HTTP-Method-Override: DELETE")]
    [InlineData("X-HTTP-Method: DELETE")]
    [InlineData("X-Method-Override: DELETE")]
    public async Task A_header_that_claims_another_address_scheme_path_or_method_changes_nothing(string header)
    {
        TestLog log = await server.NewLogAsync();
        string json = TestLog.Event("a");

        string appended = await RawHttp.SendAsync(
            server.Url,
            $"POST /{log.Events} HTTP/1.1\r\nHost: audit.example\r\nConnection: close\r\nAuthorization: Bearer {log.WriterKey}\r\nContent-Type: application/json\r\nContent-Length: {json.Length}\r\n{header}\r\n\r\n{json}");
        (int status, string found) = await RawHttp.AskAsync(server.Url, "GET", $"/api/logs/{log.Name}/events", log.ReaderKey, header);

        Assert.Equal([201], RawHttp.Statuses(appended));
        Assert.DoesNotContain("Strict-Transport-Security", appended, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(200, status);
        Assert.Contains("\"/ingest/remote_ip\":\"127.0.0.1\"", found, StringComparison.Ordinal);
        Assert.DoesNotContain("203.0.113.9", await AccessTrailAsync(), StringComparison.Ordinal);
        Assert.Equal(1, log.Size);
    }

    [Fact]
    public async Task The_API_description_names_no_host_of_the_asker()
    {
        string answer = await RawHttp.SendAsync(server.Url, "GET /openapi/v1.json HTTP/1.1\r\nHost: elsewhere.example\r\nX-Forwarded-Host: elsewhere.example\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 200 ", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("elsewhere.example", answer, StringComparison.Ordinal);
    }

    private async Task<string> AccessTrailAsync()
    {
        (_, string key) = await server.NewKeyAsync("reader", "_access");
        return (await server.GetAsync("api/logs/_access/events?limit=1000", key)).Text;
    }
}
