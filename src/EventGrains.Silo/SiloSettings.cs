using EventGrains.Contracts.Settings;

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

    [Setting("What is kept of one command's output, half from its beginning and half from its end; the rest is read and dropped.", Unit = "bytes", Min = 1_024, Max = 16_777_216)]
    public int OutputBytesMax { get; set; } = 64 * 1024;
}
