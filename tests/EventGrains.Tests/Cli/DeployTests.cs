using System.CommandLine.Parsing;
using System.Text.Json;
using System.Text.RegularExpressions;
using EventGrains.Cli;

namespace EventGrains.Tests.Cli;

public sealed partial class DeployTests
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

    [Fact]
    public void Each_thing_that_fails_in_a_cluster_has_a_metric_that_the_program_has()
    {
        var readme = File.ReadAllText(Path.Combine(Root(), "deploy", "README.md"));
        var section = readme[readme.IndexOf("## When something fails", StringComparison.Ordinal)..readme.IndexOf("## What an operator", StringComparison.Ordinal)];
        var rows = section.Split('\n').Where(l => l.StartsWith("| ", StringComparison.Ordinal)).Select(l => l.Split(" | ")).ToList();
        var instruments = Directory.EnumerateFiles(Path.Combine(Root(), "src"), "*.cs", SearchOption.AllDirectories).SelectMany(f => Instrument().Matches(File.ReadAllText(f))).Select(m => m.Groups[1].Value).ToHashSet();

        var at = Array.IndexOf(rows[0], "metric");
        var named = rows.Skip(1).Select(row => (What: row[0], Metrics: Metric().Matches(row[at]).Select(m => m.Groups[1].Value).ToList())).ToList();

        Assert.True(named.Count > 5);
        Assert.All(named, row => Assert.True(row.Metrics.Count > 0, $"{row.What}: name the metric that an alert can be set on."));
        Assert.All(named, row => Assert.All(row.Metrics, metric => Assert.True(instruments.Contains(metric), $"{row.What}: no instrument is called {metric}; the table must follow the code.")));
    }

    private static IEnumerable<string> Errors(IEnumerable<string> words)
    {
        var parsed = CommandLine.Tree(new RunWith().Surroundings(TextWriter.Null, TextWriter.Null)).Parse([.. words]);
        return parsed.CommandResult.Command.Name == "server" ? parsed.Errors.Select(e => e.Message) : ["it does not run `server`"];
    }

    [GeneratedRegex(@"Create(?:Observable)?(?:Gauge|Counter|UpDownCounter|Histogram)(?:<\w+>)?\(\s*""(\w+)""")]
    private static partial Regex Instrument();

    [GeneratedRegex(@"`(eventgrains_\w+)")]
    private static partial Regex Metric();

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
