using CsCheck;
using EventGrains.Files;
using EventGrains.Rules;

namespace EventGrains.Tests.Rules;

public sealed class PlaceholderTemplateTests
{
    private static readonly Definitions Declared = new()
    {
        Storages =
        [
            new StorageDefinition("inbox", "/data/inbox", StorageRole.Origin),
            new StorageDefinition("my.mirror", "/data/mirror", StorageRole.Replica),
            new StorageDefinition("s3", null, StorageRole.Origin),
        ],
    };

    [Theory]
    [InlineData("{path}", "/runs/42/a.h5")]
    [InlineData("--in={path}", "--in=/runs/42/a.h5")]
    [InlineData("{id} {size} {storage}", "inbox:1-2-3 1024 inbox")]
    [InlineData("{file}", "/data/inbox/runs/42/a.h5")]
    [InlineData("{replica.my.mirror.path}", "/copy/a.h5")]
    [InlineData("{replica.my.mirror.file}", "/data/mirror/copy/a.h5")]
    [InlineData("{{path}}", "{path}")]
    [InlineData("", "")]
    [InlineData("$(x) -rf\n", "$(x) -rf\n")]
    public void An_argument_is_filled_from_the_file(string template, string filled) =>
        Assert.Equal(filled, Fill(PlaceholderTemplate.ForArgument(template), FileAt("/runs/42/a.h5")));

    [Theory]
    [InlineData("/$(rm -rf x)")]
    [InlineData("/a\nb")]
    [InlineData("/-rf")]
    [InlineData("/{size}{{")]
    public void What_a_name_holds_passes_through_verbatim(string path)
    {
        Assert.Equal($"<{path}>", Fill(PlaceholderTemplate.ForArgument("<{path}>"), FileAt(path)));
        Assert.Equal(path, Fill(PlaceholderTemplate.ForReplicaPath("{path}", match: null), FileAt(path)));
    }

    [Fact]
    public void Filling_never_throws_and_a_copys_path_never_leaves_its_root() =>
        Gen.Int[0, 5].Select(i => new[] { "a", "..", ".", "", "\0", "é" }[i]).Array[0, 5].Sample(parts =>
        {
            var path = "/" + string.Join('/', parts);
            var template = PlaceholderTemplate.ForReplicaPath("/by/{r}{path}", new PathPattern("/{r}/**"));

            if (template.TryFill(FileAt(path), Declared, out var filled, out var error))
            {
                Assert.Equal(filled, Path.GetFullPath(filled));
                Assert.StartsWith("/by/", filled, StringComparison.Ordinal);
            }
            else
            {
                Assert.StartsWith("replicate.path '/by/{r}{path}' ", error, StringComparison.Ordinal);
            }
        });

    [Fact]
    public void A_copys_path_uses_what_the_rule_captured()
    {
        var parameters = new ReplicateParameters("my.mirror", "/archive/{run}{path}", "/runs/{run}/**");

        Assert.True(parameters.TryFillPath(FileAt("/runs/42/a.h5"), Declared, out var path, out _));
        Assert.Equal("/archive/42/runs/42/a.h5", path);
    }

    [Fact]
    public void A_command_is_filled_argument_by_argument()
    {
        var run = RunParameters.Read("""{"command":["cp","{file}","{replica.my.mirror.file}"]}""");

        Assert.True(run.TryFillCommand(FileAt("/a b"), Declared, out var command, out _));
        Assert.Equal(["cp", "/data/inbox/a b", "/data/mirror/copy/a.h5"], command);
    }

    [Theory]
    [InlineData("{path}", null, "inbox", "run.command '{path}' cannot be filled: the file is not located yet")]
    [InlineData("{file}", null, "inbox", "run.command '{file}' cannot be filled: the file is not located yet")]
    [InlineData("{file}", "/a", "s3", "run.command '{file}' cannot be filled: storage 's3' has no root")]
    [InlineData("{file}", "/a/../../etc/passwd", "inbox", "run.command '{file}' cannot be filled: the path '/a/../../etc/passwd' has a '.' or '..' part")]
    [InlineData("{replica.s3.path}", "/a", "inbox", "run.command '{replica.s3.path}' cannot be filled: the file has no copy present in storage 's3'")]
    [InlineData("x{path}", "/a\0", "inbox", "run.command 'x{path}' gives 'x/a\\u0000', which holds a NUL")]
    public void What_cannot_be_filled_is_said_with_the_field_and_the_reason(string template, string? path, string storage, string expected)
    {
        Assert.False(PlaceholderTemplate.ForArgument(template).TryFill(FileAt(path, storage), Declared, out _, out var error));
        Assert.Equal(expected, error);
    }

    [Theory]
    [InlineData("/a/../../etc", "replicate.path '/m{path}' gives '/m/a/../../etc', which has a '.' or '..' part")]
    [InlineData("/a//b", "replicate.path '/m{path}' gives '/m/a//b', which has an empty part between or after slashes")]
    [InlineData("/a/", "replicate.path '/m{path}' gives '/m/a/', which has an empty part between or after slashes")]
    public void A_copys_path_that_is_not_normalised_is_refused(string path, string expected)
    {
        Assert.False(new ReplicateParameters("my.mirror", "/m{path}").TryFillPath(FileAt(path), Declared, out _, out var error));
        Assert.Equal(expected, error);
    }

    private static string? Fill(PlaceholderTemplate template, FileState file)
    {
        Assert.True(template.TryFill(file, Declared, out var text, out var error), error);
        return text;
    }

    private static FileState FileAt(string? path, string storage = "inbox") => FileState.New(new FileId(storage, "1-2-3"), number: 1) with
    {
        Facts = new FileFacts
        {
            Path = new PathRegister(path is null ? PathRank.None : PathRank.Namespace, default, path),
            Size = new SizeRegister(1024),
            Replicas =
            [
                new Replica("my.mirror", null, "/copy/a.h5", default, ReplicaState.Present),
                new Replica("s3", null, "/gone", default, ReplicaState.Removed),
            ],
        },
    };
}
