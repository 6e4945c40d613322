using EventGrains.Contracts.Settings;
using EventGrains.Files;

namespace EventGrains.Silo;

/// <summary>What can be set of a silo. Every bound has a name, a unit, a range and a stated behaviour.</summary>
public sealed class SiloSettings
{
    [Setting("The data directory: all that a silo with the embedded store keeps.")]
    public string DataDirectory { get; set; } = "";

    [Setting("Shards of a new store; fixed at its creation, well above the number of silos.", Unit = "shards", Min = 1, Max = 4096)]
    public int Shards { get; set; } = 16;

    [Setting("File states kept in memory over all shards; beyond it the least recently touched durable ones are dropped and loaded again when needed.", Unit = "files", Min = 1_000, Max = 100_000_000)]
    public int FilesCachedMax { get; set; } = 200_000;

    [Setting("Change sets that may wait for the committer; beyond it shards wait, and so do sources.", Unit = "change sets", Min = 16, Max = 100_000)]
    public int CommitQueueMax { get; set; } = 256;

    [Setting("Events in one commit; a commit with more waiting takes this many and the next takes the rest.", Unit = "events", Min = 100, Max = 1_000_000)]
    public int CommitEventsMax { get; set; } = 20_000;

    [Setting("Transitions kept in the log; beyond it the oldest are dropped, and a subscriber that was further behind gets a gap.", Unit = "transitions", Min = 10_000, Max = 100_000_000_000)]
    public long TransitionsKeptMax { get; set; } = 50_000_000;

    [Setting("Attempts of one step; at the last failed one the step fails, until `step retry`.", Unit = "attempts", Min = 1, Max = 1_000)]
    public int AttemptsMax { get; set; } = 5;

    [Setting("How long a claim holds without being extended; so long a step rests after its executor died.", Unit = "seconds", Min = 1, Max = 3_600)]
    public double ClaimSeconds { get; set; } = 20;

    [Setting("The wait after a step's first failed attempt; it doubles with each.", Unit = "seconds", Min = 0.01, Max = 3_600)]
    public double BackOffFirstSeconds { get; set; } = 1;

    [Setting("The longest wait between two attempts of a step.", Unit = "seconds", Min = 0.01, Max = 86_400)]
    public double BackOffMaxSeconds { get; set; } = 300;

    [Setting("Steps of one action that run at once on this silo; the others wait in the store.", Unit = "steps", Min = 1, Max = 100_000)]
    public int StepsRunningPerActionMax { get; set; } = 64;

    [Setting("Steps against one target (a replica storage) that run at once on this silo.", Unit = "steps", Min = 1, Max = 100_000)]
    public int StepsRunningPerTargetMax { get; set; } = 16;

    [Setting("Steps of one rule that run at once on this silo, so that no rule starves the others.", Unit = "steps", Min = 1, Max = 100_000)]
    public int StepsRunningPerRuleMax { get; set; } = 32;

    [Setting("Intents that the dispatcher holds in memory; the others stay in the store and are read later.", Unit = "intents", Min = 100, Max = 10_000_000)]
    public int IntentsHeldMax { get; set; } = 50_000;

    internal StepPolicy StepPolicy() => new(
        AttemptsMax, TimeSpan.FromSeconds(ClaimSeconds), TimeSpan.FromSeconds(BackOffFirstSeconds), TimeSpan.FromSeconds(BackOffMaxSeconds));
}
