using System.Diagnostics.Metrics;
using EventGrains.Contracts;
using EventGrains.Contracts.Files;
using EventGrains.Contracts.Status;
using EventGrains.Files;
using EventGrains.Silo.Cluster;
using EventGrains.Silo.Status;
using EventGrains.Silo.Store;
using Microsoft.Extensions.Logging;

namespace EventGrains.Silo.Dispatch;

/// <summary>Hands committed intents to file grains, with bounds per action, target and rule, fairly. One per silo; nobody awaits it.</summary>
/// <remarks>
/// It holds at most <see cref="SiloSettings.IntentsHeldMax"/> intents per lane, so that no rule crowds out another; what is beyond stays in the
/// store and is read when there is room.
/// It may start a step twice (after a crash, or when an answer is lost): the claim, given by the file's shard, decides.
/// </remarks>
internal sealed partial class Dispatcher : IDisposable
{
    /// <summary>How often what was left in the store is looked for again.</summary>
    private static readonly TimeSpan RereadEvery = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan AskBudgetAgain = TimeSpan.FromSeconds(10);

    private const int PageLimit = 1_000;

    private readonly Lock _lock = new();
    private readonly HeldIntents _held;
    private readonly HashSet<int> _shards = [];
    private readonly SemaphoreSlim _wake = new(0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationToken _stop;
    private readonly IStore _store;
    private readonly IGrainFactory _grains;
    private readonly RuleBudgets _budgets;
    private readonly ClusterTime _time;
    private readonly ILogger<Dispatcher> _log;
    private readonly Task _loop;
    private bool _mustLookAgain;
    private bool _isEnded;
    private DateTime _rereadAt;

    public Dispatcher(
        IStore store, IGrainFactory grains, RuleBudgets budgets, SiloSettings settings, ClusterTime time, ILogger<Dispatcher> log)
    {
        (_store, _grains, _budgets, _time, _log) = (store, grains, budgets, time, log);
        _held = new HeldIntents(settings);
        _stop = _stopping.Token; // asked for once: a shard may still read when this has ended
        Telemetry.Meter.CreateObservableGauge("eventgrains_steps", CountSteps, "{steps}", "Steps that the dispatcher holds, by state.");
        _loop = Task.Run(Loop);
    }

    /// <summary>Takes what a commit changed of the intents; from the committer, in commit order. Ended, it leaves them in the store.</summary>
    public void Offer(List<IntentChange> changes)
    {
        if (changes.Count == 0)
        {
            return;
        }

        lock (_lock)
        {
            if (_isEnded)
            {
                return;
            }

            foreach (var (intent, remove) in changes)
            {
                if (remove)
                {
                    _held.Remove(intent);
                }
                else
                {
                    _held.Put(intent);
                }
            }

            _wake.Release();
        }
    }

    /// <summary>Reads the intents of a shard that this silo took over.</summary>
    public async Task Adopt(int shard)
    {
        lock (_lock)
        {
            if (_isEnded)
            {
                return;
            }

            _shards.Add(shard);
        }

        await Read(shard);
    }

    /// <summary>Takes from the store what is not held yet of a shard, as long as it is this silo's.</summary>
    private async Task Read(int shard)
    {
        var isRead = true;
        try
        {
            string? after = null;
            do
            {
                var page = await _store.ReadIntents(shard, after, PageLimit, _stop);
                lock (_lock)
                {
                    if (!_shards.Contains(shard))
                    {
                        return; // given away meanwhile
                    }

                    foreach (var intent in page.Items)
                    {
                        if (!_held.Contains(intent))
                        {
                            _held.Put(intent);
                        }
                    }
                }

                after = page.Next;
            }
            while (after is not null);
        }
        catch (OperationCanceledException)
        {
            return;
        }
        catch (StoreAwayException away)
        {
            LogStoreAway(away, shard);
            isRead = false;
        }
        catch (Exception failure)
        {
            LogReadFailed(failure, shard);
            isRead = false;
        }

        lock (_lock)
        {
            _mustLookAgain |= !isRead;
            if (!_isEnded)
            {
                _wake.Release();
            }
        }
    }

    /// <summary>Forgets a shard that another silo has now: its dispatcher reads the intents. A step started here goes on, and its claim with it.</summary>
    public void Drop(int shard)
    {
        lock (_lock)
        {
            _shards.Remove(shard);
            _held.RemoveShard(shard);
        }
    }

    /// <summary>How many steps of a rule wait because it is at its bound per hour.</summary>
    public long CountHeld(string rule)
    {
        var now = _time.GetUtcNow().UtcDateTime;
        lock (_lock)
        {
            return _held.All.Count(h => h.Lane.Rule == rule && !h.IsStarted && h.Lane.HeldUntil > now);
        }
    }

    private async Task Loop()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await Reread();
                while (await StartNext())
                {
                }

                await _wake.WaitAsync(UntilNextDue(), _stop);
                while (_wake.Wait(0))
                {
                }
            }
            catch (OperationCanceledException)
            {
            }
            catch (Exception failure)
            {
                LogLoopFailed(failure);
                await Task.Delay(TimeSpan.FromSeconds(1), _time, CancellationToken.None);
            }
        }
    }

    private async Task Reread()
    {
        int[] shards;
        lock (_lock)
        {
            var now = _time.GetUtcNow().UtcDateTime;
            if (now < _rereadAt || !(_mustLookAgain || _held.WantsMore))
            {
                return;
            }

            (_mustLookAgain, _rereadAt) = (false, now + RereadEvery);
            foreach (var lane in _held.Lanes)
            {
                lane.IsIncomplete = false;
            }

            shards = [.. _shards];
        }

        foreach (var shard in shards)
        {
            await Read(shard);
        }
    }

    /// <summary>Starts the next step that is due and within all bounds, one per lane in turn; false when there is none.</summary>
    private async Task<bool> StartNext()
    {
        var started = false;
        Lane[] lanes;
        lock (_lock)
        {
            lanes = [.. _held.Lanes];
        }

        foreach (var lane in lanes)
        {
            var now = _time.GetUtcNow().UtcDateTime;
            if (NeedsLease(lane, now))
            {
                await Lease(lane);
                now = _time.GetUtcNow().UtcDateTime;
            }

            Held? next;
            lock (_lock)
            {
                next = _held.Take(lane, now);
            }

            if (next is not null)
            {
                started = true;
                _ = Start(next);
            }
        }

        return started;
    }

    private bool NeedsLease(Lane lane, DateTime now)
    {
        lock (_lock)
        {
            return lane.Leased == 0 && lane.HeldUntil <= now && lane.Firsts.HasDue(now);
        }
    }

    private async Task Lease(Lane lane)
    {
        int granted;
        DateTime? heldUntil;
        try
        {
            (granted, heldUntil) = await _budgets.Take(lane.Rule);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // One rule whose budget cannot be asked must not stop the others.
            LogNoBudget(failure, lane.Rule);
            (granted, heldUntil) = (0, null);
        }

        lock (_lock)
        {
            // From here on: the answer may have been waited for longer than the rule is to wait now.
            var now = _time.GetUtcNow().UtcDateTime;
            lane.Leased += granted;
            lane.HeldUntil = granted > 0 ? now : heldUntil ?? now + AskBudgetAgain;
        }
    }

    private async Task Start(Held held)
    {
        var isStarted = false;
        try
        {
            isStarted = await _grains.GetFile(held.Intent.File).Run(held.Intent.Step);
        }
        catch (Exception failure)
        {
            LogStartFailed(failure, held.Intent.Action, held.Intent.File);
        }

        if (isStarted)
        {
            return; // the claim's commit has told us the deadline
        }

        lock (_lock)
        {
            // Not started: done or superseded meanwhile, or nobody could be asked. What is still in the store is found when it is read again.
            if (!held.IsGone)
            {
                _held.Remove(held.Intent);
                _mustLookAgain = true;
            }
        }
    }

    private TimeSpan UntilNextDue()
    {
        var now = _time.GetUtcNow().UtcDateTime;
        var next = now + RereadEvery;
        lock (_lock)
        {
            foreach (var lane in _held.Lanes)
            {
                if (lane.NextLook is { } due)
                {
                    var at = due <= now ? now + TimeSpan.FromSeconds(1) : due; // due and not started: a bound is reached
                    next = at < next ? at : next;
                }
            }
        }

        return next > now ? next - now : TimeSpan.FromMilliseconds(1);
    }

    private IEnumerable<Measurement<long>> CountSteps()
    {
        lock (_lock)
        {
            var running = _held.All.LongCount(h => h.IsStarted);
            return
            [
                new(running, new KeyValuePair<string, object?>("state", "running")),
                new(_held.All.Count - running, new KeyValuePair<string, object?>("state", "waiting")),
            ];
        }
    }

    /// <summary>Starts no more steps. Shards and the committer may still have intents for it when the silo stops: grains end after it.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_isEnded)
            {
                return;
            }

            _isEnded = true;
        }

        _stopping.Cancel();
        _loop.Wait();
        _wake.Dispose();
        _stopping.Dispose();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The intents of shard {Shard} could not be read while the store is away; they are looked for again.")]
    private partial void LogStoreAway(StoreAwayException away, int shard);

    [LoggerMessage(Level = LogLevel.Error, Message = "The intents of shard {Shard} could not be read; they are looked for again.")]
    private partial void LogReadFailed(Exception failure, int shard);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The budget of rule {Rule} could not be asked; its new files wait, and it is asked again.")]
    private partial void LogNoBudget(Exception failure, string rule);

    [LoggerMessage(Level = LogLevel.Error, Message = "The dispatcher failed for a moment; it goes on.")]
    private partial void LogLoopFailed(Exception failure);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A step {Action} of {File} could not be started; it is looked at again.")]
    private partial void LogStartFailed(Exception failure, string action, FileId file);
}
