namespace EventGrains.Rules;

/// <summary>A text that a person wrote and that cannot be read: why, and what to write instead.</summary>
public sealed class RuleFormatException(string reason, string remedy) : FormatException($"{reason}; {remedy}")
{
    public string Reason { get; } = reason;

    public string Remedy { get; } = remedy;
}
