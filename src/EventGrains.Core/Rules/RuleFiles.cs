using System.Collections.Immutable;
using EventGrains.Rules.Yaml;

namespace EventGrains.Rules;

/// <summary>Reads rule files: YAML documents that declare storages, sources, datasets and rules.</summary>
public static class RuleFiles
{
    public const string ApiVersion = "eventgrains/v1";

    /// <summary>The wire formats that a source may declare.</summary>
    public static readonly ImmutableArray<string> Formats = ["dcache", "s3", "cloudevents"];

    /// <summary>The format of a directory source, which reads no records.</summary>
    public const string DirectoryFormat = "directory";

    /// <summary>Reads all files together: a name may be declared in one and used in another.</summary>
    /// <param name="files">Each file's name, for messages, and its text.</param>
    /// <returns>
    /// What was declared without an error, in the files' order, and the messages by file, line and column. With any
    /// <see cref="LintSeverity.Error"/> among them the definitions are incomplete: fit for looking at, not for running.
    /// </returns>
    /// <remarks>Relative roots and globs are taken from the current directory. Nothing is looked up on disk.</remarks>
    public static (Definitions Definitions, IReadOnlyList<LintMessage> Messages) Parse(IEnumerable<(string File, string Text)> files)
    {
        var lint = new Lint();
        var declarations = files
            .SelectMany(f => YamlReader.Read(f.File, f.Text, lint))
            .Select(document => Declaration.Read(lint, document))
            .OfType<Declaration>()
            .ToList();
        var declared = Unique(lint, declarations);

        // In this order, because each may name what was read before it.
        var storages = Read(declared, DeclarationKind.Storage, new StorageReader(lint).Read);
        var known = new KnownStorages(lint, declared, storages);
        var sources = Read(declared, DeclarationKind.Source, new SourceReader(lint, known).Read);
        var datasets = Read(declared, DeclarationKind.Dataset, new DatasetReader(lint, known).Read);
        var hasDatasetErrors = datasets.Length < declared.Count(d => d.Kind == DeclarationKind.Dataset);
        var rules = Read(declared, DeclarationKind.Rule, new RuleReader(lint, known, hasDatasetErrors ? null : datasets).Read);
        var definitions = new Definitions { Storages = storages, Sources = sources, Datasets = datasets, Rules = rules };
        return (definitions, lint.Messages);
    }

    private static ImmutableArray<T> Read<T>(List<Declaration> declared, DeclarationKind kind, Func<Declaration, T?> read)
        where T : class =>
        [.. declared.Where(d => d.Kind == kind).Select(read).OfType<T>()];

    private static List<Declaration> Unique(Lint lint, List<Declaration> declarations)
    {
        var first = new Dictionary<(DeclarationKind, string), Place>();
        var unique = new List<Declaration>();
        foreach (var declaration in declarations)
        {
            if (first.TryAdd((declaration.Kind, declaration.Name), declaration.NameAt))
            {
                unique.Add(declaration);
            }
            else
            {
                lint.Error(
                    declaration.NameAt,
                    $"{declaration.Kind} {Quote.Text(declaration.Name)} is declared twice, first at {first[(declaration.Kind, declaration.Name)]}",
                    "rename or remove one of them");
            }
        }

        return unique;
    }
}
