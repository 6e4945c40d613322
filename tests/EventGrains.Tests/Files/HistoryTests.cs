using CsCheck;
using EventGrains.Events;
using EventGrains.Files;
using EventGrains.Rules;

namespace EventGrains.Tests.Files;

/// <summary>Whole lives of files, told in any order, doubled, with clocks that are ten minutes apart.</summary>
public sealed class HistoryTests
{
    private static readonly Rulebook NoRules = new(Definitions.Empty);

    private static readonly Cause Heard = new("billing", null, null, "said");

    public static TheoryData<string> Lives => [.. LivesByName.Keys];

    private static readonly Dictionary<string, (Func<int, int, FileFacts[]> Told, FileStatus Ends)> LivesByName = new()
    {
        ["door and pool of both publishing paths tell of one upload"] = ((door, pool) =>
        [
            Says.DoorStoredWithMover("/d/f", "pool-a", 7, pool), Says.DoorStored("/d/f", door), Says.PoolWrote("pool-a", "/d/f", 7, pool),
        ], FileStatus.Stored),
        ["a write is heard after the delete"] = ((door, pool) =>
        [
            Says.DoorStored("/d/f", door), Says.PoolWrote("pool-a", "/d/f", 7, pool), Says.DoorDeleted("/d/f", door + 60), Says.PoolCleaned("pool-a", pool + 180),
        ], FileStatus.Deleted),
        ["a file is flushed, evicted and staged again"] = ((door, pool) =>
        [
            Says.DoorStored("/d/f", door), Says.PoolWrote("pool-a", "/d/f", 7, pool), Says.Flushed("pool-a", pool + 10), Says.PoolEvicted("pool-a", pool + 60),
            Says.Restored("pool-t", door + 90),
        ], FileStatus.Staged),
        ["a pool's transfer whose door failed proves no file"] = ((_, pool) => [Says.PoolWrote("pool-a", "/d/f", 7, pool)], FileStatus.Unknown),
        ["the only copy is removed"] = ((door, pool) =>
        [
            Says.DoorStored("/d/f", door), Says.PoolWrote("pool-a", "/d/f", 7, pool), Says.PoolCleaned("pool-a", pool + 60),
        ], FileStatus.Lost),
        ["lost and found again"] = ((door, pool) =>
        [
            Says.DoorStored("/d/f", door), Says.PoolWrote("pool-a", "/d/f", 7, pool), Says.PoolCleaned("pool-a", pool + 60), Says.PoolHas("pool-b", pool + 120),
        ], FileStatus.Stored),
        ["a cached copy of unknown origin is evicted: no loss"] = ((door, pool) =>
        [
            Says.DoorStored("/d/f", door), Says.PoolHas("pool-a", pool), Says.PoolEvicted("pool-a", pool + 60),
        ], FileStatus.Stored),
        ["copies on two pools"] = ((door, pool) =>
        [
            Says.DoorStored("/d/f", door), Says.PoolHas("pool-a", pool), Says.PoolHas("pool-b", door + 5),
        ], FileStatus.Replicated),
        ["an object key is put again; an older delete comes late"] = ((door, _) =>
        [
            Says.KeyPut("01", 5, door), Says.KeyDeleted("02"), Says.KeyPut("03", 9, door + 60),
        ], FileStatus.Stored),
    };

    [Theory]
    [MemberData(nameof(Lives))]
    public void Any_order_of_a_life_gives_the_same_facts_and_status(string life)
    {
        var (told, ends) = LivesByName[life];
        Gen.Select(Gen.Int[-600, 600], Gen.Int).Sample((skew, seed) =>
        {
            var said = told(0, skew);
            var again = said.Concat(said).ToArray();
            new Random(seed).Shuffle(again);

            var (inOrder, _) = Live(said);
            var (shuffled, _) = Live(again);

            Assert.Equal(inOrder.Facts, shuffled.Facts);
            Assert.Equal(ends, FileSummary.Of(inOrder).Status);
            Assert.Equal(ends, FileSummary.Of(shuffled).Status);
        });
    }

    [Theory]
    [MemberData(nameof(Lives))]
    public void Versions_count_one_two_three_and_a_second_telling_is_silent(string life)
    {
        var said = LivesByName[life].Told(0, 0);

        var (state, transitions) = Live([.. said, .. said]);
        var (_, once) = Live(said);

        Assert.Equal(once.Count, transitions.Count);
        Assert.Equal(Enumerable.Range(1, transitions.Count), transitions.Select(t => t.Version));
        Assert.Equal(state.Version, transitions.Count);
        Assert.All(transitions, t => Assert.Equal(t.Changes[^1], t.Kind));
    }

    [Fact]
    public void A_read_that_only_moves_a_clock_is_kept_in_silence()
    {
        var (state, _) = Live([Says.DoorStored("/d/f", 0), Says.PoolHas("pool-a", 0)]);

        var read = Decision.Of(state, Says.Event(Says.PoolHas("pool-a", 30)), Heard, NoRules, Says.Noon)!;

        Assert.Null(read.Transition);
        Assert.Equal(state.Version, read.After.Version);
        Assert.Equal(Says.At(30), Assert.Single(read.After.Facts.Replicas).SaidAt);
    }

    [Fact]
    public void A_door_heard_before_its_pool_does_not_make_the_file_lost()
    {
        var (state, transitions) = Live([Says.DoorStored("/d/f", 0)]);

        Assert.Equal(FileStatus.Stored, FileSummary.Of(state).Status);
        Assert.Equal(TransitionKind.Stored, Assert.Single(transitions).Kind);
    }

    [Fact]
    public void One_event_makes_one_transition_that_lists_all_changes()
    {
        var (_, transitions) = Live([Says.DoorStoredWithMover("/d/f", "pool-a", 7, 0)]);

        Assert.Equal(
            [TransitionKind.SizeKnown, TransitionKind.Located, TransitionKind.ReplicaAdded, TransitionKind.Stored],
            Assert.Single(transitions).Changes);
    }

    private static (FileState State, List<Transition> Transitions) Live(IEnumerable<FileFacts> said)
    {
        var state = FileState.New(Says.File, 1);
        var transitions = new List<Transition>();
        foreach (var says in said)
        {
            if (Decision.Of(state, new StorageEvent(state.Id, "said", says), Heard, NoRules, Says.Noon) is { } decision)
            {
                state = decision.After;
                if (decision.Transition is { } transition)
                {
                    transitions.Add(transition);
                }
            }
        }

        return (state, transitions);
    }
}
