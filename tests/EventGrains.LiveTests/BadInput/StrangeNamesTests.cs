using System.Text;
using System.Text.Json;
using Microsoft.Playwright;

namespace EventGrains.LiveTests.BadInput;

/// <summary>What a file is called is its owner's affair: it reaches a command as it is, and breaks nothing that is printed.</summary>
public sealed class StrangeNamesTests(StrangeNamesTests.Server shared) : IClassFixture<StrangeNamesTests.Server>, IAsyncDisposable
{
    /// <summary>Stored, step, replicated, step, processed.</summary>
    private const int TransitionsPerFile = 5;

    private readonly string _directory = Product.NewDirectory();

    private string Inbox => Path.Combine(_directory, "inbox");

    [Fact]
    public async Task They_reach_run_as_one_argument_byte_for_byte_and_break_no_output()
    {
        var dev = shared.Product;

        AreTheArguments(await File.ReadAllBytesAsync(shared.Arguments), shared.Inbox);
        await AreMirrored(shared);
        Assert.False(Directory.EnumerateFiles(shared.Directory, "pwned", SearchOption.AllDirectories).Any(), "a name was run");
        await AreOneLineEachInDev(dev);
        await AreOneRowEachInTables(dev);
        await AreOneLineEachInJson(dev);
        await AreOneFrameEachInTheStream(dev);
        StrangeNames.AreHarmless(dev.Errors);
    }

    [Fact]
    public async Task They_are_found_by_the_name_that_a_person_gives()
    {
        var dev = shared.Product;
        foreach (var name in (string[])["-rf", "$(touch pwned)", "two\nlines", "'single' \"double\" \\back", "\u001b[31mred\u001b[0m", "%2F%00%s%n"])
        {
            var got = await dev.Run("file", "get", $"inbox:/{name}");
            var missing = await dev.Run("file", "get", $"inbox:/{name}?");

            Assert.True(got.Exit == 0, got.Errors);
            Assert.Contains("processed", got.Output, StringComparison.Ordinal);
            StrangeNames.AreHarmless(got.Output);
            Assert.Equal(3, missing.Exit);
            StrangeNames.AreHarmless(missing.Errors);
        }
    }

