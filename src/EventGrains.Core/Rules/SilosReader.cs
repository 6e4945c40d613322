using EventGrains.Rules.Yaml;

namespace EventGrains.Rules;

/// <summary>Reads <c>spec.silos</c>: the names of the silos that see a storage's directory, or what a source reads.</summary>
internal static class SilosReader
{
    public const string Key = "silos";

    private const string Field = "spec.silos";

    /// <returns>All silos when the key is absent, or wrong and reported.</returns>
    public static SiloNames Read(Lint lint, Fields fields)
    {
        if (fields.Node(Key) is not { } node)
        {
            return SiloNames.All;
        }

        if (node is not YamlSequence { Items.Length: > 0 } list)
        {
            lint.Error(
                node.At,
                node is YamlSequence ? $"{Field} is empty" : $"{Field} is {node.Noun}, not a list",
                "write the names of the silos that see it, such as [silo-a, silo-b], or remove the key: then all do");
            return SiloNames.All;
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in list.Items)
        {
            if (fields.Text(item, $"a name in {Field}") is { } name && !names.Add(name))
            {
                lint.Error(item.At, $"{Field} names {Quote.Text(name)} twice", "remove one of them");
            }
        }

        return SiloNames.Of(names);
    }
}
