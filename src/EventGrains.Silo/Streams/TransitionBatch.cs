using EventGrains.Contracts.Transitions;
using Orleans.Providers.Streams.Common;
using Orleans.Runtime;
using Orleans.Streams;

namespace EventGrains.Silo.Streams;

/// <summary>One event of one stream; without a transition, a notice that the stream is to be looked at.</summary>
[GenerateSerializer, Immutable, Alias("EventGrains.TransitionBatch")]
internal sealed class TransitionBatch(StreamId streamId, EventSequenceTokenV2 token, LoggedTransition? logged) : IBatchContainer
{
    [Id(0)]
    public StreamId StreamId { get; } = streamId;

    [Id(1)]
    public EventSequenceTokenV2 Token { get; } = token;

    [Id(2)]
    public LoggedTransition? Logged { get; } = logged;

    public StreamSequenceToken SequenceToken => Token;

    public Place Place => Place.Of(Token);

    public static TransitionBatch Notice(StreamId streamId, Place place) => new(streamId, place.Token, null);

    public static TransitionBatch OfFile(StreamId streamId, LoggedTransition logged) =>
        new(streamId, new EventSequenceTokenV2(logged.Sequence, logged.Transition.Version), logged);

    public static TransitionBatch OfDataset(StreamId streamId, LoggedTransition logged) =>
        new(streamId, new EventSequenceTokenV2(logged.Cursor.Index, logged.Cursor.Ordinal), logged);

    public IEnumerable<Tuple<T, StreamSequenceToken>> GetEvents<T>() =>
        Logged is T transition ? [Tuple.Create(transition, SequenceToken)] : [];

    public bool ImportRequestContext() => false;
}
