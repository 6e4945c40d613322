using CsCheck;
using EventGrains.Contracts.Shards;
using EventGrains.Silo.Shards;
using EventGrains.Silo.Store;

namespace EventGrains.Tests.Shards;

/// <summary>Which ranges a shard takes: nothing twice, nothing with a hole before it, nothing of a reader that was replaced.</summary>
public sealed class ShardPositionsTests
{
    [Theory]
    [InlineData(1, 100, 100, 200, RangeCheck.Apply)]
    [InlineData(1, 50, 100, 200, RangeCheck.Apply)] // overlaps what is known; the known events are passed over
    [InlineData(1, 0, 100, 100, RangeCheck.Repeat)]
    [InlineData(1, 0, 100, 60, RangeCheck.Repeat)]
    [InlineData(1, 150, 100, 200, RangeCheck.Gap)]
    public void A_range_is_held_against_the_accepted_place(long generation, long after, long stands, long upTo, object expected)
    {
        var positions = Standing(generation, stands);

        Assert.Equal(expected, positions.Check(Range(1, generation, new RangePoint(generation, after), upTo)));
    }

    [Fact]
    public void A_new_generation_begins_only_where_the_old_one_ended()
    {
        var positions = Standing(1, 100);

        Assert.Equal(RangeCheck.Gap, positions.Check(Range(1, 2, new RangePoint(1, 120), 10)));
        Assert.Equal(RangeCheck.Apply, positions.Check(Range(1, 2, new RangePoint(1, 100), 10)));
    }

    [Fact]
    public void A_replaced_reader_is_refused_whatever_it_sends()
    {
        var positions = Standing(1, 100, readerEpoch: 7);

        Assert.Equal(RangeCheck.Fenced, positions.Check(Range(6, 1, new RangePoint(1, 100), 200)));
        Assert.Equal(RangeCheck.Fenced, positions.Check(Range(6, 1, new RangePoint(1, 0), 50)));
    }

    [Fact]
    public void What_is_answered_is_the_durable_place_not_the_accepted_one()
    {
        var positions = Standing(1, 100);
        var range = Range(1, 1, new RangePoint(1, 100), 200);

        positions.Accept(0, range);

        Assert.Equal(new RangePoint(1, 100), positions.Stands(range));
        positions.MakeDurable(range);
        Assert.Equal(new RangePoint(1, 200), positions.Stands(range));
    }

    [Fact]
    public void Whatever_is_resent_late_or_twice_each_event_is_taken_once_and_in_order() =>
        Gen.Int[1, 30].Array[1, 40].Select(Gen.Int, (steps, seed) => (steps, seed)).Sample(c =>
        {
            var random = new Random(c.seed);
            var positions = new ShardPositions();
            var taken = new List<long>();
            const int Last = 60;
            for (var tries = 0; tries < 20_000 && !(taken.Count > 0 && taken[^1] == Last); tries++)
            {
                var after = random.Next(0, Last);
                var upTo = Math.Min(Last, after + c.steps[tries % c.steps.Length]);
                var range = Range(1, 1, new RangePoint(after == 0 ? 0 : 1, after), upTo, [.. Enumerable.Range(after + 1, upTo - after).Select(i => (long)i)]);
                if (positions.Check(range) == RangeCheck.Apply)
                {
                    for (var i = 0; i < range.Positions.Count; i++)
                    {
                        if (!positions.IsKnown(range, i))
                        {
                            taken.Add(range.Positions[i]);
                        }
                    }

                    positions.Accept(0, range);
                }
            }

            Assert.Equal(Enumerable.Range(1, Last).Select(i => (long)i), taken);
        });

    private static ShardPositions Standing(long generation, long position, long readerEpoch = 1)
    {
        var positions = new ShardPositions();
        positions.Load([new PositionRow(0, "billing", "log", readerEpoch, generation, position, null)]);
        return positions;
    }

    private static EventRange Range(long readerEpoch, long generation, RangePoint after, long upTo, IReadOnlyList<long>? positions = null) =>
        new("billing", "log", readerEpoch, generation, after, upTo, [], positions ?? [], []);
}
