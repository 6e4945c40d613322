using System.Net;
using System.Text;
using System.Text.Json;

namespace EventGrains.LiveTests.BadInput;

/// <summary>A line of 50 MB, by each way in: it is refused or set aside without ever being held, and what comes after it is taken.</summary>
public sealed class LongLineTests(LongLineTests.Server shared) : IClassFixture<LongLineTests.Server>
{
    private const int LineBytes = 50_000_000;

    /// <summary>Far less than the line: some buffers, and what the runtime takes for code that runs for the first time.</summary>
    private const long GrowthBytesMax = 32_000_000;

    private static readonly byte[] Line = Encoding.UTF8.GetBytes($$"""{"x":"{{new string('x', LineBytes)}}"}""" + "\n");

    [Theory]
    [InlineData("application/x-ndjson", false, "lines-")]
    [InlineData("application/x-ndjson", true, "chunks-")]
    [InlineData("application/json", false, "json-")]
    public async Task By_http_it_is_413_with_what_to_do_and_the_server_goes_on(string type, bool isChunked, string name)
    {
        var server = shared.Product;
        var before = await Accustom(server, name);

        using var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/sources/{Told.Source}/events") { Content = new ByteArrayContent(Line) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        request.Headers.TransferEncodingChunked = isChunked;
        using var response = await server.Http.SendAsync(request);
        var refused = await Answer.Of(response);

        refused.IsProblem(HttpStatusCode.RequestEntityTooLarge, "line 1", "lineBytesMax");
        Assert.InRange(server.PeakBytes - before, 0, GrowthBytesMax);
        Assert.True((await server.Post(Told.Source, Told.Stored(name + "after"))).IsOk);
        await Told.AreKnownOnce(server, [name + "accustomed", name + "after"], among: name);
    }

    [Fact]
    public async Task In_a_log_file_it_is_a_dead_letter_with_its_beginning_and_the_next_line_is_taken()
    {
        var server = shared.Product;
        await File.WriteAllLinesAsync(shared.Log, [Told.Stored("log-first")]);
        await Eventually.Is(async () => (await Told.Versions(server)).ContainsKey("log-first"), () => server.Errors);
        var before = await Accustom(server, "log-");

        await File.AppendAllBytesAsync(shared.Log, Line);
        await File.AppendAllLinesAsync(shared.Log, [Told.Stored("log-after")]);

        await Eventually.Is(async () => (await Told.Versions(server)).ContainsKey("log-after"), () => server.Errors);
        Assert.InRange(server.PeakBytes - before, 0, GrowthBytesMax);
        await Told.AreKnownOnce(server, ["log-first", "log-accustomed", "log-after"], among: "log-");
        var letter = Assert.Single((await server.Get("/v1/dead-letters")).GetProperty("items").EnumerateArray());
        Assert.Contains($"{Line.Length - 1} bytes", letter.GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Equal(Line[..65_536], letter.GetProperty("bytesBase64").GetBytesFromBase64());
        Assert.Equal("running", Assert.Single((await server.Get("/v1/sources")).GetProperty("items").EnumerateArray(), s => s.GetProperty("name").GetString() == "log").GetProperty("state").GetString());
    }

    [Fact]
    public async Task By_publish_it_is_rejected_by_its_number_and_the_other_lines_are_taken()
    {
        var server = shared.Product;
        var before = await Accustom(server, "published-");
        var file = Path.Combine(shared.Directory, "events.ndjson");
        await File.WriteAllLinesAsync(file, [Told.Stored("published-first")]);
        await File.AppendAllBytesAsync(file, Line);
        await File.AppendAllLinesAsync(file, [Told.Stored("published-after")]);

        var published = await server.Run("events", "publish", file, "--source", Told.Source, "-o", "json");

        Assert.Equal(6, published.Exit);
        var sum = JsonDocument.Parse(published.Output).RootElement;
        Assert.Equal((2, 1), (sum.GetProperty("accepted").GetInt32(), sum.GetProperty("rejected").GetInt32()));
        Assert.Equal(2, sum.GetProperty("rejections")[0].GetProperty("line").GetInt32());
        Assert.Contains("line 2: the line is longer than", published.Errors, StringComparison.Ordinal);
        Assert.InRange(server.PeakBytes - before, 0, GrowthBytesMax);
        await Told.AreKnownOnce(server, ["published-accustomed", "published-first", "published-after"], among: "published-");
    }

    /// <summary>Lets the runtime take the memory that it takes for any work; answers how much that is.</summary>
    private static async Task<long> Accustom(Product server, string name)
    {
        for (var i = 0; i < 50; i++)
        {
            Assert.True((await server.Post(Told.Source, Told.Stored(name + "accustomed"))).IsOk);
        }

        // What another test's line took must not hide what this one's takes.
        server.ForgetPeak();
        return server.PeakBytes;
    }

    public sealed class Server : SharedServer
    {
        public string Log => Path.Combine(Directory, "events.log");

        protected override string Rules => $$"""
            apiVersion: eventgrains/v1
            kind: Source
            metadata: {name: log}
            spec: {type: log, format: cloudevents, storage: cloudevents, files: "{{Log}}"}
            """;
    }
}
