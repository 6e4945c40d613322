using EventGrains.Rules;

namespace EventGrains.Tests.Rules;

/// <summary>Which silos see what: as rule files say it, and what follows for sources and steps.</summary>
public sealed class SiloNamesTests
{
    internal const string Sample =
        """
        {apiVersion: eventgrains/v1, kind: Storage, metadata: {name: inbox}, spec: {root: /data/inbox, silos: [a, b]}}
        --- {apiVersion: eventgrains/v1, kind: Storage, metadata: {name: archive}, spec: {root: /data/archive, role: replica, silos: [b, c]}}
        --- {apiVersion: eventgrains/v1, kind: Storage, metadata: {name: far}, spec: {root: /data/far, role: replica, silos: [d]}}
        --- {apiVersion: eventgrains/v1, kind: Storage, metadata: {name: shared}, spec: {root: /data/shared, role: replica}}
        --- {apiVersion: eventgrains/v1, kind: Source, metadata: {name: billing}, spec: {type: log, format: dcache, storage: inbox, files: /log/*, silos: [c]}}
        --- {apiVersion: eventgrains/v1, kind: Source, metadata: {name: doors}, spec: {type: log, format: dcache, storage: inbox, files: /log/*}}
        --- {apiVersion: eventgrains/v1, kind: Source, metadata: {name: inbox}, spec: {type: directory, storage: inbox}}
        --- {apiVersion: eventgrains/v1, kind: Source, metadata: {name: inbox-near}, spec: {type: directory, storage: inbox, silos: [b]}}
        --- {apiVersion: eventgrains/v1, kind: Source, metadata: {name: shared}, spec: {type: directory, storage: shared, silos: [c, a]}}
        """;

    [Theory]
    [InlineData("billing", "c")]
    [InlineData("doors", "all silos")] // its logs lie elsewhere than the storage whose files they speak of
    [InlineData("inbox", "a, b")]
    [InlineData("inbox-near", "b")]
    [InlineData("shared", "a, c")]
    public void A_source_runs_where_what_it_reads_is_seen(string source, string silos)
    {
        var definitions = Read(Sample);

        Assert.Equal(silos, definitions.SilosOf(definitions.Source(source)!).ToString());
    }

    [Theory]
    [InlineData("replicate", "{\"to\":\"shared\"}", "a, b", "'inbox' (a, b)")]
    [InlineData("replicate", "{\"to\":\"archive\"}", "b", "'inbox' (a, b) and 'archive' (b, c)")]
    [InlineData("replicate", "{\"to\":\"far\"}", "no silo", "'inbox' (a, b) and 'far' (d)")]
    [InlineData("replicate", "{}", "a, b", "'inbox' (a, b)")] // broken: the action says so
    [InlineData("run", "{\"command\":[\"ls\",\"{file}\"]}", "a, b", "'inbox' (a, b)")]
    [InlineData("run", "{\"command\":[\"cmp\",\"{file}\",\"{replica.archive.file}\"]}", "b", "'inbox' (a, b) and 'archive' (b, c)")]
    [InlineData("run", "{\"command\":[\"echo\",\"{replica.far.path}\"]}", "a, b", "'inbox' (a, b)")] // a name is no file
    [InlineData("mine", "{\"to\":\"archive\"}", "all silos", "")]
    public void A_step_runs_where_all_that_it_works_on_is_seen(string action, string parameters, string silos, string storages)
    {
        var step = StepSilos.Of(action, parameters, "inbox", Read(Sample));

        Assert.Equal((silos, storages), (step.Silos.ToString(), step.ToString()));
    }

    [Fact]
    public void Where_no_storage_names_silos_a_step_runs_anywhere() =>
        Assert.Same(StepSilos.Anywhere, StepSilos.Of("replicate", "{\"to\":\"archive\"}", "inbox", Read(RuleFilesTests.Sample)));

    [Theory]
    [InlineData(null, "a b c", "a b c")]
    [InlineData("b", "a b c", "b")]
    [InlineData("c b", "a b c", "b c")]
    [InlineData("d", "a b c", "")]
    [InlineData("A", "a b c", "")] // case matters
    [InlineData("a*", "a b c", "")] // no wildcards
    public void Only_the_named_are_taken(string? named, string there, string taken) =>
        Assert.Equal(taken, string.Join(' ', Names(named).Among(there.Split(' '), name => name)));

    [Fact]
    public void A_silo_whose_name_is_not_known_sees_what_all_see_and_no_more()
    {
        Assert.True(SiloNames.All.Include(null));
        Assert.False(SiloNames.Of("a").Include(null));
    }

    [Fact]
    public void Names_are_equal_in_any_order()
    {
        Assert.Equal(SiloNames.Of("a", "b"), SiloNames.Of("b", "a"));
        Assert.Equal(SiloNames.Of("a", "b").GetHashCode(), SiloNames.Of("b", "a").GetHashCode());
        Assert.NotEqual(SiloNames.All, SiloNames.Of());
        Assert.NotEqual(SiloNames.Of("a"), SiloNames.Of("a", "b"));
    }

    [Theory]
    [InlineData(
        "kind: Source, metadata: {name: x}, spec: {type: directory, storage: inbox, silos: [b, c]}",
        "spec.silos names 'c', which does not see storage 'inbox': that names a, b; name some of those, add the silo to the storage's, or remove the key: then all those watch it")]
    [InlineData(
        "kind: Rule, metadata: {name: x}, spec: {when: {storage: inbox}, do: [replicate: {to: far}]}",
        "no silo sees both storage 'inbox' (a, b) and replicate.to, 'far' (d), so nothing can be copied; name a silo that sees both in 'silos' of both")]
    public void What_no_silo_could_do_is_refused(string declaration, string message)
    {
        var (_, messages) = RuleFiles.Parse([("rules.yaml", $"{Sample}\n--- {{apiVersion: eventgrains/v1, {declaration}}}")]);

        Assert.EndsWith($"error: {message}", Assert.Single(messages).ToString(), StringComparison.Ordinal);
    }

    private static SiloNames Names(string? named) => named is null ? SiloNames.All : SiloNames.Of(named.Split(' '));

    private static Definitions Read(string text)
    {
        var (definitions, messages) = RuleFiles.Parse([("rules.yaml", text)]);
        Assert.DoesNotContain(messages, m => m.Severity == LintSeverity.Error);
        return definitions;
    }
}
