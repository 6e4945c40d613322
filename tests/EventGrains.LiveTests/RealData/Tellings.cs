using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace EventGrains.LiveTests.RealData;

/// <summary>
/// Two servers. One hears every group in its order, and later once more; the other hears each group doubled, shuffled and in
/// several requests at once. Told once for all tests, which look at what was heard.
/// </summary>
public sealed partial class Tellings : IAsyncLifetime
{
    private const string Sentinel = "sentinel";

    private static readonly IReadOnlyList<RecordGroup> Groups = RecordGroup.Present;

    private readonly List<string> directories = [Product.NewDirectory(), Product.NewDirectory()];

    /// <summary>Of the shuffle; a failure prints it, and the variable repeats it.</summary>
    internal int Seed { get; } = int.TryParse(Environment.GetEnvironmentVariable("EVENTGRAINS_SEED"), CultureInfo.InvariantCulture, out var seed) ? seed : Random.Shared.Next();

    /// <summary>By group: what <c>events publish</c> summed up, and with which exit code.</summary>
    internal Dictionary<string, (int Exit, JsonElement Sum, string Errors)> Published { get; } = [];

    /// <summary>By group: what each request of a later telling was answered.</summary>
    internal Dictionary<string, List<JsonElement>> Answers { get; } = [];

    internal Dictionary<string, Heard> AfterOnce { get; } = [];

    internal Dictionary<string, Heard> AfterTwice { get; } = [];

    internal Dictionary<string, Heard> Shuffled { get; } = [];

    /// <summary>After the first telling.</summary>
    internal string Metrics { get; private set; } = "";

    /// <summary>The storage of the first transition after the end of the first telling.</summary>
    internal string? FirstToldAfterOnce { get; private set; }

    /// <summary>Of both servers.</summary>
    internal List<JsonElement> DeadLetters { get; } = [];

    public async ValueTask InitializeAsync()
    {
        var servers = await Task.WhenAll(directories.Select(Start));
        await using var ordered = servers[0];
        await using var shuffled = servers[1];

        await TellOnce(ordered);
        await TellAgain(ordered);
        await TellShuffled(shuffled);
        foreach (var server in servers)
        {
            DeadLetters.AddRange((await server.Get("/v1/dead-letters")).GetProperty("items").EnumerateArray());
        }
    }

    public ValueTask DisposeAsync()
    {
        directories.ForEach(directory => Directory.Delete(directory, recursive: true));
        return ValueTask.CompletedTask;
    }

    /// <summary>The type of each record that was read and said nothing, with how often; as the server counted after the first telling.</summary>
    internal IReadOnlyList<string> WithoutEffect(string group) =>
        [.. NoEffect().Matches(Metrics).Where(m => m.Groups["source"].Value == group).Select(m => $"{m.Groups["count"].Value} {m.Groups["type"].Value}").Order(StringComparer.Ordinal)];

    private async Task TellOnce(Product server)
    {
        foreach (var group in Groups)
        {
            var file = Path.Combine(server.Directory, group.Name + ".ndjson");
            await File.WriteAllLinesAsync(file, group.Lines);
            var (exit, output, errors) = await server.Run("events", "publish", file, "--source", group.Name, "-o", "json");
            Published.Add(group.Name, (exit, JsonDocument.Parse(output).RootElement, errors));
            AfterOnce.Add(group.Name, await Heard.Of(server, group));
        }

        Metrics = await server.Http.GetStringAsync("/metrics");
    }

    /// <remarks>
    /// Behind the second telling comes one event that is news. Transitions are told in the order of their commits, so whatever the
    /// second telling caused would be read before it: silence is proved without waiting.
    /// </remarks>
    private async Task TellAgain(Product server)
    {
        var end = await ReadStream(server, "id: ", after: null);
        foreach (var group in Groups)
        {
            Answers.Add(group.Name, [await Post(server, group.Name, group.Lines)]);
        }

        await Post(server, Sentinel, [Groups.First(g => g.Name == "sample-s1-s2").Lines[0]]);
        FirstToldAfterOnce = JsonDocument.Parse(await ReadStream(server, "data: ", after: end)).RootElement.GetProperty("storage").GetString();
        foreach (var group in Groups)
        {
            AfterTwice.Add(group.Name, await Heard.Of(server, group));
        }
    }

    private async Task TellShuffled(Product server)
    {
        const int RequestsAtOnce = 3;
        var random = new Random(Seed);
        foreach (var group in Groups)
        {
            string[] lines = [.. group.Lines, .. group.Lines];
            random.Shuffle(lines);
            var requests = lines.Chunk((lines.Length + RequestsAtOnce - 1) / RequestsAtOnce).Select(part => Post(server, group.Name, part));
            Answers[group.Name].AddRange(await Task.WhenAll(requests));
            Shuffled.Add(group.Name, await Heard.Of(server, group));
        }
    }

    private static async Task<Product> Start(string directory)
    {
        var rules = Path.Combine(directory, "rules.yaml");
        await File.WriteAllTextAsync(rules, string.Concat(Groups.Select(g => g.Name).Append(Sentinel).Select(name =>
            $"""
            ---
            apiVersion: eventgrains/v1
            kind: Storage
            metadata:
              name: {name}
            spec:
              role: origin
            ---
            apiVersion: eventgrains/v1
            kind: Source
            metadata:
              name: {name}
            spec:
              type: http
              format: dcache
              storage: {name}

            """)));
        return await Product.Start(directory, "server", "--data", Path.Combine(directory, "data"), "--rules", rules, "--port", "0");
    }

    private static async Task<JsonElement> Post(Product server, string source, IEnumerable<string> lines)
    {
        using var content = new StringContent(string.Join('\n', lines), Encoding.UTF8, new MediaTypeHeaderValue("application/x-ndjson"));
        using var answer = await server.Http.PostAsync($"/v1/sources/{source}/events", content);
        return JsonDocument.Parse(await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync()).RootElement;
    }

    /// <summary>What stands behind the first line of the stream of transitions that begins so; the stream opens with the id of where it is.</summary>
    private static async Task<string> ReadStream(Product server, string start, string? after)
    {
        using var late = new CancellationTokenSource(Product.Patience);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/transitions?from=latest");
        request.Headers.TryAddWithoutValidation("Last-Event-ID", after);
        using var answer = await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, late.Token);
        using var reader = new StreamReader(await answer.EnsureSuccessStatusCode().Content.ReadAsStreamAsync(late.Token));
        while (await reader.ReadLineAsync(late.Token) is { } line)
        {
            if (line.StartsWith(start, StringComparison.Ordinal))
            {
                return line[start.Length..];
            }
        }

        throw new EndOfStreamException("the stream of transitions ended");
    }

    [GeneratedRegex("""^eventgrains_records_without_effect_total\{.*source="(?<source>[^"]+)",type="(?<type>[^"]+)"\} (?<count>\d+)""", RegexOptions.Multiline)]
    private static partial Regex NoEffect();
}
