using EventGrains.Contracts.Shards;
using EventGrains.Silo.Store.Rows;
using Npgsql;

namespace EventGrains.Silo.Store.Postgres;

/// <summary>What is kept of pulled sources: partitions, positions; and the aliases of copies.</summary>
internal static class SourceReads
{
    public static async Task<IReadOnlyList<PositionRow>> PositionsIn(NpgsqlConnection connection, string source, string partition, CancellationToken ct)
    {
        var rows = await connection.Rows(
            r => SourceEncoding.ReadPosition(r.Bytes(3), r.GetInt32(0), Wtf8.Decode(r.Bytes(1)), Wtf8.Decode(r.Bytes(2))),
            "select shard, source, partition, position from positions where hash = $1 order by shard",
            ct,
            Hashes.Of(source, partition));
        rows.RemoveAll(p => p.Source != source || p.Partition != partition);
        return rows;
    }

    public static async Task<PartitionRow> Claim(NpgsqlConnection connection, string source, string partition, CancellationToken ct) => (await connection.Rows(
        r => Read(r),
        """
        insert into partitions as kept (hash, source, partition, reader_epoch, generation, detail) values ($1, $2, $3, 1, 0, '')
        on conflict (hash) do update set reader_epoch = kept.reader_epoch + 1
        returning source, partition, reader_epoch, generation, detail
        """,
        ct,
        Hashes.Of(source, partition),
        Hashes.Bytes(source),
        Hashes.Bytes(partition)))[0];

    public static async Task<bool> Save(NpgsqlConnection connection, PartitionRow row, CancellationToken ct) => await connection.Run(
        "update partitions set generation = $3, detail = $4 where hash = $1 and reader_epoch = $2",
        ct,
        Hashes.Of(row.Source, row.Partition),
        row.ReaderEpoch,
        row.Generation,
        Hashes.Bytes(row.Detail)) == 1;

    public static async Task<IReadOnlyList<PartitionRow>> Partitions(NpgsqlConnection connection, string source, CancellationToken ct) =>
        await connection.Rows(
            Read, "select source, partition, reader_epoch, generation, detail from partitions where source = $1 order by partition", ct, Hashes.Bytes(source));

    public static async Task<AliasRow?> FindAlias(NpgsqlConnection connection, int shard, string storage, string path, CancellationToken ct)
    {
        var rows = await connection.Rows(
            r => AliasEncoding.Read(r.Bytes(2), Wtf8.Decode(r.Bytes(0)), Wtf8.Decode(r.Bytes(1))),
            "select storage, path, alias from aliases where shard = $1 and hash = $2",
            ct,
            shard,
            Hashes.Of(storage, path));
        return rows.Find(a => a.Storage == storage && a.Path == path);
    }

    private static PartitionRow Read(NpgsqlDataReader reader) =>
        new(Wtf8.Decode(reader.Bytes(0)), Wtf8.Decode(reader.Bytes(1)), reader.GetInt64(2), reader.GetInt64(3), Wtf8.Decode(reader.Bytes(4)));
}