    [Fact]
    public async Task A_command_that_fails_and_repeats_the_name_breaks_no_output_either()
    {
        await using var dev = await Start("printf '%s' \"$1\"; printf '%s' \"$1\" >&2; exit 3", "--set", "attemptsMax=1");
        await StrangeNames.DropInto(Inbox);
        await Eventually.Is(
            async () => (await dev.Get("/v1/steps?state=failed&limit=1000")).GetProperty("items").GetArrayLength() == StrangeNames.Count, () => dev.Errors);

        foreach (var table in (string[][])[["step", "list", "--state", "failed"], ["file", "list", "--step-state", "failed"]])
        {
            var shown = await dev.Run(table);

            Assert.True(shown.Exit == 0, shown.Errors);
            Assert.Equal(StrangeNames.Count + 1, shown.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
            StrangeNames.AreHarmless(shown.Output);
        }

        StrangeNames.AreHarmless(dev.Errors);
        Assert.All(dev.Lines, StrangeNames.AreHarmless);
    }

    [Fact]
    public async Task The_page_shows_them_as_text_and_opens_each()
    {
        Assert.SkipUnless(PageTests.HasBrowser, PageTests.NoBrowser);
        await using var dev = await Start("true");
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await PageTests.Browser(playwright);
        var page = await browser.NewPageAsync();
        var problems = new List<string>();
        page.Console += (_, message) => problems.AddRange(message.Type == "error" ? [message.Text] : []);
        page.PageError += (_, error) => problems.Add(error);
        page.Dialog += (_, dialog) => problems.Add($"a dialog: {dialog.Message}");

        await page.GotoAsync($"{dev.Url}");
        await page.Locator("#filters select[name=kind]").SelectOptionAsync("processed");
        await Assertions.Expect(page.Locator("#live")).ToHaveAttributeAsync("data-state", "live", new() { Timeout = 20_000 });
        await StrangeNames.DropInto(Inbox);

        var names = page.Locator("#transitions .what a");
        await Assertions.Expect(names).ToHaveCountAsync(StrangeNames.Count, new() { Timeout = 40_000 });
        Assert.Equal(
            StrangeNames.Paths.Select(path => $"inbox:{path}").Order(StringComparer.Ordinal),
            (await names.EvaluateAllAsync<string[]>("all => all.map(each => each.textContent)")).Order(StringComparer.Ordinal));
        Assert.Equal(0, await page.Locator("#transitions img").CountAsync());
        foreach (var file in (await dev.Get("/v1/files?limit=1000")).GetProperty("items").EnumerateArray())
        {
            await page.EvaluateAsync("name => { location.hash = `file=${encodeURIComponent(name)}`; }", file.GetProperty("id").GetString());
            await page.WaitForFunctionAsync("path => document.querySelector('#file-body .title')?.textContent === path", file.GetProperty("path").GetString(), new() { Timeout = 20_000 });
        }

        Assert.Equal(0, await page.Locator("#file-body img").CountAsync());
        Assert.Empty(problems);
    }

    public async ValueTask DisposeAsync() => await Tool.Remove(_directory);

    private async Task<Product> Start(string script, params string[] more)
    {
        await File.WriteAllTextAsync(Path.Combine(_directory, "rules.yaml"), Rules(script, "sh"));
        return await Product.Start(_directory, ["dev", "--port", "0", "--rules", "rules.yaml", .. more]);
    }

    /// <param name="zeroth">What the script knows as <c>$0</c>.</param>
    private static string Rules(string script, string zeroth) => $$"""
        apiVersion: eventgrains/v1
        kind: Rule
        metadata: {name: note}
        spec:
          when: {storage: inbox, path: "/**"}
          do:
            - replicate: {to: inbox-mirror, path: "{path}"}
            - run: {command: [sh, -c, {{JsonSerializer.Serialize(script)}}, {{JsonSerializer.Serialize(zeroth)}}, "{path}", "{file}", "--of={path}"]}
        """;

    /// <summary>Their number, and then each: one more or less, or a byte changed, and it shows.</summary>
    private static void AreTheArguments(byte[] noted, string inbox)
    {
        var expected = StrangeNames.Bytes.Select(name => Encoding.Latin1.GetString(
            [.. "3\0/"u8, .. name, 0, .. Encoding.UTF8.GetBytes(inbox), (byte)'/', .. name, .. "\0--of=/"u8, .. name, 0]));
        var parts = Encoding.Latin1.GetString(noted).Split('\0')[..^1].Chunk(4).Select(part => string.Concat(part.Select(word => word + '\0')));

        Assert.Equal(expected.Order(StringComparer.Ordinal), parts.Order(StringComparer.Ordinal));
    }

    private static async Task AreMirrored(Server server)
    {
        var (exit, said) = await Tool.Run("diff", "-r", "-x", ".eventgrains*", server.Inbox, Path.Combine(server.Directory, "eventgrains-dev", "mirror", "inbox"));
        Assert.True(exit == 0, said);
    }

    private static async Task AreOneLineEachInDev(Product dev)
    {
        await Eventually.Is(() => dev.Lines.Count >= 1 + (StrangeNames.Count * TransitionsPerFile), () => string.Join('\n', dev.Lines));
        var lines = dev.Lines;
        Assert.Equal(1 + (StrangeNames.Count * TransitionsPerFile), lines.Count);
        Assert.StartsWith("ready  ", lines[0], StringComparison.Ordinal);
        Assert.All(lines.Skip(1), line => Assert.Matches(@"^\d\d:\d\d:\d\d  inbox/.*  (stored|step|replicated|processed) +(version \d|inbox-mirror  adler32:)", line));
        Assert.All(lines, StrangeNames.AreHarmless);
    }

    private static async Task AreOneRowEachInTables(Product dev)
    {
        var listed = await dev.Run("file", "list", "--storage", "inbox");
        var one = (await dev.Get("/v1/files?limit=1000")).GetProperty("items").EnumerateArray().First(f => f.GetProperty("path").GetString()!.Contains('\n', StringComparison.Ordinal));
        var history = await dev.Run("file", "history", one.GetProperty("id").GetString()!);

        Assert.Equal(StrangeNames.Count + 1, listed.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Equal(TransitionsPerFile + 1, history.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        StrangeNames.AreHarmless(listed.Output);
        StrangeNames.AreHarmless(history.Output);
    }

    private static async Task AreOneLineEachInJson(Product dev)
    {
        var listed = await dev.Run("file", "list", "--storage", "inbox", "-o", "jsonl");
        var whole = await dev.Run("file", "list", "--storage", "inbox", "-o", "json");
        var tailed = await dev.Run("events", "tail", "--from", "earliest", "--kind", "processed", "--count", $"{StrangeNames.Count}");

        foreach (var paths in (IEnumerable<string>[])[Paths(listed.Output.Split('\n')[..^1].Select(Parsed)), Paths(Parsed(whole.Output).GetProperty("items").EnumerateArray()), Paths(tailed.Output.Split('\n')[..^1].Select(Parsed))])
        {
            Assert.Equal(StrangeNames.Paths.Order(StringComparer.Ordinal), paths.Order(StringComparer.Ordinal));
        }

        static IEnumerable<string> Paths(IEnumerable<JsonElement> items) => items.Select(item => item.GetProperty("path").GetString()!);
    }

    private static async Task AreOneFrameEachInTheStream(Product dev)
    {
        using var stream = new StreamReader(await dev.Http.GetStreamAsync(new Uri(dev.Url, "/v1/transitions?from=earliest&kind=processed")));
        var paths = new List<string>();
        while (paths.Count < StrangeNames.Count)
        {
            var line = (await stream.ReadLineAsync().WaitAsync(Product.Patience))!;
            Assert.Matches("^(|:.*|retry: 1000|id: [0-9A-Za-z_-]+|event: transition|data: \\{.*\\})$", line);
            if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                paths.Add(Parsed(line["data: ".Length..]).GetProperty("path").GetString()!);
            }
        }

        Assert.Equal(StrangeNames.Paths.Order(StringComparer.Ordinal), paths.Order(StringComparer.Ordinal));
    }

    private static JsonElement Parsed(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }

    /// <summary>Each name was dropped into its inbox and is processed.</summary>
    public sealed class Server : SharedServer
    {
        internal string Inbox => Path.Combine(Directory, "inbox");

        internal string Arguments => Path.Combine(Directory, "arguments");

        protected override string Rules => StrangeNamesTests.Rules("printf '%s\\0' \"$#\" \"$@\" >> \"$0\"", Arguments);

        protected override async Task Prepare()
        {
            await StrangeNames.DropInto(Inbox);
            await Eventually.Is(
                async () => (await Product.Get("/v1/files?status=processed&limit=1000")).GetProperty("items").GetArrayLength() == StrangeNames.Count,
                () => string.Join('\n', Product.Lines) + Product.Errors);
        }
    }
}
