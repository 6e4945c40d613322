namespace EventGrains.Silo.Store.Postgres;

/// <summary>The tables, as migrations from nothing to the newest. A migration is never changed once released: another follows it.</summary>
/// <remarks>
/// Expand first, contract a release later: a migration only adds what the programs beside it can live with, and what it makes
/// superfluous goes in the next release. Each says from which schema a program must be to use what it leaves (<c>UsableFrom</c>), so that
/// silos of two releases run side by side on one database. <c>sequences</c> is neither written nor read any more, and goes a release later:
/// programs beside this one still write it.
/// <para>Names and paths are bytes: a NUL or a lone surrogate must not stop a commit, and bytes sort as the embedded store's keys do.
/// No row is written by two shards, but for <c>log</c>, whose one row is the public order.</para>
/// </remarks>
internal static class PostgresSchema
{
    /// <summary>What this program writes.</summary>
    public const int Version = 2;

    public static readonly IReadOnlyList<(int Version, int UsableFrom, string Sql)> Migrations = [(1, 1, First), (2, 1, SinceWhen)];

    /// <summary>An index entry may hold no more than a third of a page: of a longer name or path its beginning is indexed, and the row's state tells the rest.</summary>
    public const int IndexedBytesMax = 1024;

    private const string First = """
        create table store (
            version int not null,                  -- of the schema
            usable_from int not null,              -- the least schema of a program that may use it
            history int not null,                  -- which life of the store this is; part of every cursor
            shards int not null,
            cluster text not null,                 -- whose it is: another cluster is refused
            created_at timestamptz not null default now());

        -- Who owns a shard. The row's lock is what commits and takeovers take turns by.
        create table shards (
            shard int primary key,
            epoch bigint not null default 0,
            sequence bigint not null default 0,    -- of the shard's last transition
            files bigint not null default 0,
            owner text,                            -- the silo's name, for people
            backend int,                           -- the owner's connection: ended by a takeover that waits for it in vain
            backend_start timestamptz) with (fillfactor = 30);

        -- The state of a file. Its number holds the shard in the high 16 bits and counts below: new rows are appended.
        create table files (
            number bigint primary key,
            id_hash bigint not null,               -- of the id; the id itself is in the state
            directory bigint,                      -- hash of storage and directory; null: not located
            name bytea,                            -- beginning of the name in it
            state bytea not null) with (fillfactor = 85);
        create index files_id on files (id_hash);
        create index files_path on files (directory, name, number) where directory is not null;

        -- Directories that hold or held files of a shard; what a list by path walks over.
        create table directories (
            hash bigint not null,
            shard int not null,
            storage bytea not null,
            path bytea not null,
            primary key (hash, shard));
        create index directories_path on directories (storage, substring(path from 1 for 1024), hash);

        -- The public order: one row, counted up last in every commit.
        create table log (
            one bool primary key default true check (one),
            index bigint not null default 0,
            transitions bigint not null default 0, -- ever written
            part int not null default 1,           -- which table new transitions go to
            earliest_index bigint not null default 0,
            earliest_ordinal int not null default -1,
            pruned bigint not null default 0) with (fillfactor = 10);
        insert into log default values;
        create table commits (
            index bigint primary key,
            batch bigint not null unique,
            part int not null,
            transitions int not null,
            total bigint not null);                -- transitions up to and with this commit
        create index commits_total on commits (total);
        create index commits_part on commits (part, index);
        create sequence batches;
        create table sequences (                   -- one row per change set: where a shard's transitions of a sequence are
            shard int not null,
            sequence bigint not null,              -- of the first of them
            batch bigint not null,
            ordinal int not null,
            primary key (shard, sequence));
        create table parts (part int primary key);

        -- Steps to start, or to look at again.
        create table intents (
            shard int not null,
            number bigint not null,
            step bytea not null,
            intent bytea not null,
            primary key (shard, number, step)) with (fillfactor = 80);

        create table counts (
            hash bigint not null,                  -- of the dataset's name
            shard int not null,                    -- one whose row the commit locked; a dataset's rows are only ever summed
            dataset bytea not null,
            files bigint not null,
            bytes bigint not null,
            statuses bigint[] not null,
            updated_at timestamptz not null,
            primary key (hash, shard)) with (fillfactor = 30);
        create index counts_dataset on counts (substring(dataset from 1 for 1024), hash);

        create table positions (
            shard int not null,
            hash bigint not null,                  -- of source and partition
            source bytea not null,
            partition bytea not null,
            position bytea not null,
            primary key (shard, hash)) with (fillfactor = 30);
        create index positions_partition on positions (hash);

        create table partitions (
            hash bigint primary key,               -- of source and partition
            source bytea not null,
            partition bytea not null,
            reader_epoch bigint not null,
            generation bigint not null,
            detail bytea not null) with (fillfactor = 50);
        create index partitions_source on partitions (source);

        create table dead_letters (
            source bytea not null,
            partition bigint not null,             -- hash of its name
            generation bigint not null,
            position bigint not null,
            hash bigint not null,                  -- of the bytes, for records without a position
            arrival bigint generated always as identity,
            letter bytea not null,
            primary key (source, partition, generation, position, hash));
        create index dead_letters_arrival on dead_letters (source, arrival);

        create table aliases (
            shard int not null,
            hash bigint not null,                  -- of storage and path
            storage bytea not null,
            path bytea not null,
            alias bytea not null,
            primary key (shard, hash));

        create table rules (
            name bytea not null,
            generation bytea not null,
            spec bytea not null,
            primary key (name, generation));

        create table grains (
            key bytea primary key,
            version bigint not null,
            state bytea not null);
        """;

    /// <remarks>A program of schema 1 counts the epoch up and leaves both: what stands there holds for the epoch beside it alone.</remarks>
    private const string SinceWhen = """
        alter table shards
            add column taken_at timestamptz,       -- when the shard was taken over, by the clock here
            add column taken_epoch bigint;         -- by which takeover
        """;

    /// <summary>One part of the log of transitions; dropped as a whole when all of it is beyond the retention.</summary>
    public static string Part(int part) => $"""
        create table if not exists transitions_{part} (
            batch bigint not null,
            ordinal int not null,
            shard int not null,
            sequence bigint not null,
            number bigint not null,
            version int not null,
            transition bytea not null,
            primary key (batch, ordinal));
        create index if not exists transitions_{part}_file on transitions_{part} (number, version);
        insert into parts values ({part}) on conflict do nothing;
        """;
}
