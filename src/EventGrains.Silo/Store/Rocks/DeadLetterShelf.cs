using System.Diagnostics.Metrics;
using EventGrains.Contracts;
using EventGrains.Contracts.Shards;
using EventGrains.Silo.Store.Rows;
using RocksDbSharp;

namespace EventGrains.Silo.Store.Rocks;

/// <summary>Keeps dead letters up to a bound. A record that is read again takes its own place again.</summary>
/// <remarks>For the one writer.</remarks>
internal sealed class DeadLetterShelf(RocksTables tables, long keptMax)
{
    private static readonly Counter<long> DroppedCount = Telemetry.Meter.CreateCounter<long>("eventgrains_dead_letters_dropped_total");

    private readonly HashSet<string> added = [];
    private readonly HashSet<string> dropped = [];
    private readonly RowWriter key = new();
    private readonly RowWriter value = new();
    private readonly Queue<string> sources = [];

    public void Begin()
    {
        added.Clear();
        dropped.Clear();
        sources.Clear();
    }

    public void Add(WriteBatch batch, DeadLetter letter)
    {
        key.DeadLetter(letter);
        if (!tables.Database.HasKey(key.Written, tables.DeadLetters) && added.Add(Name(key.Written)))
        {
            sources.Enqueue(letter.Source);
        }

        SourceEncoding.Write(value.Clear(), letter);
        batch.Put(key.Written, value.Written, tables.DeadLetters);
    }

    /// <summary>Makes room for what was added, and counts.</summary>
    public Totals Finish(WriteBatch batch, in Totals before)
    {
        var kept = before.DeadLetters + sources.Count;
        var over = kept - keptMax;
        long gone = 0;
        while (over > gone && sources.TryDequeue(out var source) && DropOldest(batch, source))
        {
            gone++;
        }

        DroppedCount.Add(gone);
        return before with { DeadLetters = kept - gone, DeadLettersDropped = before.DeadLettersDropped + gone };
    }

    /// <summary>The oldest of the source; when it has no other, the first of all.</summary>
    private bool DropOldest(WriteBatch batch, string source)
    {
        key.Clear().EndedText(source);
        return DropFirst(batch, key.Written) || DropFirst(batch, default);
    }

    private bool DropFirst(WriteBatch batch, ReadOnlySpan<byte> prefix)
    {
        using var scan = new Scan(tables, tables.DeadLetters, prefix);
        while (scan.Next())
        {
            if (dropped.Add(Name(scan.Key)))
            {
                batch.Delete(scan.Key, tables.DeadLetters);
                return true;
            }
        }

        return false;
    }

    private static string Name(ReadOnlySpan<byte> key) => Convert.ToHexString(key);
}
