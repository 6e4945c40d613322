using System.Globalization;

namespace EventGrains.LoadTest.Product;

/// <summary>What the kernel says of a process.</summary>
internal readonly record struct ProcessFigures(double CpuSeconds, long ResidentBytes, long PeakResidentBytes)
{
    /// <summary>USER_HZ, which Linux fixes for what it shows to programs.</summary>
    private const double TicksPerSecond = 100;

    public static ProcessFigures Of(int process)
    {
        var stat = File.ReadAllText($"/proc/{process}/stat");

        // The name, in brackets, may hold anything; after it the fields are numbers. utime and stime are the 14th and 15th of all.
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        var ticks = long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
        var status = File.ReadAllLines($"/proc/{process}/status");
        return new ProcessFigures(ticks / TicksPerSecond, Kilobytes(status, "VmRSS:") * 1024, Kilobytes(status, "VmHWM:") * 1024);
    }

    private static long Kilobytes(string[] status, string name)
    {
        var line = status.First(l => l.StartsWith(name, StringComparison.Ordinal));
        return long.Parse(line[name.Length..^"kB".Length], CultureInfo.InvariantCulture);
    }
}
