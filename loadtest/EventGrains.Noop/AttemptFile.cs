using System.Globalization;
using EventGrains.Contracts.Actions;

namespace EventGrains.Noop;

/// <summary>The effect that a test can count: a line for each attempt that ran, in a file of this process. Nothing without the variable.</summary>
internal static class AttemptFile
{
    private const string Variable = "EVENTGRAINS_TEST_STEPS";

    private static readonly StreamWriter? Lines = Open();

    /// <summary>With the kernel when it returns, so that a <c>kill -9</c> of this process takes nothing back.</summary>
    public static void Add(ActionRequest request)
    {
        if (Lines is not null)
        {
            lock (Lines)
            {
                Lines.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{request.IdempotencyKey} {request.Claim.Attempt}"));
            }
        }
    }

    private static StreamWriter? Open() => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } directory
        ? new StreamWriter(Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}-{Guid.NewGuid():N}"))) { AutoFlush = true }
        : null;
}
