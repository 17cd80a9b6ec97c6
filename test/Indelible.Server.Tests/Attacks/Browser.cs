using System.Net.Http.Headers;
using System.Text;
using Indelible.Server.Tests.Api;
using Xunit;

namespace Indelible.Server.Tests.Attacks;

/// <summary>A browser as far as sessions go: one cookie, kept as the server sets it, and what the page knows.</summary>
internal sealed class Browser(TestServer server)
{
    /// <summary>The cookie's name and value as it goes out; empty for none.</summary>
    public string Cookie { get; set; } = "";

    /// <summary>What the page shows with changes.</summary>
    public string Csrf { get; set; } = "";

    /// <summary>The session's token.</summary>
    public string Token => Cookie.Split('=', 2)[1];

    /// <summary>A browser that is signed in.</summary>
    public static async Task<Browser> SignedInAsync(TestServer server, string key)
    {
        var browser = new Browser(server);
        Assert.Equal(201, (await browser.SignInAsync(key)).Status);
        return browser;
    }

    /// <summary>Signs in, showing the cookie that it has, if any.</summary>
    public async Task<Answer> SignInAsync(string key, Action<HttpRequestMessage>? change = null)
    {
        Answer answer = await SendAsync(HttpMethod.Post, "api/session", null, request =>
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
            request.Headers.Remove("Indelible-CSRF");
            change?.Invoke(request);
        });
        Csrf = answer.Status == 201 ? answer.Json.GetProperty("csrf").GetString()! : Csrf;
        return answer;
    }

    /// <summary>Sends a request as the page does: the cookie, and for changes the token.</summary>
    public async Task<Answer> SendAsync(HttpMethod method, string path, string? json = null, Action<HttpRequestMessage>? change = null)
    {
        Answer answer = await server.SendAsync(method, path, null, json is null ? null : TestServer.Body(Encoding.UTF8.GetBytes(json)), request =>
        {
            Dress(request);
            change?.Invoke(request);
        });
        Keep(answer);
        return answer;
    }

    public Task<Answer> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    /// <summary>Whether it is signed in, asked without using the session.</summary>
    public async Task<bool> IsSignedInAsync() => (await GetAsync("api/session")).Status == 200;

    public Task<Answer> SignOutAsync() => SendAsync(HttpMethod.Delete, "api/session");

    /// <summary>Opens a live tail.</summary>
    public async Task<TailReader> FollowAsync(TestLog log)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"api/logs/{log.Name}/tail");
        Dress(request);
        return await TailReader.OpenAsync(server, request);
    }

    /// <summary>The same cookie elsewhere.</summary>
    public Browser Copy() => new(server) { Cookie = Cookie, Csrf = Csrf };

    private void Dress(HttpRequestMessage request)
    {
        if (Cookie.Length > 0)
        {
            request.Headers.TryAddWithoutValidation("Cookie", Cookie);
        }

        if (request.Method != HttpMethod.Get && Csrf.Length > 0)
        {
            request.Headers.Add("Indelible-CSRF", Csrf);
        }
    }

    private void Keep(Answer answer)
    {
        if (answer.Headers.TryGetValues("Set-Cookie", out IEnumerable<string>? set))
        {
            string cookie = set.Single();
            Cookie = cookie.Contains("expires=Thu, 01 Jan 1970", StringComparison.Ordinal) ? "" : cookie.Split(';')[0];
        }
    }
}
