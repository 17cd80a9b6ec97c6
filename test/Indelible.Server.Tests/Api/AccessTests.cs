using System.Text;
using Xunit;

namespace Indelible.Server.Tests.Api;

/// <summary>Who may do what: every route with every kind of key.</summary>
public sealed class AccessTests(TestServer server) : IClassFixture<TestServer>
{
    private static readonly string[] s_callers =
        ["none", "malformed", "unknown", "revoked", "expired", "basic", "admin", "writer", "reader", "writer of another log", "reader of another log"];

    /// <summary>What each caller of <see cref="s_callers"/> gets; U 401, F 403, N 404 unknown-log, a number otherwise.</summary>
    private static readonly (string Method, string Path, string Body, string Statuses)[] s_routes =
    [
        ("GET", "/api/logs", "", "U U U U U U 200 200 200 200 200"),
        ("POST", "/api/logs", """{"name":"LOG-new"}""", "U U U U U U 201 F F F F"),
        ("GET", "/api/keys", "", "U U U U U U 200 F F F F"),
        ("POST", "/api/keys", """{"kind":"reader","logs":["LOG"]}""", "U U U U U U 201 F F F F"),
        ("DELETE", "/api/keys/DOOMED", "", "U U U U U U 204 F F F F"),
        ("POST", "/api/logs/LOG/events", "EVENT", "U U U U U U F 201 F N N"),
        ("GET", "/api/logs/LOG/events", "", "U U U U U U F F 200 N N"),
        ("GET", "/api/logs/LOG/events/0", "", "U U U U U U F F 200 N N"),
        ("GET", "/api/logs/LOG/events/0/proof", "", "U U U U U U F F 200 N N"),
        ("GET", "/api/logs/LOG/consistency?from=1", "", "U U U U U U F 200 200 N N"),
        ("POST", "/api/logs/LOG/rotate", "", "U U U U U U F F F N N"),
        ("POST", "/api/logs/nosuch/rotate", "", "U U U U U U F N N N N"),
        ("POST", "/api/receipts/rotate", "", "U U U U U U F F F F F"),
        ("GET", "/logs/LOG/checkpoint", "", "U U U U U U F 200 200 N N"),
        ("GET", "/logs/LOG/handovers", "", "U U U U U U F 200 200 N N"),
        ("GET", "/logs/LOG/receipts-handovers", "", "U U U U U U F 200 200 N N"),
        ("GET", "/logs/PUBLIC/handovers", "", "200 200 200 200 200 200 200 200 200 200 200"),
        ("GET", "/logs/LOG/tile/0/000.p/1", "", "U U U U U U F 200 200 N N"),
        ("GET", "/logs/LOG/tile/entries/000.p/1", "", "U U U U U U F F 200 N N"),
        ("GET", "/logs/PUBLIC/checkpoint", "", "200 200 200 200 200 200 200 200 200 200 200"),
        ("GET", "/logs/PUBLIC/tile/0/000.p/1", "", "200 200 200 200 200 200 200 200 200 200 200"),
        ("GET", "/logs/PUBLIC/tile/entries/000.p/1", "", "U U U U U U F N N N N"),
        ("GET", "/api/logs/PUBLIC/consistency?from=1", "", "200 200 200 200 200 200 200 200 200 200 200"),
        ("GET", "/api/logs/PUBLIC/events/0", "", "U U U U U U F N N N N"),
        ("POST", "/api/logs/nosuch/events", "EVENT", "U U U U U U F N N N N"),
        ("GET", "/api/logs/nosuch/events", "", "U U U U U U F N N N N"),
        ("GET", "/api/logs/nosuch/tail", "", "U U U U U U F N N N N"),
        ("GET", "/api/logs/LOG/tail?after=x", "", "U U U U U U F F 400 N N"),
        ("GET", "/api/logs/_system/events", "", "U U U U U U F N N N N"),
        ("POST", "/api/logs/_system/events", "EVENT", "U U U U U U F N N N N"),
        ("GET", "/logs/_system/checkpoint", "", "U U U U U U F N N N N"),
        ("GET", "/logs/nosuch/checkpoint", "", "U U U U U U F N N N N"),
        ("GET", "/healthz", "", "200 200 200 200 200 200 200 200 200 200 200"),
        ("GET", "/readyz", "", "200 200 200 200 200 200 200 200 200 200 200"),
        ("GET", "/metrics", "", "200 200 200 200 200 200 200 200 200 200 200"),
        ("GET", "/openapi/v1.json", "", "200 200 200 200 200 200 200 200 200 200 200"),
        ("GET", "/", "", "200 200 200 200 200 200 200 200 200 200 200"),
    ];

