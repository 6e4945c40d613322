using EventGrains.Cli.Output;
using EventGrains.Rules;

namespace EventGrains.Cli.Hosting;

/// <summary>Rule files as the user names them: files, and directories that hold them.</summary>
internal static class RuleText
{
    private static readonly string[] Extensions = [".yaml", ".yml"];

    /// <summary>Each file's name as the user would find it, and its text; directories in the order of names, without descending.</summary>
    public static IReadOnlyList<(string File, string Text)> Read(Surroundings surroundings, IEnumerable<string> filesOrDirectories)
    {
        try
        {
            return filesOrDirectories.SelectMany(given => FilesOf(surroundings, given)).Select(file => (file, File.ReadAllText(surroundings.PathOf(file)))).ToList();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new VerbFailure(ExitCode.Usage, $"Cannot read the rules: {e.Message}\nName rule files (*.yaml, *.yml) or directories of them.", e);
        }
    }

    /// <summary>What a server runs by: the user's files and what is declared beside them. Rules with errors are not run at all.</summary>
    public static Definitions Definitions(Surroundings surroundings, HostSettings settings, string dataDirectory)
    {
        var files = Read(surroundings, settings.Rules);
        var watch = settings.Watch.Select(surroundings.PathOf).ToList();
        var (definitions, messages, _) = DefaultRules.Parse(files, watch, dataDirectory);
        foreach (var message in messages)
        {
            surroundings.Error.WriteLine(Printable.Of(message.ToString()));
        }

        return messages.Any(m => m.Severity == LintSeverity.Error)
            ? throw new VerbFailure(ExitCode.Failed, "The rules have errors, so the server does not start. `eventgrains rule lint` checks them without a server.")
            : definitions;
    }

    private static IEnumerable<string> FilesOf(Surroundings surroundings, string given)
    {
        var path = surroundings.PathOf(given);
        return Directory.Exists(path)
            ? Directory.EnumerateFiles(path)
                .Where(f => Extensions.Contains(Path.GetExtension(f), StringComparer.OrdinalIgnoreCase))
                .Order(StringComparer.Ordinal)
                .Select(f => Path.Combine(given, Path.GetFileName(f)))
            : [given];
    }
}
