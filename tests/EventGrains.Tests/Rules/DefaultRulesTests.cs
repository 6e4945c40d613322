using EventGrains.Rules;

namespace EventGrains.Tests.Rules;

public sealed class DefaultRulesTests
{
    [Fact]
    public void A_watched_directory_is_stored_mirrored_and_read_by_one_command()
    {
        var (definitions, messages, _) = DefaultRules.Parse([], ["/site/inbox/"], "/site/data");

        Assert.Empty(messages);
        Assert.Equal(new StorageDefinition("inbox", "/site/inbox", StorageRole.Origin), definitions.Storage("inbox"));
        Assert.Equal(new StorageDefinition("inbox-mirror", "/site/data/mirror/inbox", StorageRole.Replica), definitions.Storage("inbox-mirror"));
        Assert.Equal(new SourceDefinition("inbox", SourceType.Directory, "directory", "inbox"), definitions.Source("inbox"));
        var rule = Assert.Single(definitions.Rules);
        Assert.Equal(["replicate", "run"], rule.Do.Select(s => s.Action));
        Assert.Equal("inbox", rule.When.Storage);
        Assert.Equal("inbox-mirror", rule.Do[0].Target);
    }

    [Fact]
    public void Each_format_has_an_HTTP_source_and_a_storage_of_its_name()
    {
        var (definitions, messages, _) = DefaultRules.Parse([], [], "/site/data");

        Assert.Empty(messages);
        Assert.Equal(RuleFiles.Formats.Select(f => new SourceDefinition(f, SourceType.Http, f, f)), definitions.Sources);
        Assert.Equal(RuleFiles.Formats.Select(f => new StorageDefinition(f, null, StorageRole.Origin)), definitions.Storages);
        Assert.Empty(definitions.Rules);
    }

    [Fact]
    public void What_is_declared_stands_and_may_name_the_defaults()
    {
        const string Declared =
            """
            {apiVersion: eventgrains/v1, kind: Storage, metadata: {name: s3}, spec: {root: /s3}}
            --- {apiVersion: eventgrains/v1, kind: Source, metadata: {name: dcache}, spec: {type: log, format: dcache, storage: dcache, files: /log/*}}
            --- {apiVersion: eventgrains/v1, kind: Rule, metadata: {name: mine}, spec: {when: {path: "/**"}, do: [replicate: {to: inbox-mirror}]}}
            """;

        var (definitions, messages, _) = DefaultRules.Parse([("mine.yaml", Declared)], ["/site/inbox"], "/site/data");

        Assert.Empty(messages);
        Assert.Equal("/s3", definitions.Storage("s3")!.Root);
        Assert.Equal(SourceType.Log, definitions.Source("dcache")!.Type);
        Assert.Equal(SourceType.Http, definitions.Source("s3")!.Type);
        Assert.Equal(["mine"], definitions.Rules.Select(r => r.Name));
    }

    [Fact]
    public void A_watched_directory_that_is_a_declared_root_keeps_its_storage()
    {
        const string Declared = "{apiVersion: eventgrains/v1, kind: Storage, metadata: {name: lab}, spec: {root: /site/inbox}}";

        var (definitions, messages, _) = DefaultRules.Parse([("mine.yaml", Declared)], ["/site/inbox"], "/site/data");

        Assert.Empty(messages);
        Assert.Equal("lab", definitions.Source("lab")!.Storage);
        Assert.Null(definitions.Storage("inbox"));
        Assert.Equal("lab", Assert.Single(definitions.Rules).When.Storage);
    }

    [Fact]
    public void A_declared_source_of_a_default_storage_is_the_only_one()
    {
        const string Declared = "{apiVersion: eventgrains/v1, kind: Source, metadata: {name: mine}, spec: {type: directory, storage: inbox}}";

        var (definitions, messages, _) = DefaultRules.Parse([("mine.yaml", Declared)], ["/site/inbox"], "/site/data");

        Assert.Empty(messages);
        Assert.Equal(["mine"], definitions.Sources.Where(s => s.Type == SourceType.Directory).Select(s => s.Name));
    }

    [Theory]
    [InlineData("/x/Run 7", "run-7")]
    [InlineData("/x/.hidden", "hidden")]
    [InlineData("/x/42", "42")]
    [InlineData("/x/null", "null")]
    [InlineData("/x/s3", "s3-2")]
    [InlineData("/x/\"{a}\\\n#", "a")]
    [InlineData("/x/0123456789012345678901234567890123456789012345678901234567890123456789", "012345678901234567890123456789012345678901234567890")]
    [InlineData("/", "watched")]
    public void A_directory_gives_a_valid_name(string directory, string name)
    {
        var (definitions, messages, _) = DefaultRules.Parse([], [directory], directory == "/" ? "/" : "/site/data");

        Assert.True(directory == "/" || messages.Count == 0);
        Assert.Equal(directory, definitions.Storage(name)!.Root);
    }

    [Fact]
    public void Directories_of_one_name_are_numbered_and_mirrors_never_collide()
    {
        var (definitions, messages, _) = DefaultRules.Parse([], ["/a/in", "/b/in", "/a/in/", "/c/in-mirror"], "/site/data");

        Assert.Empty(messages);
        Assert.Equal(
            ["in", "in-mirror", "in-2", "in-2-mirror", "in-mirror-2", "in-mirror-2-mirror"],
            definitions.Storages.Select(s => s.Name).Except(RuleFiles.Formats));
    }

    [Fact]
    public void A_data_directory_within_a_watched_one_is_refused() =>
        Assert.Contains("lies within the root '/site' of storage 'site'", Assert.Single(DefaultRules.Parse([], ["/site"], "/site/data").Messages).Message, StringComparison.Ordinal);

    [Fact]
    public void An_error_of_the_defaults_is_told_also_when_a_rule_names_them()
    {
        const string Rule = "{apiVersion: eventgrains/v1, kind: Rule, metadata: {name: r}, spec: {when: {path: /**}, do: [replicate: {to: site-mirror}]}}";

        Assert.Equal(DefaultRules.File, Assert.Single(DefaultRules.Parse([("mine.yaml", Rule)], ["/site"], "/site/data").Messages).File);
    }

    [Fact]
    public void An_error_of_the_users_own_is_told_once()
    {
        const string Broken = "{apiVersion: eventgrains/v1, kind: Storage, metadata: {name: s3}, spec: {role: x}}";

        var message = Assert.Single(DefaultRules.Parse([("mine.yaml", Broken)], [], "/site/data").Messages);

        Assert.Equal("mine.yaml", message.File);
    }

    [Fact]
    public void The_text_is_a_rule_file_that_can_be_copied()
    {
        var (definitions, _, defaults) = DefaultRules.Parse([], ["/site/inbox"], "/site/data");

        var (again, messages, added) = DefaultRules.Parse([("copied.yaml", defaults)], ["/site/inbox"], "/site/data");

        Assert.Empty(messages);
        Assert.DoesNotContain("kind", added, StringComparison.Ordinal);
        Assert.Equal(definitions.Rules.Select(r => r.Generation), again.Rules.Select(r => r.Generation));
    }
}
