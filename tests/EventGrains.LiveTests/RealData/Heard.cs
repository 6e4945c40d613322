using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace EventGrains.LiveTests.RealData;

/// <summary>All that a server says of one storage: its files, and what happened to each.</summary>
/// <param name="Files">As <c>GET /v1/files</c> lists them, by id.</param>
/// <param name="Histories">By id; one transition a line.</param>
internal sealed record Heard(SortedDictionary<string, JsonObject> Files, SortedDictionary<string, IReadOnlyList<JsonObject>> Histories)
{
    /// <summary>What differs between two servers that know the same: how and when they learned it, and what they did since.</summary>
    private static readonly string[] Work = ["version", "updatedAt", "steps"];

    public static async Task<Heard> Of(Product server, RecordGroup group)
    {
        var files = new SortedDictionary<string, JsonObject>(StringComparer.Ordinal);
        var histories = new SortedDictionary<string, IReadOnlyList<JsonObject>>(StringComparer.Ordinal);
        foreach (var file in await Items(server, $"/v1/files?storage={group.Name}"))
        {
            var id = (string)file["id"]!;
            files.Add(id, file);
            histories.Add(id, await Items(server, $"/v1/files/{Uri.EscapeDataString(id)}/history?"));
        }

        foreach (var id in group.FilesNamed.Except(files.Keys))
        {
            using var answer = await server.Http.GetAsync($"/v1/files/{Uri.EscapeDataString(id)}");
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }

        return new Heard(files, histories);
    }

    /// <summary>Everything, byte for byte.</summary>
    public string Everything => Text(Files.Values.Concat(Histories.Values.SelectMany(h => h)));

    /// <summary>What is known of the files, and nothing of how it came to be known.</summary>
    public string Facts => Text(Files.Values.Select(file => new JsonObject(file.Where(p => !Work.Contains(p.Key)).Select(p => KeyValuePair.Create(p.Key, p.Value?.DeepClone())))));

    /// <summary>A page may end early and still have a next one.</summary>
    private static async Task<IReadOnlyList<JsonObject>> Items(Product server, string path)
    {
        var items = new List<JsonObject>();
        for (string? next = "", after = ""; next is not null; after = $"&after={Uri.EscapeDataString(next ?? "")}")
        {
            var page = JsonNode.Parse(await server.Http.GetStringAsync(path + after))!;
            items.AddRange(page["items"]!.AsArray().Select(item => item!.AsObject()));
            next = (string?)page["next"];
        }

        return items;
    }

    private static string Text(IEnumerable<JsonObject> objects) => string.Join('\n', objects.Select(o => o.ToJsonString(JsonSerializerOptions.Web)));
}
