using System.Text.Json;
using Indelible.Server.Tests.Api;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Indelible.Web.Tests;

/// <summary>Search in a real browser: the query and what is wrong with it, narrowing down, following, and the URL.</summary>
public sealed class ExploreTests(Browser browser) : IClassFixture<Browser>
{
    [Fact]
    public async Task A_query_that_cannot_be_read_is_shown_with_a_caret_under_the_place()
    {
        TestLog log = await browser.Server.NewLogAsync();
        await log.FillAsync(1);
        IPage page = await browser.SignInAsync(log);
        await page.Locator("#q").FillAsync("outcome:failure actor:(");
        await page.Keyboard.PressAsync("Enter");

        await Expect(page.Locator("#fault")).ToContainTextAsync("The query cannot be read");
        string[] lines = (await page.Locator("#fault pre").TextContentAsync())!.Split('\n');
        Assert.Equal("outcome:failure actor:(", lines[0]);
        Assert.Equal(new string(' ', "outcome:failure actor:(".Length) + "^", lines[1]);
        await Expect(page.Locator("#q")).ToHaveAttributeAsync("aria-invalid", "true");

        await page.Locator("#q").FillAsync("outcome:success");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("#fault")).ToHaveCountAsync(0);
        await Expect(page.Locator("#rows tr[data-index]")).ToHaveCountAsync(1);
    }

    [Fact]
    public async Task Values_narrow_the_search_and_the_URL_brings_all_of_it_back()
    {
        TestLog log = await browser.Server.NewLogAsync();
        await AppendAsync(log, TestLog.Event("a", ("action", "\"invoice.pay\""), ("outcome", "\"failure\"")), TestLog.Event("b"), TestLog.Event("c"));
        IPage page = await browser.SignInAsync(log);
        await page.Locator(".facet-include", new PageLocatorOptions { HasText = "failure" }).ClickAsync();
        await Expect(page.Locator("#status")).ToContainTextAsync("1 event");
        await Expect(page.Locator("#q")).ToHaveValueAsync("outcome:\"failure\"");
        await page.GetByLabel("Turn outcome:\"failure\" into its opposite").Or(page.GetByTitle("Turn outcome:\"failure\" into its opposite")).ClickAsync();
        await Expect(page.Locator("#status")).ToContainTextAsync("2 events");
        await page.Locator("#rows tr[data-index='1']").ClickAsync();
        await page.Locator("#drawer [data-field='service.name']").ClickAsync();
        await Expect(page.Locator("#q")).ToHaveValueAsync("-outcome:\"failure\" service.name:\"billing\"");

        string url = page.Url;
        await page.GoBackAsync();
        await Expect(page.Locator("#q")).ToHaveValueAsync("-outcome:\"failure\"");
        IPage other = await page.Context.NewPageAsync();
        await other.GotoAsync(url);
        await Expect(other.Locator("#q")).ToHaveValueAsync("-outcome:\"failure\" service.name:\"billing\"");
        await Expect(other.Locator("#drawer-title")).ToContainTextAsync("Entry 1");
        await Expect(other.Locator("#status")).ToContainTextAsync("2 events");
    }

    [Fact]
    public async Task The_histogram_is_of_what_matches_and_a_brush_zooms_in()
    {
        TestLog log = await browser.Server.NewLogAsync();
        string[] days = ["2026-11-01", "2026-11-02", "2026-11-03", "2026-11-20"];
        await AppendAsync(log, [.. days.Select(day => TestLog.Event(day, ("time", $"\"{day}T06:00:00Z\""), ("outcome", day.EndsWith('3') ? "\"failure\"" : "\"success\"")))]);
        IPage page = await browser.SignInAsync(log);
        await page.Locator(".bar-failure").WaitForAsync();
        Assert.Equal(3, await page.Locator(".bar-success").CountAsync());

        LocatorBoundingBoxResult box = (await page.Locator(".histogram-area").BoundingBoxAsync())!;
        await page.Mouse.MoveAsync(box.X + (box.Width * 0.5f), box.Y + 5);
        await page.Mouse.DownAsync();
        await page.Mouse.MoveAsync(box.X + box.Width - 1, box.Y + 5, new MouseMoveOptions { Steps = 4 });
        await page.Mouse.UpAsync();

        await Expect(page.Locator("#status")).ToContainTextAsync("1 event ");
        Assert.Contains("from=2026-11-1", page.Url, StringComparison.Ordinal);
        await page.Locator(".time-button").ClickAsync();
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "All time", Exact = true }).ClickAsync();
        await Expect(page.Locator("#status")).ToContainTextAsync("4 events");
    }

    [Fact]
    public async Task An_absolute_range_is_asked_for_in_UTC_and_a_time_that_is_none_is_said()
    {
        TestLog log = await browser.Server.NewLogAsync();
        await AppendAsync(log, TestLog.Event("a", ("time", "\"2026-11-01T06:00:00Z\"")), TestLog.Event("b", ("time", "\"2026-11-02T06:00:00Z\"")));
        IPage page = await browser.SignInAsync(log, options: new BrowserNewContextOptions { TimezoneId = "America/New_York" });
        await page.Locator(".time-button").ClickAsync();
        await page.Locator("#time-from").FillAsync("yesterday");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByText("That is no time")).ToBeVisibleAsync();
        await page.Locator("#time-from").FillAsync("2026-11-02");
        await page.Keyboard.PressAsync("Enter");

        await Expect(page.Locator("#rows tr[data-index]")).ToHaveCountAsync(1);
        await Expect(page.Locator("#rows tr[data-index='1'] .c-time")).ToContainTextAsync("2026-11-02 06:00:00");
        await page.Locator(".time-button").ClickAsync();
        await page.GetByLabel("Local time").CheckAsync();
        await Expect(page.Locator("#rows tr[data-index='1'] .c-time")).ToContainTextAsync("2026-11-02 01:00:00");
    }

    [Fact]
    public async Task Thousands_of_rows_come_as_one_scrolls_and_only_those_in_view_are_drawn()
    {
        TestLog log = await browser.Server.NewLogAsync();
        await log.FillAsync(1_500);
        IPage page = await browser.SignInAsync(log);
        await page.Locator("#rows tr[data-index='1499']").WaitForAsync();
        ILocator last = page.Locator("#rows tr[data-index='0']");
        await page.WaitForFunctionAsync(
            """
            () => {
              const scroll = document.querySelector(".scroll");
              scroll.scrollTop = scroll.scrollHeight;
              return document.querySelector("#rows tr[data-index='0']") !== null;
            }
            """);

        await Expect(last).ToBeVisibleAsync();
        await Expect(page.GetByText("That is all.")).ToBeVisibleAsync();
        Assert.InRange(await page.Locator("#rows tr").CountAsync(), 10, 100);
        await last.ClickAsync();
        await Expect(page.Locator("#drawer-title")).ToContainTextAsync("Entry 0");
    }

    [Fact]
    public async Task What_arrives_is_shown_at_once_or_counted_while_it_is_paused()
    {
        TestLog log = await browser.Server.NewLogAsync();
        await log.FillAsync(1);
        IPage page = await browser.SignInAsync(log);
        await page.Locator("#rows tr[data-index='0']").WaitForAsync();
        await page.Locator("#live").ClickAsync();
        await Expect(page.Locator("#live .dot")).ToHaveClassAsync("dot on");
        await log.FillAsync(1);
        await page.Locator("#rows tr[data-index='1']").WaitForAsync();

        await page.Locator("#pause").ClickAsync();
        await log.FillAsync(2);
        await Expect(page.Locator("#pause")).ToHaveTextAsync("Resume, 2 new");
        await Expect(page.Locator("#rows tr[data-index]")).ToHaveCountAsync(2);
        await page.Locator("#pause").ClickAsync();
        await Expect(page.Locator("#rows tr[data-index]")).ToHaveCountAsync(4);
        await Expect(page.Locator("#arrived")).ToContainTextAsync("3 more since");
    }

    [Fact]
    public async Task What_is_missing_and_what_was_not_counted_is_said()
    {
        TestLog log = await browser.Server.NewLogAsync();
        await log.FillAsync(2);
        IPage page = await browser.SignInAsync(log, prepare: page => page.RouteAsync("**/api/logs/*/events?*", async route =>
        {
            IAPIResponse answer = await route.FetchAsync();
            string text = (await answer.TextAsync())
                .Replace("\"notices\":[]", "\"notices\":[\"3 events of web have not arrived: numbers 700 to 702.\"]", StringComparison.Ordinal)
                .Replace("\"exact\":true", "\"exact\":false", StringComparison.Ordinal).Replace("\"indexed\":2", "\"indexed\":1", StringComparison.Ordinal);
            await route.FulfillAsync(new RouteFulfillOptions { Response = answer, Body = text });
        }));

        await Expect(page.Locator(".banner.bad")).ToContainTextAsync("3 events of web have not arrived");
        await Expect(page.Locator("#status")).ToContainTextAsync("at least 2");
        await Expect(page.Locator(".banner").Nth(1)).ToContainTextAsync("1 entry is not indexed yet");
    }

    [Theory]
    [InlineData(403, "That is not for you to see.")]
    [InlineData(500, "A mistake of ours")]
    [InlineData(0, "The server cannot be reached.")]
    public async Task What_goes_wrong_is_said_as_what_it_is_and_can_be_tried_again(int status, string words)
    {
        TestLog log = await browser.Server.NewLogAsync();
        await log.FillAsync(1);
        string problem = JsonSerializer.Serialize(new { type = "urn:indelible:x", title = "A mistake of ours", status, detail = "Why it is so." });
        IPage page = await browser.SignInAsync(log, prepare: page => page.RouteAsync("**/api/logs/*/events?*", route => status == 0
            ? route.AbortAsync()
            : route.FulfillAsync(new RouteFulfillOptions { Status = status, ContentType = "application/problem+json", Body = problem })));

        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync(words);
        if (status != 403)
        {
            await page.UnrouteAllAsync();
            await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Try again" }).ClickAsync();
            await Expect(page.Locator("#rows tr[data-index]")).ToHaveCountAsync(1);
        }
    }

    private static async Task AppendAsync(TestLog log, params string[] events)
    {
        Answer appended = await log.AppendAsync("[" + string.Join(',', events) + "]", "?ack=published");
        Assert.True(appended.Status == 201, appended.Text);
    }
}
