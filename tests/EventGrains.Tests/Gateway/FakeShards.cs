using System.Collections.Concurrent;
using System.Collections.Immutable;
using EventGrains.Contracts.Actions;
using EventGrains.Contracts.Files;
using EventGrains.Contracts.Shards;
using EventGrains.Files;
using Orleans.Runtime;

namespace EventGrains.Tests.Gateway;

/// <summary>All shards of a cluster: keeps what they were given, and answers when and what the test says.</summary>
public sealed class FakeShards
{
    public ConcurrentQueue<(int Shard, EventBatch Batch)> Applied { get; } = [];

    /// <summary>What a shard answers; durable at once unless the test says otherwise.</summary>
    public Func<int, EventBatch, Task<ApplyAnswer>> Answer { get; set; } = (_, _) => Task.FromResult(new ApplyAnswer([]));

    public IEnumerable<string> Files => Applied.SelectMany(a => a.Batch.Events).Select(e => e.File.Native);

    public IFileShardGrain Shard(object key) => new Of(this, (int)(long)key);

    private sealed class Of(FakeShards shards, int number) : IFileShardGrain
    {
        public Task<ApplyAnswer> Apply(EventBatch batch)
        {
            shards.Applied.Enqueue((number, batch));
            return shards.Answer(number, batch);
        }

        public Task<RangeAnswer> ApplyRange(EventRange range) => throw new NotSupportedException();

        public Task<StepClaim?> Claim(FileId file, StepKey step) => throw new NotSupportedException();

        public Task<StepClaim?> Extend(StepClaim claim) => throw new NotSupportedException();

        public Task<bool> Conclude(StepClaim claim, StepOutcome outcome) => throw new NotSupportedException();

        public Task<int> Retry(FileId file, string? rule) => throw new NotSupportedException();

        public Task<bool> SaveAlias(CopyAlias alias) => throw new NotSupportedException();

        public Task<CopyAlias?> FindAlias(string storage, WireName path) => throw new NotSupportedException();

        public Task<ShardView> Ping() => Task.FromResult(new ShardView(0, 1, SiloAddress.Zero));

        public Task Move(SiloAddress to) => Task.CompletedTask;
    }
}
