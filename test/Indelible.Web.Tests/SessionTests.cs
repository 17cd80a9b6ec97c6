using Indelible.Server.Tests.Api;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Indelible.Web.Tests;

/// <summary>Coming and going, and what of it stays in the browser.</summary>
public sealed class SessionTests(Browser browser) : IClassFixture<Browser>
{
    [Fact]
    public async Task One_signs_in_sees_who_one_is_and_signs_out_and_nothing_stays_on_the_page()
    {
        TestLog log = await browser.Server.NewLogAsync();
        await log.FillAsync(3);
        IPage page = await browser.SignInAsync(log);

        await Expect(page.Locator("#rows tr[data-index]")).ToHaveCountAsync(3);
        await page.Locator("#who").ClickAsync();
        await Expect(page.Locator("#account-card")).ToContainTextAsync($"Log {log.Name}");
        await Expect(page.Locator("#account-card")).ToContainTextAsync("read, tail");
        await page.Locator("#key").ClickAsync();

        await Expect(page.Locator("#signin")).ToContainTextAsync("You are signed out.");
        await Expect(page.Locator("#rows")).ToHaveCountAsync(0);
        string kept = await page.EvaluateAsync<string>("() => JSON.stringify([{...localStorage}, {...sessionStorage}, document.body.textContent])");
        Assert.DoesNotContain(log.ReaderKey, kept, StringComparison.Ordinal);
        Assert.DoesNotContain("invoice.read", kept, StringComparison.Ordinal);
        Assert.Equal(401, await page.EvaluateAsync<int>("() => fetch('api/me').then((answer) => answer.status)"));
    }

    [Fact]
    public async Task A_reload_goes_on_with_the_session_and_a_sign_out_in_one_tab_is_one_in_all()
    {
        TestLog log = await browser.Server.NewLogAsync();
        await log.FillAsync(2);
        IPage page = await browser.SignInAsync(log);
        await Expect(page.Locator("#rows tr[data-index]")).ToHaveCountAsync(2);
        await page.ReloadAsync();
        await Expect(page.Locator("#rows tr[data-index]")).ToHaveCountAsync(2);
        IPage other = await page.Context.NewPageAsync();
        await other.GotoAsync(browser.Server.Url.ToString());
        await Expect(other.Locator("#rows tr[data-index]")).ToHaveCountAsync(2);

        await other.Locator("#key").ClickAsync();

        await Expect(page.Locator("#signin")).ToBeVisibleAsync();
        await Expect(page.Locator("#rows")).ToHaveCountAsync(0);
    }

    [Theory]
    [InlineData("not a key", "A key is ind_r_ or ind_a_ and 43 characters.")]
    [InlineData("ind_r_0123456789012345678901234567890123456789012", "The server does not take this key.")]
    public async Task A_key_that_is_none_is_refused_in_words(string key, string words)
    {
        IPage page = await browser.NewPageAsync();
        await page.GotoAsync(browser.Server.Url.ToString());
        await page.Locator("#signin-key").FillAsync(key);
        await page.Keyboard.PressAsync("Enter");

        await Expect(page.Locator("#signin-fault")).ToHaveTextAsync(words);
        await Expect(page.Locator("#signin-key")).ToHaveValueAsync("");
    }

    [Fact]
    public async Task Nothing_is_asked_of_another_origin_and_nothing_inline_would_run()
    {
        TestLog log = await browser.Server.NewLogAsync();
        await log.FillAsync(2);
        var requests = new List<string>();
        var refused = new List<string>();
        var policies = new List<string?>();
        IPage page = await browser.SignInAsync(log, prepare: async page =>
        {
            page.Request += (_, request) => requests.Add(request.Url);
            page.Response += (_, response) => policies.Add(response.Headers.GetValueOrDefault("content-security-policy"));
            page.Console += (_, message) =>
            {
                if (message.Text.Contains("Content Security Policy", StringComparison.Ordinal))
                {
                    refused.Add(message.Text);
                }
            };
            await Task.CompletedTask;
        });
        await page.Locator("#rows tr[data-index='0']").ClickAsync();
        await Browser.PinAsync(page, log);
        await Expect(page.Locator(".verdict-line")).ToHaveClassAsync("verdict-line proven");

        Assert.Contains(requests, url => url.EndsWith("/app.js", StringComparison.Ordinal));
        Assert.All(requests, url => Assert.StartsWith(browser.Server.Url.ToString(), url, StringComparison.Ordinal));
        Assert.All(policies, policy => Assert.DoesNotContain("unsafe", Assert.IsType<string>(policy), StringComparison.Ordinal));
        Assert.Contains(policies, policy => policy!.Contains("require-trusted-types-for 'script'", StringComparison.Ordinal));
        Assert.Empty(refused);
    }
}
