using System.Globalization;
using EventGrains.LoadTest.Oracle;

namespace EventGrains.LoadTest.Cluster;

/// <summary>What grains got that are subscribed to the Orleans stream of their file, as the action <c>witness</c> wrote it down, process by process.</summary>
internal sealed class StreamLedger
{
    /// <summary>Where it writes a line for each delivery: ticks, the file, the version; version 0 is the subscription.</summary>
    public const string Variable = "EVENTGRAINS_TEST_STREAM";

    private readonly Dictionary<string, int> _last = new(StringComparer.Ordinal);

    private StreamLedger()
    {
    }

    /// <summary>Files that are followed.</summary>
    public int Files => _last.Count;

    public int Deliveries { get; private set; }

    /// <summary>Of all processes together; once versions already seen are dropped, none may be left out and none come too early.</summary>
    public static StreamLedger Of(IEnumerable<string> lines, Verdict verdict)
    {
        var ledger = new StreamLedger();
        foreach (var (_, file, version) in lines.Select(Parse).OrderBy(line => line.Ticks))
        {
            ledger.Add(file, version, verdict);
        }

        return ledger;
    }

    /// <summary>The first file that has not got its last version yet, if there is one.</summary>
    public string? Missing(IReadOnlyDictionary<string, int> versions) =>
        _last.Where(f => f.Value < versions.GetValueOrDefault(f.Key)).Select(f => $"stream: {f.Key} is at version {versions[f.Key]}, and the last that came is {f.Value}").FirstOrDefault();

    private void Add(string file, int version, Verdict verdict)
    {
        var last = _last.GetValueOrDefault(file);
        Deliveries += version > 0 ? 1 : 0;
        if (version > last + 1)
        {
            verdict.AddRepeated($"stream: {file} version {version} came after version {last}");
        }

        _last[file] = Math.Max(last, version);
    }

    private static (long Ticks, string File, int Version) Parse(string line)
    {
        var parts = line.Split(' ');
        return (long.Parse(parts[0], CultureInfo.InvariantCulture), parts[1], int.Parse(parts[2], CultureInfo.InvariantCulture));
    }
}
