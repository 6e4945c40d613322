using System.Net;
using System.Text;
using System.Text.Json;

namespace EventGrains.LiveTests.BadInput;

/// <summary>A line of 50 MB, by each way in: it is refused or set aside without ever being held, and what comes after it is taken.</summary>
public sealed class LongLineTests : IAsyncDisposable
{
    private const int LineBytes = 50_000_000;

    /// <summary>Far less than the line: some buffers, and what the runtime takes for code that runs for the first time.</summary>
    private const long GrowthBytesMax = 32_000_000;

    private static readonly byte[] Line = Encoding.UTF8.GetBytes($$"""{"x":"{{new string('x', LineBytes)}}"}""" + "\n");

    private readonly string _directory = Product.NewDirectory();

    [Theory]
    [InlineData("application/x-ndjson", false)]
    [InlineData("application/x-ndjson", true)]
    [InlineData("application/json", false)]
    public async Task By_http_it_is_413_with_what_to_do_and_the_server_goes_on(string type, bool isChunked)
    {
        await using var server = await Product.Start(_directory, "dev", "--port", "0");
        await Accustom(server);
        var before = server.PeakBytes;

        using var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/sources/{Told.Source}/events") { Content = new ByteArrayContent(Line) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        request.Headers.TransferEncodingChunked = isChunked;
        using var response = await server.Http.SendAsync(request);
        var refused = await Answer.Of(response);

        refused.IsProblem(HttpStatusCode.RequestEntityTooLarge, "line 1", "lineBytesMax");
        Assert.InRange(server.PeakBytes - before, 0, GrowthBytesMax);
        Assert.True((await server.Post(Told.Source, Told.Stored("after"))).IsOk);
        await Told.AreKnownOnce(server, ["accustomed", "after"]);
    }

    [Fact]
    public async Task In_a_log_file_it_is_a_dead_letter_with_its_beginning_and_the_next_line_is_taken()
    {
        var log = Path.Combine(_directory, "events.log");
        await File.WriteAllTextAsync(Path.Combine(_directory, "rules.yaml"), $$"""
            apiVersion: eventgrains/v1
            kind: Source
            metadata: {name: log}
            spec: {type: log, format: cloudevents, storage: cloudevents, files: "{{log}}"}
            """);
        await File.WriteAllLinesAsync(log, [Told.Stored("accustomed")]);
        await using var server = await Product.Start(_directory, "server", "--data", "data", "--rules", "rules.yaml", "--port", "0");
        await Accustom(server);
        var before = server.PeakBytes;

        await File.AppendAllBytesAsync(log, Line);
        await File.AppendAllLinesAsync(log, [Told.Stored("after")]);

        await Eventually.Is(async () => (await Told.Versions(server)).Count == 2, () => server.Errors);
        Assert.InRange(server.PeakBytes - before, 0, GrowthBytesMax);
        await Told.AreKnownOnce(server, ["accustomed", "after"]);
        var letter = Assert.Single((await server.Get("/v1/dead-letters")).GetProperty("items").EnumerateArray());
        Assert.Contains($"{Line.Length - 1} bytes", letter.GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Equal(Line[..65_536], letter.GetProperty("bytesBase64").GetBytesFromBase64());
        Assert.Equal("running", Assert.Single((await server.Get("/v1/sources")).GetProperty("items").EnumerateArray(), s => s.GetProperty("name").GetString() == "log").GetProperty("state").GetString());
    }

    [Fact]
    public async Task By_publish_it_is_rejected_by_its_number_and_the_other_lines_are_taken()
    {
        await using var server = await Product.Start(_directory, "dev", "--port", "0");
        await Accustom(server);
        var before = server.PeakBytes;
        var file = Path.Combine(_directory, "events.ndjson");
        await File.WriteAllLinesAsync(file, [Told.Stored("first")]);
        await File.AppendAllBytesAsync(file, Line);
        await File.AppendAllLinesAsync(file, [Told.Stored("after")]);

        var published = await server.Run("events", "publish", file, "--source", Told.Source, "-o", "json");

        Assert.Equal(6, published.Exit);
        var sum = JsonDocument.Parse(published.Output).RootElement;
        Assert.Equal((2, 1), (sum.GetProperty("accepted").GetInt32(), sum.GetProperty("rejected").GetInt32()));
        Assert.Equal(2, sum.GetProperty("rejections")[0].GetProperty("line").GetInt32());
        Assert.Contains("line 2: the line is longer than", published.Errors, StringComparison.Ordinal);
        Assert.InRange(server.PeakBytes - before, 0, GrowthBytesMax);
        await Told.AreKnownOnce(server, ["accustomed", "first", "after"]);
    }

    public async ValueTask DisposeAsync() => await Tool.Remove(_directory);

    /// <summary>Lets the runtime take the memory that it takes for any work.</summary>
    private static async Task Accustom(Product server)
    {
        for (var i = 0; i < 50; i++)
        {
            Assert.True((await server.Post(Told.Source, Told.Stored("accustomed"))).IsOk);
        }
    }
}
