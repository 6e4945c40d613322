using System.Text;
using System.Text.Json.Nodes;

namespace EventGrains.LiveTests.RealData;

/// <summary>
/// The text beside this file: of each group and of each file that its records name, the row that we serve, and then in words what
/// we conclude and what cannot be known. The rows are written by the test, the words by hand.
/// </summary>
internal sealed class Conclusions
{
    public const string Concluded = "**We conclude:** ";

    public const string Unknowable = "**Cannot be known:** ";

    private const string Indent = "    ";

    private static readonly string Place = Path.Combine(Product.SourceTree, "tests", "EventGrains.LiveTests", "RealData", "Conclusions.md");

    private readonly string intro;
    private readonly List<Section> sections = [];

    private Conclusions(string text)
    {
        var parts = ("\n" + text).Split("\n## ");
        intro = parts[0].TrimStart('\n').TrimEnd();
        sections.AddRange(parts.Skip(1).Select(Section.Parse));
    }

    public static Conclusions Read() => new(File.ReadAllText(Place));

    public IEnumerable<string> Groups => sections.Select(s => s.Group).Distinct();

    /// <summary>Headings and rows of a group, without the words.</summary>
    public string RowsOf(string group) => string.Concat(sections.Where(s => s.Group == group).Select(s => s with { Words = "" }));

    /// <summary>Sections that do not say what we conclude and what cannot be known; a group whose files say it must only say what it is.</summary>
    public IReadOnlyList<string> Wordless(string group)
    {
        var ofGroup = sections.Where(s => s.Group == group).ToList();
        return [.. ofGroup.Where(s => s.Name == group && ofGroup.Count > 1 ? s.Words.Length == 0 : !s.HasWords).Select(s => s.Name)];
    }

    /// <summary>As the server says it now, in the form of <see cref="RowsOf"/>.</summary>
    public static string Expected(RecordGroup group, Heard heard, IReadOnlyList<string> withoutEffect) =>
        string.Concat(Sections(group, heard, withoutEffect));

    /// <summary>Puts the rows in their places. Words stay, also those of a file that is gone: whoever reads them decides.</summary>
    public void Rewrite(RecordGroup group, Heard heard, IReadOnlyList<string> withoutEffect)
    {
        foreach (var section in Sections(group, heard, withoutEffect))
        {
            var at = sections.FindIndex(s => s.Name == section.Name);
            if (at >= 0)
            {
                sections[at] = section with { Words = sections[at].Words };
            }
            else
            {
                sections.Insert(sections.FindLastIndex(s => s.Group == section.Group) is var last and >= 0 ? last + 1 : sections.Count, section);
            }
        }

        File.WriteAllText(Place, (intro + "\n\n" + string.Concat(sections)).TrimEnd('\n') + "\n");
    }

    private static IEnumerable<Section> Sections(RecordGroup group, Heard heard, IReadOnlyList<string> withoutEffect)
    {
        var noEffect = withoutEffect.Count == 0 ? "none" : string.Join(", ", withoutEffect);
        yield return new Section(group.Name, $"{Indent}records         {group.Lines.Count}\n{Indent}without effect  {noEffect}\n{Indent}files           {heard.Files.Count}", "");
        foreach (var id in group.FilesNamed.Union(heard.Files.Keys))
        {
            yield return new Section(id, heard.Files.TryGetValue(id, out var file) ? Row(file, heard.Histories[id]) : Indent + "no file", "");
        }
    }

    /// <summary>Every member of the answer but when we wrote it, and then the history: number, kind, all changes, status, cause.</summary>
    private static string Row(JsonObject file, IReadOnlyList<JsonObject> history)
    {
        var row = new StringBuilder();
        foreach (var (name, value) in file.Where(p => p.Key is not ("id" or "storage" or "updatedAt")))
        {
            row.Append(Indent).Append(name.PadRight(13)).Append(Text(value)).Append('\n');
        }

        foreach (var transition in history)
        {
            row.Append(Indent).Append("history".PadRight(13)).Append($"{transition["version"]} {transition["kind"]} by a {transition["cause"]!["type"]}, then {transition["status"]}; changed: {Text(transition["changes"])}\n");
        }

        return row.ToString().TrimEnd('\n');
    }

    private static string Text(JsonNode? value) => value switch
    {
        null => "null",
        JsonArray { Count: 0 } or JsonObject { Count: 0 } => "none",
        JsonArray list => string.Join(list[0] is JsonObject ? "; " : ", ", list.Select(Text)),
        JsonObject members => string.Join(' ', members.Select(m => $"{m.Key}={Text(m.Value)}")),
        _ => value.ToString(),
    };

    /// <param name="Name">A group, or the id of a file.</param>
    private sealed record Section(string Name, string Row, string Words)
    {
        public string Group => Name.Split(':')[0];

        public bool HasWords => Says(Concluded) && Says(Unknowable);

        public static Section Parse(string text)
        {
            var lines = text.Split('\n');
            var row = lines.Skip(2).TakeWhile(l => l.StartsWith(Indent, StringComparison.Ordinal)).ToList();
            return new Section(lines[0], string.Join('\n', row), string.Join('\n', lines.Skip(2 + row.Count)).Trim('\n'));
        }

        public override string ToString() => $"## {Name}\n\n{Row}\n\n{(Words.Length > 0 ? Words + "\n\n" : "")}";

        private bool Says(string start) => Words.Split('\n').Any(l => l.StartsWith(start, StringComparison.Ordinal) && l.Length > start.Length);
    }
}
