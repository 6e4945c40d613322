using EventGrains.Contracts.Shards;
using EventGrains.Events;

namespace EventGrains.Silo.Sources.Logs;

/// <summary>What was read of a partition between two positions, parted by shard. Not changed once it is in the ledger.</summary>
internal sealed class LogStretch(int shards)
{
    private readonly LogPart?[] parts = new LogPart?[shards];

    /// <summary>The end; the beginning is the end of the stretch before.</summary>
    public RangePoint UpTo { get; private set; }

    /// <summary>A hash of the bytes before the end, for the position's row.</summary>
    public string? Check { get; private set; }

    /// <summary>What it counts against the bound of what is read ahead.</summary>
    public long Bytes { get; private set; }

    /// <summary>Every shard gets a range that ends here, also an empty one: a generation begins or ends.</summary>
    public bool ToAll { get; private set; }

    public LogStretch End(RangePoint upTo, string? check, long bytes)
    {
        (UpTo, Check, Bytes) = (upTo, check, bytes);
        return this;
    }

    public LogStretch EndForAll(RangePoint upTo, string? check)
    {
        ToAll = true;
        return End(upTo, check, 0);
    }

    /// <summary>How many shards have not committed it; the ledger counts.</summary>
    public int Pending { get; set; }

    public LogPart? PartOf(int shard) => parts[shard];

    public LogPart Part(int shard) => parts[shard] ??= new LogPart();
}

/// <summary>One shard's part of a stretch.</summary>
internal sealed class LogPart
{
    public List<StorageEvent> Events { get; } = [];

    /// <summary>The position after each event's record, beside <see cref="Events"/>.</summary>
    public List<long> Positions { get; } = [];

    public List<DeadLetter> DeadLetters { get; } = [];
}
