using System.Collections.Immutable;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace EventGrains.Rules.Yaml;

/// <summary>Reads a file's YAML documents. What cannot be read becomes a message, and ends the file there: what follows it is guesswork.</summary>
internal sealed class YamlReader
{
    /// <summary>The longest file, in characters.</summary>
    public const int CharactersMax = 1 << 20;

    /// <summary>The most nodes of one file, with all aliases written out; a bomb of aliases ends here.</summary>
    public const int NodesMax = 50_000;

    /// <summary>How deep nodes may be nested.</summary>
    public const int DepthMax = 32;

    private const string SyntaxRemedy = "mend the YAML here; a text that begins with one of * & { [ > | % @ ` ! or holds ': ' or ' #' must be quoted";

    private readonly string file;
    private readonly Lint lint;
    private readonly Parser parser;
    private readonly Dictionary<AnchorName, YamlNode> anchors = [];
    private int nodes;

    private YamlReader(string file, string text, Lint lint)
    {
        this.file = file;
        this.lint = lint;
        parser = new Parser(new StringReader(text));
    }

    /// <summary>The root nodes of the documents, without empty ones.</summary>
    public static List<YamlNode> Read(string file, string text, Lint lint)
    {
        var documents = new List<YamlNode>();
        if (text.Length > CharactersMax)
        {
            lint.Error(new Place(file, 1, 1), $"the file has {text.Length} characters", $"split it into files of at most {CharactersMax}");
            return documents;
        }

        var reader = new YamlReader(file, text.TrimStart('\uFEFF'), lint);
        try
        {
            reader.ReadInto(documents);
        }
        catch (YamlException e)
        {
            lint.Error(PlaceOf(file, e.Start), $"the YAML cannot be read: {OneLine(e.Message)}", SyntaxRemedy);
        }
        catch (UnreadableException e)
        {
            lint.Error(e.At, e.Message, e.Remedy);
        }

        catch (Exception e) when (e is InvalidOperationException or ArgumentException or FormatException or OverflowException)
        {
            // The scanner has places where it does not say what is wrong: a line within { } that is indented less than the key it belongs to.
            lint.Error(PlaceOf(file, reader.parser.Current?.End ?? Mark.Empty), "the YAML cannot be read after this place", SyntaxRemedy);
        }

        return documents;
    }

    private void ReadInto(List<YamlNode> documents)
    {
        parser.Consume<StreamStart>();
        while (!parser.Accept<StreamEnd>(out _))
        {
            parser.Consume<DocumentStart>();
            anchors.Clear();
            var root = ReadNode(depth: 1);
            parser.Consume<DocumentEnd>();
            if (root is not YamlScalar { Type: ScalarType.Null })
            {
                documents.Add(root);
            }
        }
    }

    private YamlNode ReadNode(int depth)
    {
        if (parser.TryConsume<AnchorAlias>(out var alias))
        {
            return ReadAlias(alias);
        }

        var start = parser.Consume<NodeEvent>();
        var at = PlaceOf(file, start.Start);
        if (depth > DepthMax)
        {
            throw new UnreadableException(at, $"more than {DepthMax} levels are nested here", "write the document flatter");
        }

        Count(at, 1);
        YamlNode node = start switch
        {
            Scalar scalar => ReadScalar(at, scalar),
            SequenceStart => ReadSequence(at, depth),
            _ => ReadMapping(at, depth),
        };
        if (start is not Scalar && !start.Tag.IsEmpty)
        {
            throw Tagged(at, start.Tag);
        }

        if (!start.Anchor.IsEmpty)
        {
            anchors[start.Anchor] = node;
        }

        return node;
    }

    private YamlNode ReadAlias(AnchorAlias alias)
    {
        var at = PlaceOf(file, alias.Start);
        if (!anchors.TryGetValue(alias.Value, out var node))
        {
            throw new UnreadableException(at, $"no anchor before this is called {Quote.Text(alias.Value.Value)}", "quote a text that begins with *, or define the anchor first");
        }

        Count(at, node.Nodes);
        return node;
    }

    private static YamlScalar ReadScalar(Place at, Scalar scalar)
    {
        var isText = scalar.Tag == "tag:yaml.org,2002:str" || (!scalar.Tag.IsEmpty && scalar.Tag.IsNonSpecific) || scalar.Style != ScalarStyle.Plain;
        if (!isText && !scalar.Tag.IsEmpty)
        {
            throw Tagged(at, scalar.Tag);
        }

        var type = isText ? ScalarType.Text : CoreSchema.TypeOf(scalar.Value);
        return type == ScalarType.NoJson
            ? throw new UnreadableException(at, $"{Quote.Text(scalar.Value)} is a number that JSON does not have", "quote it if it is a text")
            : new YamlScalar(at, scalar.Value, type);
    }

    private YamlSequence ReadSequence(Place at, int depth)
    {
        var items = ImmutableArray.CreateBuilder<YamlNode>();
        var size = 1;
        while (!parser.TryConsume<SequenceEnd>(out _))
        {
            var item = ReadNode(depth + 1);
            size += item.Nodes;
            items.Add(item);
        }

        return new YamlSequence(at, size, items.ToImmutable());
    }

    private YamlMapping ReadMapping(Place at, int depth)
    {
        var entries = ImmutableArray.CreateBuilder<YamlEntry>();
        var keys = new Dictionary<string, Place>(StringComparer.Ordinal);
        var size = 1;
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            var keyAt = parser.Current is null ? at : PlaceOf(file, parser.Current.Start);
            if (ReadNode(depth + 1) is not YamlScalar key)
            {
                throw new UnreadableException(keyAt, "a key is no plain text", "write a word before the ':'; quote a text that begins with { or [");
            }

            var value = ReadNode(depth + 1);
            size += 1 + value.Nodes;
            if (keys.TryAdd(key.Text, keyAt))
            {
                entries.Add(new YamlEntry(key, value));
            }
            else
            {
                lint.Error(keyAt, $"key {Quote.Text(key.Text)} stands twice, first in line {keys[key.Text].Line}", "remove one of them");
            }
        }

        return new YamlMapping(at, size, entries.ToImmutable());
    }

    private void Count(Place at, int more)
    {
        if (more > NodesMax - nodes)
        {
            throw new UnreadableException(at, $"the file is more than {NodesMax} nodes, aliases written out", "split it, or write fewer aliases");
        }

        nodes += more;
    }

    private static UnreadableException Tagged(Place at, TagName tag) =>
        new(at, $"the tag {Quote.Text(tag.Value)} is not known here", "remove it; quote a text that begins with !");

    private static Place PlaceOf(string file, in Mark mark) => new(file, (int)Math.Max(1, mark.Line), (int)Math.Max(1, mark.Column));

    private static string OneLine(string message) => Quote.Text(message.ReplaceLineEndings(" ").TrimEnd('.'))[1..^1];

    private sealed class UnreadableException(Place at, string message, string remedy) : Exception(message)
    {
        public Place At { get; } = at;

        public string Remedy { get; } = remedy;
    }
}
