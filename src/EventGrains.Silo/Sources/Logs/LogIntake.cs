using EventGrains.Contracts.Shards;

namespace EventGrains.Silo.Sources.Logs;

/// <summary>From bytes to stretches: cuts chunks into lines, decodes them, and offers what came of them to the sender.</summary>
internal sealed class LogIntake(LogContext context, string partition, RangeSender sender, CancellationToken stop)
{
    /// <summary>Records in one stretch; what has arrived is offered at once, so an idle partition's stretches are small.</summary>
    public const int StretchRecordsMax = 4_000;

    private readonly LineSplitter splitter = new(context.Settings.LineBytesMax, DeadLetter.BytesMax);

    public LogRecords Records { get; } = new(
        context.Source.Name, partition, context.Source.Storage, context.Decoder, context.Shards.Count, context.Settings.LineBytesMax, context.Time);

    /// <summary>Up to where whole lines were taken.</summary>
    public long Position => splitter.Position;

    /// <summary>The hash of what lies before <see cref="Position"/>; null when nothing says it.</summary>
    public string? Check { get; private set; }

    public void Restart(long position, string? check)
    {
        splitter.Restart(position);
        Check = check;
    }

    public void Take(LogChunk chunk, long generation, LogFile file)
    {
        var begin = splitter.Position;
        var lineBegin = begin;
        var count = 0;
        LogStretch? stretch = null;
        foreach (var line in splitter.Split(chunk.Added))
        {
            stretch ??= new LogStretch(context.Shards.Count);
            count += Records.Take(generation, lineBegin, line, stretch) ? 1 : 0;
            lineBegin = line.End;
            if (Records.Window.IsExceeded)
            {
                // Nothing after this line counts as read.
                Offer(stretch, generation, begin, lineBegin, chunk);
                splitter.Restart(lineBegin);
                file.TrySeek(lineBegin);
                return;
            }

            if (count >= StretchRecordsMax)
            {
                Offer(stretch, generation, begin, lineBegin, chunk);
                (stretch, begin, count) = (null, lineBegin, 0);
                if (stop.IsCancellationRequested)
                {
                    return;
                }
            }
        }

        if (stretch is not null)
        {
            Offer(stretch, generation, begin, lineBegin, chunk);
        }
    }

    private void Offer(LogStretch stretch, long generation, long begin, long end, LogChunk chunk)
    {
        Check = chunk.CheckAt(end);
        sender.Offer(stretch.End(new RangePoint(generation, end), Check, end - begin));
    }

    /// <summary>The last line of a file that grows no more.</summary>
    public void TakeUnfinished(long generation, LogStretch stretch)
    {
        if (splitter.HasUnfinishedLine)
        {
            var begin = splitter.Position;
            Records.Take(generation, begin, splitter.TakeUnfinished(), stretch);
        }
    }

    /// <summary>Every shard learns that all before a position was read, and by which bytes it is known.</summary>
    public LogStretch Boundary(RangePoint at, string? check) => new LogStretch(context.Shards.Count).EndForAll(at, check);

    /// <summary>Every shard comes to the beginning of a generation that it may enter from wherever it stands.</summary>
    public void Mark(LogGeneration jump)
    {
        var stretch = Boundary(jump.Begin, null);
        if (jump is { Entry: GenerationEntry.Gap, Lost: { } lost })
        {
            // With the beginning of the line whose end is lost.
            var unfinished = splitter.HasUnfinishedLine ? splitter.TakeUnfinished().Bytes : [];
            Records.Lose(lost, jump.Note ?? "", unfinished, stretch);
        }

        sender.Offer(stretch);
    }
}
