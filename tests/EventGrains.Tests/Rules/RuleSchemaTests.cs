using System.Text.Json;
using EventGrains.Rules;
using EventGrains.Rules.Yaml;
using NJsonSchema;

namespace EventGrains.Tests.Rules;

public sealed class RuleSchemaTests
{
    // NJsonSchema follows references of the drafts up to 7, where $defs was called definitions; nothing else here is newer.
    private static readonly Lazy<Task<JsonSchema>> Loaded =
        new(() => JsonSchema.FromJsonAsync(RuleSchema.Json.Replace("$defs", "definitions", StringComparison.Ordinal)));

    [Fact]
    public async Task The_samples_are_valid()
    {
        var (_, _, defaults) = DefaultRules.Parse([], ["/site/inbox"], "/site/data");

        foreach (var document in Documents(RuleFilesTests.Sample).Concat(Documents(SiloNamesTests.Sample)).Concat(Documents(defaults)))
        {
            Assert.Empty((await Loaded.Value).Validate(document));
        }
    }

    [Theory]
    [InlineData("apiVersion: eventgrains/v2\nkind: Storage\nmetadata: {name: a}\nspec: {}")]
    [InlineData("apiVersion: eventgrains/v1\nkind: Strage\nmetadata: {name: a}\nspec: {}")]
    [InlineData("apiVersion: eventgrains/v1\nkind: Storage\nmetadata: {name: 'a:b'}\nspec: {}")]
    [InlineData("apiVersion: eventgrains/v1\nkind: Storage\nmetadata: {name: a}\nspec: {rot: /x}")]
    [InlineData("apiVersion: eventgrains/v1\nkind: Source\nmetadata: {name: a}\nspec: {type: log, format: s3, storage: a}")]
    [InlineData("apiVersion: eventgrains/v1\nkind: Source\nmetadata: {name: a}\nspec: {type: http, format: s3, storage: a, files: x}")]
    [InlineData("apiVersion: eventgrains/v1\nkind: Source\nmetadata: {name: a}\nspec: {type: http, format: s3, storage: a, silos: [x]}")]
    [InlineData("apiVersion: eventgrains/v1\nkind: Source\nmetadata: {name: a}\nspec: {type: log, format: s3, storage: a, files: /x, silos: []}")]
    [InlineData("apiVersion: eventgrains/v1\nkind: Storage\nmetadata: {name: a}\nspec: {root: /x, silos: [a, a]}")]
    [InlineData("apiVersion: eventgrains/v1\nkind: Storage\nmetadata: {name: a}\nspec: {root: /x, silos: a}")]
    [InlineData("apiVersion: eventgrains/v1\nkind: Dataset\nmetadata: {name: a}\nspec: {path: a/b}")]
    [InlineData("apiVersion: eventgrains/v1\nkind: Rule\nmetadata: {name: a}\nspec: {when: {kind: renamed}, do: [noop: {}]}")]
    [InlineData("apiVersion: eventgrains/v1\nkind: Rule\nmetadata: {name: a}\nspec: {when: {size: 5MiB}, do: [noop: {}]}")]
    [InlineData("apiVersion: eventgrains/v1\nkind: Rule\nmetadata: {name: a}\nspec: {when: {}, do: []}")]
    [InlineData("apiVersion: eventgrains/v1\nkind: Rule\nmetadata: {name: a}\nspec: {when: {}, do: [run: {command: ls}]}")]
    [InlineData("apiVersion: eventgrains/v1\nkind: Rule\nmetadata: {name: a}\nspec: {when: {}, do: [run: {command: [ls], timeout: 30x}]}")]
    [InlineData("apiVersion: eventgrains/v1\nkind: Rule\nmetadata: {name: a}\nspec: {when: {}, do: [replicate: {path: /x}]}")]
    [InlineData("apiVersion: eventgrains/v1\nkind: Rule\nmetadata: {name: a}\nspec: {when: {}, do: [noop: {}], filesPerHourMax: 0}")]
    public async Task What_the_lint_refuses_for_its_shape_the_schema_refuses(string text)
    {
        Assert.Contains(RuleFiles.Parse([("x", text)]).Messages, m => m.Severity == LintSeverity.Error);
        Assert.NotEmpty((await Loaded.Value).Validate(Assert.Single(Documents(text))));
    }

    [Fact]
    public void The_schema_knows_the_same_words_as_the_reader()
    {
        using var schema = JsonDocument.Parse(RuleSchema.Json);
        var parts = schema.RootElement.GetProperty("$defs");
        IEnumerable<string> Words(JsonElement of) => of.GetProperty("enum").EnumerateArray().Select(w => w.GetString()!);

        Assert.Equal(RuleReader.Kinds.Keys, Words(parts.GetProperty("when").GetProperty("properties").GetProperty("kind")));
        var sources = parts.GetProperty("sourceDocument").GetProperty("properties").GetProperty("spec").GetProperty("oneOf").EnumerateArray();
        Assert.All(sources.Take(2), s => Assert.Equal(RuleFiles.Formats, Words(s.GetProperty("properties").GetProperty("format"))));
        Assert.Equal(RuleSchema.Path, schema.RootElement.GetProperty("$id").GetString());
        Assert.Equal(PathPattern.LengthMax, parts.GetProperty("glob").GetProperty("maxLength").GetInt32());
    }

    private static List<string> Documents(string text) => [.. YamlReader.Read("x", text, new Lint()).Select(CanonicalJson.Of)];
}
