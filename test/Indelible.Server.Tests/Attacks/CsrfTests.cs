using System.Text.Json;
using Indelible.Server.Tests.Api;
using Xunit;

namespace Indelible.Server.Tests.Attacks;

/// <summary>What a page of somebody else can have a signed-in browser send: nothing of it is done.</summary>
public sealed class CsrfTests(TestServer server) : IClassFixture<TestServer>
{
    private static readonly string[] s_changes =
        ["POST api/keys", "POST api/logs", "POST api/principals", "POST api/grants", "POST api/verification", "DELETE api/keys/x", "PUT api/logs/main/sources/expected/x", "DELETE api/logs/main/sources/expected/x", "POST api/logs/main/events", "POST api/logs/main/events/0/reveal", "DELETE api/session"];

    public static TheoryData<string> Changes => new(s_changes);

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task A_change_by_cookie_needs_the_session_s_token(string change)
    {
        Browser browser = await SignedInAsync();
        Browser other = await SignedInAsync();
        string own = browser.Csrf;
        string[][] shown =
        [
            [], [""], ["x"], [other.Csrf], [browser.Token], [own[..^1]], [own + "A"], [own.ToUpperInvariant()], [own, own], [own, other.Csrf], ["\"" + own + "\""],
        ];

        foreach (string[] values in shown)
        {
            (await SendAsync(browser, change, request =>
            {
                request.Headers.Remove("Indelible-CSRF");
                request.Headers.TryAddWithoutValidation("Indelible-CSRF", values);
            })).ShouldBeProblem(403, "cross-site");
        }

        // Neither does it count elsewhere.
        (await SendAsync(browser, change + "?csrf=" + own + "&Indelible-CSRF=" + own, request => request.Headers.Remove("Indelible-CSRF"))).ShouldBeProblem(403, "cross-site");
        (await SendAsync(browser, change, request =>
        {
            request.Headers.Remove("Indelible-CSRF");
            request.Headers.TryAddWithoutValidation("X-CSRF-Token", own);
            request.Headers.TryAddWithoutValidation("Cookie", "Indelible-CSRF=" + own);
        })).ShouldBeProblem(403, "cross-site");
        Assert.True(await browser.IsSignedInAsync());

        Assert.DoesNotContain("cross-site", (await SendAsync(browser, change)).Text, StringComparison.Ordinal);
    }

    public static TheoryData<string, string> Elsewhere => new()
    {
        { "Sec-Fetch-Site", "cross-site" },
        { "Sec-Fetch-Site", "same-site" },
        { "Sec-Fetch-Site", "" },
        { "Sec-Fetch-Site", "x" },
        { "Sec-Fetch-Site", "SAME-ORIGIN" },
        { "Sec-Fetch-Site", "same-origin, cross-site" },
        { "Origin", "https://elsewhere.example" },
        { "Origin", "http://elsewhere.example:PORT" },
        { "Origin", "http://sub.HOST:PORT" },
        { "Origin", "http://HOST.elsewhere.example:PORT" },
        { "Origin", "http://elsewhere.example/HOST:PORT" },
        { "Origin", "http://elsewhere.example@HOST:PORT" },
        { "Origin", "http://HOST" },
        { "Origin", "http://HOST:1" },
        { "Origin", "http://HOST:PORT0" },
        { "Origin", "http://localhost:PORT" },
        { "Origin", "http://HOST:PORT/" },
        { "Origin", "http://HOST:PORT, http://elsewhere.example" },
        { "Origin", "HOST:PORT" },
        { "Origin", "null" },
        { "Origin", "" },
        { "Origin", "ftp://HOST:PORT" },
    };

    [Theory]
    [MemberData(nameof(Elsewhere))]
    public async Task What_comes_from_another_origin_is_refused_though_the_token_is_right(string header, string value)
    {
        Browser browser = await SignedInAsync();
        string said = value.Replace("HOST", server.Url.Host, StringComparison.Ordinal).Replace("PORT", server.Url.Port.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal);

        foreach (string change in s_changes)
        {
            (await SendAsync(browser, change, request => request.Headers.TryAddWithoutValidation(header, said))).ShouldBeProblem(403, "cross-site");
        }

        // Reads too: their answers are not for other pages, and each is an entry under the reader's name.
        foreach (string read in (string[])["GET api/me", "GET api/session", "GET api/logs/main/events"])
        {
            (await SendAsync(browser, read, request => request.Headers.TryAddWithoutValidation(header, said))).ShouldBeProblem(403, "cross-site");
        }

        Assert.True(await browser.IsSignedInAsync());
    }

