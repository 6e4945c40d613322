using System.Collections.Immutable;
using EventGrains.Contracts.Actions;
using EventGrains.Contracts.Shards;
using EventGrains.Events;
using EventGrains.Files;
using EventGrains.Rules;
using EventGrains.Silo.Cluster;
using EventGrains.Silo.Commit;
using EventGrains.Silo.Dispatch;
using EventGrains.Silo.Store;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace EventGrains.Silo.Shards;

/// <summary>Owns the states of the files whose id hashes to it. Loads, merges, decides, hands one change set to the committer, and answers when that is durable.</summary>
/// <remarks>
/// Reentrant, and right only because a turn loads first and then works up to the hand-over without an await, and because every answer
/// waits for the change sets that it was computed on, those of earlier turns included. Calls the store and the committer, and tells the dispatcher of a takeover without waiting.
/// </remarks>
[Reentrant, KeepAlive, PlacedWithShard]
internal sealed partial class FileShardGrain(
    IStore store,
    Committer committer,
    Dispatcher dispatcher,
    Rulebook rules,
    ShardFigures figures,
    ShardMap map,
    ILocalSiloDetails silo,
    SiloSettings settings,
    ClusterTime time,
    ILogger<FileShardGrain> log) : Grain, IFileShardGrain
{
    private readonly ShardMemory _memory = new(Math.Max(16, settings.FilesCachedMax / store.Shards));
    private readonly ShardPositions _positions = new();
    private readonly DecisionOrder _order = new();
    private readonly AliasTurns _aliases = new();
    private readonly StepPolicy _policy = settings.StepPolicy();
    private ShardOwnership? _ownership;
    private Task<ShardOwnership>? _takingOver;
    private long _nextFile;
    private long _nextSequence;
    private long _turns;
    private long _durable;
    private Task _lastCommit = Task.CompletedTask;

    /// <summary>A batch with more files than this whose rows the store refuses is no longer tried without them: something else is wrong.</summary>
    private const int RefusedFilesMax = 32;

    private int Shard => (int)this.GetPrimaryKeyLong();

    public async Task<RangeAnswer> ApplyRange(EventRange range)
    {
        var verdict = RangeVerdict.Committed;
        using var place = _order.Enter(range.Source, range.Partition);
        await TurnWithoutRefused(range.Events, (turn, refused) =>
        {
            place.Leave();
            var check = _positions.Check(range);
            verdict = check switch
            {
                RangeCheck.Gap => RangeVerdict.Gap,
                RangeCheck.Fenced => RangeVerdict.Fenced,
                _ => RangeVerdict.Committed,
            };
            return check == RangeCheck.Apply ? ApplyAccepted(turn, range, refused) : null;
        }, place);
        if (verdict == RangeVerdict.Committed)
        {
            _positions.MakeDurable(range);
        }

        return new RangeAnswer(verdict, _positions.Stands(range));
    }

    public async Task<StepClaim?> Claim(FileId file, StepKey step)
    {
        StepClaim? claim = null;
        await Turn(file, (turn, entry) =>
        {
            claim = null;
            if (entry.State is { } before && Steps.Claim(before, step, _policy, rules, Now) is { } decision)
            {
                turn.Take(entry, decision.After, decision.Transition);
                var claimed = decision.After.Steps.First(s => s.Key == step);
                claim = claimed.State == StepState.Running ? new StepClaim(file, step, claimed.Action, claimed.Attempts, claimed.DueAt) { Left = _policy.ClaimLength } : null;
            }
        });
        return claim;
    }

    public async Task<StepClaim?> Extend(StepClaim claim)
    {
        StepClaim? extended = null;
        await Turn(claim.File, (turn, entry) =>
        {
            extended = null;
            if (entry.State is { } before && Steps.Extend(before, claim.Step, claim.Attempt, _policy, Now) is { } after)
            {
                turn.Take(entry, after, null);
                extended = claim with { Deadline = after.Steps.First(s => s.Key == claim.Step).DueAt, Left = _policy.ClaimLength };
            }
        });
        return extended;
    }

    public async Task<bool> Conclude(StepClaim claim, StepOutcome outcome)
    {
        var isTaken = false;
        await Turn(claim.File, (turn, entry) =>
        {
            var decision = entry.State is { } before
                ? Steps.Conclude(before, claim.Step, claim.Attempt, outcome.Done, outcome.Error, outcome.Final, outcome.PutOff, outcome.Says, _policy, rules, Now)
                : null;
            if (decision is not null)
            {
                turn.Take(entry, decision.After, decision.Transition);
            }

            isTaken = decision is not null;
        });
        return isTaken;
    }

    public async Task<int> Retry(FileId file, string? rule)
    {
        var retried = 0;
        await Turn(file, (turn, entry) =>
        {
            retried = 0;
            if (entry.State is { } before && Steps.Retry(before, rule, rules, Now) is { } decision)
            {
                retried = before.Steps.Count(s => s.State == StepState.Failed) - decision.After.Steps.Count(s => s.State == StepState.Failed);
                turn.Take(entry, decision.After, decision.Transition);
            }
        });
        return retried;
    }

    // Between the look and the durable row no other alias of the path may come.
    public Task<bool> SaveAlias(CopyAlias alias) => _aliases.Next(alias, async () =>
    {
        if (await FindAlias(alias.Storage, alias.Path) is { } known && alias.IsOlderThan(known))
        {
            return false;
        }

        await Turn([], 1, turn =>
        {
            var set = Seal(turn);
            set.Aliases.Add(new AliasRow(alias.Storage, alias.Path, alias.File, alias.Incarnation, alias.Checksum));
            return set;
        });
        return true;
    });

    public async Task<CopyAlias?> FindAlias(string storage, WireName path) =>
        await store.FindAlias(Shard, storage, path.Value!) is { } row ? new CopyAlias(row.Storage, row.Path, row.File, row.Incarnation, row.Checksum) : null;

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    private ChangeSet Seal(ShardTurn turn) => turn.Seal(Shard, _ownership!.Epoch, _nextSequence);

    private ChangeSet ApplyAccepted(ShardTurn turn, EventRange range, HashSet<FileId>? refused)
    {
        List<DeadLetter>? failed = null;
        for (var i = 0; i < range.Events.Count; i++)
        {
            var @event = range.Events[i];
            if (_positions.IsKnown(range, i)
                || TryApply(turn, @event, new Cause(range.Source, range.Partition, range.Positions[i], @event.Type), refused))
            {
                continue;
            }

            // The event's bytes stay in the source; its place is what is needed to find them.
            (failed ??= []).Add(new DeadLetter(
                range.Source, range.Partition, range.Generation, range.Positions[i], $"applying it to {@event.File} failed; see the log", [], Now));
        }

        var set = Seal(turn);
        set.DeadLetters.AddRange(range.DeadLetters);
        set.DeadLetters.AddRange(failed ?? []);
        set.Positions.Add(_positions.Accept(Shard, range));
        return set;
    }

    private bool TryApply(ShardTurn turn, StorageEvent @event, in Cause cause, HashSet<FileId>? refused)
    {
        if (refused?.Contains(@event.File) == true)
        {
            return false;
        }

        try
        {
            var entry = _memory.Find(@event.File)!;
            var before = entry.State ?? FileState.New(@event.File, _nextFile);
            if (Decision.Of(before, @event, cause, rules, Now) is { } decision)
            {
                _nextFile += entry.State is null ? 1 : 0;
                turn.Take(entry, decision.After, decision.Transition);
            }

            return true;
        }
        catch (Exception failure)
        {
            LogPoison(failure, @event.File, cause.Source);
            return false;
        }
    }

    private Task Turn(FileId file, Action<ShardTurn, ShardMemory.Entry> decide) =>
        Turn([new StorageEvent(file, "", FileFacts.Nothing)], 1, turn =>
        {
            decide(turn, _memory.Find(file)!);
            return null;
        });

    /// <summary>A turn that leaves out the files whose rows the store cannot write, and does the rest.</summary>
    private async Task TurnWithoutRefused(
        IReadOnlyList<StorageEvent> events, Func<ShardTurn, HashSet<FileId>?, ChangeSet?> decide, DecisionOrder.Place? place = null)
    {
        HashSet<FileId>? suspected = null;
        for (HashSet<FileId>? refused = null; ;)
        {
            try
            {
                await Turn(events, events.Count, turn => decide(turn, refused), place);
                return;
            }
            catch (RowRefusedException refusal) when (refusal.File is { } file && (refused is null || refused.Count < RefusedFilesMax))
            {
                // The first time another call in the same commit may have been the culprit.
                if (!(suspected ??= []).Add(file))
                {
                    (refused ??= []).Add(file);
                }
            }
        }
    }

    /// <summary>One turn: loads what is missing, decides without an await, hands over, and waits until all of it and all before it is durable.</summary>
    /// <param name="decide">May word the change set itself; otherwise the turn's is taken. May be called again when the shard had to start over.</param>
    /// <param name="place">Waits for its turn in it, when everything is loaded.</param>
    private async Task Turn(IReadOnlyList<StorageEvent> events, int weight, Func<ShardTurn, ChangeSet?> decide, DecisionOrder.Place? place = null)
    {
        await committer.Reserve();
        var isHandedOver = false;
        ShardOwnership owned;
        Task committed;
        long number;
        try
        {
            owned = await Owned();
            while (await LoadMissing(events) || (place is not null && await place.Wait()) || !ReferenceEquals(owned, _ownership))
            {
                owned = await Owned();
            }

            number = ++_turns;
            var set = Decided(new ShardTurn(number), decide, owned);

            // An empty set need not travel: what it was computed on is durable when the last set before it is.
            isHandedOver = !set.IsEmpty;
            _nextSequence += set.Transitions.Count;
            committed = isHandedOver ? _lastCommit = committer.Enqueue(set, weight) : _lastCommit;
        }
        finally
        {
            if (!isHandedOver)
            {
                committer.Release();
            }
        }

        try
        {
            await committed;
            _durable = Math.Max(_durable, number);
            _memory.Trim(_durable);
            figures.Cached(Shard, _memory.Count);
        }
        catch (Exception failure)
        {
            StartOver(owned, failure);
            throw;
        }
    }

    private ChangeSet Decided(ShardTurn turn, Func<ShardTurn, ChangeSet?> decide, ShardOwnership owned)
    {
        try
        {
            return decide(turn) ?? Seal(turn);
        }
        catch (Exception failure)
        {
            // Memory may have what is in no change set.
            StartOver(owned, failure);
            throw;
        }
    }

    /// <summary>Loads what the turn needs and memory lacks; true when it had to wait, so that the caller looks again.</summary>
    private async Task<bool> LoadMissing(IReadOnlyList<StorageEvent> events)
    {
        List<FileId>? missing = null;
        HashSet<FileId>? asked = null;
        foreach (var @event in events)
        {
            if (_memory.Find(@event.File) is null && (asked ??= []).Add(@event.File))
            {
                (missing ??= []).Add(@event.File);
            }
        }

        if (missing is null)
        {
            return false;
        }

        var (drops, owned) = (_memory.Drops, _ownership);
        var loaded = await store.Load(Shard, missing);
        if (drops == _memory.Drops && ReferenceEquals(owned, _ownership))
        {
            for (var i = 0; i < missing.Count; i++)
            {
                _memory.AddLoaded(missing[i], loaded[i]);
            }
        }

        return true;
    }

    /// <summary>The shard's ownership, taken at first use and again after a failed commit.</summary>
    private async Task<ShardOwnership> Owned()
    {
        if (_ownership is not null)
        {
            return _ownership;
        }

        var taking = _takingOver ??= store.TakeOver(Shard);
        try
        {
            var owned = await taking;
            if (ReferenceEquals(_takingOver, taking))
            {
                _takingOver = null;
                _memory.Clear();
                _positions.Load(owned.Positions);
                _nextFile = owned.NextFileNumber;
                _nextSequence = owned.NextSequence;
                _lastCommit = Task.CompletedTask;
                _ownership = owned;
                map.Heard(Shard, silo.SiloAddress, owned.Epoch);
                _ = dispatcher.Adopt(Shard);
            }

            return _ownership ?? await Owned();
        }
        catch
        {
            if (ReferenceEquals(_takingOver, taking))
            {
                _takingOver = null;
            }

            throw;
        }
    }

    /// <summary>After a failed or refused commit memory is ahead of the store: forget it, and do what a new owner does.</summary>
    private void StartOver(ShardOwnership owned, Exception failure)
    {
        if (!ReferenceEquals(owned, _ownership))
        {
            return;
        }

        LogStartOver(failure, Shard, owned.Epoch);
        _ownership = null;
        _memory.Clear();
        if (failure is ShardFencedException)
        {
            Leave();
            DeactivateOnIdle();
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "An event of {Source} could not be applied to {File}; it is rejected, and the others go on.")]
    private partial void LogPoison(Exception failure, FileId file, string source);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Shard {Shard} starts over from the store; its epoch {Epoch} is spent.")]
    private partial void LogStartOver(Exception failure, int shard, long epoch);
}
