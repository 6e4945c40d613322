using System.CommandLine;
using System.CommandLine.Parsing;
using EventGrains.Cli;

namespace EventGrains.Tests.Cli;

public sealed class HelpTests
{
    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task Help_of_every_verb_shows_an_example_that_the_program_understands(string verb)
    {
        var help = await Ran.Of([.. verb.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"]);

        Assert.Equal(0, help.ExitCode);
        Assert.Empty(help.Error);
        var lines = help.Out.Split('\n').Select(l => l.Trim()).ToList();
        var example = lines[lines.IndexOf("Example:") + 1];
        Assert.StartsWith($"eventgrains {verb}".TrimEnd(), example, StringComparison.Ordinal);
        var words = CommandLineParser.SplitCommandLine(example.Replace('\'', '"')).Skip(1).ToList();
        Assert.Empty(Tree().Parse(words).Errors);
    }

    [Theory]
    [InlineData("dev"), InlineData("server"), InlineData("config list"), InlineData("status"), InlineData("events publish"), InlineData("events tail")]
    [InlineData("source list"), InlineData("source seek"), InlineData("source resume"), InlineData("file get"), InlineData("file list"), InlineData("file history")]
    [InlineData("file watch"), InlineData("file wait"), InlineData("dataset list"), InlineData("dataset get"), InlineData("rule lint"), InlineData("rule list")]
    [InlineData("rule get"), InlineData("step list"), InlineData("step retry"), InlineData("dead-letter list"), InlineData("dead-letter get"), InlineData("parked-delivery list")]
    [InlineData("parked-delivery retry"), InlineData("parked-delivery discard")]
    public void Every_verb_that_scripts_rely_on_is_there(string verb) =>
        Assert.Contains(verb, Verbs().Select(v => v.Data));

    [Fact]
    public async Task Version_names_the_commit_and_the_schema_of_the_store()
    {
        var ran = await Ran.Of("--version");

        Assert.Equal(0, ran.ExitCode);
        Assert.Matches(@"\Aeventgrains \d+\.\d+\.\d+\S* \(commit \w+, store schema \d+\)\n\z", ran.Out);
    }

    [Theory]
    [InlineData("fil")]
    [InlineData("file")]
    [InlineData("file get")]
    [InlineData("file get no-colon")]
    [InlineData("file list --status bogus")]
    [InlineData("file list --limit 0")]
    [InlineData("file wait s:x --for bogus")]
    [InlineData("file wait s:x --for stored --timeout soon")]
    [InlineData("events publish - --source s --concurrency 0")]
    [InlineData("events publish - --source s --rate 0")]
    [InlineData("events tail --from yesterday")]
    [InlineData("source seek s --partition p --to nowhere")]
    [InlineData("status -o yaml")]
    [InlineData("status --server localhost:8080")]
    [InlineData("server")]
    public async Task What_cannot_be_understood_is_a_usage_error_told_on_stderr(string line)
    {
        var ran = await Ran.Of(line.Split(' '));

        Assert.Equal(2, ran.ExitCode);
        Assert.Empty(ran.Out);
        Assert.NotEmpty(ran.Error);
    }

    public static IEnumerable<TheoryDataRow<string>> Verbs() => All(Tree(), "").Select(v => new TheoryDataRow<string>(v));

    private static IEnumerable<string> All(Command command, string name) =>
        command.Subcommands.SelectMany(c => All(c, $"{name} {c.Name}".Trim())).Prepend(name);

    private static RootCommand Tree() => CommandLine.Tree(new RunWith().Surroundings(TextWriter.Null, TextWriter.Null));
}
