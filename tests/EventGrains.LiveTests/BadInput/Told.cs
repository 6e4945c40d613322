using System.Text.Json;

namespace EventGrains.LiveTests.BadInput;

/// <summary>Events that a test tells, and what the product then knows of their files.</summary>
internal static class Told
{
    public const string Source = "cloudevents";

    /// <summary>One line: a file of this name was stored.</summary>
    public static string Stored(string name, string? path = null, long size = 3, string time = "2026-03-04T09:15:02Z") => JsonSerializer.Serialize(new
    {
        specversion = "1.0",
        id = name,
        source = "tests",
        type = "org.eventgrains.file.stored",
        time,
        data = new { id = name, path = path ?? $"/{name}", size },
    });

    public static string[] Stored(IEnumerable<string> names) => [.. names.Select(name => Stored(name))];

    public static string[] Names(string prefix, int count) => [.. Enumerable.Range(0, count).Select(i => $"{prefix}{i:d4}")];

    /// <summary>Every file that is known, and its version: 1 when its one event was taken once.</summary>
    public static async Task<Dictionary<string, int>> Versions(Product product)
    {
        var versions = new Dictionary<string, int>();
        for (string? after = null; ;)
        {
            var page = await product.Get($"/v1/files?storage={Source}&limit=1000{(after is null ? "" : $"&after={Uri.EscapeDataString(after)}")}");
            foreach (var file in page.GetProperty("items").EnumerateArray())
            {
                versions.Add(file.GetProperty("id").GetString()![(Source.Length + 1)..], file.GetProperty("version").GetInt32());
            }

            after = page.GetProperty("next").GetString();
            if (after is null)
            {
                return versions;
            }
        }
    }

    /// <summary>Each of these files is known, was told of once, and no other is known.</summary>
    /// <param name="among">Only files whose names begin so are looked at: a test's own, on a server that others use.</param>
    public static async Task AreKnownOnce(Product product, IEnumerable<string> names, string among = "")
    {
        var versions = (await Versions(product)).Where(file => file.Key.StartsWith(among, StringComparison.Ordinal)).ToDictionary();
        Assert.Equal(names.Order(StringComparer.Ordinal), versions.Keys.Order(StringComparer.Ordinal));
        Assert.All(versions, file => Assert.Equal(1, file.Value));
    }

    /// <summary>Sends the same lines until they are taken. In between the answer may be 503 and nothing else.</summary>
    public static Task<Answer> PostUntilTaken(Product product, params string[] lines) => Eventually.Answers(
        () => product.Post(Source, lines),
        answer => answer.IsOk || (answer.Status == System.Net.HttpStatusCode.ServiceUnavailable ? false : throw new InvalidOperationException($"{answer}")));
}
