using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Indelible.Engine.Access;
using Indelible.Server.Access;
using Indelible.Server.Access.Sessions;
using Indelible.Server.Tests.Api;
using Xunit;

namespace Indelible.Server.Tests.Attacks;

/// <summary>Sessions of the page: what a cookie is worth, to its owner and to whoever else has it, and when it is worth nothing more.</summary>
public sealed class SessionTests(TestServer server) : IClassFixture<TestServer>, IAsyncLifetime
{
    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);

    // Longer than anything that is waited for takes, on a busy machine too.
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    // How far before a limit a test looks: the clock goes on by itself while it does.
    private static readonly TimeSpan s_margin = TimeSpan.FromMinutes(5);

    private TestLog _log = null!;
    private string _keyId = "";
    private string _key = "";
    private string _auditor = "";

    public async ValueTask InitializeAsync()
    {
        _log = await server.NewLogAsync();
        await _log.FillAsync(1);
        (_keyId, _key) = await server.NewKeyAsync("reader", _log.Name);
        _auditor = (await server.NewKeyAsync("reader", "_access")).Text;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    // ---- the cookie

    [Fact]
    public async Task Signing_in_answers_who_and_until_when_and_sets_a_cookie_that_no_script_and_no_other_site_gets()
    {
        var browser = new Browser(server);
        DateTimeOffset before = server.Clock.GetUtcNow();

        Answer answer = await browser.SignInAsync(_key);

        Assert.Equal(201, answer.Status);
        Assert.Equal("key:" + _keyId, answer.Json.GetProperty("principal").GetString());
        Assert.InRange(answer.Json.GetProperty("expires").GetDateTimeOffset(), before + ServerLimits.SessionLife - s_second, server.Clock.GetUtcNow() + ServerLimits.SessionLife);
        Assert.InRange(answer.Json.GetProperty("idle_s").GetInt64(), 1, (long)ServerLimits.SessionIdle.TotalSeconds);
        Assert.Equal(43, answer.Json.GetProperty("csrf").GetString()!.Length);
        Assert.True(answer.Headers.CacheControl!.NoStore);
        Assert.Matches("^indelible=[A-Za-z0-9_-]{43}; path=/; samesite=strict; httponly$", answer.Headers.GetValues("Set-Cookie").Single());
    }

    [Fact]
    public async Task Over_TLS_the_cookie_is_for_this_host_alone_and_never_sent_in_clear()
    {
        await using var server = new TestServer { HasTls = true };
        await server.InitializeAsync();
        var browser = new Browser(server);

        Answer answer = await browser.SignInAsync(server.AdminKey);

        Assert.Matches("^__Host-indelible=[A-Za-z0-9_-]{43}; path=/; secure; samesite=strict; httponly$", answer.Headers.GetValues("Set-Cookie").Single());
        Assert.Equal(200, (await browser.GetAsync("api/me")).Status);

        // Without the prefix, anybody on the way could have planted it.
        browser.Cookie = "indelible=" + browser.Token;
        (await browser.GetAsync("api/me")).ShouldBeProblem(401, "unauthenticated");
    }

    [Fact]
    public async Task Where_TLS_ends_at_a_proxy_in_front_the_cookie_is_as_over_TLS()
    {
        var browser = new Browser(server);

        Answer answer = await browser.SignInAsync(_key, request => request.Headers.Add("Origin", "https://" + server.Url.Authority));

        Assert.Matches("^__Host-indelible=[^;]+; path=/; secure; samesite=strict; httponly$", answer.Headers.GetValues("Set-Cookie").Single());
        Assert.Equal(200, (await browser.GetAsync("api/me")).Status);
        Assert.Equal(204, (await browser.SignOutAsync()).Status);
        Assert.Equal("", browser.Cookie);
    }

    [Fact]
    public async Task The_cookie_stands_in_the_key_s_place_and_no_further()
    {
        Browser browser = await Browser.SignedInAsync(server, _key);

        Assert.Equal(_keyId, (await browser.GetAsync("api/me")).Json.GetProperty("credential").GetString());
        Assert.Equal(200, (await browser.GetAsync(_log.Events)).Status);
        (await browser.GetAsync("api/keys")).ShouldBeProblem(403, "forbidden");
        (await browser.GetAsync("api/logs/_access/events")).ShouldBeProblem(404, "unknown-log");
        JsonElement session = (await browser.GetAsync("api/session")).Json;
        Assert.Equal(("key:" + _keyId, browser.Csrf), (session.GetProperty("principal").GetString(), session.GetProperty("csrf").GetString()));
    }

    [Fact]
    public async Task Tiles_and_producers_doors_know_nothing_of_cookies()
    {
        await _log.FillAsync(255);
        TestLog open = await server.NewLogAsync(isPublic: true);
        Browser reader = await Browser.SignedInAsync(server, _key);
        Browser writer = await Browser.SignedInAsync(server, _log.WriterKey);

        Assert.Equal(200, (await _log.GetTileAsync("tile/entries/000", _key)).Status);
        (await reader.GetAsync($"logs/{_log.Name}/tile/entries/000")).ShouldBeProblem(401, "unauthenticated");
        (await reader.GetAsync($"logs/{_log.Name}/checkpoint")).ShouldBeProblem(401, "unauthenticated");
        Assert.Equal(401, (await writer.SendAsync(HttpMethod.Post, "v1/logs", "{}")).Status);

        Answer answer = await reader.SendAsync(HttpMethod.Get, $"logs/{open.Name}/checkpoint", null, request => request.Headers.Add("Origin", "https://elsewhere.example"));
        Assert.Equal((200, "*"), (answer.Status, answer.Headers.GetValues("Access-Control-Allow-Origin").Single()));
        Assert.False(answer.Headers.Contains("Access-Control-Allow-Credentials"));
    }

    // ---- what is shown

    [Fact]
    public async Task A_token_that_theserver_did_not_make_is_never_adopted()
    {
        string planted = "indelible=" + new string('A', 43);
        var victim = new Browser(server) { Cookie = planted };

        await victim.SignInAsync(_key);

        Assert.NotEqual(planted, victim.Cookie);
        (await new Browser(server) { Cookie = planted }.GetAsync("api/me")).ShouldBeProblem(401, "unauthenticated");
    }

    [Fact]
    public async Task Signing_in_ends_the_session_that_the_browser_has_whoever_s_it_is()
    {
        Browser attacker = await Browser.SignedInAsync(server, _log.WriterKey);
        Browser victim = attacker.Copy();

        await victim.SignInAsync(_key);

        Assert.NotEqual(attacker.Cookie, victim.Cookie);
        ShouldHaveEnded(await attacker.GetAsync("api/me"), "replaced");
        Assert.Equal(_keyId, (await victim.GetAsync("api/me")).Json.GetProperty("credential").GetString());
    }

    [Fact]
    public async Task Signing_in_takes_the_header_and_no_cookie()
    {
        Browser browser = await Browser.SignedInAsync(server, _key);

        (await browser.SendAsync(HttpMethod.Post, "api/session")).ShouldBeProblem(401, "unauthenticated");
        (await browser.SendAsync(HttpMethod.Post, "api/session", $$"""{"key":"{{_key}}"}""")).ShouldBeProblem(401, "unauthenticated");
        (await browser.SignInAsync("ind_r_" + new string('A', 43))).ShouldBeProblem(401, "unauthenticated");

        Assert.True(await browser.IsSignedInAsync());
    }

    [Fact]
    public async Task Beside_an_Authorization_header_the_cookie_counts_for_nothing()
    {
        Browser browser = await Browser.SignedInAsync(server, _key);

        Answer asWriter = await browser.SendAsync(HttpMethod.Get, "api/me", null, request => request.Headers.Add("Authorization", "Bearer " + _log.WriterKey));
        Assert.NotEqual(_keyId, asWriter.Json.GetProperty("credential").GetString());
        foreach (string nothing in (string[])["Bearer ind_r_" + new string('A', 43), "Bearer", "Basic dTpw", "x"])
        {
            Answer answer = await browser.SendAsync(HttpMethod.Get, "api/me", null, request => request.Headers.TryAddWithoutValidation("Authorization", nothing));
            answer.ShouldBeProblem(401, "unauthenticated");
        }

        Answer asked = await browser.SendAsync(HttpMethod.Get, "api/session", null, request => request.Headers.Add("Authorization", "Bearer " + _key));
        asked.ShouldBeProblem(404, "not-found");
        Answer ended = await browser.SendAsync(HttpMethod.Delete, "api/session", null, request => request.Headers.Add("Authorization", "Bearer " + _key));
        ended.ShouldBeProblem(404, "not-found");
        Assert.True(await browser.IsSignedInAsync());
    }

    [Fact]
    public async Task Of_two_cookies_of_one_name_none_counts()
    {
        Browser victim = await Browser.SignedInAsync(server, _key);
        Browser attacker = await Browser.SignedInAsync(server, _log.WriterKey);
        string[] both = [$"{victim.Cookie}; {attacker.Cookie}", $"{attacker.Cookie}; {victim.Cookie}", $"{victim.Cookie}; a=b; {victim.Cookie}", $"{victim.Cookie}; indelible=", $"{victim.Cookie}; __Host-{attacker.Cookie}; __Host-{victim.Cookie}"];

        foreach (string cookies in both)
        {
            (await new Browser(server) { Cookie = cookies }.GetAsync("api/me")).ShouldBeProblem(401, "unauthenticated");
        }

        string inTwoHeaders = await RawHttp.SendAsync(server.Url, $"GET /api/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: {victim.Cookie}\r\nCookie: {attacker.Cookie}\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 401", inTwoHeaders, StringComparison.Ordinal);
        Assert.Equal(200, (await new Browser(server) { Cookie = $"other=1; {victim.Cookie}; Indelible=x; indelible2=y" }.GetAsync("api/me")).Status);
    }

    public static TheoryData<string> HostileValues => new(
        "indelible", "indelible=", "=", ";", ";;;==;", "indelible=x", "indelible=" + new string('A', 42), "indelible=" + new string('A', 44), "indelible=" + new string('=', 43), "indelible=" + new string(' ', 43),
        "indelible=" + new string('/', 43), "indelible=" + new string('A', 16_000), string.Join("; ", Enumerable.Range(0, 3_000).Select(i => "c=" + i)),
        "indelible=\"TOKEN\"", "indelible=TOKEN.", "indelible=%54OKEN", "INDELIBLE=TOKEN", "indelible =TOKEN", "indelible=TOKEN,", "$indelible=TOKEN", "indelible==TOKEN", "__host-indelible=TOKEN", "a=indelible=TOKEN");

    [Theory]
    [MemberData(nameof(HostileValues))]
    public async Task What_is_no_token_is_no_session_and_no_fault_of_theserver(string cookie)
    {
        Browser browser = await Browser.SignedInAsync(server, _key);

        Answer answer = await new Browser(server) { Cookie = cookie.Replace("TOKEN", browser.Token, StringComparison.Ordinal) }.GetAsync("api/me");

        answer.ShouldBeProblem(401, "unauthenticated");
        Assert.True(await browser.IsSignedInAsync());
    }

    [Theory]
    [InlineData(0xE9)]
    [InlineData(0x01)]
    [InlineData(0x7F)]
    public async Task Bytes_that_are_no_text_are_no_token(byte value)
    {
        string answer = await RawHttp.SendAsync(server.Url, $"GET /api/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: indelible={new string('A', 42)}{(char)value}\r\n\r\n");

        Assert.Matches("^HTTP/1.1 40[01]", answer);
    }

    [Fact]
    public async Task A_token_is_worth_nothing_at_another_node_nor_after_a_restart()
    {
        await using var other = new TestServer();
        await other.InitializeAsync();
        Browser browser = await Browser.SignedInAsync(other, other.AdminKey);

        (await new Browser(server) { Cookie = browser.Cookie }.GetAsync("api/me")).ShouldBeProblem(401, "unauthenticated");
        Assert.True(await browser.IsSignedInAsync());

        await other.StopAsync();
        await other.StartAsync();
        (await browser.GetAsync("api/me")).ShouldBeProblem(401, "unauthenticated");
    }

    [Fact]
    public async Task A_key_for_some_networks_gives_no_session_to_the_others()
    {
        Answer made = await server.PostAsync("api/keys", server.AdminKey, $$"""{"kind":"reader","logs":["{{_log.Name}}"],"networks":["127.0.0.1/32"]}""");
        Browser browser = await Browser.SignedInAsync(server, made.Json.GetProperty("key").GetString()!);

        Assert.Equal(200, await StatusFromAsync("127.0.0.1", browser.Cookie));
        Assert.Equal(401, await StatusFromAsync("127.0.0.2", browser.Cookie));

        Assert.True(await browser.IsSignedInAsync());
    }

    // ---- replay

    [Fact]
    public async Task After_signing_out_the_token_is_worth_nothing()
    {
        Browser browser = await Browser.SignedInAsync(server, _key);
        Browser thief = browser.Copy();

        Answer answer = await browser.SignOutAsync();

        Assert.Equal(204, answer.Status);
        Assert.Matches("^indelible=; expires=Thu, 01 Jan 1970 00:00:00 GMT; path=/; samesite=strict; httponly$", answer.Headers.GetValues("Set-Cookie").Single());
        ShouldHaveEnded(await thief.GetAsync("api/me"), "signed_out");
        ShouldHaveEnded(await thief.GetAsync("api/session"), "signed_out");
        ShouldHaveEnded(await thief.SendAsync(HttpMethod.Delete, "api/session"), "signed_out");
    }

    [Fact]
    public async Task A_session_that_is_used_gets_another_token_and_requests_under_way_may_still_show_the_last()
    {
        Browser browser = await Browser.SignedInAsync(server, _key);
        Browser underWay = browser.Copy();
        server.Clock.Advance(ServerLimits.SessionTokenLife - s_margin);
        Assert.False((await browser.GetAsync("api/me")).Headers.Contains("Set-Cookie"));
        server.Clock.Advance(s_margin);

        // Whoever only asks whether he is signed in uses nothing.
        Assert.False((await browser.GetAsync("api/session")).Headers.Contains("Set-Cookie"));
        await browser.GetAsync("api/me");

        Assert.NotEqual(underWay.Cookie, browser.Cookie);
        Assert.Equal(200, (await browser.GetAsync("api/me")).Status);
        server.Clock.Advance(ServerLimits.SessionTokenGrace / 3);
        Answer late = await underWay.GetAsync("api/me");
        Assert.Equal(200, late.Status);
        Assert.False(late.Headers.Contains("Set-Cookie"));
    }

    [Fact]
    public async Task Requests_side_by_side_get_the_same_token_and_an_answer_that_is_lost_loses_nothing()
    {
        Browser browser = await Browser.SignedInAsync(server, _key);
        server.Clock.Advance(ServerLimits.SessionTokenLife);
        Browser[] copies = [.. Enumerable.Range(0, 8).Select(_ => browser.Copy())];

        Answer[] answers = await Task.WhenAll(copies.Select(copy => copy.GetAsync("api/me")));

        Assert.All(answers, answer => Assert.Equal(200, answer.Status));
        Assert.Single(copies.Select(copy => copy.Cookie).Distinct());
        server.Clock.Advance(ServerLimits.SessionTokenGrace * 3);
        Assert.Equal(200, (await browser.GetAsync("api/me")).Status);
        Assert.Equal(copies[0].Cookie, browser.Cookie);
    }

    [Fact]
    public async Task A_token_shown_long_after_its_successor_was_used_ends_the_session_for_owner_and_thief()
    {
        Browser victim = await Browser.SignedInAsync(server, _key);
        Browser thief = victim.Copy();
        for (int i = 0; i < 3; i++)
        {
            server.Clock.Advance(ServerLimits.SessionTokenLife);
            await victim.GetAsync("api/me");
            Assert.Equal(200, (await victim.GetAsync("api/me")).Status);
        }

        ShouldHaveEnded(await thief.GetAsync("api/me"), "copied");
        ShouldHaveEnded(await victim.GetAsync("api/me"), "copied");
    }

    [Fact]
    public async Task Just_after_the_grace_a_token_is_a_copy()
    {
        Browser victim = await Browser.SignedInAsync(server, _key);
        Browser thief = victim.Copy();
        server.Clock.Advance(ServerLimits.SessionTokenLife);
        await victim.GetAsync("api/me");
        Assert.Equal(200, (await victim.GetAsync("api/me")).Status);
        server.Clock.Advance(ServerLimits.SessionTokenGrace);

        ShouldHaveEnded(await thief.GetAsync("api/me"), "copied");
    }

    // ---- limits

    [Fact]
    public async Task A_session_that_is_not_used_ends_and_one_that_is_goes_on()
    {
        Browser used = await Browser.SignedInAsync(server, _key);
        Browser idle = await Browser.SignedInAsync(server, _key);
        server.Clock.Advance(ServerLimits.SessionIdle - s_margin);
        Assert.Equal(200, (await used.GetAsync("api/me")).Status);

        // To ask is no use: neither a page that asks by itself nor a request that was refused keeps a session.
        Assert.InRange((await idle.GetAsync("api/session")).Json.GetProperty("idle_s").GetInt64(), 1, (long)s_margin.TotalSeconds);
        (await idle.SendAsync(HttpMethod.Post, "api/keys", "{}", request => request.Headers.Remove("Indelible-CSRF"))).ShouldBeProblem(403, "cross-site");
        server.Clock.Advance(s_margin);

        ShouldHaveEnded(await idle.GetAsync("api/session"), "idle");
        ShouldHaveEnded(await idle.GetAsync("api/me"), "idle");
        Assert.Equal(200, (await used.GetAsync("api/me")).Status);
    }

    [Fact]
    public async Task No_session_gets_older_than_a_day_s_work_however_much_it_is_used()
    {
        Browser browser = await Browser.SignedInAsync(server, _key);
        TimeSpan step = TimeSpan.FromMinutes(20);
        for (TimeSpan age = step; age < ServerLimits.SessionLife; age += step)
        {
            server.Clock.Advance(step);
            Assert.Equal(200, (await browser.GetAsync("api/me")).Status);
        }

        server.Clock.Advance(step);

        ShouldHaveEnded(await browser.GetAsync("api/me"), "limit");
    }

    [Fact]
    public async Task A_session_never_outlives_its_key()
    {
        string end = (server.Clock.GetUtcNow() + TimeSpan.FromMinutes(10)).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", null);
        Answer made = await server.PostAsync("api/keys", server.AdminKey, $$"""{"kind":"reader","logs":["{{_log.Name}}"],"expires":"{{end}}"}""");
        var browser = new Browser(server);

        Answer answer = await browser.SignInAsync(made.Json.GetProperty("key").GetString()!);

        Assert.Equal(DateTimeOffset.Parse(end, null), answer.Json.GetProperty("expires").GetDateTimeOffset());
        server.Clock.Advance(TimeSpan.FromMinutes(10));
        ShouldHaveEnded(await browser.GetAsync("api/me"), "credential");
    }

    [Fact]
    public async Task Revoking_the_key_ends_its_sessions_at_once()
    {
        Browser browser = await Browser.SignedInAsync(server, _key);

        await RevokeAsync();

        ShouldHaveEnded(await browser.GetAsync("api/me"), "credential");
    }

    [Fact]
    public async Task A_principal_that_was_disabled_and_enabled_again_signs_in_anew()
    {
        Assert.Equal(201, (await server.PostAsync("api/principals", server.AdminKey, """{"name":"ada","kind":"person"}""")).Status);
        Answer made = await server.PostAsync("api/keys", server.AdminKey, $$"""{"kind":"reader","principal":"ada","logs":["{{_log.Name}}"]}""");
        Browser browser = await Browser.SignedInAsync(server, made.Json.GetProperty("key").GetString()!);
        using TailReader tail = await browser.FollowAsync(_log);

        await server.PostAsync("api/principals/disable/ada", server.AdminKey, "");
        Assert.Equal("end", await tail.NextAsync());
        await server.PostAsync("api/principals/enable/ada", server.AdminKey, "");

        ShouldHaveEnded(await browser.GetAsync("api/me"), "credential");
        Assert.Equal(201, (await browser.SignInAsync(made.Json.GetProperty("key").GetString()!)).Status);
    }

    // ---- live tails

    [Fact]
    public async Task Signing_out_ends_the_session_s_tails_at_once_and_no_others()
    {
        Browser browser = await Browser.SignedInAsync(server, _key);
        Browser other = await Browser.SignedInAsync(server, _key);
        using TailReader tail = await browser.FollowAsync(_log);
        using TailReader second = await browser.FollowAsync(_log);
        using TailReader others = await other.FollowAsync(_log);

        await browser.SignOutAsync();

        Assert.Equal("end", await tail.NextAsync());
        Assert.Null(await tail.NextAsync());
        Assert.Equal("end", await second.NextAsync());
        await _log.FillAsync(1);
        Assert.Equal("entry", await others.NextAsync());
    }

    [Fact]
    public async Task Revoking_the_key_ends_the_session_s_tails_at_once()
    {
        Browser browser = await Browser.SignedInAsync(server, _key);
        using TailReader tail = await browser.FollowAsync(_log);

        await RevokeAsync();

        Assert.Equal("end", await tail.NextAsync());
    }

    [Fact]
    public async Task A_tail_shows_nothing_more_once_its_session_is_over_and_is_no_use_of_it()
    {
        Browser browser = await Browser.SignedInAsync(server, _key);
        using TailReader tail = await browser.FollowAsync(_log);
        server.Clock.Advance(ServerLimits.SessionIdle - s_margin);
        await _log.FillAsync(1);
        Assert.Equal("entry", await tail.NextAsync());
        server.Clock.Advance(s_margin);

        await _log.FillAsync(1);

        Assert.Equal("end", await tail.NextAsync());
        ShouldHaveEnded(await browser.GetAsync("api/session"), "idle");
    }

    // ---- how many

    [Fact]
    public async Task A_key_has_so_many_sessions_and_the_one_unused_for_longest_makes_way()
    {
        Browser stranger = await Browser.SignedInAsync(server, _log.ReaderKey);
        var browsers = new List<Browser>();
        for (int i = 0; i < ServerLimits.SessionsPerCredential; i++)
        {
            browsers.Add(await Browser.SignedInAsync(server, _key));
            server.Clock.Advance(s_second);
        }

        await browsers[0].GetAsync("api/me");
        browsers.Add(await Browser.SignedInAsync(server, _key));

        ShouldHaveEnded(await browsers[1].GetAsync("api/session"), "crowded");
        foreach (Browser browser in browsers.Except([browsers[1]]).Append(stranger))
        {
            Assert.True(await browser.IsSignedInAsync());
        }
    }

    [Fact]
    public void A_node_has_so_many_sessions_and_remembers_so_many_that_ended()
    {
        var table = new SessionTable(server.Engine);
        Authority authority = server.Engine.Authorities.Of(_keyId, "key:" + _keyId, server.Clock.GetUtcNow())!;
        var tokens = new List<string>();
        int further = ServerLimits.SessionsRemembered + 5;
        for (int i = 0; i < ServerLimits.Sessions + further; i++)
        {
            // Every one of another person; each a little later.
            Session session = table.Make(new Caller("p-" + i, _keyId, authority, 0, null, null), out string token);
            table.Open(session);
            tokens.Add(token);
            if (i == 0)
            {
                server.Clock.Advance(s_second);
            }
        }

        Assert.All(tokens.Take(5), token => Assert.Null(table.Find(token)));
        Assert.All(tokens.Skip(5).Take(ServerLimits.SessionsRemembered), token => Assert.Equal(SessionEnd.Crowded, table.Find(token)!.End));
        Assert.All(tokens.Skip(further), token => Assert.Null(table.Find(token)!.End));
    }

    // ---- the trail

    [Fact]
    public async Task Sign_in_what_is_done_in_the_session_and_sign_out_are_entries_under_its_id()
    {
        Browser browser = await Browser.SignedInAsync(server, _key);
        await browser.GetAsync(_log.Events);
        await browser.SignOutAsync();

        JsonElement[] entries = [.. await TrailAsync($"auth.credential_id:{_keyId}", 3)];

        Assert.Equal(["indelible.session.start", "indelible.log.search", "indelible.session.end"], entries.Select(entry => Text(entry, "action")));
        string id = Assert.Single(entries.Select(entry => Text(entry.GetProperty("auth"), "session_id")).Distinct());
        Assert.Matches("^s-[0-9a-f]{16}$", id);
        Assert.Equal(id, Text(entries[0].GetProperty("targets")[0], "id"));
        Assert.Equal("signed_out", Text(entries[2].GetProperty("data"), "reason"));
        Assert.All(entries, entry => Assert.DoesNotContain(browser.Csrf, entry.GetRawText(), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("idle")]
    [InlineData("limit")]
    [InlineData("credential")]
    [InlineData("replaced")]
    [InlineData("copied")]
    public async Task However_a_session_ends_is_an_entry_with_the_reason(string reason)
    {
        Browser browser = await Browser.SignedInAsync(server, _key);
        Browser copy = browser.Copy();
        switch (reason)
        {
            case "idle":
                server.Clock.Advance(ServerLimits.SessionIdle);
                break;
            case "limit":
                for (TimeSpan age = TimeSpan.Zero; age < ServerLimits.SessionLife; age += ServerLimits.SessionTokenLife)
                {
                    await browser.GetAsync("api/me");
                    server.Clock.Advance(ServerLimits.SessionTokenLife);
                }

                break;
            case "credential":
                await RevokeAsync();
                break;
            case "replaced":
                await browser.SignInAsync(_log.ReaderKey);
                browser = copy;
                break;
            default:
                server.Clock.Advance(ServerLimits.SessionTokenLife);
                await browser.GetAsync("api/me");
                await browser.GetAsync("api/me");
                server.Clock.Advance(ServerLimits.SessionTokenGrace);
                await copy.GetAsync("api/me");
                break;
        }

        ShouldHaveEnded(await browser.GetAsync("api/session"), reason);

        JsonElement entry = Assert.Single(await TrailAsync($"action:indelible.session.end auth.credential_id:{_keyId}", 1));
        Assert.Equal(reason, Text(entry.GetProperty("data"), "reason"));
        Assert.Equal("key:" + _keyId, Text(entry.GetProperty("actor"), "id"));
    }

    [Fact]
    public async Task A_revoked_key_s_session_is_ended_and_entered_though_nobody_uses_it()
    {
        await Browser.SignedInAsync(server, _key);

        await RevokeAsync();

        Assert.Single(await TrailAsync($"action:indelible.session.end data.reason:credential auth.credential_id:{_keyId}", 1));
    }

    [Fact]
    public async Task A_failed_sign_in_and_a_token_of_no_session_are_entered_and_a_visit_without_one_is_not()
    {
        await using var own = new TestServer();
        await own.InitializeAsync();
        string auditor = (await own.NewKeyAsync("reader", "_access")).Text;
        var browser = new Browser(own);

        (await browser.GetAsync("api/session")).ShouldBeProblem(401, "unauthenticated");
        await browser.SignInAsync("ind_r_" + new string('A', 43));
        browser.Cookie = "indelible=" + new string('A', 43);
        (await browser.GetAsync("api/session")).ShouldBeProblem(401, "unauthenticated");

        IReadOnlyList<JsonElement> entries = await TrailAsync("action:indelible.authentication.fail", 2, own, auditor);
        Assert.Equal(["POST /api/session", "GET /api/session"], entries.Select(entry => Text(entry.GetProperty("data"), "door")));
    }

    private Task<Answer> RevokeAsync() => server.SendAsync(HttpMethod.Delete, "api/keys/" + _keyId, server.AdminKey);

    private static void ShouldHaveEnded(Answer answer, string reason)
    {
        JsonElement error = Assert.Single(answer.ShouldBeProblem(401, "session-ended"));
        Assert.Equal(reason, error.GetProperty("code").GetString());
    }

    /// <summary>The entries of the trail that match, once there are so many: those of what ends by itself come a little later.</summary>
    private async Task<IReadOnlyList<JsonElement>> TrailAsync(string query, int count, TestServer? of = null, string? auditor = null)
    {
        TestServer at = of ?? server;
        while (true)
        {
            long size = at.Engine.Find("_access")!.Size;
            Answer answer = await at.GetAsync("api/logs/_access/events?order=asc&limit=1000&q=" + Uri.EscapeDataString(query), auditor ?? _auditor);
            JsonElement[] found = [.. answer.Json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("entry"))];
            if (found.Length >= count)
            {
                return found;
            }

            // The search is an entry as well: the next one beyond it may be what is waited for.
            await at.Engine.Find("_access")!.WaitForGrowthAsync(size + 1, TestContext.Current.CancellationToken).WaitAsync(s_patience, TestContext.Current.CancellationToken);
        }
    }

    private async Task<int> StatusFromAsync(string address, string cookie)
    {
        using var client = new HttpClient(new SocketsHttpHandler
        {
            UseCookies = false,
            ConnectCallback = async (context, cancellationToken) =>
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                socket.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
                await socket.ConnectAsync(IPAddress.Loopback, context.DnsEndPoint.Port, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            },
        });
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Url, "api/me"));
        request.Headers.TryAddWithoutValidation("Cookie", cookie);
        using HttpResponseMessage answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return (int)answer.StatusCode;
    }

    private static string Text(JsonElement of, string member) => of.GetProperty(member).GetString()!;
}
