using EventGrains.Contracts.Shards;
using EventGrains.Contracts.Status;
using EventGrains.Files;
using EventGrains.Silo.Cluster;
using EventGrains.Silo.Commit;
using EventGrains.Silo.Store;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Orleans.Serialization;

namespace EventGrains.Tests.Cluster;

/// <summary>What goes wrong on one silo is told on another in the same words.</summary>
public sealed class CrossingExceptionsTests
{
    private static readonly Exception Driver = new NpgsqlException("the connection broke", new TimeoutException("read"));

    public static TheoryData<Exception> Crossing { get; } =
    [
        new CommitFailedException("a commit failed", Driver),
        new ShardFencedException(3, 7),
        new StoreAwayException("the store is away"),
        new ClusterAwayException("nobody answers"),
        new OfSomeAction("a workflow engineer's own", Driver),
        Driver,
    ];

    [Theory]
    [MemberData(nameof(Crossing))]
    public void An_exception_crosses_with_its_type_its_words_and_its_causes(Exception thrown)
    {
        var seen = Crossed(thrown);

        Assert.IsType(thrown.GetType(), seen);
        Assert.Equal(Words(thrown), Words(seen));
    }

    [Fact]
    public void A_refused_row_crosses_with_its_shard_and_file()
    {
        var file = new FileId("dcache", "0000A1");

        var seen = Assert.IsType<RowRefusedException>(Crossed(new RowRefusedException(3, file, Driver)));

        Assert.Equal((3, file), (seen.Shard, seen.File));
    }

    private static Exception Crossed(Exception thrown)
    {
        using var services = new ServiceCollection().AddSerializer().AddCrossingExceptions().BuildServiceProvider();
        var serializer = services.GetRequiredService<Serializer>();
        return serializer.Deserialize<Exception>(serializer.SerializeToArray<Exception>(thrown))!;
    }

    private static string Words(Exception? failure) => failure is null ? "" : $"{failure.GetType().Name}: {failure.Message}; {Words(failure.InnerException)}";

    private sealed class OfSomeAction(string message, Exception inner) : Exception(message, inner);
}
