using System.Text;
using System.Text.Json;

namespace EventGrains.Rules;

/// <summary>What <c>dev</c> and <c>server</c> declare by themselves, as the text of a rule file: it can be read, copied and changed.</summary>
public static class DefaultRules
{
    /// <summary>The name under which messages speak of this text.</summary>
    public const string File = "(defaults)";

    /// <summary>Reads the users' files together with what is declared by itself beside them.</summary>
    /// <param name="watchDirectories">None for <c>server</c>.</param>
    /// <returns>As <see cref="RuleFiles.Parse"/>, and the text that was added.</returns>
    /// <remarks>
    /// Added are: one HTTP source per format, with a storage of that name, unless declared; for each watched directory a storage
    /// and a source named after its last part, a replica storage <c>NAME-mirror</c> below the data directory and, if the users
    /// declare no rule, a sample that copies each file there and runs one command on it. A directory that a declared storage
    /// already has as its root keeps that storage. Of two directories with one name the later is numbered.
    /// </remarks>
    public static (Definitions Definitions, IReadOnlyList<LintMessage> Messages, string Defaults) Parse(
        IReadOnlyCollection<(string File, string Text)> files,
        IReadOnlyCollection<string> watchDirectories,
        string dataDirectory)
    {
        // In three rounds, since the users' sources and rules may name the default storages, and are only then known to be declared.
        var (own, _) = RuleFiles.Parse(files);
        var text = new StringBuilder("# Declared by EventGrains itself; what you declare in a file of your own takes its place.\n");
        var watched = AppendStorages(text, own, watchDirectories, dataDirectory);

        var (withStorages, _) = RuleFiles.Parse([.. files, (File, text.ToString())]);
        AppendSources(text, withStorages, watched);
        if (withStorages.Rules.IsEmpty)
        {
            AppendSamples(text, watched);
        }

        var defaults = text.ToString();
        var (definitions, messages) = RuleFiles.Parse([.. files, (File, defaults)]);

        // What the users declare with an error is not known above; that the defaults then declare it too is no second error.
        var areTheirs = messages.Any(m => m.File != File && m.Severity == LintSeverity.Error);
        return (definitions, areTheirs ? [.. messages.Where(m => m.File != File)] : messages, defaults);
    }

    private static List<(string Storage, string Mirror)> AppendStorages(StringBuilder text, Definitions own, IEnumerable<string> watchDirectories, string dataDirectory)
    {
        foreach (var format in RuleFiles.Formats.Where(f => own.Storage(f) is null))
        {
            Append(text, "Storage", format, "{role: origin}");
        }

        var watched = new List<(string, string)>();
        var taken = own.Storages.Select(s => s.Name).Concat(RuleFiles.Formats).ToHashSet(StringComparer.Ordinal);
        foreach (var directory in watchDirectories.Select(StorageReader.FullPath).Distinct(StringComparer.Ordinal))
        {
            var storage = own.Storages.FirstOrDefault(s => s.Root == directory)?.Name;
            if (storage is null)
            {
                storage = FreeName(NameOf(directory), taken);
                Append(text, "Storage", storage, $"{{role: origin, root: {Quoted(directory)}}}");
            }

            var mirror = $"{Shortened(storage)}-mirror";
            if (own.Storage(mirror) is null)
            {
                mirror = FreeName(mirror, taken);
                Append(text, "Storage", mirror, $"{{role: replica, root: {Quoted(Path.Combine(Path.GetFullPath(dataDirectory), "mirror", storage))}}}");
            }

            watched.Add((storage, mirror));
        }

        return watched;
    }

    private static void AppendSources(StringBuilder text, Definitions declared, List<(string Storage, string Mirror)> watched)
    {
        foreach (var format in RuleFiles.Formats.Where(f => declared.Source(f) is null))
        {
            Append(text, "Source", format, $"{{type: http, format: {format}, storage: {format}}}");
        }

        var taken = declared.Sources.Select(s => s.Name).Concat(RuleFiles.Formats).ToHashSet(StringComparer.Ordinal);
        foreach (var (storage, _) in watched.Where(w => !declared.Sources.Any(s => s.Type == SourceType.Directory && s.Storage == w.Storage)))
        {
            Append(text, "Source", FreeName(storage, taken), $"{{type: directory, storage: {Quoted(storage)}}}");
        }
    }

    private static void AppendSamples(StringBuilder text, List<(string Storage, string Mirror)> watched)
    {
        foreach (var (storage, mirror) in watched)
        {
            Append(text, "Rule", $"{Shortened(storage)}-sample", $$"""

                  when: {kind: stored, storage: {{Quoted(storage)}}, path: "/**"}
                  do:
                    - replicate: {to: {{Quoted(mirror)}}, path: "{path}"}
                    - run: {command: [sha256sum, "{file}"], timeout: 10m}
                """);
        }
    }

    private static void Append(StringBuilder text, string kind, string name, string spec) =>
        text.Append($"---\napiVersion: {RuleFiles.ApiVersion}\nkind: {kind}\nmetadata: {{name: {Quoted(name)}}}\nspec:{(spec.StartsWith('\n') ? "" : " ")}{spec}\n");

    /// <summary>A JSON string is a YAML text in double quotes.</summary>
    private static string Quoted(string text) => JsonSerializer.Serialize(text);

    private static string NameOf(string directory)
    {
        var name = Shortened(string.Concat(Path.GetFileName(directory).ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' ? c : '-')).TrimStart('-', '.'));
        return name.Length > 0 ? name : "watched";
    }

    /// <summary>With room for a number and <c>-mirror</c> behind it.</summary>
    private static string Shortened(string name) => name[..Math.Min(name.Length, DefinitionName.LengthMax - 12)].TrimEnd('-', '.');

    private static string FreeName(string name, HashSet<string> taken)
    {
        var free = name;
        for (var number = 2; !taken.Add(free); number++)
        {
            free = $"{name}-{number}";
        }

        return free;
    }
}
