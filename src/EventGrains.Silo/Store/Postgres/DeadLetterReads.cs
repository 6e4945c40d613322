using EventGrains.Contracts.Shards;
using EventGrains.Contracts.Sources;
using EventGrains.Silo.Store.Rows;
using Npgsql;

namespace EventGrains.Silo.Store.Postgres;

/// <summary>Pages through dead letters: by source and partition, then by place.</summary>
internal static class DeadLetterReads
{
    /// <exception cref="ArgumentException">It is no cursor of this list.</exception>
    public static async Task<DeadLetterPage> Page(NpgsqlConnection connection, string? after, int limit, CancellationToken ct)
    {
        var from = Place.Parse(after);
        var rows = await connection.Rows(
            r => (Place: new Place(r.Bytes(0), r.GetInt64(1), r.GetInt64(2), r.GetInt64(3), r.GetInt64(4)), Letter: SourceEncoding.ReadDeadLetter(r.Bytes(5))),
            """
            select source, partition, generation, position, hash, letter from dead_letters
            where $1 or (source, partition, generation, position, hash) > ($2, $3, $4, $5, $6)
            order by source, partition, generation, position, hash limit $7
            """,
            ct,
            from is null,
            from?.Source ?? [],
            from?.Partition ?? 0,
            from?.Generation ?? 0,
            from?.Position ?? 0,
            from?.Hash ?? 0,
            limit + 1);
        return new DeadLetterPage([.. rows.Take(limit).Select(r => r.Letter)], rows.Count > limit ? rows[limit - 1].Place.ToCursor() : null);
    }

    /// <summary>By <see cref="DeadLetter.Id"/>: source, partition, generation, position. A partition may itself hold slashes; the others do not.</summary>
    public static async Task<DeadLetter?> Find(NpgsqlConnection connection, string id, CancellationToken ct) =>
        DeadLetterPlace.TryParse(id, out var place)
            ? (await connection.Rows(
                r => SourceEncoding.ReadDeadLetter(r.Bytes(0)),
                "select letter from dead_letters where source = $1 and partition = $2 and generation = $3 and position = $4 order by hash limit 1",
                ct,
                Hashes.Bytes(place.Source),
                Hashes.Of(place.Partition),
                place.Generation,
                place.Position)).FirstOrDefault()
            : null;

    private sealed record Place(byte[] Source, long Partition, long Generation, long Position, long Hash)
    {
        private const byte Kind = (byte)'d';

        public string ToCursor()
        {
            var row = new RowWriter();
            row.Byte(Kind);
            row.Bytes(Source);
            row.BigEndian(Partition);
            row.BigEndian(Generation);
            row.BigEndian(Position);
            row.BigEndian(Hash);
            return ListCursor.Of(row.Written);
        }

        public static Place? Parse(string? cursor)
        {
            if (cursor is null)
            {
                return null;
            }

            try
            {
                var row = new RowReader(ListCursor.Parse(cursor));
                if (row.Byte() == Kind)
                {
                    return new Place(row.Bytes().ToArray(), row.BigEndian64(), row.BigEndian64(), row.BigEndian64(), row.BigEndian64());
                }
            }
            catch (InvalidDataException)
            {
                // Said below.
            }

            throw ListCursor.Malformed(cursor);
        }
    }
}
