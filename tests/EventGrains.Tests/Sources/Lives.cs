using System.Globalization;

namespace EventGrains.Tests.Sources;

/// <summary>Seeds of random lives.</summary>
internal static class Lives
{
    /// <summary>These, and with <c>EVENTGRAINS_SEEDS=1000-1300</c> those as well.</summary>
    public static TheoryData<int> With(params int[] seeds)
    {
        var more = Environment.GetEnvironmentVariable("EVENTGRAINS_SEEDS")?.Split('-').Select(s => int.Parse(s, CultureInfo.InvariantCulture)).ToArray();
        return [.. seeds, .. more is [var first, var last] ? Enumerable.Range(first, last - first + 1) : []];
    }
}
