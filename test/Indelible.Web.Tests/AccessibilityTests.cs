using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Indelible.Server.Tests.Api;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Indelible.Web.Tests;

/// <summary>For everybody: by keyboard alone, with a reader of screens, in the dark, on a narrow screen.</summary>
public sealed class AccessibilityTests(Browser browser) : IClassFixture<Browser>
{
    public static TheoryData<string, string, int> Screens
    {
        get
        {
            var screens = new TheoryData<string, string, int>();
            foreach (string path in (string[])["explore", "explore?index=1", "explore?q=actor:(", "explore?q=nosuchword", "event?index=1", "event?index=1&tab=context", "event?index=1&tab=raw", "event?index=1&tab=proof"])
            {
                screens.Add(path, "light", 1280);
                screens.Add(path, "dark", 1280);
            }

            screens.Add("explore", "light", 360);
            screens.Add("event?index=1&tab=proof", "dark", 360);
            return screens;
        }
    }

    [Theory]
    [MemberData(nameof(Screens))]
    public async Task Axe_finds_nothing(string path, string scheme, int width)
    {
        TestLog log = await browser.Server.NewLogAsync();
        await log.FillAsync(3);
        string fragment = $"#/{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}log={log.Name}";
        IPage page = await browser.SignInAsync(log, fragment, new BrowserNewContextOptions
        {
            ColorScheme = scheme == "dark" ? ColorScheme.Dark : ColorScheme.Light,
            ViewportSize = new ViewportSize { Width = width, Height = 800 },
        });
        await page.Locator("#rows tr[data-index], #fault, #empty, .verdict-line.unpinned").First.WaitForAsync();
        if (path.Contains("index", StringComparison.Ordinal))
        {
            await page.Locator(".verdict-line.unpinned").WaitForAsync();
        }

        Assert.Equal(scheme, await page.EvaluateAsync<string>("() => document.documentElement.dataset.theme"));
        AxeResult result = await page.RunAxe();
        Assert.NotEmpty(result.Passes);
        Assert.Empty(result.Violations.SelectMany(rule => rule.Nodes.Select(node => $"{rule.Id}: {node.Html}")));
    }

    [Fact]
    public async Task Axe_finds_nothing_where_one_signs_in_or_looks_at_the_keys()
    {
        IPage page = await browser.NewPageAsync();
        await page.GotoAsync(browser.Server.Url.ToString());
        await page.Locator("#signin").WaitForAsync();
        Assert.Empty((await page.RunAxe()).Violations.Select(rule => rule.Id));
        TestLog log = await browser.Server.NewLogAsync();
        await log.FillAsync(1);
        page = await browser.SignInAsync(log);
        await page.Locator("#rows tr[data-index]").WaitForAsync();
        await page.Keyboard.PressAsync("?");
        await page.Locator("#help").WaitForAsync();
        Assert.Empty((await page.RunAxe()).Violations.Select(rule => rule.Id));
    }

    [Fact]
    public async Task Everything_is_reached_by_keyboard_alone()
    {
        TestLog log = await browser.Server.NewLogAsync();
        Answer appended = await log.AppendAsync("[" + string.Join(',', TestLog.Event("a", ("outcome", "\"failure\"")), TestLog.Event("b"), TestLog.Event("c")) + "]", "?ack=published");
        Assert.True(appended.Status == 201, appended.Text);
        IPage page = await browser.SignInAsync(log);
        await page.Locator("#rows tr[data-index='0']").WaitForAsync();
        IKeyboard keyboard = page.Keyboard;

        await keyboard.PressAsync("j");
        await Expect(page.Locator("tr[data-index='2']")).ToBeFocusedAsync();
        await keyboard.PressAsync("j");
        await keyboard.PressAsync("j");
        await keyboard.PressAsync("k");
        await Expect(page.Locator("tr[data-index='1']")).ToBeFocusedAsync();
        await keyboard.PressAsync("ArrowDown");
        await Expect(page.Locator("tr[data-index='0']")).ToBeFocusedAsync();
        await keyboard.PressAsync("Enter");
        await Expect(page.Locator("#drawer")).ToBeFocusedAsync();
        await Expect(page.Locator("#drawer-title")).ToContainTextAsync("Entry 0");
        await keyboard.PressAsync("Escape");
        await Expect(page.Locator("#drawer")).ToHaveCountAsync(0);
        await Expect(page.Locator("tr[data-index='0']")).ToBeFocusedAsync();

        await keyboard.PressAsync("ArrowRight");
        await keyboard.PressAsync("ArrowRight");
        await keyboard.PressAsync("x");
        await Expect(page.Locator("#q")).ToHaveValueAsync("-outcome:\"failure\"");
        await Expect(page.Locator("#status")).ToContainTextAsync("2 events");
        await keyboard.PressAsync("/");
        await Expect(page.Locator("#q")).ToBeFocusedAsync();
        await keyboard.TypeAsync("outcome:failure");
        await keyboard.PressAsync("Enter");
        await Expect(page.Locator("#status")).ToContainTextAsync("1 event ");
        await keyboard.PressAsync("Escape");
        await keyboard.PressAsync("e");
        await Expect(page.Locator("#export")).ToContainTextAsync("Export what matches");
        await keyboard.PressAsync("Escape");
        await Expect(page.Locator("#export")).ToHaveCountAsync(0);
        await keyboard.PressAsync("?");
        await Expect(page.Locator("#help")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_screen_of_360_pixels_is_enough()
    {
        TestLog log = await browser.Server.NewLogAsync();
        await log.FillAsync(40);
        IPage page = await browser.SignInAsync(log, options: new BrowserNewContextOptions { ViewportSize = new ViewportSize { Width = 360, Height = 700 }, HasTouch = true });
        await page.Locator("#rows tr[data-index='39']").WaitForAsync();
        Assert.True(await FitsAsync(page), "the list is wider than the screen");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Facets" }).TapAsync();
        await page.Locator(".facet-include", new PageLocatorOptions { HasText = "success" }).TapAsync();
        await Expect(page.Locator("#q")).ToHaveValueAsync("outcome:\"success\"");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Facets" }).TapAsync();
        await page.Locator("#rows tr[data-index='39']").TapAsync();
        await Expect(page.Locator(".verdict-line")).ToContainTextAsync("Consistent");
        Assert.True(await FitsAsync(page), "the entry is wider than the screen");
        LocatorBoundingBoxResult drawer = (await page.Locator("#drawer").BoundingBoxAsync())!;
        Assert.Equal((0, 360), (drawer.X, drawer.Width));
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Close" }).TapAsync();
        await Expect(page.Locator("#drawer")).ToHaveCountAsync(0);
        await page.Locator("#who").TapAsync();
        await Expect(page.Locator("#account-card")).ToBeInViewportAsync(new LocatorAssertionsToBeInViewportOptions { Ratio = 1 });
    }

    [Fact]
    public async Task The_theme_that_was_chosen_stays()
    {
        TestLog log = await browser.Server.NewLogAsync();
        IPage page = await browser.SignInAsync(log, options: new BrowserNewContextOptions { ColorScheme = ColorScheme.Light });
        await page.Locator("#who").ClickAsync();
        await page.GetByLabel("Dark").CheckAsync();
        await Expect(page.Locator("html")).ToHaveAttributeAsync("data-theme", "dark");
        await page.ReloadAsync();
        await Expect(page.Locator("html")).ToHaveAttributeAsync("data-theme", "dark");
    }

    private static Task<bool> FitsAsync(IPage page) => page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= innerWidth");
}
