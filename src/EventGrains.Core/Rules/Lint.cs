namespace EventGrains.Rules;

/// <summary>A place in a rule file; line and column count from 1.</summary>
internal readonly record struct Place(string File, int Line, int Column)
{
    public override string ToString() => $"{File}:{Line}:{Column}";
}

/// <summary>Collects what is found while rule files are read.</summary>
internal sealed class Lint
{
    private readonly List<LintMessage> messages = [];

    public int Errors { get; private set; }

    /// <summary>By file (ordinal), line and column; at one place in the order in which they were found.</summary>
    public IReadOnlyList<LintMessage> Messages =>
        [.. messages.OrderBy(m => m.File, StringComparer.Ordinal).ThenBy(m => m.Line).ThenBy(m => m.Column)];

    public void Error(Place at, string message, string remedy)
    {
        Errors++;
        messages.Add(new LintMessage(at.File, at.Line, at.Column, LintSeverity.Error, message, remedy));
    }

    public void Warning(Place at, string message, string remedy) =>
        messages.Add(new LintMessage(at.File, at.Line, at.Column, LintSeverity.Warning, message, remedy));
}