    public static TheoryData<string, string> Routes() => new(s_routes.Select(route => (route.Method, route.Path)));

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Every_route_admits_exactly_the_callers_that_it_is_for(string method, string path)
    {
        (_, _, string body, string statuses) = s_routes.Single(route => route.Method == method && route.Path == path);
        TestLog log = await server.NewLogAsync();
        TestLog other = await server.NewLogAsync();
        TestLog open = await server.NewLogAsync(isPublic: true);
        await log.FillAsync(1);
        await open.FillAsync(1);
        string[] expected = statuses.Split(' ');
        for (int i = 0; i < s_callers.Length; i++)
        {
            (string doomed, _) = await server.NewKeyAsync("reader", log.Name);
            string? key = await KeyOfAsync(s_callers[i], method, log, other);
            string target = path.Replace("LOG", log.Name, StringComparison.Ordinal)
                .Replace("PUBLIC", open.Name, StringComparison.Ordinal).Replace("DOOMED", doomed, StringComparison.Ordinal);
            string json = body.Replace("LOG", log.Name, StringComparison.Ordinal).Replace("EVENT", TestLog.Event($"e-{i}"), StringComparison.Ordinal);

            Answer answer = await server.SendAsync(
                new HttpMethod(method), target, null, json.Length == 0 ? null : TestServer.Body(Encoding.UTF8.GetBytes(json)),
                request => request.Headers.TryAddWithoutValidation("Authorization", key));

            string who = $"{method} {target} by {s_callers[i]}: {expected[i]} expected, {answer.Status} {answer.Text}";
            (int status, string? problem) = expected[i] switch
            {
                "U" => (401, "unauthenticated"),
                "F" => (403, "forbidden"),
                "N" => (404, "unknown-log"),
                _ => (int.Parse(expected[i], provider: null), null),
            };
            Assert.True(answer.Status == status, who);
            Assert.Equal(status == 401, answer.Headers.WwwAuthenticate.Count > 0);
            if (problem is not null)
            {
                answer.ShouldBeProblem(status, problem);
            }
        }

        Assert.Equal(method == "POST" && path is "/api/logs/LOG/events" ? 2 : 1, log.Size);
    }

    [Theory]
    [InlineData("ind_w_")]
    [InlineData("")]
    [InlineData("ind_w_é")]
    [InlineData("ind_w_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\0")]
    public async Task A_key_of_no_form_is_refused(string key)
    {
        (int status, _) = await RawHttp.GetAsync(server.Url, "/api/logs", key);

        Assert.True(status is 400 or 401, $"{status}");
    }

    [Fact]
    public async Task A_key_of_one_letter_in_other_case_is_refused()
    {
        string key = server.AdminKey;
        int letter = key.Length - 1 - key.Reverse().TakeWhile(c => !char.IsAsciiLetter(c)).Count();
        string other = key[..letter] + (char)(key[letter] ^ 0x20) + key[(letter + 1)..];

        (await server.GetAsync("api/logs", other)).ShouldBeProblem(401, "unauthenticated");
    }

    [Fact]
    public async Task A_list_of_logs_shows_only_what_the_key_is_for()
    {
        TestLog log = await server.NewLogAsync();
        (_, string everything) = await server.NewKeyAsync("reader", "*");

        Assert.Equal([log.Name], NamesOf(await server.GetAsync("api/logs", log.ReaderKey)));
        Assert.Equal([log.Name], NamesOf(await server.GetAsync("api/logs", log.WriterKey)));
        Assert.DoesNotContain(NamesOf(await server.GetAsync("api/logs", everything)), name => name.StartsWith('_'));
        Assert.Contains("main", NamesOf(await server.GetAsync("api/logs", everything)));
        Assert.Contains("_system", NamesOf(await server.GetAsync("api/logs", server.AdminKey)));
    }

