using EventGrains.Contracts.Transitions;
using EventGrains.Files;
using Orleans.Runtime;
using Orleans.Streams;

namespace EventGrains.Silo.Streams;

/// <summary>One queue a shard, which has the streams of its files; and one more, which has those of all datasets.</summary>
/// <remarks>A dataset's files are in every shard, and Orleans has a stream in one queue: consumers' tokens would else be of several countings.</remarks>
internal sealed class QueueMapper : IConsistentRingStreamQueueMapper
{
    private readonly QueueId[] _queues;

    public QueueMapper(string provider, int shards)
    {
        var step = uint.MaxValue / (uint)(shards + 1);
        _queues = [.. Enumerable.Range(0, shards + 1).Select(q => QueueId.GetQueueId(provider, (uint)q, ((uint)q * step) + (step / 2)))];
    }

    public int Shards => _queues.Length - 1;

    public int OfDatasets => Shards;

    public IEnumerable<QueueId> GetAllQueues() => _queues;

    public IEnumerable<QueueId> GetQueuesForRange(IRingRange range) => _queues.Where(q => range.InRange(q.GetUniformHashCode()));

    public QueueId GetQueueForStream(StreamId streamId) => _queues[QueueOf(streamId) ?? 0];

    /// <summary>Null: no stream of ours, which nobody will ever hear anything on.</summary>
    public int? QueueOf(StreamId streamId) => streamId.GetNamespace() switch
    {
        TransitionStreams.Files when FileId.TryParse(streamId.GetKeyAsString(), out var file) => file.ShardOf(Shards),
        TransitionStreams.Datasets => OfDatasets,
        _ => null,
    };
}
