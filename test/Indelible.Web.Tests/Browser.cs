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
    public async Task<IPage> NewPageAsync()
    {
        Assert.SkipWhen(_browser is null, $"there is no {Program}; the Debian package is called chromium");
        IBrowserContext visitor = await _browser!.NewContextAsync();
        return await visitor.NewPageAsync();
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
