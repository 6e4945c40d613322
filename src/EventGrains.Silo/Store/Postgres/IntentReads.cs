using EventGrains.Silo.Store.Rows;
using Npgsql;

namespace EventGrains.Silo.Store.Postgres;

/// <summary>Pages through one shard's intents in the order of their keys: file by file.</summary>
internal static class IntentReads
{
    /// <exception cref="ArgumentException">The cursor is none of this shard's intents.</exception>
    public static async Task<IntentPage> Read(NpgsqlConnection connection, int shard, string? after, int limit, CancellationToken ct)
    {
        var (number, step) = after is null ? (-1L, []) : Parse(after, shard);
        var rows = await connection.Rows(
            r => (Number: r.GetInt64(0), Step: r.Bytes(1), Intent: IntentEncoding.Read(r.Bytes(2), r.GetInt64(0))),
            "select number, step, intent from intents where shard = $1 and (number, step) > ($2, $3) order by number, step limit $4",
            ct,
            shard,
            number,
            step,
            limit + 1);
        var page = rows.Take(limit).ToList();
        return new IntentPage(page.ConvertAll(r => r.Intent), rows.Count > limit ? CursorOf(shard, page[^1].Number, page[^1].Step) : null);
    }

    private static string CursorOf(int shard, long number, byte[] step)
    {
        var row = new RowWriter();
        row.BigEndian((ushort)shard);
        row.BigEndian(number);
        row.Raw(step);
        return ListCursor.Of(row.Written);
    }

    private static (long Number, byte[] Step) Parse(string after, int shard)
    {
        var bytes = ListCursor.Parse(after);
        var key = new RowReader(bytes);
        return bytes.Length >= sizeof(ushort) + sizeof(long) && key.BigEndian16() == shard
            ? (key.BigEndian64(), bytes[(sizeof(ushort) + sizeof(long))..])
            : throw ListCursor.Malformed(after);
    }
}
