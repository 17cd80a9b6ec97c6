using Indelible.Server.Tests.Api;
using Microsoft.Playwright;
using Xunit;

namespace Indelible.Web.Tests;

/// <summary>A real browser without a window, and a server for it to visit. Debian's <c>chromium</c>; nothing is downloaded.</summary>
public sealed class Browser : IAsyncLifetime
{
    private const string Program = "/usr/bin/chromium";
    private IPlaywright? _driver;
    private IBrowser? _browser;

    public TestServer Server { get; } = new();

    public async ValueTask InitializeAsync()
    {
        await Server.InitializeAsync();
        if (File.Exists(Program))
        {
            _driver = await Playwright.CreateAsync();

            // Without a sandbox: tests may run as root, where Chromium refuses to have one.
            _browser = await _driver.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = Program, Headless = true, Args = ["--no-sandbox"] });
        }
    }

    /// <summary>A page of a visitor who was never here. The test is skipped where there is no browser.</summary>
    public async Task<IPage> NewPageAsync(BrowserNewContextOptions? options = null)
    {
        Assert.SkipWhen(_browser is null, $"there is no {Program}; the Debian package is called chromium");
        IBrowserContext visitor = await _browser!.NewContextAsync(options);
        return await visitor.NewPageAsync();
    }

    /// <summary>The page at a fragment, as the log's reader sees it who has just signed in.</summary>
    internal async Task<IPage> SignInAsync(TestLog log, string fragment = "", BrowserNewContextOptions? options = null, Func<IPage, Task>? prepare = null)
    {
        IPage page = await NewPageAsync(options);
        if (prepare is not null)
        {
            await prepare(page);
        }

        await page.GotoAsync(Server.Url + fragment);
        await page.Locator("#signin-key").FillAsync(log.ReaderKey);
        await page.Keyboard.PressAsync("Enter");
        await page.Locator("#signin").WaitForAsync(new LocatorWaitForOptions { State = WaitForSelectorState.Detached });
        return page;
    }

    /// <summary>Opens the proof of the entry that is open, and pins the log's key there.</summary>
    internal static async Task PinAsync(IPage page, TestLog log)
    {
        await page.GetByRole(AriaRole.Tab, new PageGetByRoleOptions { Name = "Proof" }).ClickAsync();
        await page.Locator("#pin").FillAsync(log.Vkey);
        await page.Keyboard.PressAsync("Enter");
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _driver?.Dispose();
        await Server.DisposeAsync();
    }
}