    [Fact]
    public async Task A_key_for_everything_does_not_reach_our_own_logs()
    {
        (_, string everything) = await server.NewKeyAsync("reader", "*");
        (_, string named) = await server.NewKeyAsync("reader", "_system");

        (await server.GetAsync("api/logs/_system/events", everything)).ShouldBeProblem(404, "unknown-log");
        Assert.Equal(200, (await server.GetAsync("api/logs/_system/events", named)).Status);
    }

    [Fact]
    public async Task A_revoked_key_stops_working_at_once()
    {
        TestLog log = await server.NewLogAsync();
        (string id, string key) = await server.NewKeyAsync("writer", log.Name);
        Assert.Equal(201, (await server.PostAsync(log.Events, key, TestLog.Event("a"))).Status);

        Assert.Equal(204, (await server.SendAsync(HttpMethod.Delete, "api/keys/" + id, server.AdminKey)).Status);

        (await server.PostAsync(log.Events, key, TestLog.Event("b"))).ShouldBeProblem(401, "unauthenticated");
        Assert.Equal(1, log.Size);
    }

    [Theory]
    [InlineData("a%0d%0aSet-Cookie:%20x=y")]
    [InlineData("%1b%5b31mred")]
    [InlineData("%e2%80%ae%e2%80%8b%e2%80%a8%c2%85")]
    [InlineData("<script>alert(1)</script>")]
    public async Task A_strange_name_comes_back_cleaned(string name)
    {
        TestLog log = await server.NewLogAsync();

        (int status, string answer) = await RawHttp.GetAsync(server.Url, $"/api/logs/{name.Replace("<", "%3c", StringComparison.Ordinal)}/events", log.ReaderKey);

        Assert.Equal(404, status);
        Assert.DoesNotContain("\nSet-Cookie", answer, StringComparison.OrdinalIgnoreCase);
        string body = answer[(answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];
        Assert.DoesNotContain(body, c => c is '\u001b' or '\u202e' or '\u200b' or '\u2028' or '\u0085');
        Assert.DoesNotContain("\\u", body, StringComparison.Ordinal);
        Assert.Contains("Content-Type: application/problem+json", answer, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("X-Content-Type-Options: nosniff", answer, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_long_name_comes_back_shortened()
    {
        TestLog log = await server.NewLogAsync();
        string name = new string('a', 63) + "😀" + new string('b', 500);

        Answer answer = await server.GetAsync($"api/logs/{Uri.EscapeDataString(name)}/events", log.ReaderKey);

        answer.ShouldBeProblem(404, "unknown-log");
        Assert.InRange(answer.Json.GetProperty("detail").GetString()!.Length, 1, 120);
        Assert.DoesNotContain('\ufffd', answer.Text);
    }

    private async Task<string?> KeyOfAsync(string caller, string method, TestLog log, TestLog other)
    {
        switch (caller)
        {
            case "none":
                return null;
            case "malformed":
                return "Bearer ind_x_" + new string('A', 43);
            case "unknown":
                return "Bearer ind_w_" + new string('A', 43);
            case "basic":
                return "Basic " + Convert.ToBase64String(Encoding.ASCII.GetBytes("admin:" + server.AdminKey));
            case "admin":
                return "Bearer " + server.AdminKey;
            case "writer":
                return "bearer " + log.WriterKey;
            case "reader":
                return "Bearer " + log.ReaderKey;
            case "writer of another log":
                return "Bearer " + other.WriterKey;
            case "reader of another log":
                return "Bearer " + other.ReaderKey;
            case "revoked":
                (string id, string revoked) = await server.NewKeyAsync(method == "POST" ? "writer" : "reader", log.Name);
                await server.SendAsync(HttpMethod.Delete, "api/keys/" + id, server.AdminKey);
                return "Bearer " + revoked;
            default:
                string end = (server.Clock.GetUtcNow() + TimeSpan.FromMinutes(1)).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", null);
                Answer made = await server.PostAsync(
                    "api/keys", server.AdminKey, $$"""{"kind":"{{(method == "POST" ? "writer" : "reader")}}","logs":["{{log.Name}}"],"expires":"{{end}}"}""");
                string expiring = "Bearer " + made.Json.GetProperty("key").GetString();
                server.Clock.Advance(TimeSpan.FromMinutes(2));
                return expiring;
        }
    }

    private static IEnumerable<string> NamesOf(Answer answer) =>
        answer.Json.GetProperty("logs").EnumerateArray().Select(log => log.GetProperty("name").GetString()!);
}
