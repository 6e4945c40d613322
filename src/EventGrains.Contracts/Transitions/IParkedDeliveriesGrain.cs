namespace EventGrains.Contracts.Transitions;

/// <summary>Deliveries on streams that were given up after their attempts. Keyed by the stream provider's name.</summary>
/// <remarks>The event itself stays in the log; beyond <c>streamParkedMax</c> the oldest entry makes room, and that is counted.</remarks>
[Alias("EventGrains.IParkedDeliveriesGrain"), Version(1)]
public interface IParkedDeliveriesGrain : IGrainWithStringKey
{
    /// <summary>Oldest first, after a number (0 for the first).</summary>
    [Alias("List")]
    Task<ParkedPage> List(long after, int max);

    /// <summary>How many there are.</summary>
    [Alias("Count")]
    Task<int> Count();

    /// <summary>Keeps it; the same delivery parked again takes the place of the earlier entry.</summary>
    [Alias("Park")]
    Task Park(ParkedDelivery delivery);

    /// <summary>Has the event delivered again, to all consumers of its stream; false when there is no such entry. What fails again is parked again.</summary>
    [Alias("Retry")]
    Task<bool> Retry(long number);

    /// <summary>Takes the entry away; false when there is none.</summary>
    [Alias("Drop")]
    Task<bool> Drop(long number);
}

/// <param name="Number">Counts up; given by the grain.</param>
/// <param name="Stream">The stream's namespace and key, as <c>files/STORAGE:NATIVE</c>.</param>
/// <param name="Sequence">With <paramref name="Index"/> the token: for a file the shard's sequence and the version, for a dataset commit index and ordinal.</param>
/// <param name="Consumer">The grain that failed.</param>
[GenerateSerializer, Immutable, Alias("EventGrains.ParkedDelivery")]
public sealed record ParkedDelivery(
    [property: Id(0)] long Number,
    [property: Id(1)] string Stream,
    [property: Id(2)] long Sequence,
    [property: Id(3)] int Index,
    [property: Id(4)] string Consumer,
    [property: Id(5)] string Error,
    [property: Id(6)] int Attempts,
    [property: Id(7)] DateTime At);

/// <param name="Dropped">How many made room for later ones since the first.</param>
[GenerateSerializer, Immutable, Alias("EventGrains.ParkedPage")]
public sealed record ParkedPage([property: Id(0)] IReadOnlyList<ParkedDelivery> Items, [property: Id(1)] long Dropped);
