using EventGrains.Contracts.Transitions;
using EventGrains.Silo.Store;

namespace EventGrains.Tests.Store;

/// <summary>What every store promises of the sequences that shards give their transitions.</summary>
public abstract class StoreSequencePromises : StorePromises
{
    private readonly Dictionary<int, int> _files = [];

    [Fact]
    public async Task A_shards_transitions_have_its_sequences_without_a_gap_whoever_owned_it()
    {
        var stale = await Store.TakeOver(1);
        var (first, other) = (await Store.TakeOver(1), await Store.TakeOver(2));
        Assert.Equal((1, 1), (first.NextSequence, other.NextSequence));
        await Store.Commit([Next(first, 2), Next(other, 1), Next(first, 3)]);
        Assert.Equal([false, true], (await Store.Commit([Next(stale, 4), Next(other, 1)])).Committed);

        var second = await Store.TakeOver(1);
        Assert.Equal(6, second.NextSequence);
        Assert.Equal([false, true], (await Store.Commit([Next(first, 2), Next(second, 2)])).Committed);
        var onlyPosition = Sample.Of(second);
        onlyPosition.Positions.Add(new PositionRow(1, "doors", "p", 1, 1, 1, null));
        await Store.Commit([onlyPosition]);

        Assert.Equal(8, (await Store.TakeOver(1)).NextSequence);
        var log = await Log();
        Assert.Equal([1, 2, 3, 4, 5, 6, 7], log.Where(l => l.Shard == 1).Select(l => l.Sequence));
        Assert.Equal([1, 2], log.Where(l => l.Shard == 2).Select(l => l.Sequence));
        Assert.All(log, l => Assert.Equal(l.Transition.Id.ShardOf(Sample.Shards), l.Shard));
        Assert.Equal([3], (await Store.ReadHistory(log.Single(l => l.Shard == 1 && l.Sequence == 3).Transition.Id, 0, 10)).Select(l => l.Sequence));
    }

    [Fact]
    public async Task A_set_that_cannot_be_written_uses_up_no_sequence()
    {
        var owner = await Store.TakeOver(1);
        await Store.Commit([Next(owner, 2)]);
        var bad = Next(owner, 1);
        bad.Files[0] = bad.Files[0] with { After = bad.Files[0].After with { Facts = null! } };
        await Assert.ThrowsAsync<RowRefusedException>(() => Store.Commit([bad]));

        var again = await Store.TakeOver(1);

        Assert.Equal(3, again.NextSequence);
        await Store.Commit([Next(again, 1)]);
        Assert.Equal([1, 2, 3], (await Log()).Select(l => l.Sequence));
    }

    [Fact]
    public async Task A_shard_counts_on_when_all_of_its_transitions_were_dropped()
    {
        var owner = await Store.TakeOver(1);
        await Store.Commit([Next(owner, 3)]);
        await Store.Commit([Next(owner, 2)]);
        await Store.PruneLog(0);

        var again = await Store.TakeOver(1);

        Assert.Equal(6, again.NextSequence);
        await Store.Commit([Next(again, 1)]);
        Assert.Equal(6, Assert.Single(await Log()).Sequence);
    }

    /// <summary>A change set with so many transitions, each of another new file.</summary>
    private ChangeSet Next(ShardOwnership owner, int transitions)
    {
        var set = Sample.Of(owner);
        for (var i = 0; i < transitions; i++)
        {
            var n = _files[owner.Shard] = _files.GetValueOrDefault(owner.Shard) + 1;
            set.With(Sample.New(Sample.IdIn(owner.Shard, n), ((long)owner.Shard << 48) + n, $"/{n}"));
        }

        return set;
    }

    private async Task<IReadOnlyList<LoggedTransition>> Log() => (await Store.ReadLog((await Store.ReadLogEnds()).Earliest, 1_000)).Items;
}
