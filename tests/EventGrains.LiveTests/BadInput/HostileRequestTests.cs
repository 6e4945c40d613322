using System.Net;
using System.Text;
using System.Text.Json;

namespace EventGrains.LiveTests.BadInput;

/// <summary>Requests that no honest client sends, to the server as it runs.</summary>
public sealed class HostileRequestTests(SharedServer shared) : IClassFixture<SharedServer>, IAsyncDisposable
{
    private readonly string _directory = Product.NewDirectory();

    [Fact]
    public async Task Bad_lines_among_good_ones_are_named_with_field_and_remedy_and_the_good_ones_are_taken()
    {
        var server = shared.Product;
        byte[][] lines =
        [
            Bytes(Told.Stored("line-good")),
            Bytes(Told.Stored("line-torn"))[..^10],
            Bytes(Told.Stored("line-negative", size: -1)),
            Bytes(Told.Stored("line-shapeless", time: "yesterday")),
            Bytes(Told.Stored("line-early", time: "2099-01-01T00:00:00Z")),
            Broken(Told.Stored("line-broken", path: "/broken-X")),
            Bytes("[]"),
            Bytes(Told.Stored("line-offset", time: "2026-03-04T09:15:02.123456789+05:45")),
            Bytes(Told.Stored("line-nul", path: "/a\0b")),
        ];

        var answer = await server.Post($"/v1/sources/{Told.Source}/events", [.. lines.SelectMany(line => (byte[])[.. line, (byte)'\n'])]);

        Assert.True(answer.IsOk, $"{answer}");
        Assert.Equal((3, 6), (answer.Body.GetProperty("accepted").GetInt32(), answer.Body.GetProperty("rejected").GetInt32()));
        var rejections = answer.Body.GetProperty("rejections").EnumerateArray().ToList();
        Assert.Equal(
            [(2, "record"), (3, "data.size"), (4, "time"), (5, "time"), (6, "data.path"), (7, "record")],
            rejections.Select(r => (r.GetProperty("line").GetInt32(), r.GetProperty("field").GetString()!)));
        Assert.All(rejections, r => Assert.True(r.GetProperty("reason").GetString()!.Length > 0 && r.GetProperty("remedy").GetString()!.Length > 0));
        await Told.AreKnownOnce(server, ["line-good", "line-offset", "line-nul"], among: "line-");
    }

