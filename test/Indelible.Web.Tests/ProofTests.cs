using Indelible.Server.Tests.Api;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Indelible.Web.Tests;

/// <summary>What the page proves by itself, and that an answer which was altered on the way turns it red.</summary>
public sealed class ProofTests(Browser browser) : IClassFixture<Browser>
{
    [Fact]
    public async Task An_entry_is_proven_under_the_pinned_key_and_later_heads_against_the_one_before()
    {
        TestLog log = await browser.Server.NewLogAsync();
        await log.FillAsync(5);
        IPage page = await browser.SignInAsync(log);
        await page.Locator("#rows tr[data-index='3']").ClickAsync();
        await Expect(page.Locator(".verdict-line")).ToContainTextAsync("Consistent with the checkpoint, but whose checkpoint?");
        await Browser.PinAsync(page, log);

        await Expect(page.Locator(".verdict-line")).ToContainTextAsync("Proven: entry 3 of a log of 5");
        await Expect(page.Locator(".checks")).ToContainTextAsync("signed by the key that you pinned");
        await Expect(page.Locator(".checks .no")).ToHaveCountAsync(0);
        await Expect(page.Locator(".path-tree circle.given")).ToHaveCountAsync(3);
        await Expect(page.Locator("#rows tr[data-index='3'] .c-proof")).ToHaveClassAsync("c-proof proven");

        await log.FillAsync(4);
        await page.Locator("#rows tr[data-index='2']").ClickAsync();
        await Expect(page.Locator(".checks")).ToContainTextAsync("The log of size 5 is a prefix of that of size 9");
        IDownload download = await page.RunAndWaitForDownloadAsync(() => page.GetByText("Download proof").ClickAsync());
        Assert.Equal($"{log.Name}-2.tlog-proof", download.SuggestedFilename);
        Assert.StartsWith("c2sp.org/tlog-proof@v1\n", await File.ReadAllTextAsync((await download.PathAsync())!, TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    public static TheoryData<string, string, string, string> Alterations => new()
    {
        { "**/events/0", "\"outcome\":\"success\"", "\"outcome\":\"failure\"", "lead to the root" },
        { "**/events?*", "\"action\":\"invoice.read\"", "\"action\":\"invoice.list\"", "the value shown at /action is not the one in the log" },
        { "**/events/0/proof", "index 0", "index 1", "the proof is for index 1, asked was 0" },
        { "**/events/0/proof", "\n2\n", "\n3\n", "the path has 1 hashes, want 2" },
        { "**/events/0/proof", "/logs/", "/Logs/", "the pinned key is of" },
    };

    [Theory]
    [MemberData(nameof(Alterations))]
    public async Task An_altered_answer_turns_the_entry_red_and_says_why(string url, string old, string altered, string reason)
    {
        TestLog log = await browser.Server.NewLogAsync();
        await log.FillAsync(2);
        IPage page = await browser.SignInAsync(log);
        await page.Locator("#rows tr[data-index='1']").ClickAsync();
        await Browser.PinAsync(page, log);
        await Expect(page.Locator(".verdict-line")).ToHaveClassAsync("verdict-line proven");
        await page.RouteAsync(url, async route =>
        {
            IAPIResponse answer = await route.FetchAsync();
            string text = await answer.TextAsync();
            Assert.Contains(old, text, StringComparison.Ordinal);
            await route.FulfillAsync(new RouteFulfillOptions { Response = answer, Body = text.Replace(old, altered, StringComparison.Ordinal) });
        });
        await page.ReloadAsync();
        await page.Locator("#rows tr[data-index='0']").ClickAsync();

        await Expect(page.Locator(".verdict-line")).ToHaveClassAsync("verdict-line bad");
        await Expect(page.Locator(".verdict-line")).ToContainTextAsync("Not valid");
        await Expect(page.Locator(".verdict-line")).ToContainTextAsync(reason);
        await Expect(page.Locator(".checks .no")).ToContainTextAsync(reason);
        await Expect(page.Locator("#rows tr[data-index='0'] .c-proof")).ToHaveClassAsync("c-proof bad");
    }

    [Fact]
    public async Task A_check_that_could_not_be_made_is_no_fault_of_the_log()
    {
        TestLog log = await browser.Server.NewLogAsync();
        await log.FillAsync(1);
        IPage page = await browser.SignInAsync(log, prepare: page => page.RouteAsync("**/events/0/proof", route => route.AbortAsync()));
        await page.Locator("#rows tr[data-index='0']").ClickAsync();

        await Expect(page.Locator(".verdict-line")).ToHaveClassAsync("verdict-line unsure");
        await Expect(page.Locator(".verdict-line")).ToContainTextAsync("Could not tell");
    }

    [Theory]
    [InlineData("audit.example:7480/logs/x+00000000+AQ==", "Not pinned")]
    [InlineData("nonsense", "a vkey looks like")]
    public async Task A_key_that_is_mistyped_is_not_pinned(string key, string words)
    {
        TestLog log = await browser.Server.NewLogAsync();
        await log.FillAsync(1);
        IPage page = await browser.SignInAsync(log, $"#/event?log={log.Name}&index=0&tab=proof");
        await page.Locator("#pin").FillAsync(key);
        await page.Keyboard.PressAsync("Enter");

        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync(words);
        await Expect(page.Locator(".verdict-line")).ToHaveClassAsync("verdict-line unpinned");
    }

    [Fact]
    public async Task An_entry_has_a_page_of_its_own_with_what_stands_around_it_and_its_bytes()
    {
        TestLog log = await browser.Server.NewLogAsync();
        Answer appended = await log.AppendAsync(
            "[" + string.Join(',', TestLog.Event("a"), TestLog.Event("b", ("changes", """[{"path":"/state","op":"replace","old":"booked","new":"arrived"}]""")), TestLog.Event("c")) + "]", "?ack=published");
        Assert.True(appended.Status == 201, appended.Text);
        IPage page = await browser.SignInAsync(log, $"#/event?log={log.Name}&index=1");
        await Expect(page.Locator(".sentence")).ToContainTextAsync("u-1 did invoice.read");
        await page.GetByRole(AriaRole.Tab, new PageGetByRoleOptions { Name = "Changes" }).ClickAsync();
        await Expect(page.Locator(".changes .old")).ToHaveTextAsync("booked");
        await Expect(page.Locator(".changes .new")).ToHaveTextAsync("arrived");
        await page.GetByRole(AriaRole.Tab, new PageGetByRoleOptions { Name = "Context" }).ClickAsync();
        await Expect(page.Locator(".context-group").First).ToContainTextAsync("By the same actor");
        await Expect(page.Locator(".context-group").First.Locator("li")).ToHaveCountAsync(3);
        await page.GetByRole(AriaRole.Tab, new PageGetByRoleOptions { Name = "Raw" }).ClickAsync();
        await page.GetByText("Exact bytes").ClickAsync();
        await Expect(page.Locator("pre.raw")).ToContainTextAsync("\"action\":\"invoice.read\"");

        await page.GetByText("Back to the list").ClickAsync();
        await Expect(page.Locator("#drawer-title")).ToContainTextAsync("Entry 1");
        await Expect(page.Locator("#rows tr[data-index]")).ToHaveCountAsync(3);
    }
}
