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
    public static (Definitions Definitions, IReadOnlyList<LintMessage> Messages, string Defaults) Parse(
        IReadOnlyCollection<(string File, string Text)> files,
        IReadOnlyCollection<string> watchDirectories,
        string dataDirectory)
    {
        // The defaults depend on what the users declared, and the users' rules may name the defaults: so a rule can be judged
        // only with the defaults beside it, and only then is it known whether samples are wanted.
        var (declared, _) = RuleFiles.Parse(files);
        var defaults = Write(watchDirectories, dataDirectory, declared, samples: false);
        var (definitions, messages) = RuleFiles.Parse([.. files, (File, defaults)]);
        if (definitions.Rules.IsEmpty)
        {
            defaults = Write(watchDirectories, dataDirectory, declared, samples: true);
            (definitions, messages) = RuleFiles.Parse([.. files, (File, defaults)]);
        }

        // What a users' file declares with an error counts as not declared above; that the defaults then declare it too is no second error.
        var areTheirs = messages.Any(m => m.File != File && m.Severity == LintSeverity.Error);
        return (definitions, areTheirs ? [.. messages.Where(m => m.File != File)] : messages, defaults);
    }

    /// <summary>
    /// One HTTP source per format, with a storage of that name, unless declared; for each watched directory a storage and a
    /// source named after its last part, a replica storage <c>NAME-mirror</c> below the data directory and, if no rule is
    /// declared, a sample rule that copies each file there and runs one command on it.
    /// </summary>
    /// <remarks>A directory that a declared storage already has as its root keeps that storage. Of two directories with one name the later is numbered.</remarks>
    public static string ForDev(IEnumerable<string> watchDirectories, string dataDirectory, Definitions declared) =>
        Write(watchDirectories, dataDirectory, declared, samples: declared.Rules.IsEmpty);

    private static string Write(IEnumerable<string> watchDirectories, string dataDirectory, Definitions declared, bool samples)
    {
        var text = new StringBuilder("# Declared by EventGrains itself; what you declare in a file of your own takes its place.\n");
        foreach (var format in RuleFiles.Formats)
        {
            if (declared.Storage(format) is null)
            {
                Append(text, "Storage", format, "{role: origin}");
            }

            if (declared.Source(format) is null)
            {
                Append(text, "Source", format, $"{{type: http, format: {format}, storage: {format}}}");
            }
        }

        var taken = declared.Storages.Select(s => s.Name).Concat(declared.Sources.Select(s => s.Name)).Concat(RuleFiles.Formats).ToHashSet(StringComparer.Ordinal);
        foreach (var directory in watchDirectories.Select(StorageReader.FullPath).Distinct(StringComparer.Ordinal))
        {
            AppendWatched(text, directory, dataDirectory, declared, taken, samples);
        }

        return text.ToString();
    }

    private static void AppendWatched(StringBuilder text, string directory, string dataDirectory, Definitions declared, HashSet<string> taken, bool samples)
    {
        var storage = declared.Storages.FirstOrDefault(s => s.Root == directory)?.Name;
        if (storage is null)
        {
            storage = FreeName(NameOf(directory), taken);
            Append(text, "Storage", storage, $"{{role: origin, root: {Quoted(directory)}}}");
        }

        if (!declared.Sources.Any(s => s.Type == SourceType.Directory && s.Storage == storage))
        {
            Append(text, "Source", declared.Source(storage) is null ? storage : FreeName(storage, taken), $"{{type: directory, storage: {Quoted(storage)}}}");
        }

        var mirror = $"{storage}-mirror";
        if (declared.Storage(mirror) is null)
        {
            mirror = FreeName(mirror, taken);
            Append(text, "Storage", mirror, $"{{role: replica, root: {Quoted(Path.Combine(Path.GetFullPath(dataDirectory), "mirror", storage))}}}");
        }

        if (samples)
        {
            Append(text, "Rule", $"{storage}-sample", $$"""

                  when: {kind: stored, storage: {{Quoted(storage)}}, path: "/**"}
                  do:
                    - replicate: {to: {{Quoted(mirror)}}, path: "{path}"}
                    - run: {command: [sha256sum, "{file}"], timeout: 10m}
                """);
        }
    }

    private static void Append(StringBuilder text, string kind, string name, string spec) =>
        text.Append($"---\napiVersion: {RuleFiles.ApiVersion}\nkind: {kind}\nmetadata: {{name: {Quoted(name)}}}\nspec: {spec}\n");

    /// <summary>A JSON string is a YAML text in double quotes.</summary>
    private static string Quoted(string text) => JsonSerializer.Serialize(text);

    private static string NameOf(string directory)
    {
        // Room for a number and "-mirror" behind it.
        const int LengthMax = DefinitionName.LengthMax - 12;
        var name = string.Concat(Path.GetFileName(directory).ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' ? c : '-'));
        name = name[..Math.Min(name.Length, LengthMax)].Trim('-', '.');
        return name.Length > 0 ? name : "watched";
    }

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
