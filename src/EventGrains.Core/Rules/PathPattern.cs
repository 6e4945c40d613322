namespace EventGrains.Rules;

/// <summary>A glob over paths: <c>*</c> and <c>?</c> stay within one part, <c>**</c> crosses parts, <c>{name}</c> captures within one part.</summary>
public sealed class PathPattern
{
    public PathPattern(string text)
    {
        Text = text;
    }

    public string Text { get; }

    public bool IsMatch(string path) => throw new NotImplementedException();

    /// <summary>Fills <paramref name="template"/> from what the pattern captures in <paramref name="path"/>; null when the path does not match.</summary>
    public string? Fill(string template, string path) => throw new NotImplementedException();
}
