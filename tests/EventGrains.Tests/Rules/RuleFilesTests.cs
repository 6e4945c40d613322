using CsCheck;
using EventGrains.Files;
using EventGrains.Rules;

namespace EventGrains.Tests.Rules;

public sealed class RuleFilesTests
{
    internal const string Sample =
        """
        # Where files come from, and where copies go.
        apiVersion: eventgrains/v1
        kind: Storage
        metadata: {name: inbox}
        spec: {root: /data/inbox}
        ---
        apiVersion: eventgrains/v1
        kind: Storage
        metadata: {name: archive}
        spec: {root: /data/archive, role: replica}
        ---
        apiVersion: eventgrains/v1
        kind: Source
        metadata: {name: inbox}
        spec: {type: directory, storage: inbox}
        ---
        apiVersion: eventgrains/v1
        kind: Source
        metadata: {name: billing}
        spec: {type: log, format: dcache, storage: inbox, files: "/var/log/dcache/billing-*.json"}
        ---
        apiVersion: eventgrains/v1
        kind: Dataset
        metadata: {name: "run-{run}"}
        spec: {path: "/runs/{run}/**"}
        ---
        apiVersion: eventgrains/v1
        kind: Rule
        metadata: {name: archive-runs}
        spec:
          when: {kind: stored, path: "/runs/{run}/**", dataset: run-*, size: "1kB..1GiB"}
          do:
            - replicate: {to: archive, path: "/by-run/{run}{path}"}
            - run: {command: [sha256sum, "{file}"], timeout: 1m, successExitCodes: [0, 1]}
            - noop: {queue: fast, weight: 1.50, tries: 0x10, dry: no, on: true, none: ~}
          filesPerHourMax: 500
        """;

    [Fact]
    public void All_that_the_sample_declares_is_read()
    {
        var definitions = Read(Sample);

        Assert.Equal([new StorageDefinition("inbox", "/data/inbox", StorageRole.Origin), new("archive", "/data/archive", StorageRole.Replica)], definitions.Storages);
        Assert.Equal(
            [
                new SourceDefinition("inbox", SourceType.Directory, "directory", "inbox"),
                new("billing", SourceType.Log, "dcache", "inbox", "/var/log/dcache/billing-*.json"),
            ],
            definitions.Sources);
        Assert.Equal([new DatasetDefinition("run-{run}", new PathPattern("/runs/{run}/**"))], definitions.Datasets);
        var rule = Assert.Single(definitions.Rules);
        Assert.Equal("archive-runs", rule.Name);
        Assert.Equal(new RuleCondition(TransitionKind.Stored, new PathPattern("/runs/{run}/**"), PathPattern.ForNames("run-*"), 1_000, 1L << 30), rule.When);
        Assert.Equal(500, rule.FilesPerHourMax);
        Assert.Matches("^[0-9a-f]{16}$", rule.Generation);
    }

    [Fact]
    public void Parameters_are_JSON_in_one_way_only_with_scalars_typed_by_YAML_1_2()
    {
        var steps = Read(Sample).Rules[0].Do;

        Assert.Equal(
            [
                new StepDefinition("replicate", """{"match":"/runs/{run}/**","path":"/by-run/{run}{path}","to":"archive"}""", "archive"),
                new("run", """{"command":["sha256sum","{file}"],"successExitCodes":[0,1],"timeout":"1m"}"""),
                new("noop", """{"dry":"no","none":null,"on":true,"queue":"fast","tries":16,"weight":1.5}"""),
            ],
            steps);
    }

    [Fact]
    public void The_actions_read_back_what_the_rule_says()
    {
        var steps = Read(Sample).Rules[0].Do;

        Assert.Equal(new ReplicateParameters("archive", "/by-run/{run}{path}", "/runs/{run}/**"), ReplicateParameters.Read(steps[0].ParametersJson));
        var run = RunParameters.Read(steps[1].ParametersJson);
        Assert.Equal(["sha256sum", "{file}"], run.Command);
        Assert.Equal(TimeSpan.FromMinutes(1), run.Timeout);
        Assert.Equal([0, 1], run.SuccessExitCodes);
    }

    [Fact]
    public void What_is_not_said_has_its_default()
    {
        Assert.Equal(new ReplicateParameters("m", "{path}"), ReplicateParameters.Read("""{"to":"m"}"""));
        var run = RunParameters.Read("""{"command":["ls"]}""");
        Assert.Equal(TimeSpan.FromMinutes(10), run.Timeout);
        Assert.Equal([0], run.SuccessExitCodes);
        Assert.Equal(100_000, Rule("when: {path: /**}, do: [noop: ]").FilesPerHourMax);
    }

    [Theory]
    [InlineData("[]", "replicate has parameters that are no JSON object")]
    [InlineData("{}", "replicate.to is missing")]
    [InlineData("""{"to":1}""", "replicate.to is no text")]
    public void Parameters_that_no_lint_saw_are_refused_with_their_field(string json, string reason) =>
        Assert.Equal(reason, Assert.Throws<RuleFormatException>(() => ReplicateParameters.Read(json)).Reason);

