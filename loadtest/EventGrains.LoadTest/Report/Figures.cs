using System.Globalization;
using EventGrains.LoadTest.Oracle;

namespace EventGrains.LoadTest.Report;

/// <summary>Figures of several rounds, and how they are worded.</summary>
internal static class Figures
{
    public static double Median(IEnumerable<double> rounds)
    {
        double[] sorted = [.. rounds.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>The median, and from the least to the most.</summary>
    public static string Spread(IReadOnlyCollection<double> rounds) => $"{Thousands(Median(rounds))} ({Thousands(rounds.Min())} to {Thousands(rounds.Max())})";

    public static string Thousands(double value) => string.Create(CultureInfo.InvariantCulture, $"{value / 1000:0.0} k");

    public static string Mebibytes(double bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / (1 << 20):0} MiB");

    /// <summary>Prints a verdict with its examples; the exit code that it means.</summary>
    public static int Conclude(Verdict verdict)
    {
        foreach (var example in verdict.Examples)
        {
            Console.WriteLine($"  WRONG  {example}");
        }

        Console.WriteLine(verdict.IsGood
            ? "good: nothing lost, nothing repeated, every state as planned"
            : $"FAILED: lost {verdict.Lost}, repeated {verdict.Repeated}, wrong states {verdict.WrongStates}, others {verdict.Others}");
        return verdict.IsGood ? 0 : 1;
    }
}
