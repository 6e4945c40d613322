using System.Reflection;
using System.Text.RegularExpressions;
using EventGrains.Contracts.Files;
using EventGrains.Files;
using EventGrains.Gateway;
using EventGrains.Silo;

namespace EventGrains.Tests;

/// <summary>House rules that matter are tests; each failure names the remedy.</summary>
public sealed partial class ArchitectureTests
{
    private const int LinesMax = 400;

    private static readonly string Tree = SourceTree.Root;

    [Fact]
    public void Core_knows_nothing_of_grains_files_or_http() =>
        AssertNoReference(typeof(FileFacts).Assembly, "Orleans.Runtime", "Orleans.Core", "Orleans.Core.Abstractions", "RocksDbSharp", "Microsoft.AspNetCore.Http.Abstractions");

    [Fact]
    public void Contracts_know_neither_silo_nor_gateway_nor_store() =>
        AssertNoReference(typeof(IFileGrain).Assembly, "EventGrains.Silo", "EventGrains.Gateway", "RocksDbSharp", "Orleans.Runtime");

    [Fact]
    public void The_gateway_does_not_see_the_silo() => AssertNoReference(typeof(GatewaySettings).Assembly, "EventGrains.Silo", "RocksDbSharp");

    [Fact]
    public void The_silo_does_not_see_the_gateway() => AssertNoReference(typeof(SiloSettings).Assembly, "EventGrains.Gateway", "Microsoft.AspNetCore.Http.Abstractions");

    [Fact]
    public void Core_reads_no_clock_and_does_no_io()
    {
        var found = Sources("src/EventGrains.Core").SelectMany(f => Lines(f).Where(l => ClockOrIo().IsMatch(l.Text)).Select(l => $"{f}:{l.Number}: {l.Text.Trim()}"));

        Assert.True(!found.Any(), $"Core decides and does not act; pass the time or the text in.\n{string.Join('\n', found)}");
    }

    [Fact]
    public void Nobody_sleeps_in_tests()
    {
        var found = Sources("tests").Where(f => !f.EndsWith("/Eventually.cs", StringComparison.Ordinal)).SelectMany(f => Lines(f).Where(l => Sleep().IsMatch(l.Text)).Select(l => $"{f}:{l.Number}: {l.Text.Trim()}"));

        Assert.True(!found.Any(), $"Wait for what you want to see, with a deadline, or use fake time.\n{string.Join('\n', found)}");
    }

    [Fact]
    public void A_file_fits_its_bound()
    {
        var found = Sources("src").Concat(Sources("tests")).Concat(Sources("loadtest")).Select(f => (File: f, Count: File.ReadAllLines(f).Length)).Where(f => f.Count > LinesMax);

        Assert.True(!found.Any(), $"Over {LinesMax} lines: find the part that would know its own room.\n{string.Join('\n', found)}");
    }

    [Fact]
    public void The_six_files_of_an_events_life_exist()
    {
        var map = File.ReadAllText(Path.Combine(Tree, "src", "README.md"));
        var life = map[map.IndexOf("in six files", StringComparison.Ordinal)..map.IndexOf("## The merge table", StringComparison.Ordinal)];
        var named = Numbered().Matches(life).Select(m => m.Groups[1].Value).ToArray();

        Assert.InRange(named.Length, 1, 6);
        Assert.All(named, f => Assert.True(File.Exists(Path.Combine(Tree, "src", f)), $"src/README.md names {f}, which is not there; the map must follow the code."));
    }

    [Fact]
    public void Every_link_of_the_readmes_leads_somewhere()
    {
        var broken = Directory.EnumerateFiles(Tree, "README.md", SearchOption.AllDirectories)
            .Where(f => !f.Contains("/bin/", StringComparison.Ordinal) && !f.Contains("/obj/", StringComparison.Ordinal))
            .SelectMany(f => Link().Matches(File.ReadAllText(f)).Select(m => m.Groups[1].Value)
                .Where(l => !l.Contains("://", StringComparison.Ordinal) && !Path.Exists(Path.Combine(Path.GetDirectoryName(f)!, l)))
                .Select(l => $"{f}: {l}"));

        Assert.True(!broken.Any(), string.Join('\n', broken));
    }

    [Fact]
    public void Every_test_that_the_table_of_bad_input_names_exists_and_every_row_names_one()
    {
        var readme = File.ReadAllText(Path.Combine(Tree, "tests", "README.md"));
        var rows = readme[readme.IndexOf("## Bad input", StringComparison.Ordinal)..].Split('\n').Where(l => l.StartsWith("| ", StringComparison.Ordinal)).Skip(1).ToList();
        var named = rows.ConvertAll(row => NamedTest().Matches(row[row.TrimEnd('|', ' ').LastIndexOf(" | ", StringComparison.Ordinal)..]).Select(m => (Class: m.Groups[1].Value, Method: m.Groups[2].Value)).ToList());
        var classes = Sources("tests").SelectMany(f => File.ReadAllText(f) is var text ? TestClass().Matches(text).Select(m => (Name: m.Groups[1].Value, Text: text)) : []).ToLookup(c => c.Name, c => c.Text);

        var missing = named.SelectMany(n => n).Where(n => !classes[n.Class].Any(text => n.Method.Length == 0 || text.Contains($" {n.Method}(", StringComparison.Ordinal)));
        var unlisted = Sources("tests/EventGrains.LiveTests/BadInput").Select(f => Path.GetFileNameWithoutExtension(f)).Where(c => c.EndsWith("Tests", StringComparison.Ordinal)).Except(named.SelectMany(n => n).Select(n => n.Class));

        Assert.NotEmpty(rows);
        Assert.All(named, Assert.NotEmpty);
        Assert.True(!missing.Any(), $"tests/README.md names tests that are not there; the table must follow the code.\n{string.Join('\n', missing)}");
        Assert.True(!unlisted.Any(), $"Not in the table of tests/README.md; say there what comes back.\n{string.Join('\n', unlisted)}");
    }

    private static void AssertNoReference(Assembly assembly, params string[] forbidden)
    {
        var found = assembly.GetReferencedAssemblies().Select(a => a.Name).Intersect(forbidden).ToArray();

        Assert.True(found.Length == 0, $"{assembly.GetName().Name} must not reference {string.Join(", ", found)}; see the table of projects in src/README.md.");
    }

    private static IEnumerable<string> Sources(string folder) => Directory.EnumerateFiles(Path.Combine(Tree, folder), "*.cs", SearchOption.AllDirectories)
        .Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal));

    private static IEnumerable<(int Number, string Text)> Lines(string file) => File.ReadLines(file).Select((text, i) => (i + 1, text)).Where(l => !l.text.TrimStart().StartsWith("//", StringComparison.Ordinal));

    [GeneratedRegex(@"DateTime(Offset)?\.(Utc)?Now|TimeProvider\.System|Stopwatch\.|\bFile\.(Read|Write|Open|Exists|Append)|\bDirectory\.(Enum|Get|Create|Exists)")]
    private static partial Regex ClockOrIo();

    [GeneratedRegex(@"Thread\.Sleep\(|await Task\.Delay\(")]
    private static partial Regex Sleep();

    [GeneratedRegex(@"^\d+\. \[[^\]]+\]\(([^)]+)\)", RegexOptions.Multiline)]
    private static partial Regex Numbered();

    [GeneratedRegex(@"`(\w+)(?:\.(\w+))?`")]
    private static partial Regex NamedTest();

    [GeneratedRegex(@"\bclass (\w+)")]
    private static partial Regex TestClass();

    [GeneratedRegex(@"\]\(([^)#\s]+)\)")]
    private static partial Regex Link();
}