    [Theory]
    [InlineData("{}", "run.command is missing")]
    [InlineData("""{"command":[1]}""", "run.command is no list of the right type")]
    [InlineData("""{"command":["a"],"successExitCodes":[1.5]}""", "run.successExitCodes is no list of the right type")]
    public void Parameters_of_run_that_no_lint_saw_are_refused_with_their_field(string json, string reason) =>
        Assert.Equal(reason, Assert.Throws<RuleFormatException>(() => RunParameters.Read(json)).Reason);

    [Theory]
    [InlineData("do: [noop: {a: 1, b: x}], when: {path: /**}", true)]
    [InlineData("when:   {path: '/**'}, do: [noop: {b: \"x\", a: 0x1}] # said otherwise", true)]
    [InlineData("when: {path: &all /**}, do: [noop: {a: 1, b: x}]", true)]
    [InlineData("when: {path: /**}, do: [noop: {a: '1', b: x}]", false)]
    [InlineData("when: {path: /*}, do: [noop: {a: 1, b: x}]", false)]
    [InlineData("when: {path: /**}, do: [noop: {a: 1, b: x}], filesPerHourMax: 3", false)]
    public void The_generation_changes_with_what_is_said_and_not_with_how(string spec, bool same) =>
        Assert.Equal(same, Rule("when: {path: /**}, do: [noop: {a: 1, b: x}]").Generation == Rule(spec).Generation);

    [Fact]
    public void The_generation_is_the_same_in_every_release() =>
        Assert.Equal("d8337c4fc2d3ee37", Rule("when: {path: /**}, do: [noop: {a: 1, b: x}]").Generation);

    [Fact]
    public void A_relative_root_is_taken_from_the_current_directory() =>
        Assert.Equal(
            Path.GetFullPath("inbox"),
            Read("apiVersion: eventgrains/v1\nkind: Storage\nmetadata: {name: x}\nspec: {root: ./inbox/}").Storages[0].Root);

    [Fact]
    public void Declarations_may_be_spread_over_files_and_empty_documents_mean_nothing()
    {
        var (definitions, messages) = RuleFiles.Parse(
        [
            ("rules.yaml", "---\n# nothing\n---\napiVersion: eventgrains/v1\nkind: Source\nmetadata: {name: s}\nspec: {type: http, format: s3, storage: late}\n---\n"),
            ("storages.yaml", "\uFEFFapiVersion: eventgrains/v1\nkind: Storage\nmetadata: {name: late}\nspec: {}"),
            ("empty.yaml", ""),
        ]);

        Assert.Empty(messages);
        Assert.Equal("late", Assert.Single(definitions.Sources).Storage);
    }

    [Fact]
    public void A_bomb_of_aliases_ends_at_the_bound()
    {
        var bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
            + string.Concat(Enumerable.Range(1, 12).Select(i => $"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]\n"));

        var message = Assert.Single(RuleFiles.Parse([("bomb.yaml", bomb)]).Messages);

        Assert.Equal("the file is more than 50000 nodes, aliases written out", message.Message);
    }

    [Fact]
    public void Depth_and_length_have_bounds()
    {
        Assert.Equal("more than 32 levels are nested here", Assert.Single(RuleFiles.Parse([("deep.yaml", new string('[', 5000))]).Messages).Message);
        Assert.Equal("the file has 1048577 characters", Assert.Single(RuleFiles.Parse([("long.yaml", new string('#', (1 << 20) + 1))]).Messages).Message);
    }

    [Fact]
    public void No_text_whatever_makes_the_reader_throw_or_print_more_than_a_line_each() =>
        Gen.Select(Gen.Int[0, Sample.Length - 1], Gen.Int[0, 40], Gen.Char.Array[0, 4]).Array[1, 3].Sample(
            edits =>
            {
                var text = Sample;
                foreach (var (at, length, inserted) in edits)
                {
                    var from = Math.Min(at, text.Length);
                    text = text.Remove(from, Math.Min(length, text.Length - from)).Insert(from, new string(inserted));
                }

                Assert.All(RuleFiles.Parse([("rules.yaml", text)]).Messages, m =>
                {
                    Assert.DoesNotContain(m.ToString(), char.IsControl);
                    Assert.True(m.Line >= 1 && m.Column >= 1);
                });
            },
            iter: 2_000);

    internal static Definitions Read(string text)
    {
        var (definitions, messages) = RuleFiles.Parse([("rules.yaml", text)]);
        Assert.Empty(messages);
        return definitions;
    }

    private static RuleDefinition Rule(string spec) =>
        Assert.Single(Read($"apiVersion: eventgrains/v1\nkind: Rule\nmetadata: {{name: r}}\nspec: {{\n  {spec}\n  }}").Rules);
}
