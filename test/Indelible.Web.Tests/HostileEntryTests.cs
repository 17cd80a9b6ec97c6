using System.Text.Json;
using System.Text.RegularExpressions;
using Indelible.Server.Tests.Api;
using Microsoft.Playwright;
using Xunit;

namespace Indelible.Web.Tests;

/// <summary>The page in a real browser, with entries of somebody who wants it to run, load or hide something.</summary>
public sealed partial class HostileEntryTests(Browser browser) : IClassFixture<Browser>
{
    private const string Markup =
        "<img src=x onerror=\"window.ran='img'\"><script>window.ran='script'</script>\"'><svg onload=\"window.ran='svg'\"></svg>" +
        "<iframe srcdoc=\"<script>parent.ran='frame'</script>\"></iframe><a href=\"javascript:window.ran='link'\">javascript:window.ran='link'</a>" +
        "<style>body{display:none}</style><base href=//elsewhere.example>{{constructor.constructor('window.ran=1')()}}${window.ran=1}";

    private const string Invisible =
        "\u202eesrever\u202c\u2066\u2067\u2068\u2069\u200e\u200f\u061c\u200b\u200c\u200d\u2060\u2061\u206a\u206f\ufeff\u00ad\u034f\u115f\u1160\u17b4\u180e\u3164\uffa0\ufe0f\ufff9\u2028\u2029" +
        "\u001b[2J\u009b31m\u0000\u0007\u007f\u0085\udb40\udc41\udb40\udd01";

    [Fact]
    public async Task Nothing_that_an_entry_holds_runs_loads_or_hides_anything()
    {
        TestLog log = await browser.Server.NewLogAsync();
        await AppendAsync(log, "a");
        Visit visit = await VisitAsync(log, "");

        // The list, the entry with its proof, the same while it is followed, and a fault that repeats what was typed.
        await visit.Page.Locator("tr[data-index='0']").ClickAsync();
        await visit.Page.Locator("#drawer").GetByText("Consistent with the checkpoint").WaitForAsync();
        await visit.ShouldBeHarmlessAsync();
        Assert.Contains("<img src=x onerror=", await visit.Page.Locator("#drawer").InnerTextAsync(), StringComparison.Ordinal);
        foreach (string tab in (string[])["Changes", "Context", "Raw", "Proof"])
        {
            await visit.Page.GetByRole(AriaRole.Tab, new PageGetByRoleOptions { Name = tab }).ClickAsync();
            await visit.Page.Locator("#event-panel table, #event-panel .context, #event-panel pre").First.WaitForAsync();
            await visit.ShouldBeHarmlessAsync();
        }

        await visit.Page.Keyboard.PressAsync("Escape");
        await visit.Page.Locator("#live").ClickAsync();
        await AppendAsync(log, "b");
        await visit.Page.Locator("tr[data-index='1']").WaitForAsync();
        await visit.ShouldBeHarmlessAsync();
        await visit.Page.Locator("#q").FillAsync("(" + Markup);
        await visit.Page.Keyboard.PressAsync("Enter");
        await visit.Page.Locator("#fault").WaitForAsync();
        await visit.ShouldBeHarmlessAsync();
    }

