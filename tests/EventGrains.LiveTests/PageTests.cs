using Microsoft.Playwright;

namespace EventGrains.LiveTests;

/// <summary>The page, in a real browser, over the real server.</summary>
public sealed class PageTests
{
    internal const string NoBrowser = $"no browser at {Chromium}: apt-get install chromium";

    private const string Chromium = "/usr/bin/chromium";

    internal static bool HasBrowser => File.Exists(Chromium);

    [Fact]
    public async Task The_page_shows_what_happens_as_it_happens_and_one_file_in_full()
    {
        Assert.SkipUnless(HasBrowser, NoBrowser);
        await using var dev = await Product.Start(Product.NewDirectory(), "dev", "--port", "0");
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await Browser(playwright);
        var page = await browser.NewPageAsync();
        var problems = new List<string>();
        page.Console += (_, message) => problems.AddRange(message.Type == "error" ? [message.Text] : []);
        await page.GotoAsync(dev.Url.ToString());
        await Assertions.Expect(page.Locator("#live")).ToHaveAttributeAsync("data-state", "live", new() { Timeout = 20_000 });

        await File.WriteAllTextAsync(Path.Combine(dev.Directory, "inbox", "run42.h5"), "hello\n");

        await Assertions.Expect(page.Locator("#transitions")).ToContainTextAsync("/run42.h5", new() { Timeout = 20_000 });
        await Assertions.Expect(page.Locator("#transitions")).ToContainTextAsync("processed", new() { Timeout = 30_000 });

        // By keyboard alone: '/' finds the search, Enter asks.
        await page.Keyboard.PressAsync("/");
        await page.Keyboard.TypeAsync("inbox:/run42.h5");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator("#file-body")).ToContainTextAsync("inbox-mirror", new() { Timeout = 20_000 });
        await Assertions.Expect(page.Locator("#file-body")).ToContainTextAsync("084b021f");
        Assert.Empty(problems);
    }

    [Fact]
    public async Task Other_filters_are_not_called_live_before_they_are_followed_and_miss_nothing_from_then_on()
    {
        Assert.SkipUnless(HasBrowser, NoBrowser);
        await using var dev = await Product.Start(Product.NewDirectory(), "dev", "--port", "0");
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await Browser(playwright);
        var page = await browser.NewPageAsync();
        await page.GotoAsync(dev.Url.ToString());
        await Assertions.Expect(page.Locator("#live")).ToHaveAttributeAsync("data-state", "live", new() { Timeout = 20_000 });

        var state = await page.EvaluateAsync<string>("""
            () => {
              const kind = document.querySelector("#filters select[name=kind]");
              kind.value = "processed";
              kind.dispatchEvent(new Event("input", { bubbles: true }));
              return document.querySelector("#live").dataset.state;
            }
            """);

        Assert.Equal("wait", state);
        await Assertions.Expect(page.Locator("#live")).ToHaveAttributeAsync("data-state", "live", new() { Timeout = 20_000 });
        await File.WriteAllTextAsync(Path.Combine(dev.Directory, "inbox", "run43.h5"), "hello\n");
        await Assertions.Expect(page.Locator("#transitions .what a")).ToHaveTextAsync(["inbox:/run43.h5"], new() { Timeout = 30_000 });
    }

    internal static Task<IBrowser> Browser(IPlaywright playwright) => playwright.Chromium.LaunchAsync(new()
    {
        ExecutablePath = Chromium,
        Args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
    });
}