    [Theory]
    [InlineData("Sec-Fetch-Site", "same-origin")]
    [InlineData("Sec-Fetch-Site", "none")]
    [InlineData("Origin", "http://HOST")]
    [InlineData("Origin", "HTTP://HOST")]
    [InlineData("Origin", "https://HOST")]
    public async Task What_comes_from_the_page_itself_is_done(string header, string value)
    {
        Browser browser = await SignedInAsync();
        Browser reader = await Browser.SignedInAsync(server, (await server.NewLogAsync()).ReaderKey);
        string said = value.Replace("HOST", server.Url.Authority, StringComparison.Ordinal);

        Assert.Equal(201, (await SendAsync(browser, "POST api/keys", request => request.Headers.TryAddWithoutValidation(header, said))).Status);
        Assert.Equal(204, (await SendAsync(reader, "DELETE api/session", request => request.Headers.TryAddWithoutValidation(header, said))).Status);
        Assert.False(await reader.IsSignedInAsync());
    }

    [Theory]
    [InlineData("xn--bcher-kva.example", "http://xn--bcher-kva.example")]
    [InlineData("Audit.example:8443", "http://audit.example:8443")]
    [InlineData("[::1]:7480", "http://[::1]:7480")]
    public async Task A_page_s_origin_is_the_host_that_it_was_asked_of(string host, string origin)
    {
        Browser browser = await SignedInAsync();

        Answer answer = await SendAsync(browser, "POST api/keys", request =>
        {
            request.Headers.Host = host;
            request.Headers.Add("Origin", origin);
        });

        Assert.Equal(201, answer.Status);
    }

    [Fact]
    public async Task Over_TLS_a_page_that_came_in_clear_is_another_origin()
    {
        await using var own = new TestServer { HasTls = true };
        await own.InitializeAsync();
        Browser browser = await Browser.SignedInAsync(own, own.AdminKey);

        Answer inClear = await browser.SendAsync(HttpMethod.Delete, "api/session", null, request => request.Headers.Add("Origin", "http://" + own.Url.Authority));
        inClear.ShouldBeProblem(403, "cross-site");
        Answer same = await browser.SendAsync(HttpMethod.Delete, "api/session", null, request => request.Headers.Add("Origin", "https://" + own.Url.Authority));
        Assert.Equal(204, same.Status);
    }

    [Theory]
    [InlineData("application/x-www-form-urlencoded", "kind=reader&logs=main")]
    [InlineData("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"kind\"\r\n\r\nreader\r\n--b--\r\n")]
    [InlineData("text/plain", """{"kind":"reader","logs":["main"]}""")]
    [InlineData("text/plain; application/json", """{"kind":"reader","logs":["main"]}""")]
    [InlineData(null, """{"kind":"reader","logs":["main"]}""")]
    public async Task What_a_form_can_send_makes_nothing(string? type, string body)
    {
        Browser browser = await SignedInAsync();
        long before = server.Engine.System.Size;

        // A form has no header of its own; and its types are not read, with one or without.
        Answer asForm = await server.SendAsync(HttpMethod.Post, "api/keys", null, TestServer.Body(System.Text.Encoding.UTF8.GetBytes(body), type), request => request.Headers.Add("Cookie", browser.Cookie));
        Assert.Contains(asForm.Status, (int[])[403, 415]);
        Answer withToken = await server.SendAsync(HttpMethod.Post, "api/keys", null, TestServer.Body(System.Text.Encoding.UTF8.GetBytes(body), type), request =>
        {
            request.Headers.Add("Cookie", browser.Cookie);
            request.Headers.Add("Indelible-CSRF", browser.Csrf);
        });
        withToken.ShouldBeProblem(415, "unsupported-media-type");

        Assert.Equal(before, server.Engine.System.Size);
    }

