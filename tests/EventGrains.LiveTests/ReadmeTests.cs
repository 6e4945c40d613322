using System.Diagnostics;

namespace EventGrains.LiveTests;

/// <summary>Every command that the README shows is run, and says what it shows.</summary>
public sealed class ReadmeTests
{
    private const string Program = "dotnet run --project src/EventGrains.Cli -- ";

    [Fact]
    public async Task Every_command_of_the_readme_does_what_it_says()
    {
        var commands = File.ReadLines(Path.Combine(Product.SourceTree, "README.md"))
            .Where(l => l.StartsWith("$ ", StringComparison.Ordinal)).Select(l => l[2..]).ToList();
        Assert.Equal(Program + "dev", commands[0]);
        await using var dev = await Product.StartWith(Product.AsShipped, Product.NewDirectory(), "dev", "--port", "0");
        await File.WriteAllTextAsync(Path.Combine(dev.Directory, "inbox", "a.txt"), "hello\n");
        await dev.Run("file", "wait", "inbox:/a.txt", "--for", "processed", "--timeout", "40s");

        foreach (var command in commands.Skip(1))
        {
            var (exit, output, errors) = command switch
            {
                "dotnet test" => (0, "this", ""), // which is what runs now
                _ when command.StartsWith(Program, StringComparison.Ordinal) => await dev.Run(command[Program.Length..].Split(' ')),
                _ when command.StartsWith("curl ", StringComparison.Ordinal) => await Curl(dev, command),
                _ => throw new InvalidOperationException($"no test knows how to run '{command}' of the README"),
            };

            Assert.True(exit == 0, $"{command}: {errors}");
            Assert.NotEmpty(output);
        }
    }

    [Fact]
    public async Task The_lines_that_the_readme_shows_are_what_dev_prints()
    {
        await using var dev = await Product.Start(Product.NewDirectory(), "dev", "--port", "0");
        await File.WriteAllTextAsync(Path.Combine(dev.Directory, "inbox", "a.txt"), "hello\n");
        await dev.Run("file", "wait", "inbox:/a.txt", "--for", "processed", "--timeout", "40s");
        await dev.Stop();

        var readme = File.ReadAllLines(Path.Combine(Product.SourceTree, "README.md"));
        var greeting = readme.SkipWhile(l => l != $"$ {Program}dev").Skip(1).TakeWhile(l => l != "```").ToList();
        string[] shown = [greeting[1], .. readme.Where(IsOfTheFile)];

        // Each line, and none beside them; the first is for people, on the other stream, where the log is as well.
        Assert.Equal(greeting[0], dev.Errors.Trim());
        Assert.Equal(shown.Select(WithoutTime), dev.Lines.Take(shown.Length).Select(l => WithoutTime(l.Replace($":{dev.Url.Port}", ":8080", StringComparison.Ordinal))));
    }

    /// <summary>The stream never ends by itself: curl is told when to leave, and says so by 28.</summary>
    private static async Task<(int, string, string)> Curl(Product dev, string command)
    {
        var arguments = command.Replace("http://127.0.0.1:8080/", dev.Url.ToString(), StringComparison.Ordinal).Split(' ').Skip(1);
        using var curl = Process.Start(new ProcessStartInfo("curl", ["-s", "--max-time", "3", .. arguments]) { RedirectStandardOutput = true })!;
        var output = await curl.StandardOutput.ReadToEndAsync().WaitAsync(Product.Patience);
        await curl.WaitForExitAsync().WaitAsync(Product.Patience);
        return (curl.ExitCode == 28 ? 0 : curl.ExitCode, output.Contains("event: transition", StringComparison.Ordinal) ? output : "", output);
    }

    private static bool IsOfTheFile(string line) => line.Contains("  inbox/a.txt", StringComparison.Ordinal);

    private static string WithoutTime(string line) => IsOfTheFile(line) ? line[line.IndexOf("  ", StringComparison.Ordinal)..] : line;
}
