using System.Collections.Immutable;
using EventGrains.Files;
using EventGrains.Rules.Yaml;

namespace EventGrains.Rules;

/// <param name="datasets">Null when they are not all known, because one of them has an error.</param>
internal sealed class RuleReader(Lint lint, KnownStorages storages, ImmutableArray<DatasetDefinition>? datasets)
{
    /// <summary>What can hold of a file. Not among them: what only happens (renamed, a replica added), and <c>found</c>, after which the file simply is what it was.</summary>
    public static readonly IReadOnlyDictionary<string, TransitionKind> Kinds = new Dictionary<string, TransitionKind>
    {
        ["located"] = TransitionKind.Located,
        ["uploading"] = TransitionKind.Uploading,
        ["stored"] = TransitionKind.Stored,
        ["flushed"] = TransitionKind.Flushed,
        ["staged"] = TransitionKind.Staged,
        ["evicted"] = TransitionKind.Evicted,
        ["replicated"] = TransitionKind.Replicated,
        ["processed"] = TransitionKind.Processed,
        ["deleted"] = TransitionKind.Deleted,
        ["lost"] = TransitionKind.Lost,
        ["replicaCorrupt"] = TransitionKind.ReplicaCorrupt,
    };

    private readonly StepReader steps = new(lint, storages);

    public RuleDefinition? Read(Declaration declaration)
    {
        var errors = lint.Errors;
        if (Fields.Open(lint, declaration.Spec, "spec", required: ["when", "do"], optional: ["filesPerHourMax"]) is not { } fields)
        {
            return null;
        }

        var when = fields.Node("when") is { } node ? ReadWhen(node) : null;
        var storage = when?.Storage is { } name ? storages.All.FirstOrDefault(s => s.Name == name) : null;
        var todo = fields.Node("do") is { } list ? ReadDo(list, when?.Path, storage) : [];
        var perHour = fields.Integer("filesPerHourMax", 1, int.MaxValue);
        return lint.Errors == errors
            ? new RuleDefinition(declaration.Name, CanonicalJson.HashOf(declaration.Spec), when!, todo, (int)(perHour ?? RuleDefinition.FilesPerHourMaxDefault))
            : null;
    }

    private RuleCondition? ReadWhen(YamlNode node)
    {
        if (Fields.Open(lint, node, "spec.when", required: [], optional: ["kind", "storage", "path", "dataset", "size"]) is not { } fields)
        {
            return null;
        }

        var kind = fields.Word("kind", Kinds);
        var path = fields.Read("path", text => new PathPattern(text));
        var dataset = fields.Read("dataset", PathPattern.ForNames);
        var size = fields.Read("size", SizeRange.Parse);
        var storage = fields.Text("storage");
        if (storage is not null)
        {
            storages.IsDeclared(fields.At("storage"), "spec.when.storage", storage, out _);
        }

        WarnOfAll(fields);
        WarnOfNone(fields, path, storage);
        WarnOfNoDataset(fields, dataset);
        return new RuleCondition(kind, path, dataset, size.Min, size.Max, storage);
    }

    private ImmutableArray<StepDefinition> ReadDo(YamlNode node, PathPattern? match, StorageDefinition? storage)
    {
        if (node is not YamlSequence { Items.Length: > 0 } list)
        {
            var what = node is YamlSequence ? "spec.do is empty" : $"spec.do is {node.Noun}, not a list";
            lint.Error(node.At, what, "write a list of actions, such as - replicate: {to: mirror}");
            return [];
        }

        return [.. list.Items.Select(item => steps.Read(item, match, storage)).OfType<StepDefinition>()];
    }

    private void WarnOfAll(Fields when)
    {
        if (when.Node("path") is null && when.Node("dataset") is null && when.Node("storage") is null)
        {
            lint.Warning(
                when.At("path"),
                "the rule has neither when.path nor when.dataset nor when.storage, so that every file matches, up to filesPerHourMax",
                "add one of them; path: /** says that it is meant");
        }
    }

    private void WarnOfNone(Fields when, PathPattern? path, string? storage)
    {
        if (path is null)
        {
            return;
        }

        if (path.Text.Split('/').Any(part => part is "." or "..") || path.Text.EndsWith('/'))
        {
            lint.Warning(when.At("path"), $"spec.when.path {Quote.Text(path.Text)} matches no file", "write it without . and .. parts and without a closing /; /a/** is all below /a");
            return;
        }

        // Somebody who writes the root into the path has absolute paths in mind; such a path may exist below the root, but hardly does.
        var rooted = storages.All.FirstOrDefault(s =>
            s.Root is { Length: > 1 } root && (storage ?? s.Name) == s.Name && (path.LiteralPrefix + "/").StartsWith(root + "/", StringComparison.Ordinal));
        if (rooted is not null)
        {
            lint.Warning(
                when.At("path"),
                $"spec.when.path {Quote.Text(path.Text)} begins with the root of storage '{rooted.Name}', and paths are relative to the root, so that it probably matches nothing",
                $"write {Quote.Text(path.Text[rooted.Root!.Length..])}");
        }
    }

    private void WarnOfNoDataset(Fields when, PathPattern? dataset)
    {
        if (dataset is null || datasets is null || datasets.Value.Any(d => CanMatch(dataset, d)))
        {
            return;
        }

        lint.Warning(when.At("dataset"), $"spec.when.dataset {Quote.Text(dataset.Text)} matches the name of no declared dataset", "declare it with kind: Dataset, or change the glob");
    }

    /// <summary>Whether the names of the dataset may match: false only if both begin with other characters.</summary>
    private static bool CanMatch(PathPattern glob, DatasetDefinition dataset)
    {
        var pieces = BraceText.Read(dataset.NameTemplate);
        var name = pieces[0].Literal ?? "";
        return pieces is [{ Literal: not null }] ? glob.IsMatch(name) : glob.MayBeginWith(name);
    }
}