    [Theory]
    [InlineData("X-HTTP-Method-Override")]
    [InlineData("X-HTTP-Method")]
    [InlineData("X-Method-Override")]
    public async Task No_header_and_no_parameter_makes_a_method_another(string header)
    {
        Browser browser = await SignedInAsync();

        // A read stays one; a change does not become a read that needs no token.
        Assert.Equal(200, (await SendAsync(browser, "GET api/session?_method=DELETE", request => request.Headers.Add(header, "DELETE"))).Status);
        (await SendAsync(browser, "DELETE api/session?_method=GET", request =>
        {
            request.Headers.Remove("Indelible-CSRF");
            request.Headers.Add(header, "GET");
        })).ShouldBeProblem(403, "cross-site");
        (await SendAsync(browser, "POST api/session?_method=DELETE", request => request.Headers.Add(header, "DELETE"))).ShouldBeProblem(401, "unauthenticated");

        Assert.True(await browser.IsSignedInAsync());
    }

    [Fact]
    public async Task Nobody_is_signed_in_from_another_origin()
    {
        var browser = new Browser(server);

        (await browser.SignInAsync(server.AdminKey, request => request.Headers.Add("Origin", "https://elsewhere.example"))).ShouldBeProblem(403, "cross-site");
        (await browser.SignInAsync(server.AdminKey, request => request.Headers.Add("Sec-Fetch-Site", "same-site"))).ShouldBeProblem(403, "cross-site");

        Assert.Equal("", browser.Cookie);
    }

    [Theory]
    [InlineData("api/session", "POST")]
    [InlineData("api/session", "DELETE")]
    [InlineData("api/keys", "POST")]
    [InlineData("api/logs/main/events", "GET")]
    public async Task Another_origin_that_asks_first_is_told_nothing(string path, string method)
    {
        Answer answer = await server.SendAsync(HttpMethod.Options, path, null, null, request =>
        {
            request.Headers.Add("Origin", "https://elsewhere.example");
            request.Headers.Add("Access-Control-Request-Method", method);
            request.Headers.Add("Access-Control-Request-Headers", "authorization,indelible-csrf");
        });

        Assert.Equal(405, answer.Status);
        Assert.DoesNotContain(answer.Headers, header => header.Key.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Without_a_cookie_nothing_of_this_is_asked()
    {
        Answer answer = await server.SendAsync(HttpMethod.Post, "api/keys", server.AdminKey, TestServer.Body("""{"kind":"reader","logs":["main"]}"""u8.ToArray()), request => request.Headers.Add("Origin", "https://elsewhere.example"));

        Assert.Equal(201, answer.Status);
    }

    [Fact]
    public async Task A_refused_request_is_entered_under_the_name_of_who_s_browser_sent_it()
    {
        TestLog log = await server.NewLogAsync();
        (string id, string key) = await server.NewKeyAsync("reader", log.Name);
        string auditor = (await server.NewKeyAsync("reader", "_access")).Text;
        Browser browser = await Browser.SignedInAsync(server, key);
        long size = server.Engine.Find("_access")!.Size;

        (await SendAsync(browser, "POST api/logs/" + log.Name + "/events/0/reveal", request => request.Headers.Add("Origin", "https://elsewhere.example"))).ShouldBeProblem(403, "cross-site");

        await server.Engine.Find("_access")!.WaitForGrowthAsync(size, TestContext.Current.CancellationToken);
        JsonElement entry = (await server.GetAsync($"api/logs/_access/events?q=data.problem:cross-site+auth.credential_id:{id}", auditor)).Json.GetProperty("items").EnumerateArray().Single().GetProperty("entry");
        Assert.Equal("indelible.request.refuse", entry.GetProperty("action").GetString());
    }

    private Task<Browser> SignedInAsync() => Browser.SignedInAsync(server, server.AdminKey);

    private static Task<Answer> SendAsync(Browser browser, string request, Action<HttpRequestMessage>? change = null)
    {
        string[] parts = request.Split(' ', 2);
        string? json = parts[1].StartsWith("api/keys", StringComparison.Ordinal) ? """{"kind":"reader","logs":["main"]}""" : parts[0] is "GET" or "DELETE" ? null : "{}";
        return browser.SendAsync(new HttpMethod(parts[0]), parts[1], json, change);
    }
}
