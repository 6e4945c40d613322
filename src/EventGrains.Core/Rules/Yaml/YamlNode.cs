using System.Collections.Immutable;

namespace EventGrains.Rules.Yaml;

/// <summary>A node of a YAML document, with its place. An alias is the node itself that its anchor names.</summary>
/// <param name="Nodes">How many nodes it is when all aliases are written out, itself included.</param>
internal abstract record YamlNode(Place At, int Nodes)
{
    /// <summary>With its article, for messages.</summary>
    public abstract string Noun { get; }
}

/// <param name="Type">By the core schema of YAML 1.2; a quoted scalar is a text.</param>
internal sealed record YamlScalar(Place At, string Text, ScalarType Type) : YamlNode(At, 1)
{
    public override string Noun => Type switch
    {
        ScalarType.Null => "nothing",
        ScalarType.Boolean => "a boolean",
        ScalarType.Integer or ScalarType.Float => "a number",
        _ => "a text",
    };
}

internal sealed record YamlSequence(Place At, int Nodes, ImmutableArray<YamlNode> Items) : YamlNode(At, Nodes)
{
    public override string Noun => "a list";
}

/// <param name="Entries">In the file's order; no key stands twice.</param>
internal sealed record YamlMapping(Place At, int Nodes, ImmutableArray<YamlEntry> Entries) : YamlNode(At, Nodes)
{
    public override string Noun => "a mapping";

    public YamlNode? this[string key]
    {
        get
        {
            foreach (var entry in Entries)
            {
                if (entry.Key.Text == key)
                {
                    return entry.Value;
                }
            }

            return null;
        }
    }

    public YamlMapping With(string key, string text) =>
        new(At, Nodes + 2, Entries.Add(new YamlEntry(new YamlScalar(At, key, ScalarType.Text), new YamlScalar(At, text, ScalarType.Text))));
}

internal readonly record struct YamlEntry(YamlScalar Key, YamlNode Value);
