using System.Globalization;

namespace EventGrains.LoadTest.Product;

/// <summary>What the kernel says of a process.</summary>
internal readonly record struct ProcessFigures(double CpuSeconds, long ResidentBytes, long PeakResidentBytes)
{
    /// <summary>USER_HZ, which Linux fixes for what it shows to programs.</summary>
    private const double TicksPerSecond = 100;

    public static ProcessFigures Of(int process)
    {
        var fields = Fields(process) ?? throw new ProductException($"process {process} has ended");
        var status = File.ReadAllLines($"/proc/{process}/status");
        return new ProcessFigures(Own(fields), Kilobytes(status, "VmRSS:") * 1024, Kilobytes(status, "VmHWM:") * 1024);
    }

    /// <summary>CPU seconds of all that this process ever started, ended or not; without its own.</summary>
    public static double OfChildren(int process) => Tree(process) - Own(Fields(process)!);

    /// <summary>CPU seconds of a process and of all that it ever started. What a child used is its parent's to tell once it has ended and was waited for.</summary>
    public static double Tree(int process)
    {
        var children = new Dictionary<int, List<int>>();
        foreach (var id in Directory.EnumerateDirectories("/proc").Select(d => int.TryParse(Path.GetFileName(d), CultureInfo.InvariantCulture, out var id) ? id : 0))
        {
            if (id > 0 && Fields(id) is { } fields)
            {
                var parent = int.Parse(fields[1], CultureInfo.InvariantCulture);
                children.TryAdd(parent, []);
                children[parent].Add(id);
            }
        }

        return Sum(process);

        double Sum(int id) =>
            (Fields(id) is { } fields ? Own(fields) + Ticks(fields, 13) + Ticks(fields, 14) : 0) + (children.GetValueOrDefault(id) ?? []).Sum(Sum);
    }

    private static double Own(string[] fields) => Ticks(fields, 11) + Ticks(fields, 12);

    private static double Ticks(string[] fields, int place) => long.Parse(fields[place], CultureInfo.InvariantCulture) / TicksPerSecond;

    /// <summary>Those after the name, which is in brackets and may hold anything; null when the process has ended meanwhile.</summary>
    private static string[]? Fields(int process)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{process}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static long Kilobytes(string[] status, string name)
    {
        var line = status.First(l => l.StartsWith(name, StringComparison.Ordinal));
        return long.Parse(line[name.Length..^"kB".Length], CultureInfo.InvariantCulture);
    }
}
