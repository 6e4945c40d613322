using EventGrains.Tests.Postgres;
using Npgsql;

namespace EventGrains.Tests.Faults;

/// <summary>A link cut while a transaction commits, both ways: the client hears the same, the database differs.</summary>
public sealed class CommitFaultTests
{
    [Theory]
    [InlineData(false, 0L)]
    [InlineData(true, 1L)]
    public async Task A_commit_whose_bytes_are_lost_did_not_take_effect_and_one_whose_answer_is_lost_did(bool answerIsLost, long rows)
    {
        var direct = await PostgresServer.NewDatabase();
        await PostgresInstance.Run(direct, "CREATE TABLE kept (id int)");
        var (link, throughLink) = PostgresServer.Behind(direct);
        await using var _ = link;
        await using var source = NpgsqlDataSource.Create(throughLink);
        await using var connection = await source.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var insert = new NpgsqlCommand("INSERT INTO kept VALUES (1)", connection);
        await insert.ExecuteNonQueryAsync();
        var cut = link.CutAt(answerIsLost ? Sender.Server : Sender.Client, FaultProxy.Says("COMMIT"), Moment.BeforePassing);

        await Assert.ThrowsAnyAsync<NpgsqlException>(() => transaction.CommitAsync());

        await cut.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(rows, await PostgresInstance.Run(direct, "SELECT count(*) FROM kept"));
        await using var again = await source.OpenConnectionAsync();
    }
}
