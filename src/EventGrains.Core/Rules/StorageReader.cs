using EventGrains.Rules.Yaml;

namespace EventGrains.Rules;

internal sealed class StorageReader(Lint lint)
{
    private static readonly Dictionary<string, StorageRole> Roles = new()
    {
        ["origin"] = StorageRole.Origin,
        ["replica"] = StorageRole.Replica,
    };

    private readonly List<(string Name, string Root)> roots = [];

    public StorageDefinition? Read(Declaration declaration)
    {
        var errors = lint.Errors;
        if (Fields.Open(lint, declaration.Spec, "spec", required: [], optional: ["root", "role", SilosReader.Key]) is not { } fields)
        {
            return null;
        }

        var role = fields.Word("role", Roles);
        var root = fields.Read("root", FullPath);
        if (root is not null)
        {
            Separate(declaration.Name, root, fields.At("root"));
        }

        var silos = SilosReader.Read(lint, fields);
        if (!silos.AreAll && fields.Node("root") is null)
        {
            lint.Error(fields.At(SilosReader.Key), "spec.silos is for a storage with a root, and this one has none", "give the storage a root, or remove 'silos'");
        }

        return lint.Errors == errors ? new StorageDefinition(declaration.Name, root, role ?? StorageRole.Origin) { Silos = silos } : null;
    }

    /// <summary>Lexical: a full path without <c>..</c>, doubled or closing slashes.</summary>
    public static string FullPath(string path) =>
        path.Contains('\0', StringComparison.Ordinal)
            ? throw new RuleFormatException($"{Quote.Text(path)} holds a NUL", "write the path of a directory")
            : Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));

    /// <summary>A copy within another storage's root would be seen there as a file of its own, and copied again.</summary>
    private void Separate(string name, string root, Place at)
    {
        foreach (var (otherName, otherRoot) in roots)
        {
            var relation = root == otherRoot ? "is also" : IsWithin(root, otherRoot) ? "lies within" : IsWithin(otherRoot, root) ? "contains" : null;
            if (relation is not null)
            {
                lint.Error(at, $"root {Quote.Text(root)} {relation} the root {Quote.Text(otherRoot)} of storage '{otherName}'", "choose roots that do not lie within each other");
                return;
            }
        }

        roots.Add((name, root));
    }

    private static bool IsWithin(string inner, string outer) =>
        inner.StartsWith(outer.EndsWith('/') ? outer : outer + "/", StringComparison.Ordinal);
}
