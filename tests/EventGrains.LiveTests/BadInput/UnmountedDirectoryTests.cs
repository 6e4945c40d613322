namespace EventGrains.LiveTests.BadInput;

/// <summary>A watched directory whose disk goes away: an empty directory under the same name is no sign that its files are gone.</summary>
public sealed class UnmountedDirectoryTests : IAsyncDisposable
{
    private readonly string _directory = Product.NewDirectory();

    private string Inbox => Path.Combine(_directory, "inbox");

    [Fact]
    public async Task The_source_stops_deletes_nothing_and_goes_on_when_the_disk_is_back_also_when_started_meanwhile()
    {
        var disk = Directory.CreateDirectory(Path.Combine(_directory, "disk")).FullName;
        var mounted = await Mounted.Bound(Inbox, disk);
        var dev = await Product.Start(_directory, "dev", "--port", "0");
        try
        {
            await File.WriteAllTextAsync(Path.Combine(Inbox, "a"), "content");
            await IsProcessed(dev, "a");

            await mounted.DisposeAsync();
            await HasStopped(dev);
            mounted = await Mounted.Bound(Inbox, disk);
            await GoesOn(dev, "b");

            Assert.Equal(0, await dev.Stop());
            await dev.DisposeAsync();
            await mounted.DisposeAsync();
            dev = await Product.Start(_directory, "dev", "--port", "0");
            await HasStopped(dev);
            mounted = await Mounted.Bound(Inbox, disk);
            await GoesOn(dev, "c");
        }
        finally
        {
            await dev.DisposeAsync();
            await mounted.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync() => await Tool.Remove(_directory);

    private async Task HasStopped(Product dev)
    {
        var stopped = await Eventually.Answers(() => dev.Get("/v1/sources/inbox"), source => source.GetProperty("state").GetString() == "stopped");
        Assert.Contains("mount", stopped.GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Equal("processed", (await dev.Get("/v1/files/inbox%3A%2Fa")).GetProperty("status").GetString());
        Assert.Empty(Directory.EnumerateFileSystemEntries(Inbox));
    }

    private async Task GoesOn(Product dev, string name)
    {
        await File.WriteAllTextAsync(Path.Combine(Inbox, name), "content");
        await IsProcessed(dev, name);
        Assert.Equal("running", (await dev.Get("/v1/sources/inbox")).GetProperty("state").GetString());
        Assert.Equal(5, (await dev.Get("/v1/files/inbox%3A%2Fa")).GetProperty("version").GetInt32());
    }

    private static async Task IsProcessed(Product dev, string name)
    {
        var waited = await dev.Run("file", "wait", $"inbox:/{name}", "--for", "processed", "--timeout", "40s");
        Assert.True(waited.Exit == 0, waited.Errors + dev.Errors);
    }
}
