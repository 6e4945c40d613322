using System.Collections.Immutable;
using EventGrains.Contracts.Datasets;
using EventGrains.Files;
using EventGrains.Silo.Store.Rows;
using RocksDbSharp;

namespace EventGrains.Silo.Store.Rocks;

/// <summary>Sums what the shards count of datasets, and counts again over all files.</summary>
internal static class DatasetReads
{
    public static List<DatasetCounts> List(RocksTables tables, string? after, int limit)
    {
        var items = new List<DatasetCounts>();
        var key = new RowWriter();
        using var scan = new Scan(tables, tables.Counts, default, after is null ? default : Scan.After(Prefix(key, after)));
        string? name = null;
        ShardCounts? sum = null;
        while (scan.Next())
        {
            var here = new RowReader(scan.Key).EndedText();
            if (here != name)
            {
                AddTo(items, name, sum);
                if (items.Count == limit)
                {
                    return items;
                }

                (name, sum) = (here, new ShardCounts());
            }

            sum!.Add(CountsEncoding.Read(scan.Value));
        }

        AddTo(items, name, sum);
        return items;
    }

    /// <summary>Null when no file ever belonged to it.</summary>
    public static DatasetCounts? Get(RocksTables tables, string name, Snapshot? snapshot = null)
    {
        using var scan = new Scan(tables, tables.Counts, Prefix(new RowWriter(), name), snapshot: snapshot);
        ShardCounts? sum = null;
        while (scan.Next())
        {
            (sum ??= new ShardCounts()).Add(CountsEncoding.Read(scan.Value));
        }

        return sum is null ? null : View(name, sum);
    }

    /// <summary>Reads every file's row, as all were at one commit index.</summary>
    public static DatasetRecount Recount(RocksTables tables, string name)
    {
        using var snapshot = tables.Database.CreateSnapshot();
        var commitIndex = Meta.ReadTotals(tables, new ReadOptions().SetSnapshot(snapshot)).CommitIndex;
        var kept = Get(tables, name, snapshot) ?? View(name, new ShardCounts());
        var counted = new ShardCounts { UpdatedAt = kept.UpdatedAt };
        using var scan = new Scan(tables, tables.States, default, snapshot: snapshot, keepsCache: false);
        while (scan.Next())
        {
            var file = FileEncoding.Read(scan.Value, new RowReader(scan.Key).BigEndian64());
            if (file.Datasets.Contains(name))
            {
                var status = FileSummary.Of(file).Status;
                counted.Files++;
                counted.PerStatus[(int)status]++;
                counted.Bytes = ShardCounts.SumOf(counted.Bytes, status == FileStatus.Deleted ? 0 : file.Facts.Size.Bytes ?? 0);
            }
        }

        return new DatasetRecount(kept, View(name, counted), commitIndex);
    }

    private static ReadOnlySpan<byte> Prefix(RowWriter key, string name)
    {
        key.Clear().EndedText(name);
        return key.Written;
    }

    private static void AddTo(List<DatasetCounts> items, string? name, ShardCounts? sum)
    {
        if (name is not null)
        {
            items.Add(View(name, sum!));
        }
    }

    private static DatasetCounts View(string name, ShardCounts sum)
    {
        var counts = ImmutableDictionary.CreateBuilder<FileStatus, long>();
        for (var i = 0; i < sum.PerStatus.Length; i++)
        {
            if (sum.PerStatus[i] != 0)
            {
                counts.Add((FileStatus)i, sum.PerStatus[i]);
            }
        }

        return new DatasetCounts(name, sum.Files, counts.ToImmutable(), sum.Bytes, sum.UpdatedAt);
    }
}
