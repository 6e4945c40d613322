using EventGrains.Files;
using EventGrains.Silo.Store;

namespace EventGrains.Silo.Dispatch;

/// <summary>The intents in memory, by lane, at most <see cref="SiloSettings.IntentsHeldMax"/> of each; the others are in the store. Used under the dispatcher's lock.</summary>
internal sealed class HeldIntents(SiloSettings settings)
{
    private readonly Dictionary<(long File, StepKey Step), Held> _held = [];
    private readonly Dictionary<(string Rule, string Action, string? Target), Lane> _lanes = [];
    private readonly RunningSteps _running = new(settings);

    public IReadOnlyCollection<Lane> Lanes => _lanes.Values;

    public IReadOnlyCollection<Held> All => _held.Values;

    /// <summary>More of some lane are in the store than in memory, and there is room again.</summary>
    public bool WantsMore => _lanes.Values.Any(l => l.IsIncomplete && l.Count <= settings.IntentsHeldMax / 2);

    public bool Contains(Intent intent) => _held.ContainsKey((intent.FileNumber, intent.Step));

    public void Put(Intent intent)
    {
        if (_held.TryGetValue((intent.FileNumber, intent.Step), out var held))
        {
            held.Intent = intent;
            held.DueAt = intent.DueAt;
            _running.Set(held, intent.Running);
        }
        else
        {
            var lane = LaneOf(intent);

            // A running step is held whatever the bound: somebody must look at its deadline, and the bounds on running steps bound these.
            if (lane.Count >= settings.IntentsHeldMax && !intent.Running)
            {
                lane.IsIncomplete = true;
                return;
            }

            lane.Count++;
            held = new Held(intent, lane);
            _held.Add((intent.FileNumber, intent.Step), held);
            _running.Set(held, intent.Running);
        }

        held.Lane.Add(held);
    }

    public void Remove(Intent intent)
    {
        if (_held.Remove((intent.FileNumber, intent.Step), out var held))
        {
            held.IsGone = true;
            held.LeaveQueue();
            held.Lane.Count--;
            _running.Set(held, false);
        }
    }

    /// <summary>Forgets all of a shard; running steps go on, and no longer count here.</summary>
    public void RemoveShard(int shard)
    {
        foreach (var held in _held.Values.Where(h => h.Intent.Shard == shard).ToArray())
        {
            Remove(held.Intent);
        }
    }

    /// <summary>The next step of a lane that is due and within all bounds, from now on counted as running.</summary>
    public Held? Take(Lane lane, DateTime now)
    {
        var held = lane.Take(now, _running.HasRoom(lane));
        if (held is not null)
        {
            _running.Set(held, true);
        }

        return held;
    }

    private Lane LaneOf(Intent intent)
    {
        var key = (intent.Step.Rule, intent.Action, intent.Target);
        if (!_lanes.TryGetValue(key, out var lane))
        {
            _lanes.Add(key, lane = new Lane(intent.Step.Rule, intent.Action, intent.Target));
        }

        return lane;
    }
}
