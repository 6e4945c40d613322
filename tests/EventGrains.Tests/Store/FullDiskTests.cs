using System.Diagnostics;
using EventGrains.Contracts.Shards;
using EventGrains.Contracts.Transitions;
using EventGrains.Files;
using EventGrains.Silo;
using EventGrains.Silo.Store;
using EventGrains.Silo.Store.Rocks;

namespace EventGrains.Tests.Store;

/// <summary>A disk that is full for a while. Needs the right to mount a small one.</summary>
public sealed class FullDiskTests : IDisposable
{
    private const int DiskMegabytes = 24;

    private readonly string _disk = Directory.CreateTempSubdirectory("eventgrains-disk-").FullName;
    private readonly bool _isMounted;

    public FullDiskTests() => _isMounted = OperatingSystem.IsLinux() && Run("mount", "-t", "tmpfs", "-o", $"size={DiskMegabytes}m", "tmpfs", _disk);

    [Fact]
    public async Task A_full_disk_refuses_commits_loses_nothing_acknowledged_and_ends_with_room()
    {
        Assert.SkipUnless(_isMounted, "mounting a small disk needs root");
        var settings = new SiloSettings { Shards = Sample.Shards, StoreCacheBytesMax = 8 << 20, StoreLogBytesMax = 8 << 20 };
        await using var store = RocksStore.Open(Path.Combine(_disk, "store"), settings);
        var owner = await store.TakeOver(1);
        var acknowledged = await CommitSome(store, owner, 0, 3);
        Fill();

        var failure = await Assert.ThrowsAsync<IOException>(() => CommitSome(store, owner, acknowledged, 10_000));

        Assert.Contains("No space left", failure.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<IOException>(() => CommitSome(store, owner, 0, 1));
        File.Delete(Path.Combine(_disk, "ballast"));
        await store.Recover();
        var (next, log) = (await store.TakeOver(1), await ReadAll(store));
        IReadOnlyList<FileState?> loaded = await store.Load(1, [.. log.Select(t => t.Id)]);
        Assert.True(log.Count >= _committed, $"{log.Count} of {_committed} acknowledged transitions are there");
        Assert.DoesNotContain(null, loaded);
        Assert.Equal(log.Count, (await store.ReadFigures()).Files);
        Assert.Equal([false], (await store.Commit([Sample.Of(owner).With(Sample.New(Sample.IdIn(1), 1L << 48))])).Committed);
        await CommitSome(store, next, 0, 1);
    }

    [Fact]
    public async Task A_takeover_mends_the_store_by_itself_when_there_is_room_again()
    {
        Assert.SkipUnless(_isMounted, "mounting a small disk needs root");
        await using var store = RocksStore.Open(Path.Combine(_disk, "store"), new SiloSettings { Shards = Sample.Shards });
        var owner = await store.TakeOver(1);
        Fill();
        await Assert.ThrowsAsync<IOException>(() => CommitSome(store, owner, 0, 10_000));
        File.Delete(Path.Combine(_disk, "ballast"));

        // Nobody commits before the shard is owned again, so no failed commit would ever come to mend it.
        var next = await store.TakeOver(1);

        Assert.True(next.Epoch > owner.Epoch);
        await CommitSome(store, next, 0, 1);
    }

    public void Dispose()
    {
        if (_isMounted)
        {
            Run("umount", _disk);
        }

        Directory.Delete(_disk, recursive: true);
    }

    private int _committed;

    /// <summary>Commits of one file with a long error text, so that a small disk fills soon; counts what was acknowledged.</summary>
    private async Task<int> CommitSome(RocksStore store, ShardOwnership owner, int from, int commits)
    {
        for (var i = from; i < from + commits; i++)
        {
            var file = Sample.New(new FileId("dcache", $"n{i}"), owner.NextFileNumber + i, $"/{new string((char)('a' + (i % 26)), 20_000)}{i}");
            await store.Commit([Sample.Of(owner).With(file)]);
            _committed++;
        }

        return from + commits;
    }

    private static async Task<List<Transition>> ReadAll(RocksStore store)
    {
        var all = new List<Transition>();
        for (var page = await store.ReadLog(new Cursor(store.History, 0, -1), 1_000); page.Items.Count > 0; page = await store.ReadLog(page.Next, 1_000))
        {
            all.AddRange(page.Items.Select(i => i.Transition));
        }

        return all;
    }

    /// <summary>Leaves no room at all.</summary>
    private void Fill()
    {
        using var ballast = File.Create(Path.Combine(_disk, "ballast"));
        var block = new byte[4096];
        try
        {
            for (var i = 0; i < DiskMegabytes * 256; i++)
            {
                ballast.Write(block);
                ballast.Flush();
            }
        }
        catch (IOException)
        {
            // Full: that is what was wanted.
        }
    }

    private static bool Run(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
