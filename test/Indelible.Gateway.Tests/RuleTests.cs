using System.Net.Sockets;
using System.Text;
using Indelible.Client.Recording;
using Indelible.Events.Producing;
using Indelible.Gateway.Rules;
using Microsoft.Extensions.Time.Testing;

namespace Indelible.Gateway.Tests;

/// <summary>Who may do what, and that every decision is on the record with the rule's name.</summary>
public sealed class RuleTests
{
    private static readonly AccessRule[] s_admin =
    [
        new() { Name = "admins", Path = "/admin/**", Roles = ["admin"] },
        new() { Name = "nobody else", Path = "/admin/**", Effect = RuleEffect.Deny },
    ];

    [Theory]
    [InlineData("/admin/users", null, 401, "nobody else", DecisionEffect.Challenge)]
    [InlineData("/Admin/users/", "ada", 403, "nobody else", DecisionEffect.Deny)]
    [InlineData("/admin", "ada;nurse,admin", 200, "admins", DecisionEffect.Allow)]
    [InlineData("/elsewhere", "ada", 200, null, null)]
    public async Task The_first_rule_that_matches_decides(string path, string? user, int status, string? rule, DecisionEffect? effect)
    {
        await using TestGateway gateway = await TestGateway.StartAsync(settings => Known(settings) with { Rules = s_admin });
        (int got, _) = await gateway.GetAsync(path, HeadersOf(user));
        Assert.Equal(status, got);
        Assert.Equal(status == 200 ? [path] : [], gateway.Reached);
        if (rule is not null)
        {
            EventDraft draft = Assert.Single(await gateway.Recorder.WaitAsync(1));
            Assert.Equal(rule, draft.Decision!.Rule);
            Assert.Equal(effect, draft.Decision.Effect);
            Assert.Equal("gateway", draft.Decision.Policy);
            Assert.Equal(user?.Split(';')[0] ?? "anonymous", draft.Actor!.Id);
            Assert.Equal("/admin/{**rest}", draft.Request!.Route);
        }
    }

