using System.Text.Json;

namespace EventGrains.LiveTests.RealData;

/// <summary>Records that are one history, told to a source and a storage that are theirs alone.</summary>
/// <param name="Name">Of the storage, and of the source that speaks of it.</param>
internal sealed record RecordGroup(string Name, IReadOnlyList<string> Lines)
{
    public const string Real = "real";

    public const string WhyRealIsAbsent = "EVENTGRAINS_SHARED names no folder with data/dcache-billing-300.ndjson";

    /// <summary>The samples are no single history: one deletes what another flushes hours later.</summary>
    private static readonly (string Name, string[] Samples)[] OfSamples =
    [
        ("sample-s1-s2", ["s1", "s2"]),
        ("sample-s3", ["s3"]),
        ("sample-s4", ["s4"]),
        ("sample-s5-s6", ["s5", "s6"]),
        ("sample-s7", ["s7"]),
        ("sample-s8-s11", ["s8", "s9", "s10", "s11"]),
        ("sample-s12", ["s12"]),
    ];

    private static readonly string RealRecords =
        Path.Combine(Environment.GetEnvironmentVariable("EVENTGRAINS_SHARED") ?? "", "data", "dcache-billing-300.ndjson");

    public static IReadOnlyList<string> Names { get; } = [Real, .. OfSamples.Select(s => s.Name)];

    /// <summary>All; without the real records where they are absent.</summary>
    public static IReadOnlyList<RecordGroup> Present { get; } =
    [
        .. File.Exists(RealRecords) ? [new RecordGroup(Real, File.ReadAllLines(RealRecords))] : Array.Empty<RecordGroup>(),
        .. OfSamples.Select(s => new RecordGroup(s.Name, [.. s.Samples.SelectMany(SampleLines)])),
    ];

    /// <summary>The ids of the files that the records name, whether anything is proved of them or not.</summary>
    public IReadOnlyList<string> FilesNamed { get; } =
    [
        .. Lines.Select(line => JsonDocument.Parse(line).RootElement)
            .Select(record => record.TryGetProperty("pnfsid", out var id) ? $"{Name}:{id.GetString()}" : null)
            .OfType<string>().Distinct().Order(StringComparer.Ordinal),
    ];

    private static string[] SampleLines(string name) =>
        File.ReadAllLines(Path.Combine(Product.SourceTree, "tests", "EventGrains.Tests", "Samples", name + ".ndjson"));
}
