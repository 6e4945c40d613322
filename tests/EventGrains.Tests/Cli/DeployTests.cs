using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using EventGrains.Cli;
using EventGrains.Cli.Hosting;

namespace EventGrains.Tests.Cli;

public sealed partial class DeployTests
{
    public static TheoryData<string> Units => ["eventgrains.service", "eventgrains-silo.service", "eventgrains-gateway.service"];

    [Theory]
    [MemberData(nameof(Units))]
    public void The_unit_starts_the_program_with_options_that_it_has(string unit)
    {
        var words = CommandLineParser.SplitCommandLine(Value(unit, "ExecStart")).ToList();

        Assert.Equal("eventgrains", Path.GetFileName(words[0]));
        Assert.Empty(Errors(words.Skip(1)));
    }

    [Theory]
    [InlineData("silo")]
    [InlineData("gateway")]
    public void A_unit_of_a_cluster_starts_one_role_and_has_its_secrets_from_a_file(string role)
    {
        var unit = $"eventgrains-{role}.service";
        var start = Value(unit, "ExecStart");

        Assert.Contains($"--store postgres --role {role} ", start, StringComparison.Ordinal);
        Assert.DoesNotContain("--postgres ", start, StringComparison.Ordinal);
        Assert.Equal("/etc/eventgrains/environment", Value(unit, "EnvironmentFile"));
        Assert.Contains($"({unit})", Text("README.md"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_silo_and_a_gateway_of_one_machine_share_no_port()
    {
        var ports = new[] { "silo", "gateway" }.SelectMany(role => Port().Matches(Value($"eventgrains-{role}.service", "ExecStart"))).Select(m => m.Groups[1].Value).ToList();

        Assert.Equal(4, ports.Count);
        Assert.Equal(ports.Distinct(), ports);
    }

    [Theory]
    [MemberData(nameof(Units))]
    public void Every_unit_has_the_same_bounds(string unit) =>
        Assert.Equal(Bounds("eventgrains.service"), Bounds(unit));

    [Theory]
    [MemberData(nameof(Units))]
    public void A_unit_is_given_longer_than_the_program_takes_to_stop(string unit) =>
        Assert.True(int.Parse(Value(unit, "TimeoutStopSec"), CultureInfo.InvariantCulture) >= ServerHost.StopWithin.TotalSeconds + 10);

    [Theory]
    [MemberData(nameof(Units))]
    public void A_unit_comes_back_from_all_that_mends_itself(string unit)
    {
        var final = Value(unit, "RestartPreventExitStatus").Split(' ').Select(code => int.Parse(code, CultureInfo.InvariantCulture)).ToList();

        Assert.Equal("on-failure", Value(unit, "Restart"));
        Assert.Equal([ExitCode.Usage, ExitCode.DataDirectory, ExitCode.PortInUse], final);
        Assert.All([ExitCode.Failed, ExitCode.DeclaredDead, ExitCode.StoreAway], code => Assert.DoesNotContain(code, final));
        Assert.All(final.Append(ExitCode.StoreAway), code => Assert.Matches($@"Exit codes: .*· {code} ", Text("README.md")));
    }

    [Fact]
    public void A_build_of_the_image_takes_nothing_that_a_build_here_left()
    {
        var excluded = Text("Dockerfile.dockerignore").Split('\n');

        Assert.Contains("**/bin", excluded);
        Assert.Contains("**/obj", excluded);
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

    private static string Text(string file) => File.ReadAllText(Path.Combine(Root(), "deploy", file));

    private static string Value(string unit, string key) =>
        Assert.Single(Text(unit).Split('\n'), l => l.StartsWith($"{key}=", StringComparison.Ordinal))[(key.Length + 1)..];

    /// <summary>All that a unit says after what it runs and how it ends: what the process may not do.</summary>
    private static List<string> Bounds(string unit) =>
        [.. Text(unit).Split('\n').SkipWhile(l => !l.StartsWith("NoNewPrivileges=", StringComparison.Ordinal)).Where(l => l.Contains('=', StringComparison.Ordinal))];

    private static IEnumerable<string> Errors(IEnumerable<string> words)
    {
        var parsed = CommandLine.Tree(new RunWith().Surroundings(TextWriter.Null, TextWriter.Null)).Parse([.. words]);
        return parsed.CommandResult.Command.Name == "server" ? parsed.Errors.Select(e => e.Message) : ["it does not run `server`"];
    }

    [GeneratedRegex(@"Create(?:Observable)?(?:Gauge|Counter|UpDownCounter|Histogram)(?:<\w+>)?\(\s*""(\w+)""")]
    private static partial Regex Instrument();

    [GeneratedRegex(@"port (\d+)")]
    private static partial Regex Port();

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
