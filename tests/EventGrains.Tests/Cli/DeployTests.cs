using System.CommandLine.Parsing;
using System.Text.Json;
using EventGrains.Cli;

namespace EventGrains.Tests.Cli;

public sealed class DeployTests
{
    [Fact]
    public void The_unit_starts_the_program_with_options_that_it_has()
    {
        var start = Assert.Single(File.ReadLines(Path.Combine(Root(), "deploy", "eventgrains.service")), l => l.StartsWith("ExecStart=", StringComparison.Ordinal));

        var words = CommandLineParser.SplitCommandLine(start["ExecStart=".Length..]).ToList();

        Assert.Equal("eventgrains", Path.GetFileName(words[0]));
        Assert.Empty(Errors(words.Skip(1)));
    }

    [Fact]
    public void The_container_starts_the_program_with_options_that_it_has()
    {
        var command = Assert.Single(File.ReadLines(Path.Combine(Root(), "deploy", "Dockerfile")), l => l.StartsWith("CMD ", StringComparison.Ordinal));

        Assert.Empty(Errors(JsonSerializer.Deserialize<string[]>(command["CMD ".Length..])!));
    }

    private static IEnumerable<string> Errors(IEnumerable<string> words)
    {
        var parsed = CommandLine.Tree(new RunWith().Surroundings(TextWriter.Null, TextWriter.Null)).Parse([.. words]);
        return parsed.CommandResult.Command.Name == "server" ? parsed.Errors.Select(e => e.Message) : ["it does not run `server`"];
    }

    private static string Root()
    {
        var at = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(at, "EventGrains.sln")))
        {
            at = Path.GetDirectoryName(at.TrimEnd('/')) ?? throw new DirectoryNotFoundException("The tests run outside the repository.");
        }

        return at;
    }
}
