using System.Text.Json;

namespace EventGrains.LiveTests;

/// <summary>The main job, end to end, with the executable as it is shipped.</summary>
public sealed class MainJobTests
{
    [Fact]
    public async Task A_file_dropped_into_the_inbox_is_stored_mirrored_and_processed_and_seen_everywhere()
    {
        await using var dev = await Product.Start(Product.NewDirectory(), "dev", "--port", "0");

        await File.WriteAllTextAsync(Path.Combine(dev.Directory, "inbox", "run42.h5"), "hello\n");
        var waited = await dev.Run("file", "wait", "inbox:/run42.h5", "--for", "processed", "--timeout", "40s");
        var got = await dev.Run("file", "get", "inbox:/run42.h5", "-o", "json");
        var history = await dev.Run("file", "history", "inbox:/run42.h5", "-o", "jsonl");
        var heard = await dev.Run("events", "tail", "--from", "earliest", "--path", "/run42.h5", "--count", "5");

        Assert.True(waited.Exit == 0, waited.Errors + dev.Errors);
        var file = JsonDocument.Parse(got.Output).RootElement;
        Assert.Equal("processed", file.GetProperty("status").GetString());
        Assert.Equal("084b021f", file.GetProperty("checksums").GetProperty("adler32").GetString());
        Assert.Equal("hello\n", await File.ReadAllTextAsync(Path.Combine(dev.Directory, "eventgrains-dev", "mirror", "inbox", "run42.h5")));
        Assert.Equal([1, 2, 3, 4, 5], Versions(history.Output));
        Assert.Equal([1, 2, 3, 4, 5], Versions(heard.Output));
    }

    [Fact]
    public async Task What_was_acknowledged_outlives_kill_9_and_a_second_telling_is_silent()
    {
        var directory = Product.NewDirectory();
        var record = SampleRecord();
        await using (var dev = await Product.Start(directory, "dev", "--port", "0"))
        {
            var published = await Publish(dev, record);
            Assert.True(published.Exit == 0, published.Errors + dev.Errors);
            await dev.Kill();
        }

        await using var again = await Product.Start(directory, "dev", "--port", "0");
        await Publish(again, record);

        var files = (await again.Get("/v1/files?storage=dcache")).GetProperty("items");
        Assert.Equal(1, Assert.Single(files.EnumerateArray()).GetProperty("version").GetInt32());
        Assert.Equal(0, await again.Stop());
    }

    internal static string SampleRecord()
    {
        var file = Path.Combine(Product.SourceTree, "tests", "EventGrains.Tests", "Samples", "s2.ndjson");
        return File.ReadAllText(file);
    }

    private static async Task<(int Exit, string Output, string Errors)> Publish(Product product, string records)
    {
        var file = Path.Combine(product.Directory, "records.ndjson");
        await File.WriteAllTextAsync(file, records);
        return await product.Run("events", "publish", file, "--source", "dcache");
    }

    private static int[] Versions(string jsonLines) =>
        [.. jsonLines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement.GetProperty("version").GetInt32())];
}
