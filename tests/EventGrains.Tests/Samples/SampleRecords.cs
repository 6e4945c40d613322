namespace EventGrains.Tests.Samples;

/// <summary>The made-up dCache records beside this file: <c>s1</c> to <c>s12</c>, one record per line.</summary>
public static class SampleRecords
{
    private static readonly string Folder = FolderOf(AppContext.BaseDirectory);

    public static IReadOnlyList<string> Names { get; } = [.. Enumerable.Range(1, 12).Select(n => $"s{n}")];

    public static string[] Lines(string name) => File.ReadAllLines(Path.Combine(Folder, name + ".ndjson"));

    public static IEnumerable<string> All => Names.SelectMany(Lines);

    private static string FolderOf(string start)
    {
        for (var at = new DirectoryInfo(start); at is not null; at = at.Parent)
        {
            var samples = Path.Combine(at.FullName, "tests", "EventGrains.Tests", "Samples");
            if (Directory.Exists(samples))
            {
                return samples;
            }
        }

        throw new DirectoryNotFoundException($"no tests/EventGrains.Tests/Samples above {start}; run the tests from a clone");
    }
}
