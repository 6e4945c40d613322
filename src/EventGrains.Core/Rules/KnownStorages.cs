namespace EventGrains.Rules;

/// <summary>The storages that other declarations may name.</summary>
internal sealed class KnownStorages(Lint lint, IEnumerable<Declaration> declared, IReadOnlyCollection<StorageDefinition> read)
{
    private readonly string[] names = [.. declared.Where(d => d.Kind == DeclarationKind.Storage).Select(d => d.Name).Order(StringComparer.Ordinal)];

    public IReadOnlyCollection<StorageDefinition> All => read;

    /// <summary>Whether a storage of that name is declared; otherwise it is reported.</summary>
    /// <param name="storage">Null when its own declaration has an error, which is enough said.</param>
    public bool IsDeclared(Place at, string field, string name, out StorageDefinition? storage)
    {
        storage = read.FirstOrDefault(s => s.Name == name);
        if (names.Contains(name))
        {
            return true;
        }

        lint.Error(at, $"{field} names the storage {Quote.Text(name)}, which is not declared", names.Length == 0 ? "declare it with kind: Storage" : Similar.Remedy(name, names, "declare it; declared are"));
        return false;
    }
}
