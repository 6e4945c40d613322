using EventGrains.Rules.Yaml;

namespace EventGrains.Rules;

/// <summary>One mapping of a rule file whose keys are known: reports every other key, every missing one, and every value of a wrong type.</summary>
internal sealed class Fields
{
    private readonly Lint lint;
    private readonly YamlMapping mapping;
    private readonly string where;

    private Fields(Lint lint, YamlMapping mapping, string where)
    {
        this.lint = lint;
        this.mapping = mapping;
        this.where = where;
    }

    /// <param name="where">Names the mapping in messages, such as <c>spec.when</c>.</param>
    /// <returns>Null when the node is no mapping.</returns>
    public static Fields? Open(Lint lint, YamlNode node, string where, string[] required, string[] optional)
    {
        string[] known = [.. required, .. optional];
        if (node is not YamlMapping mapping)
        {
            lint.Error(node.At, $"{where} is {node.Noun}", $"write a mapping with the keys {Quote.List(known)}");
            return null;
        }

        foreach (var (key, _) in mapping.Entries)
        {
            if (!known.Contains(key.Text))
            {
                lint.Error(key.At, $"unknown key {Quote.Text(key.Text)} in {where}", Similar.Remedy(key.Text, known, "known keys are"));
            }
        }

        foreach (var key in required)
        {
            if (mapping[key] is null)
            {
                lint.Error(mapping.At, $"{where} has no '{key}'", "add it");
            }
        }

        return new Fields(lint, mapping, where);
    }

    public YamlNode? Node(string key) => mapping[key];

    /// <summary>The place of a key's value, or of the mapping when it has none.</summary>
    public Place At(string key) => mapping[key]?.At ?? mapping.At;

    /// <summary>A text; null when it is absent, or reported.</summary>
    public string? Text(string key) => mapping[key] is { } node ? Text(node, $"{where}.{key}") : null;

    public string? Text(YamlNode node, string field)
    {
        if (node is YamlScalar { Type: ScalarType.Text, Text: not "" } scalar)
        {
            return scalar.Text;
        }

        var remedy = node switch
        {
            YamlScalar { Type: ScalarType.Text } => "write something, or remove the key",
            YamlScalar { Type: not ScalarType.Null } other => $"write it in quotes: \"{other.Text}\"",
            _ => "write a text",
        };
        lint.Error(node.At, node is YamlScalar { Type: ScalarType.Text } ? $"{field} is empty" : $"{field} is {node.Noun}, not a text", remedy);
        return null;
    }

    /// <summary>A whole number from <paramref name="min"/> to <paramref name="max"/>; null when it is absent, or reported.</summary>
    public long? Integer(string key, long min, long max) => mapping[key] is { } node ? Integer(node, $"{where}.{key}", min, max) : null;

    public long? Integer(YamlNode node, string field, long min, long max)
    {
        if (node is YamlScalar { Type: ScalarType.Integer } scalar && CoreSchema.ToInteger(scalar.Text) is var number && number >= min && number <= max)
        {
            return (long)number;
        }

        var found = node is YamlScalar { Type: ScalarType.Integer or ScalarType.Float } wrong ? wrong.Text : node.Noun;
        lint.Error(node.At, $"{field} is {found}", $"write a whole number from {min} to {max}");
        return null;
    }

    /// <summary>One of the known words; null when it is absent, or reported.</summary>
    public T? Word<T>(string key, IReadOnlyDictionary<string, T> known)
        where T : struct
    {
        if (Text(key) is not { } word)
        {
            return null;
        }

        if (known.TryGetValue(word, out var value))
        {
            return value;
        }

        lint.Error(At(key), $"{where}.{key} {Quote.Text(word)} is not known", Similar.Remedy(word, [.. known.Keys], "known are"));
        return null;
    }

    /// <summary>What <paramref name="read"/> makes of a text; default when it is absent, or reported.</summary>
    public T? Read<T>(string key, Func<string, T> read)
    {
        if (Text(key) is not { } text)
        {
            return default;
        }

        try
        {
            return read(text);
        }
        catch (RuleFormatException e)
        {
            lint.Error(At(key), $"{where}.{key}: {e.Reason}", e.Remedy);
            return default;
        }
    }
}
