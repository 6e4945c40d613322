using EventGrains.Contracts.Shards;
using EventGrains.Silo.Store.Rows;
using Npgsql;

namespace EventGrains.Silo.Store.Postgres;

/// <summary>Takes a shard over: its row gets a new epoch and our connection's name.</summary>
/// <remarks>
/// The row's lock makes this wait for a commit of the old owner that is under way, so what is loaded afterwards is all there is. An owner
/// that lives gives the lock within a commit's time. From one that does not (stopped in the middle of a message, where no time-out holds),
/// its connection is taken away. It is not ended before the lock was asked for: a shard that moves from a healthy silo would else fail the
/// commits of all the shards beside it.
/// </remarks>
internal static class Takeover
{
    /// <summary>How long the lock is waited for before the owner's connection is ended.</summary>
    private const string LockWait = "750ms";

    private const int TriesMax = 4;

    public static async Task<ShardOwnership> Of(NpgsqlConnection connection, int shard, Backend us, string silo, CancellationToken ct)
    {
        var (epoch, sequence) = await NewEpoch(connection, shard, us, silo, ct);
        var (first, beyond) = ((long)shard << 48, ((long)shard + 1) << 48);
        var next = await connection.Rows(
            r => r.IsDBNull(0) ? first : r.GetInt64(0) + 1, "select max(number) from files where number >= $1 and number < $2", ct, first, beyond);
        var positions = await connection.Rows(
            r => SourceEncoding.ReadPosition(r.Bytes(2), shard, Wtf8.Decode(r.Bytes(0)), Wtf8.Decode(r.Bytes(1))),
            "select source, partition, position from positions where shard = $1",
            ct,
            shard);
        return new ShardOwnership(shard, epoch, next[0], positions, sequence + 1);
    }

    private static async Task<(long Epoch, long Sequence)> NewEpoch(NpgsqlConnection connection, int shard, Backend us, string silo, CancellationToken ct)
    {
        for (var tries = 1; ; tries++)
        {
            var owner = await connection.Rows(
                r => r.IsDBNull(0) ? default : new Backend(r.GetInt32(0), r.GetFieldValue<DateTime>(1)),
                "select backend, backend_start from shards where shard = $1",
                ct,
                shard);
            try
            {
                return await Ask(connection, shard, us, silo, ct);
            }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.LockNotAvailable && tries < TriesMax)
            {
                if (owner[0] != us && owner[0] != default)
                {
                    await owner[0].End(connection, ct);
                }
            }
        }
    }

    private static async Task<(long Epoch, long Sequence)> Ask(NpgsqlConnection connection, int shard, Backend us, string silo, CancellationToken ct)
    {
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await connection.Run($"set local lock_timeout = '{LockWait}'", ct);
        var taken = await connection.Rows(
            r => (r.GetInt64(0), r.GetInt64(1)),
            """
            update shards set epoch = epoch + 1, backend = $2, backend_start = $3, owner = $4, taken_at = clock_timestamp(), taken_epoch = epoch + 1
            where shard = $1 returning epoch, sequence
            """,
            ct,
            shard,
            us.Process,
            us.Start,
            silo);
        await transaction.CommitAsync(ct);
        return taken[0];
    }
}