    [Fact]
    public async Task A_rule_has_methods_and_hours_and_names_its_parts()
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 11, 23, 16, 30, 0, TimeSpan.Zero));   // a Monday, 17:30 in Oslo
        AccessRule rule = new()
        {
            Name = "payroll by day",
            Path = "/payroll/{person}",
            Methods = ["POST"],
            When = new TimeWindow { Days = ["mon", "tue"], From = "08:00", To = "18:00", Zone = "Europe/Oslo" },
            Action = "payroll.change",
        };
        await using TestGateway gateway = await TestGateway.StartAsync(settings => settings with { Rules = [rule], DenyByDefault = true }, time: clock);
        Assert.Equal(200, await PostAsync());
        EventDraft draft = await gateway.Recorder.WaitAsync("payroll.change");
        Assert.Equal("u-7", Assert.Single(draft.Targets).Id);
        Assert.Equal("payroll", draft.Targets[0].Type);
        Assert.Equal(403, (await gateway.GetAsync("/payroll/u-7")).Status);
        clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(403, await PostAsync());

        async Task<int> PostAsync()
        {
            using HttpResponseMessage response = await gateway.Http.PostAsync("/payroll/u-7", new StringContent("x"));
            return (int)response.StatusCode;
        }
    }

    [Theory]
    [InlineData("2026-11-23T21:59:00Z", false)]   // Monday
    [InlineData("2026-11-23T22:00:00Z", true)]
    [InlineData("2026-11-24T05:59:00Z", true)]    // of Monday's night
    [InlineData("2026-11-24T06:00:00Z", false)]
    [InlineData("2026-11-24T22:30:00Z", false)]   // Tuesday's is none
    public void A_window_over_midnight_belongs_to_the_day_on_which_it_begins(string moment, bool inside) =>
        Assert.Equal(inside, new TimeWindow { Days = ["mon"], From = "22:00", To = "06:00" }.Contains(DateTimeOffset.Parse(moment, System.Globalization.CultureInfo.InvariantCulture)));

    [Theory]
    [InlineData("/admin%2fusers")]
    [InlineData("/%61dmin%2Fx")]
    [InlineData("/x/..%2fadmin/users")]
    [InlineData("/admin;v=1/users")]
    [InlineData("//admin/users")]
    [InlineData("/admin//users")]
    [InlineData("/admin\\users")]
    [InlineData("/admin./users")]
    [InlineData("/admin%20/users")]
    [InlineData("/%2e/admin/users")]
    [InlineData("/%252e%252e/admin")]
    [InlineData("/admin%00/users")]
    [InlineData("/adm%in")]
    [InlineData("/x/./admin/users")]
    [InlineData("/x/../admin/users")]
    public async Task A_path_that_could_be_read_in_two_ways_never_reaches_the_application(string target)
    {
        await using TestGateway gateway = await TestGateway.StartAsync(settings => Known(settings) with { Rules = s_admin });
        string answer = await RawAsync(gateway, $"GET {target} HTTP/1.1\r\nHost: app\r\nConnection: close\r\n\r\n");
        Assert.Matches("^HTTP/1.1 40[01] ", answer);
        Assert.Empty(gateway.Reached);
    }

    [Fact]
    public async Task An_answer_of_the_gateways_own_is_kept_and_sniffed_by_nobody()
    {
        await using TestGateway gateway = await TestGateway.StartAsync(settings => Known(settings) with { DenyByDefault = true });
        string answer = await RawAsync(gateway, "GET /x HTTP/1.1\r\nHost: app\r\nConnection: close\r\n\r\n");

        Assert.Matches("^HTTP/1.1 40[13] ", answer);
        foreach (string header in (string[])["X-Content-Type-Options: nosniff", "Cache-Control: no-store", "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'"])
        {
            Assert.Contains($"\r\n{header}\r\n", answer, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("/ADMIN/users")]
    [InlineData("/%61dmin/users")]
    [InlineData("/admin/caf%C3%A9")]
    [InlineData("http://app/admin/users")]
    public async Task However_a_path_is_spelled_the_rule_sees_it(string target)
    {
        await using TestGateway gateway = await TestGateway.StartAsync(settings => Known(settings) with { Rules = s_admin });
        Assert.StartsWith("HTTP/1.1 401 ", await RawAsync(gateway, $"GET {target} HTTP/1.1\r\nHost: app\r\nConnection: close\r\n\r\n"), StringComparison.Ordinal);
        Assert.Empty(gateway.Reached);
    }

    [Fact]
    public async Task Rules_are_read_anew_and_a_file_that_cannot_be_used_changes_nothing()
    {
        string file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, "{}", TestContext.Current.CancellationToken);
            await using TestGateway gateway = await TestGateway.StartAsync(file: file);
            Assert.Equal(200, (await gateway.GetAsync("/a")).Status);
            await File.WriteAllTextAsync(file, """{"to":"http://127.0.0.1:1","rules":[{"name":"closed","path":"/a","effect":"deny"}]}""", TestContext.Current.CancellationToken);
            await gateway.Recorder.WaitAsync("gateway.rules.reload");
            while ((await gateway.GetAsync("/a")).Status != 403)
            {
                await Task.Yield();
            }

            foreach (string bad in (string[])["{\"rules\":[{\"name\":\"x\",\"pth\":\"/\"}]}", "{\"to\":\"http://127.0.0.1:1\",\"rules\":[{\"name\":\"\",\"path\":\"no\"}]}"])
            {
                int before = gateway.Recorder.Drafts.Count(draft => draft.Action == "gateway.rules.reload");
                await File.WriteAllTextAsync(file, bad, TestContext.Current.CancellationToken);
                IReadOnlyList<EventDraft> drafts = await gateway.Recorder.WaitAsync(kept => kept.Count(draft => draft.Action == "gateway.rules.reload") > before);
                Assert.Equal(Outcome.Failure, drafts.Last(draft => draft.Action == "gateway.rules.reload").Outcome);
                Assert.Equal(403, (await gateway.GetAsync("/a")).Status);
            }
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("{\"rules\":[{\"name\":\"x\",\"pth\":\"/\"}]}", "pth")]
    [InlineData("{\"rules\":[],\"rules\":[]}", "rules")]
    [InlineData("{\"rules\":[{\"name\":\"x\",\"effect\":\"maybe\"}]}", "$.rules[0].effect")]
    [InlineData("nonsense", "line 1")]
    public void A_file_that_is_none_is_named_by_place(string json, string named) =>
        Assert.Contains(named, Assert.Throws<FormatException>(() => GatewaySettings.Parse(Encoding.UTF8.GetBytes(json))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"to":"ftp://x"}""", "to:")]
    [InlineData("""{"to":"http://x","listen":"https://*:1"}""", "identity.tls")]
    [InlineData("""{"to":"http://x","rules":[{"name":"a","path":"/x//y"}]}""", "rules[0] 'a': path")]
    [InlineData("""{"to":"http://x","rules":[{"name":"a","path":"/**/y"}]}""", "rules[0] 'a': path")]
    [InlineData("""{"to":"http://x","rules":[{"name":"a","when":{"zone":"Moon","days":["someday"],"from":"8"}}]}""", "when.zone")]
    [InlineData("""{"to":"http://x","rules":[{"name":"a"},{"name":"a"}]}""", "twice")]
    [InlineData("""{"to":"http://x","identity":{"header":{"user":"X-User"}}}""", "identity.header.from")]
    [InlineData("""{"to":"http://x","identity":{"jwt":{"issuer":"i","audience":"a","keys":"k","algorithms":["HS256"]}}}""", "HS256")]
    public void Settings_that_cannot_be_used_are_named(string json, string named) =>
        Assert.Contains(GatewaySettings.Parse(Encoding.UTF8.GetBytes(json)).Faults(), fault => fault.Contains(named, StringComparison.Ordinal));

    private static GatewaySettings Known(GatewaySettings settings) =>
        settings with { Identity = new IdentitySettings { Header = new HeaderSettings { User = "X-User", Roles = "X-Roles", From = ["127.0.0.0/8"] } } };

    private static (string, string)[] HeadersOf(string? user) => user?.Split(';') switch
    {
        null => [],
        [var name] => [("X-User", name)],
        [var name, var roles, ..] => [("X-User", name), ("X-Roles", roles)],
        _ => [],
    };

    private static async Task<string> RawAsync(TestGateway gateway, string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(gateway.Url.Host, gateway.Url.Port, TestContext.Current.CancellationToken);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request), TestContext.Current.CancellationToken);
        using var reader = new StreamReader(client.GetStream());
        return await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
    }
}
