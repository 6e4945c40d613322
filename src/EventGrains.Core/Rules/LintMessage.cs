namespace EventGrains.Rules;

public enum LintSeverity : byte
{
    Warning,
    Error,
}

/// <summary>What is wrong, or probably not meant, at one place of a rule file, and what to do.</summary>
/// <param name="Line">From 1.</param>
/// <param name="Column">From 1.</param>
public sealed record LintMessage(string File, int Line, int Column, LintSeverity Severity, string Message, string Remedy)
{
    /// <summary><c>FILE:LINE:COL: severity: message; remedy</c>, always one line.</summary>
    public override string ToString() =>
        $"{File}:{Line}:{Column}: {(Severity == LintSeverity.Error ? "error" : "warning")}: {Message}; {Remedy}";
}
