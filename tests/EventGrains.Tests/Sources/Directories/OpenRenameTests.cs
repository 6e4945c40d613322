namespace EventGrains.Tests.Sources.Directories;

/// <summary>A file that gets another name while a writer has it open.</summary>
public sealed class OpenRenameTests
{
    [Theory]
    [InlineData("b")]
    [InlineData("sub/b")]
    public async Task A_file_renamed_while_it_is_being_written_is_renamed_and_never_deleted(string name)
    {
        await using var bench = new DirectoryBench();
        bench.Write("a", "first");
        Directory.CreateDirectory(bench.PathOf("sub"));
        await bench.StartAndScan();
        var first = bench["/a"];
        var told = bench.Told.Count();

        using (var writer = new FileStream(bench.PathOf("a"), FileMode.Append, FileAccess.Write, FileShare.ReadWrite))
        {
            writer.Write(" and"u8);
            writer.Flush();
            File.Move(bench.PathOf("a"), bench.PathOf(name));
            await Eventually.Equal([$"/{name}"], () => bench.Live);
            await bench.ConcludesUpTo("marker");

            Assert.Equal(first.Facts.Incarnation, bench[$"/{name}"].Facts.Incarnation);
            writer.Write(" second"u8);
        }

        await Eventually.Is(() => bench[$"/{name}"].Facts.Size.Bytes == 16, () => string.Join(", ", bench.Told));
        Assert.Equal(first.Id, bench[$"/{name}"].Id);
        Assert.Equal([$"located /{name}", $"stored /{name}"], bench.Told.Skip(told).Where(t => !t.EndsWith("marker", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_file_renamed_while_it_is_being_written_and_then_deleted_is_deleted_at_its_new_name()
    {
        await using var bench = new DirectoryBench();
        bench.Write("a", "first");
        await bench.StartAndScan();

        using (var writer = new FileStream(bench.PathOf("a"), FileMode.Append, FileAccess.Write, FileShare.ReadWrite))
        {
            writer.Write(" and"u8);
            writer.Flush();
            File.Move(bench.PathOf("a"), bench.PathOf("b"));
            await Eventually.Equal(["/b"], () => bench.Live);
            File.Delete(bench.PathOf("b"));
        }

        await Eventually.Equal(["/b"], () => bench.Deleted);
    }

    [Fact]
    public async Task A_rename_while_nobody_watched_of_a_file_that_is_being_written_is_found_by_the_scan_as_a_rename()
    {
        await using var bench = new DirectoryBench();
        bench.Write("a", "first");
        bench.Write("over", "replaced");
        await bench.StartAndScan();
        await bench.Stop();
        var id = bench["/a"].Id;
        using var writer = new FileStream(bench.PathOf("a"), FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
        writer.Write(" and"u8);
        writer.Flush();
        File.Move(bench.PathOf("a"), bench.PathOf("over"), overwrite: true);

        await bench.StartAndScan();
        await bench.ConcludesUpTo("marker");

        Assert.Equal(["/over"], bench.Live.Where(p => p != "/marker"));
        Assert.Contains("located /over", bench.Told);
        await Eventually.Is(() => bench["/over"].Id == id, () => string.Join(", ", bench.Told));
        Assert.Equal(["deleted /over"], bench.Told.Where(t => t.StartsWith("deleted", StringComparison.Ordinal) && !t.EndsWith("marker", StringComparison.Ordinal)));
    }
}