    [Fact]
    public async Task A_NUL_in_a_name_is_kept_shown_and_found()
    {
        await using (var server = await Product.Start(_directory, "dev", "--port", "0"))
        {
            Assert.True((await server.Post(Told.Source, Told.Stored("i\0d", path: "/a\0b"), Told.Stored("id", path: "/a"))).IsOk);
            await server.Kill();
        }

        await using var again = await Product.Start(_directory, "dev", "--port", "0");
        var file = Assert.Single((await again.Get($"/v1/files?path={Uri.EscapeDataString("/a\0b")}")).GetProperty("items").EnumerateArray());
        Assert.Equal("/a\0b", file.GetProperty("path").GetString());
        Assert.Equal("cloudevents:i\0d", file.GetProperty("id").GetString());
        var listed = await again.Run("file", "list");
        Assert.Equal(0, listed.Exit);
        Assert.Contains(@"cloudevents:/a\u0000b", listed.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\0', listed.Output);
        Assert.Equal("cloudevents:id", (await again.Get("/v1/files/cloudevents%3A%2Fa")).GetProperty("id").GetString());
    }

    [Fact]
    public async Task An_unknown_source_format_or_content_type_names_what_there_is()
    {
        var server = shared.Product;
        var body = Bytes(Told.Stored("nowhere-a"));

        var source = await server.Post("/v1/sources/nowhere/events", body);
        var format = await server.Post($"/v1/sources/{Told.Source}/events?format=nonsense", body);
        var type = await server.Post($"/v1/sources/{Told.Source}/events", body, "text/plain");
        var published = await server.Run("events", "publish", await Publishable(body), "--source", "nowhere");

        source.IsProblem(HttpStatusCode.NotFound, "nowhere");
        Assert.Contains("cloudevents", source.Text("remedy"), StringComparison.Ordinal);
        format.IsProblem(HttpStatusCode.BadRequest, "nonsense");
        Assert.Contains("dcache", format.Text("remedy"), StringComparison.Ordinal);
        type.IsProblem(HttpStatusCode.UnsupportedMediaType, "text/plain");
        Assert.Equal(3, published.Exit);
        Assert.Contains("cloudevents", published.Errors, StringComparison.Ordinal);
        await Told.AreKnownOnce(server, [], among: "nowhere-");
    }

    [Fact]
    public async Task A_page_from_elsewhere_and_a_name_that_was_rebound_change_nothing()
    {
        var server = shared.Product;
        var path = $"/v1/sources/{Told.Source}/events";

        var foreign = await server.Post(path, Bytes(Told.Stored("foreign-a")), headers: ("Origin", "https://evil.example"));
        var simple = await server.Post(path, Bytes(Told.Stored("foreign-a")), "text/plain", ("Origin", "null"));
        var rebound = await server.Post(path, Bytes(Told.Stored("foreign-a")), headers: ("Host", $"evil.example:{server.Url.Port}"));

        foreign.IsProblem(HttpStatusCode.Forbidden, "evil.example");
        simple.IsProblem(HttpStatusCode.Forbidden);
        rebound.IsProblem(HttpStatusCode.MisdirectedRequest, "evil.example");
        await Told.AreKnownOnce(server, [], among: "foreign-");
    }

    [Fact]
    public async Task Paths_and_links_that_lead_out_of_a_root_are_neither_read_nor_written()
    {
        var outside = Directory.CreateDirectory(Path.Combine(_directory, "outside")).FullName;
        await File.WriteAllTextAsync(Path.Combine(outside, "secret"), "key");
        var inbox = Directory.CreateDirectory(Path.Combine(_directory, "data-in")).FullName;
        var mirror = Directory.CreateDirectory(Path.Combine(_directory, "copies")).FullName;
        Directory.CreateSymbolicLink(Path.Combine(inbox, "link"), outside);
        File.CreateSymbolicLink(Path.Combine(inbox, "secret"), Path.Combine(outside, "secret"));
        await File.WriteAllTextAsync(Path.Combine(inbox, "good"), "yes");
        await File.WriteAllTextAsync(Path.Combine(_directory, "rules.yaml"), $$"""
            apiVersion: eventgrains/v1
            kind: Storage
            metadata: {name: in}
            spec: {root: "{{inbox}}"}
            ---
            apiVersion: eventgrains/v1
            kind: Storage
            metadata: {name: copies}
            spec: {role: replica, root: "{{mirror}}"}
            ---
            apiVersion: eventgrains/v1
            kind: Source
            metadata: {name: told}
            spec: {type: http, format: cloudevents, storage: in}
            ---
            apiVersion: eventgrains/v1
            kind: Rule
            metadata: {name: copy}
            spec:
              when: {storage: in, path: "/**"}
              do: [replicate: {to: copies, path: "/by-name{path}"}]
            """);
        await using var server = await Product.Start(_directory, "server", "--data", "data", "--rules", "rules.yaml", "--port", "0", "--set", "backOffFirstSeconds=0.05");

        var told = await server.Post(
            "told",
            Told.Stored("up", path: "/../outside/secret"), Told.Stored("deep", path: "/x/../../outside/secret"),
            Told.Stored("link", path: "/link/secret"), Told.Stored("file", path: "/secret"), Told.Stored("good", path: "/good"));

        Assert.True(told.IsOk, $"{told}");
        await StepOf("good", "done");
        foreach (var (name, reason) in (List<(string, string)>)[("up", "'..' part"), ("deep", "'..' part"), ("link", "symbolic link"), ("file", "symbolic link")])
        {
            Assert.Contains(reason, (await StepOf(name, "failed")).GetProperty("error").GetString(), StringComparison.Ordinal);
        }

        Assert.Equal([Path.Combine(mirror, "by-name", "good")], Directory.EnumerateFiles(mirror, "*", SearchOption.AllDirectories));
        Assert.Equal([Path.Combine(outside, "secret")], Directory.EnumerateFileSystemEntries(outside));

        async Task<JsonElement> StepOf(string name, string state) => (await Eventually.Answers(
            () => server.Get($"/v1/files/in%3A{name}"),
            file => file.GetProperty("steps").EnumerateArray().Any(s => s.GetProperty("state").GetString() == state))).GetProperty("steps")[0];
    }

    public async ValueTask DisposeAsync() => await Tool.Remove(_directory);

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static byte[] Broken(string line) => [.. Bytes(line).Select(b => b == (byte)'X' ? (byte)0xFF : b)];

    private async Task<string> Publishable(byte[] body)
    {
        var file = Path.Combine(_directory, "events.ndjson");
        await File.WriteAllBytesAsync(file, body);
        return file;
    }
}
