using System.Globalization;
using EventGrains.LoadTest.Cluster;

namespace EventGrains.LiveTests.Cluster;

/// <summary>How servers around one database are started, each silo and gateway in one process.</summary>
/// <param name="directory">Where the rules are, and what each keeps.</param>
/// <param name="database">A connection to it.</param>
/// <param name="more">What each is given besides.</param>
internal sealed class Servers(string directory, string database, params string[] more)
{
    private const string Rules = "{apiVersion: eventgrains/v1, kind: Dataset, metadata: {name: all}, spec: {path: '/**'}}\n";

    /// <summary>The arguments of one more server, on ports of its own; started again by the same ones, it is the same silo.</summary>
    public string[] Next(params string[] own)
    {
        var rules = Path.Combine(directory, "rules.yaml");
        File.WriteAllText(rules, Rules);
        return
        [
            "server", "--store", "postgres", "--postgres", database, "--rules", rules, "--port", "0", "--set", "shards=8",
            "--silo-port", Number(FreePorts.Take()), "--client-port", Number(FreePorts.Take()), "--data", Directory.CreateTempSubdirectory("eventgrains-live-").FullName, .. more, .. own,
        ];
    }

    /// <summary>By which others know the silo that is started with these arguments.</summary>
    public static string SiloPort(string[] arguments) => arguments[Array.IndexOf(arguments, "--silo-port") + 1];

    private static string Number(int port) => port.ToString(CultureInfo.InvariantCulture);
}

internal static class Metrics
{
    /// <summary>The value of a metric now, by its name and one of its labels; null where it is not shown.</summary>
    public static async Task<double?> Metric(this Product server, string name, string label = "")
    {
        var lines = (await server.Http.GetStringAsync(new Uri(server.Url, "/metrics"))).Split('\n');
        return lines.FirstOrDefault(l => (l.StartsWith(name + '{', StringComparison.Ordinal) || l.StartsWith(name + ' ', StringComparison.Ordinal)) && l.Contains(label, StringComparison.Ordinal)) is { } line
            ? double.Parse(line[(line.IndexOf('}', StringComparison.Ordinal) + 1)..].Trim().Split(' ')[line.Contains('}', StringComparison.Ordinal) ? 0 : 1], CultureInfo.InvariantCulture)
            : null;
    }
}
