using System.Diagnostics;
using System.Text.Json;

namespace EventGrains.LiveTests;

/// <summary>The load test's verbs, small: what they check holds here too, and they still run.</summary>
public sealed class LoadTestTests
{
    // Below the bound at which a test counts as hung.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(290);

    [Theory]
    [InlineData("crash", "--events", "6000", "--files", "30", "--kills", "3", "--rate", "1500", "--seed", "11")]
    [InlineData("embedded", "--events", "6000", "--rounds", "1", "--latency-seconds", "1", "--seed", "11")]
    [InlineData("memory", "--files", "4000", "--seed", "11")]
    [InlineData("postgres", "--events", "6000", "--rounds", "1", "--shards", "16", "--seed", "11")]
    public Task Nothing_is_lost_repeated_or_wrong(params string[] arguments) => Run(arguments);

    internal static Task<JsonElement> Run(params string[] arguments) => Run(Patience, arguments);

    /// <summary>Its result. Fails with all that the program wrote when it finds anything wrong.</summary>
    internal static async Task<JsonElement> Run(TimeSpan patience, params string[] arguments)
    {
        var built = AppContext.BaseDirectory.Contains("/Release/", StringComparison.Ordinal) ? "Release" : "Debug";
        var program = Path.Combine(Product.SourceTree, "loadtest", "EventGrains.LoadTest", "bin", built, "net10.0", "EventGrains.LoadTest.dll");
        var work = Product.NewDirectory();

        using var run = Process.Start(new ProcessStartInfo("dotnet", [program, .. arguments, "--work", work, "--json", Path.Combine(work, "result.json")])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { [Product.QuickCompiler] = "1" }, // its servers inherit it
        })!;
        var output = run.StandardOutput.ReadToEndAsync();
        var errors = run.StandardError.ReadToEndAsync();
        await run.WaitForExitAsync().WaitAsync(patience);

        Assert.True(run.ExitCode == 0, $"{await output}\n{await errors}");
        return JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(work, "result.json"))).RootElement;
    }
}
