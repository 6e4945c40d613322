using EventGrains.Contracts.Shards;

namespace EventGrains.Silo.Sources.Logs;

/// <summary>Sends what the ledger holds, and holds the reading thread back at the bound. The ledger is touched under its lock alone.</summary>
internal sealed class RangeSender
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan PauseMax = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ForcePeriod = TimeSpan.FromSeconds(30);

    private readonly object gate = new();
    private readonly RangeLedger ledger;
    private readonly IShardCalls shards;
    private readonly long bytesMax;
    private readonly TimeProvider time;
    private readonly CancellationToken stop;
    private bool ended;
    private long forcedAt;

    public RangeSender(RangeLedger ledger, IShardCalls shards, long bytesMax, TimeProvider time, CancellationToken stop)
    {
        (this.ledger, this.shards, this.bytesMax, this.time, this.stop) = (ledger, shards, bytesMax, time, stop);
        forcedAt = time.GetTimestamp();
        stop.UnsafeRegister(sender => ((RangeSender)sender!).End(), this);
    }

    /// <summary>Why shards do not take what is sent; null when they do.</summary>
    public string? Trouble { get; private set; }

    /// <summary>Adds a stretch and sends what may be sent. Blocks while too much is unacknowledged; false when this session is over.</summary>
    public bool Offer(LogStretch stretch)
    {
        lock (gate)
        {
            while (!IsOver && ledger.BytesHeld >= bytesMax)
            {
                Monitor.Wait(gate, 1_000);
            }

            if (IsOver)
            {
                return false;
            }

            ledger.Add(stretch);
            PumpAll();
            return true;
        }
    }

    /// <summary>So that a restart need not read the past again for a shard that had no record for long.</summary>
    public void ForceNowAndThen()
    {
        if (time.GetElapsedTime(forcedAt) >= ForcePeriod)
        {
            forcedAt = time.GetTimestamp();
            Force();
        }
    }

    public void Force()
    {
        lock (gate)
        {
            ledger.Force();
            PumpAll();
        }
    }

    /// <summary>Waits until every shard has durably all that was read. False when that did not come in time, or this session is over.</summary>
    public bool Drain(TimeSpan wait)
    {
        lock (gate)
        {
            ledger.Force();
            PumpAll();
            for (var began = time.GetTimestamp(); !IsOver && !(ledger.IsIdle && ledger.Committed == ledger.ReadUpTo);)
            {
                if (wait != Timeout.InfiniteTimeSpan && time.GetElapsedTime(began) >= wait)
                {
                    return false;
                }

                Monitor.Wait(gate, 100);
            }

            return !IsOver;
        }
    }

    public T Look<T>(Func<RangeLedger, T> look)
    {
        lock (gate)
        {
            return look(ledger);
        }
    }

    public bool IsOver => ended || ledger.IsFenced || ledger.MustReadAgain || stop.IsCancellationRequested;

    /// <summary>Sends nothing more. What is under way may still commit: the next session learns of it from the store.</summary>
    public void End()
    {
        lock (gate)
        {
            ended = true;
            Monitor.PulseAll(gate);
        }
    }

    private void PumpAll()
    {
        for (var shard = 0; shard < shards.Count; shard++)
        {
            Pump(shard);
        }
    }

    private void Pump(int shard)
    {
        while (!IsOver && ledger.TakeNext(shard) is { } range)
        {
            // Started under the lock: ranges of a shard must set out in their order.
            _ = Send(shard, range);
        }
    }

    private async Task Send(int shard, EventRange range)
    {
        var isGap = false;
        int refusals;
        try
        {
            var answer = await Call(shard, range).ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            isGap = answer.Verdict == RangeVerdict.Gap;
            lock (gate)
            {
                refusals = ledger.Answered(shard, range, answer);
                Trouble = refusals == 0 ? null : refusals > 3 ? $"shard {shard} keeps refusing ranges; it stands at {answer.Stands.Generation}/{answer.Stands.Position}" : Trouble;
            }
        }
        catch (Exception failure)
        {
            lock (gate)
            {
                refusals = ledger.Failed(shard, range);
                Trouble = $"shard {shard} does not answer: {failure.Message}";
            }
        }

        if (refusals > (isGap ? 1 : 0) && !IsOver)
        {
            await Task.Delay(Pause(refusals), time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        lock (gate)
        {
            Pump(shard);
            Monitor.PulseAll(gate);
        }
    }

    private Task<RangeAnswer> Call(int shard, EventRange range)
    {
        try
        {
            return shards.ApplyRange(shard, range);
        }
        catch (Exception failure)
        {
            return Task.FromException<RangeAnswer>(failure);
        }
    }

    private static TimeSpan Pause(int refusals) =>
        TimeSpan.FromTicks(Math.Min(PauseMax.Ticks, FirstPause.Ticks << Math.Min(refusals - 1, 10)));
}
