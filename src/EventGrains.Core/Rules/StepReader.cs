using System.Globalization;
using EventGrains.Rules.Yaml;

namespace EventGrains.Rules;

/// <summary>Reads one entry of a rule's <c>do</c>: an action's name and its parameters.</summary>
internal sealed class StepReader(Lint lint, KnownStorages storages)
{
    public const string Replicate = "replicate";

    public const string Run = "run";

    private const int ActionLengthMax = 63;

    private static readonly string[] BuiltIn = [Replicate, Run];

    /// <param name="match">The rule's <c>when.path</c>, whose captures a copy's path may use.</param>
    /// <param name="source">The storage that the rule is restricted to, if it is.</param>
    public StepDefinition? Read(YamlNode item, PathPattern? match, StorageDefinition? source)
    {
        if (item is not YamlMapping { Entries: [var (action, parameters)] })
        {
            lint.Error(item.At, $"a step of spec.do is {(item is YamlMapping ? "a mapping of several actions or none" : item.Noun)}", "write one action each, such as - replicate: {to: mirror}");
            return null;
        }

        if (parameters is YamlScalar { Type: ScalarType.Null })
        {
            parameters = new YamlMapping(parameters.At, 1, []);
        }

        return action.Text switch
        {
            Replicate => ReadReplicate(parameters, match, source),
            Run => ReadRun(parameters, source),
            _ => ReadOther(action, parameters),
        };
    }

    private StepDefinition? ReadReplicate(YamlNode parameters, PathPattern? match, StorageDefinition? source)
    {
        var errors = lint.Errors;
        if (Fields.Open(lint, parameters, Replicate, required: ["to"], optional: ["path"]) is not { } fields)
        {
            return null;
        }

        var to = fields.Text("to");
        if (to is not null && storages.IsDeclared(fields.At("to"), "replicate.to", to, out var target) && target is { } storage)
        {
            CheckTarget(storage, source, fields.At("to"));
        }

        var path = fields.Read("path", text => PlaceholderTemplate.ForReplicaPath(text, match));
        if (lint.Errors != errors)
        {
            return null;
        }

        // The action sees no rule, so what its template captures from travels with the parameters.
        var written = (YamlMapping)parameters;
        written = path is { UsesCaptures: true } ? written.With(ReplicateParameters.MatchKey, match!.Text) : written;
        return new StepDefinition(Replicate, CanonicalJson.Of(written), to);
    }

    private void CheckTarget(StorageDefinition target, StorageDefinition? source, Place at)
    {
        if (target.Role != StorageRole.Replica)
        {
            lint.Error(at, $"replicate.to names the storage '{target.Name}', which is an origin", "give that storage role: replica, or name one that has it");
        }
        else if (target.Root is null)
        {
            lint.Error(at, $"replicate.to names the storage '{target.Name}', which has no root", "give that storage a root");
        }

        if (source is not null && source.Silos.And(target.Silos).AreNone)
        {
            lint.Error(
                at,
                $"no silo sees both storage '{source.Name}' ({source.Silos}) and replicate.to, '{target.Name}' ({target.Silos}), so nothing can be copied",
                "name a silo that sees both in 'silos' of both");
        }

        if (source is { Root: null })
        {
            lint.Error(at, $"the rule is for storage '{source.Name}', which has no root to copy from", "give that storage a root");
        }
    }

    private StepDefinition? ReadRun(YamlNode parameters, StorageDefinition? source)
    {
        var errors = lint.Errors;
        if (Fields.Open(lint, parameters, Run, required: ["command"], optional: ["timeout", "successExitCodes"]) is not { } fields)
        {
            return null;
        }

        var arguments = List(fields, "command", (node, field) => fields.Text(node, field));
        foreach (var (argument, node) in arguments)
        {
            CheckArgument(argument, node.At, source);
        }

        _ = fields.Read("timeout", RunParameters.ReadTimeout);
        _ = List(fields, "successExitCodes", (node, field) => fields.Integer(node, field, 0, 255)?.ToString(CultureInfo.InvariantCulture));
        return lint.Errors == errors ? new StepDefinition(Run, CanonicalJson.Of(parameters)) : null;
    }

    private List<(string Text, YamlNode Node)> List(Fields fields, string key, Func<YamlNode, string, string?> read)
    {
        var texts = new List<(string, YamlNode)>();
        if (fields.Node(key) is YamlSequence { Items.Length: > 0 } list)
        {
            foreach (var item in list.Items)
            {
                if (read(item, $"run.{key}") is { } text)
                {
                    texts.Add((text, item));
                }
            }
        }
        else if (fields.Node(key) is { } node)
        {
            var what = node is YamlSequence ? "is empty" : $"is {node.Noun}, not a list";
            lint.Error(node.At, $"run.{key} {what}", key == "command" ? "write the program and its arguments one by one, such as [sha256sum, \"{file}\"]" : "write a list, such as [0]");
        }

        return texts;
    }

    private void CheckArgument(string argument, Place at, StorageDefinition? source)
    {
        try
        {
            var template = PlaceholderTemplate.ForArgument(argument);
            foreach (var storage in template.Storages)
            {
                storages.IsDeclared(at, "run.command", storage, out _);
            }

            if (template.UsesFile && source is { Root: null })
            {
                lint.Error(at, $"run.command uses {{file}}, and the storage '{source.Name}' has no root", "use {path}, or give that storage a root");
            }
        }
        catch (RuleFormatException e)
        {
            lint.Error(at, $"run.command: {e.Reason}", e.Remedy);
        }
    }

    private StepDefinition? ReadOther(YamlScalar action, YamlNode parameters)
    {
        if (!IsAction(action.Text))
        {
            lint.Error(action.At, $"{Quote.Text(action.Text)} is no name of an action", $"write replicate, run, or your own action's name: a-z first, then a-z, 0-9 and '-', at most {ActionLengthMax}");
            return null;
        }

        if (parameters is not YamlMapping)
        {
            lint.Error(parameters.At, $"the parameters of '{action.Text}' are {parameters.Noun}", "write a mapping, such as {queue: fast}, or {}");
            return null;
        }

        if (Similar.To(action.Text, BuiltIn) is { } meant)
        {
            lint.Warning(action.At, $"'{action.Text}' is no action of EventGrains itself", $"did you mean '{meant}'? Otherwise a silo must have an action of that name");
        }

        return new StepDefinition(action.Text, CanonicalJson.Of(parameters));
    }

    private static bool IsAction(string name) =>
        name.Length is > 0 and <= ActionLengthMax && char.IsAsciiLetterLower(name[0]) && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');
}
