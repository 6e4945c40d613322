using EventGrains.Contracts.Shards;
using EventGrains.Files;
using EventGrains.Tests.Cluster;

namespace EventGrains.Tests.Shards;

/// <summary>Whose copy a path of a replica storage is, as its shard keeps it.</summary>
public sealed class AliasTests
{
    private static readonly FileId File = new("inbox", "8-1-1");

    [Fact]
    public async Task An_older_content_does_not_take_the_path_from_a_newer_one_of_the_same_file()
    {
        await using var silo = await OneSilo.Start();

        Assert.True(await Save(silo, Of("2")));
        Assert.False(await Save(silo, Of("1")));
        Assert.True(await Save(silo, Of("2")));
        Assert.Equal(Of("2"), await Find(silo));

        Assert.True(await Save(silo, Of("3")));
        Assert.Equal(Of("3"), await Find(silo));
    }

    [Fact]
    public async Task Another_file_may_take_it_whatever_its_content_is_called()
    {
        await using var silo = await OneSilo.Start();
        await Save(silo, Of("2"));

        var successor = Of("1") with { File = new FileId("inbox", "8-1-2") };

        Assert.True(await Save(silo, successor));
        Assert.Equal(successor, await Find(silo));
    }

    [Fact]
    public async Task An_older_content_that_comes_while_the_newer_one_is_on_its_way_waits_and_is_refused()
    {
        await using var silo = await OneSilo.Start();
        var open = new TaskCompletionSource();
        var reached = new TaskCompletionSource();
        silo.Store.BeforeCommit = _ =>
        {
            reached.TrySetResult();
            return open.Task;
        };

        var newer = Save(silo, Of("2"));
        await reached.Task;
        var older = Save(silo, Of("1"));
        await Shard(silo).Ping(); // a later call is answered, so the older one has had its turn
        Assert.False(older.IsCompleted);
        open.SetResult();

        Assert.True(await newer);
        Assert.False(await older);
        Assert.Equal(Of("2"), await Find(silo));
    }

    private static CopyAlias Of(string incarnation) => new("mirror", "/a", File, new Incarnation(incarnation), new Checksum("adler32", "0a1b2c3d"));

    private static Task<bool> Save(OneSilo silo, CopyAlias alias) => Shard(silo).SaveAlias(alias);

    private static Task<CopyAlias?> Find(OneSilo silo) => Shard(silo).FindAlias("mirror", "/a");

    private static IFileShardGrain Shard(OneSilo silo) =>
        silo.Grains.GetGrain<IFileShardGrain>(CopyAlias.RoutingId("mirror", "/a").ShardOf(silo.Store.Shards));
}
