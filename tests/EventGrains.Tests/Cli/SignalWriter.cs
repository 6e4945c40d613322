namespace EventGrains.Tests.Cli;

/// <summary>Keeps what is written, and calls back once when a line holds a word.</summary>
internal sealed class SignalWriter(string word, Action signal) : StringWriter
{
    private bool called;

    public override void WriteLine(string? value)
    {
        base.WriteLine(value);
        if (!called && value?.Contains(word, StringComparison.Ordinal) == true)
        {
            called = true;
            signal();
        }
    }
}
