using EventGrains.Rules;

// Stands in for the rule reader of Core, name by name; this file goes when that is here.
namespace EventGrains.Cli.Hosting;

internal enum LintSeverity
{
    Warning,
    Error,
}

internal sealed record LintMessage(string File, int Line, int Column, LintSeverity Severity, string Message, string Remedy)
{
    public override string ToString() =>
        $"{File}:{Line}:{Column}: {(Severity == LintSeverity.Error ? "error" : "warning")}: {Message}; {Remedy}";
}

internal static class RuleFiles
{
    public static (Definitions Definitions, IReadOnlyList<LintMessage> Messages) Parse(IEnumerable<(string File, string Text)> files) => (
        Definitions.Empty,
        files.Where(f => !f.Text.Contains("apiVersion: eventgrains/v1", StringComparison.Ordinal))
            .Select(f => new LintMessage(f.File, 1, 1, LintSeverity.Error, "apiVersion is missing", "write apiVersion: eventgrains/v1"))
            .ToList());
}

internal static class DefaultRules
{
    public static (Definitions Definitions, IReadOnlyList<LintMessage> Messages, string Defaults) Parse(
        IReadOnlyCollection<(string File, string Text)> files,
        IReadOnlyCollection<string> watchDirectories,
        string dataDirectory)
    {
        _ = (watchDirectories, dataDirectory);
        var (definitions, messages) = RuleFiles.Parse(files);
        return (definitions, messages, "");
    }
}
