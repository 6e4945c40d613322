using EventGrains.LoadTest.Oracle;

namespace EventGrains.LoadTest.Cluster;

/// <summary>Which attempts of which steps really ran, as the action itself wrote it down, process by process.</summary>
internal static class StepLedger
{
    /// <summary>Where the action <c>noop</c> writes a line for each attempt that it runs: the step, a space, the attempt's number.</summary>
    public const string Variable = "EVENTGRAINS_TEST_STEPS";

    /// <summary>The attempts that ran; a step that ran twice under one number is a finding.</summary>
    public static int Compare(IEnumerable<string> lines, Verdict verdict)
    {
        var (ran, count) = (new HashSet<string>(StringComparer.Ordinal), 0);
        foreach (var line in lines)
        {
            count++;
            if (!ran.Add(line))
            {
                verdict.AddRepeated($"step ran twice without its attempt number saying so: {line}");
            }
        }

        return count;
    }

    public static IEnumerable<string> Read(string directory) => Directory.EnumerateFiles(directory).SelectMany(File.ReadLines);
}
