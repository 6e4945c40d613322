using EventGrains.Rules.Yaml;

namespace EventGrains.Rules;

internal enum DeclarationKind : byte
{
    Storage,
    Source,
    Dataset,
    Rule,
}

/// <summary>One document of a rule file whose frame is right: its kind, name and spec.</summary>
internal sealed record Declaration(DeclarationKind Kind, string Name, Place NameAt, YamlNode Spec)
{
    private static readonly Dictionary<string, DeclarationKind> Kinds = Enum.GetValues<DeclarationKind>().ToDictionary(k => k.ToString());

    /// <summary>Null when the frame is wrong, which is reported.</summary>
    public static Declaration? Read(Lint lint, YamlNode document)
    {
        // The version first: a document of another version has other keys, and complaints about them would mislead.
        if (document is YamlMapping mapping && mapping["apiVersion"] is YamlScalar { Text: not RuleFiles.ApiVersion } version)
        {
            lint.Error(version.At, $"apiVersion {Quote.Text(version.Text)} is not known", $"write {RuleFiles.ApiVersion}");
            return null;
        }

        if (Fields.Open(lint, document, "the document", required: ["apiVersion", "kind", "metadata", "spec"], optional: []) is not { } fields)
        {
            return null;
        }

        _ = fields.Text("apiVersion");
        var kind = fields.Word("kind", Kinds);
        var metadata = fields.Node("metadata") is { } node ? Fields.Open(lint, node, "metadata", required: ["name"], optional: []) : null;
        var name = metadata?.Text("name");
        if (kind is null || name is null || !IsName(lint, kind.Value, name, metadata!.At("name")) || fields.Node("spec") is not { } spec)
        {
            return null;
        }

        return new Declaration(kind.Value, name, metadata!.At("name"), spec);
    }

    /// <summary>A dataset's name is a template, and so its own reader judges it.</summary>
    private static bool IsName(Lint lint, DeclarationKind kind, string name, Place at)
    {
        if (kind == DeclarationKind.Dataset || DefinitionName.IsValid(name))
        {
            return true;
        }

        lint.Error(at, $"{Quote.Text(name)} is no name", DefinitionName.Remedy);
        return false;
    }
}
