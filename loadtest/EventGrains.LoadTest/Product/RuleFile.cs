using System.Globalization;
using System.Text;

namespace EventGrains.LoadTest.Product;

/// <summary>The rule files that the product is started with.</summary>
internal static class RuleFile
{
    public const string Storage = "dcache";
    public const string HttpSource = "doors";
    public const string LogSource = "pools";
    public const string WatchedStorage = "inbox";
    public const string MirrorStorage = "inbox-mirror";

    /// <summary>Subscribers' filters: each holds for 1 % of the files.</summary>
    public static IReadOnlyList<string> WatchedPaths { get; } = [.. Enumerable.Range(0, 4).Select(n => $"/data/*/*/watch{n}/*")];

    /// <summary>An HTTP and a log source of one storage, ten rules that run <c>noop</c> on 2 % of the files, and ten datasets that hold all of them.</summary>
    public static string ForEvents(string logDirectory)
    {
        var yaml = new StringBuilder();
        Add(yaml, "Storage", Storage, "{ role: origin }");
        Add(yaml, "Source", HttpSource, $"{{ type: http, format: dcache, storage: {Storage} }}");
        Add(yaml, "Source", LogSource, $"{{ type: log, format: dcache, storage: {Storage}, files: '{logDirectory}/*.log' }}");
        for (var n = 0; n < 10; n++)
        {
            Add(yaml, "Dataset", Name("exp", n), $"{{ path: '/data/exp{n}/**' }}");
            Add(yaml, "Rule", Name("calibrate", n), $"{{ when: {{ kind: stored, path: '/data/*/*/calib{n}/*' }}, do: [{{ noop: {{}} }}] }}");
        }

        return yaml.ToString();
    }

    /// <summary>One more rule: each file of the first subscriber's 1 % gets a grain that follows it by the Orleans stream.</summary>
    public static string ForWitnesses()
    {
        var yaml = new StringBuilder();
        Add(yaml, "Rule", "witness", $"{{ when: {{ kind: stored, path: '{WatchedPaths[0]}' }}, do: [{{ witness: {{}} }}] }}");
        return yaml.ToString();
    }

    /// <summary>A watched directory whose files are mirrored; then a command leaves a mark named after each.</summary>
    public static string ForWatchedFiles(string watched, string mirror, string marks)
    {
        var yaml = new StringBuilder();
        Add(yaml, "Storage", WatchedStorage, $"{{ root: '{watched}', role: origin }}");
        Add(yaml, "Storage", MirrorStorage, $"{{ root: '{mirror}', role: replica }}");
        Add(yaml, "Source", WatchedStorage, $"{{ type: directory, format: directory, storage: {WatchedStorage} }}");
        Add(yaml, "Rule", "mirror",
            $"{{ when: {{ kind: stored, path: '/drop/**' }}, do: [{{ replicate: {{ to: {MirrorStorage}, path: '{{path}}' }} }}, "
            + $"{{ run: {{ command: [touch, '{marks}/{{id}}'], timeout: 30s }} }}] }}");
        return yaml.ToString();
    }

    private static string Name(string word, int n) => string.Create(CultureInfo.InvariantCulture, $"{word}{n}");

    private static void Add(StringBuilder yaml, string kind, string name, string spec) =>
        yaml.Append(CultureInfo.InvariantCulture, $"---\napiVersion: eventgrains/v1\nkind: {kind}\nmetadata: {{ name: {name} }}\nspec: {spec}\n");
}
