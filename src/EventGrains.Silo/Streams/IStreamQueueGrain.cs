using EventGrains.Contracts.Transitions;

namespace EventGrains.Silo.Streams;

/// <summary>What the cluster knows of one queue: which of its streams have subscribers of their own, and what is to be delivered again. Keyed <c>PROVIDER/QUEUE</c>.</summary>
[Alias("EventGrains.IStreamQueueGrain"), Orleans.CodeGeneration.Version(1)]
internal interface IStreamQueueGrain : IGrainWithStringKey
{
    /// <summary>A stream gets a subscriber: the queue's agent is to look it up. Called before the subscription is stored, and again without harm.</summary>
    [Alias("Listen")]
    Task Listen(string stream);

    /// <summary>A stream has none any more.</summary>
    [Alias("Ignore")]
    Task Ignore(string stream);

    [Alias("IsListenedTo")]
    Task<bool> IsListenedTo(string stream);

    /// <summary>All that stands, if it changed since a version.</summary>
    [Alias("Look")]
    Task<StreamQueueState?> Look(long version);

    [Alias("DeliverAgain")]
    Task DeliverAgain(ParkedDelivery delivery);

    [Alias("Delivered")]
    Task Delivered(IReadOnlyList<long> numbers);
}

[GenerateSerializer, Immutable, Alias("EventGrains.StreamQueueState")]
internal sealed record StreamQueueState
{
    /// <summary>Counts up with every change.</summary>
    [Id(0)]
    public long Version { get; init; }

    [Id(1)]
    public Dictionary<string, StreamListener> Listeners { get; init; } = [];

    [Id(2)]
    public List<ParkedDelivery> Again { get; init; } = [];
}

/// <param name="Since">Where the log ended when the stream got its first subscriber: what came after is that one's.</param>
/// <param name="Version">The state's that it came with.</param>
/// <param name="Told">The state's when a further subscriber came last; 0 when none did.</param>
[GenerateSerializer, Immutable, Alias("EventGrains.StreamListener")]
internal sealed record StreamListener([property: Id(0)] Cursor Since, [property: Id(1)] long Version, [property: Id(2)] long Told = 0)
{
    /// <summary>Whoever has seen the state of this version has been told of all its subscribers.</summary>
    public long LookUp => Math.Max(Version, Told);
}
