using System.Text.Json;

namespace EventGrains.LiveTests.BadInput;

/// <summary>Commands that a rule should not name: they cost their own step and nothing else.</summary>
public sealed class HostileCommandTests : IAsyncDisposable
{
    private const long GrowthBytesMax = 32_000_000;

    private readonly string _directory = Product.NewDirectory();

    [Fact]
    public async Task One_that_hangs_forks_or_floods_fails_its_own_step_and_leaves_nothing_running()
    {
        // An argument that no other process of this machine has.
        var mark = $"99999.{Random.Shared.Next(1_000_000, 10_000_000)}";
        await File.WriteAllTextAsync(Path.Combine(_directory, "rules.yaml"), string.Join("\n---\n",
            Rule("hang", $"trap '' TERM HUP; sleep {mark} & sleep {mark}", timeout: "1s"),
            Rule("fork", $"for i in 1 2 3 4 5 6 7 8 9 10; do (sleep {mark} & sleep {mark}) & done; exit 7"),
            Rule("flood", "echo first; head -c 50000000 /dev/zero | tr '\\0' x; echo; echo last; exit 9"),
            Rule("honest", "exit 0")));
        await using var dev = await Product.Start(_directory, "dev", "--port", "0", "--rules", "rules.yaml", "--set", "attemptsMax=1");
        await Drop("honest");
        Assert.Equal("done", (await StepOf("honest")).GetProperty("state").GetString());
        var before = dev.PeakBytes;

        await Drop("hang");
        await Drop("fork");
        await Drop("flood");

        Assert.Contains("time limit", (await StepOf("hang")).GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Contains("exit code 7", (await StepOf("fork")).GetProperty("error").GetString(), StringComparison.Ordinal);
        var flood = (await StepOf("flood")).GetProperty("error").GetString()!;
        Assert.Contains("exit code 9", flood, StringComparison.Ordinal);
        Assert.EndsWith("last", flood, StringComparison.Ordinal);
        Assert.InRange(flood.Length, 1, 64 * 1024);
        Assert.InRange(dev.PeakBytes - before, 0, GrowthBytesMax);
        await Eventually.Is(() => !IsRunning(mark), () => "a process is left");
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(_directory, "eventgrains-dev", "run")));

        Task Drop(string name) => File.WriteAllTextAsync(Path.Combine(_directory, "inbox", name), "content");

        async Task<JsonElement> StepOf(string name)
        {
            await Eventually.Is(async () => (await dev.Ask($"/v1/files/inbox%3A%2F{name}")).IsOk, () => dev.Errors);
            var file = await Eventually.Answers(
                () => dev.Get($"/v1/files/inbox%3A%2F{name}"),
                file => file.GetProperty("steps").EnumerateArray().Any(step => step.GetProperty("state").GetString() is "done" or "failed"));
            return file.GetProperty("steps")[0];
        }
    }

    public async ValueTask DisposeAsync() => await Tool.Remove(_directory);

    private static bool IsRunning(string argument) => Directory.EnumerateDirectories("/proc").Any(process =>
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "cmdline")).Contains(argument, StringComparison.Ordinal);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    });

    private static string Rule(string name, string script, string timeout = "1m") => $$"""
        apiVersion: eventgrains/v1
        kind: Rule
        metadata: {name: {{name}}}
        spec:
          when: {storage: inbox, path: "/{{name}}"}
          do: [run: {command: [sh, -c, {{JsonSerializer.Serialize(script)}}], timeout: {{timeout}}}]
        """;
}