    [Fact]
    public async Task Nothing_that_a_link_to_the_page_holds_runs_or_loads_anything()
    {
        TestLog log = await browser.Server.NewLogAsync();
        await AppendAsync(log, "a");
        foreach (string fragment in (string[])[
            $"#log={Uri.EscapeDataString(Markup)}&q={Uri.EscapeDataString(Markup)}&index=0", $"#q={Uri.EscapeDataString("message:\"" + Invisible.Replace("\0", "", StringComparison.Ordinal) + "\"")}",
            $"#/explore?log={Uri.EscapeDataString(log.Name)}&q={Uri.EscapeDataString(Markup)}&tab={Uri.EscapeDataString(Markup)}&facets={Uri.EscapeDataString(Markup)}&from={Uri.EscapeDataString(Markup)}&index=0",
            $"#/{Uri.EscapeDataString(Markup)}?log={Uri.EscapeDataString(Markup)}", "#/__proto__?x=1", "#javascript:window.ran=1", "#log=__proto__&q=constructor&index=99999999999999999999", "#log[]=&q[]=%ff%fe"])
        {
            Visit visit = await VisitAsync(log, fragment);
            await visit.ShouldBeHarmlessAsync();
        }
    }

    [Fact]
    public async Task What_got_into_the_page_all_the_same_could_do_nothing()
    {
        IPage page = await browser.NewPageAsync();

        // What the policy stops is announced as a request too, and then neither sent nor finished.
        var loaded = new List<string>();
        page.RequestFinished += (_, request) => loaded.Add(request.Url);
        await page.GotoAsync(browser.Server.Url.ToString());

        // In a callback: what the test itself runs is exempt from the policy.
        Assert.Equal("EvalError", await page.EvaluateAsync<string>("() => new Promise((resolve) => setTimeout(() => { try { resolve(String(eval('1'))) } catch (e) { resolve(e.name) } }))"));
        Assert.Equal("TypeError", await page.EvaluateAsync<string>("() => { try { document.body.innerHTML = '<b>x</b>'; return 'taken' } catch (e) { return e.name } }"));
        Assert.Equal("TypeError", await page.EvaluateAsync<string>("() => { try { const s = document.createElement('script'); s.text = 'window.ran = 1'; document.body.append(s); return 'taken' } catch (e) { return e.name } }"));
        Assert.Equal("TypeError", await page.EvaluateAsync<string>("() => fetch('https://elsewhere.example/').then(() => 'sent', (e) => e.name)"));
        Assert.Equal("blocked", await page.EvaluateAsync<string>(
            """
            () => new Promise((resolve) => {
              document.addEventListener('securitypolicyviolation', () => resolve('blocked'));
              const image = new Image();
              image.onload = () => resolve('loaded');
              image.src = 'https://elsewhere.example/x.png';
            })
            """));
        Assert.Equal("blocked", await page.EvaluateAsync<string>(
            """
            () => new Promise((resolve) => {
              document.addEventListener('securitypolicyviolation', () => resolve('blocked'));
              const form = document.createElement('form');
              form.action = 'https://elsewhere.example/';
              form.method = 'post';
              document.body.append(form);
              form.submit();
            })
            """));
        Assert.Null(await page.EvaluateAsync<string?>("() => window.ran ?? null"));
        Assert.All(loaded, url => Assert.StartsWith(browser.Server.Url.ToString(), url, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("healthz")]
    [InlineData("app.js")]
    [InlineData("openapi/v1.json")]
    public async Task Nothing_here_shows_in_the_frame_of_another_page(string path)
    {
        IPage page = await browser.NewPageAsync();
        var refused = new TaskCompletionSource<string>();
        page.RequestFailed += (_, request) => refused.TrySetResult(request.Failure ?? "");
        await page.SetContentAsync($"<iframe src=\"{browser.Server.Url}{path}\"></iframe>");

        Assert.Equal("net::ERR_BLOCKED_BY_RESPONSE", await refused.Task.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken));
    }

    private static async Task AppendAsync(TestLog log, string id)
    {
        Answer appended = await log.AppendAsync(HostileEvent(id), "?ack=published");
        Assert.True(appended.Status == 201, appended.Text);
    }

    private static string HostileEvent(string id)
    {
        string both = JsonSerializer.Serialize(Markup[..180] + Invisible);
        string markup = JsonSerializer.Serialize(Markup);
        string name = JsonSerializer.Serialize("<img src=x onerror=window.ran=1>\u202e\u061c");
        return $$"""
            {"schema":"audit/1","id":"{{id}}","time":"2026-11-23T06:14:25Z","action":"test.run","outcome":"failure","outcome_code":{{name}},"message":{{JsonSerializer.Serialize(Markup + Invisible)}},
            "actor":{"id":{{both}},"type":"user","name":{{both}},"email":{{name}},"roles":[{{name}}]},"service":{"name":{{name}},"version":{{name}}},
            "targets":[{"type":"invoice","id":{{both}},"name":{{name}},"href":"https://elsewhere.example/x"},{"type":"invoice","id":{{markup}}}],
            "source":{"hostname":{{name}},"user_agent":{{both}}},"decision":{"effect":"deny","reason":{{both}},"rule":{{name}} },
            "reason":{"text":{{both}},"ticket":{{name}} },"changes":[{"path":{{JsonSerializer.Serialize("/<img src=x onerror=window.ran=1>\u202e\u061c")}},"op":"replace","old":{{markup}},"new":{{both}} }],
            "labels":{"<b>x</b>":{{name}} },"data":{ {{name}}:{{both}},"url":"javascript:window.ran=1","__proto__":{"x":{{name}} },"constructor":{{name}} } }
            """;
    }

    private static List<string> Record(IPage page)
    {
        var requests = new List<string>();
        page.Request += (_, request) => requests.Add(request.Url);
        return requests;
    }

    private async Task<Visit> VisitAsync(TestLog log, string fragment)
    {
        Visit? visit = null;
        await browser.SignInAsync(log, fragment, prepare: page =>
        {
            Visit own = new(page, browser.Server.Url.ToString(), Record(page), []);
            page.Dialog += (_, dialog) =>
            {
                own.Surprises.Add("a dialog: " + dialog.Message);
                _ = dialog.DismissAsync();
            };
            page.Popup += (_, popup) => own.Surprises.Add("a window: " + popup.Url);
            page.PageError += (_, error) => own.Surprises.Add("an error: " + error);
            visit = own;
            return Task.CompletedTask;
        });
        await visit!.Page.Locator("#results, #empty, #fault, .state[role=alert]").First.WaitForAsync();
        return visit;
    }

    private sealed partial record Visit(IPage Page, string Origin, List<string> Requests, List<string> Surprises)
    {
        public async Task ShouldBeHarmlessAsync()
        {
            Assert.Empty(Surprises);
            Assert.Null(await Page.EvaluateAsync<string?>("() => window.ran ?? null"));
            Assert.All(Requests, url => Assert.StartsWith(Origin, url, StringComparison.Ordinal));
            // Pictures of the page's own are marked as such; markup of an entry could not be, since it never becomes an element.
            Assert.Equal(0, await Page.Locator("img, iframe, svg:not(.own), base, object, embed, script:not([src='./app.js']), style, [onerror], [onload], [style]:not(.spacer), a[href^='javascript']").CountAsync());
            string text = await Page.EvaluateAsync<string>("() => [document.title, document.body.textContent, ...[...document.querySelectorAll('[title], [aria-label]')].map((e) => e.title + e.ariaLabel)].join('\\n')");
            Assert.DoesNotMatch(Hidden(), text);
        }

        [GeneratedRegex(@"[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb]|\udb40[\udc00-\udfff]")]
        private static partial Regex Hidden();
    }
}
