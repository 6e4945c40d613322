using System.Globalization;

namespace EventGrains.Noop;

/// <summary>What a test can read afterwards: lines in a file of this process, in the directory that a variable names. Nothing without the variable.</summary>
internal sealed class LineFile(string variable)
{
    private readonly StreamWriter? _lines = Environment.GetEnvironmentVariable(variable) is { Length: > 0 } directory
        ? new StreamWriter(Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}-{Guid.NewGuid():N}"))) { AutoFlush = true }
        : null;

    /// <summary>With the kernel when it returns, so that a <c>kill -9</c> of this process takes nothing back.</summary>
    public void Add(string line)
    {
        if (_lines is not null)
        {
            lock (_lines)
            {
                _lines.WriteLine(line);
            }
        }
    }
}
