using CsCheck;
using EventGrains.Contracts.Shards;
using EventGrains.Events;
using EventGrains.Files;
using EventGrains.Silo.Sources.Logs;

namespace EventGrains.Tests.Sources.Logs;

public sealed class RangeLedgerTests
{
    private const int Shards = 3;

    [Fact]
    public void Every_record_reaches_its_shard_once_and_in_order_whatever_gets_lost() =>
        Gen.Select(Gen.Int[0, 1_000_000], Gen.Int[1, 4], Gen.Int[1, 4]).Sample((seed, inFlight, besideMin) =>
        {
            var run = new Run(seed, inFlight, besideMin);
            run.Play(steps: 150);
            run.Settle();

            for (var shard = 0; shard < Shards; shard++)
            {
                Assert.Equal(run.Written[shard], run.ShardAt(shard).Records);
            }
        }, iter: 2_000);

    [Fact]
    public void A_shard_that_had_no_record_gets_its_position_with_the_next_one()
    {
        var ledger = Ledger();
        ledger.Add(Stretch(1, 10, (0, "a")));
        ledger.Add(Stretch(1, 20, (1, "b")));
        ledger.Add(Stretch(1, 30, (0, "c")));
        ledger.Add(Stretch(1, 40, (2, "d")));

        var first = ledger.TakeNext(0)!;

        Assert.Equal(["a", "c"], first.Events.Select(e => e.Type));
        Assert.Equal(40, first.UpTo);
        Assert.Equal(new RangePoint(0, 0), first.After);
        Assert.Equal(new RangePoint(0, 0), ledger.TakeNext(1)!.After);
        Assert.Null(ledger.TakeNext(0));
    }

    [Fact]
    public void An_idle_shard_gets_an_empty_range_only_when_forced()
    {
        var ledger = Ledger();
        ledger.Add(Stretch(1, 10, (0, "a")));
        Assert.Null(ledger.TakeNext(1));

        ledger.Force();

        var empty = ledger.TakeNext(1)!;
        Assert.Empty(empty.Events);
        Assert.Equal(10, empty.UpTo);
    }

    [Fact]
    public void What_an_idle_shard_was_told_along_with_a_record_is_told_again_when_that_fails()
    {
        var ledger = Ledger();
        ledger.Add(Stretch(1, 10, (0, "a")));
        var first = ledger.TakeNext(0)!;
        ledger.Add(Stretch(1, 20, (1, "b")));
        ledger.Failed(0, first);
        var second = ledger.TakeNext(0)!;
        Assert.Equal(20, second.UpTo);

        ledger.Failed(0, second);

        var again = ledger.TakeNext(0)!;
        Assert.Equal(20, again.UpTo);
        Assert.Equal(["a"], again.Events.Select(e => e.Type));
    }

    [Fact]
    public void After_a_gap_only_that_shard_is_served_again_and_from_memory()
    {
        var ledger = Ledger();
        ledger.Add(Stretch(1, 10, (0, "a"), (1, "b")));
        var lost = ledger.TakeNext(0)!;
        var other = ledger.TakeNext(1)!;
        ledger.Answered(1, other, new RangeAnswer(RangeVerdict.Committed, new RangePoint(1, 10)));

        ledger.Answered(0, lost, new RangeAnswer(RangeVerdict.Gap, default));

        Assert.Equal(["a"], ledger.TakeNext(0)!.Events.Select(e => e.Type));
        Assert.Null(ledger.TakeNext(1));
        Assert.False(ledger.MustReadAgain);
    }

    [Fact]
    public void A_shard_that_stands_before_what_was_committed_makes_us_read_again()
    {
        var ledger = Ledger();
        ledger.Add(Stretch(1, 10, (0, "a")));
        ledger.Answered(0, ledger.TakeNext(0)!, new RangeAnswer(RangeVerdict.Committed, new RangePoint(1, 10)));
        ledger.Add(Stretch(1, 20, (0, "b")));

        ledger.Answered(0, ledger.TakeNext(0)!, new RangeAnswer(RangeVerdict.Gap, new RangePoint(1, 5)));

        Assert.True(ledger.MustReadAgain);
        Assert.Null(ledger.TakeNext(0));
    }

    [Fact]
    public void An_answer_that_another_one_overtook_is_no_loss()
    {
        var ledger = Ledger();
        ledger.Add(Stretch(1, 10, (0, "a")));
        var first = ledger.TakeNext(0)!;
        ledger.Add(Stretch(1, 20, (0, "b")));
        var second = ledger.TakeNext(0)!;
        ledger.Answered(0, first, new RangeAnswer(RangeVerdict.Committed, new RangePoint(1, 10)));

        // Said before the first one was committed, heard after.
        ledger.Answered(0, second, new RangeAnswer(RangeVerdict.Gap, default));

        Assert.False(ledger.MustReadAgain);
        Assert.Equal(["b"], ledger.TakeNext(0)!.Events.Select(e => e.Type));
    }

    [Fact]
    public void Beside_an_unanswered_range_few_events_gather_and_many_are_sent()
    {
        var ledger = Ledger(besideEventsMin: 3);
        ledger.Add(Stretch(1, 10, (0, "a")));
        var first = ledger.TakeNext(0)!;
        ledger.Add(Stretch(1, 20, (0, "b")));
        ledger.Add(Stretch(1, 30, (0, "c")));
        Assert.Null(ledger.TakeNext(0));

        ledger.Add(Stretch(1, 40, (0, "d")));
        Assert.Equal(["b", "c", "d"], ledger.TakeNext(0)!.Events.Select(e => e.Type));
        ledger.Add(Stretch(1, 50, (0, "e")));
        Assert.Null(ledger.TakeNext(0));

        ledger.Answered(0, first, new RangeAnswer(RangeVerdict.Committed, new RangePoint(1, 10)));
        Assert.Null(ledger.TakeNext(0));
    }

    [Fact]
    public void What_gathered_is_sent_with_the_answer_to_the_last_range()
    {
        var ledger = Ledger(besideEventsMin: 3);
        ledger.Add(Stretch(1, 10, (0, "a")));
        var first = ledger.TakeNext(0)!;
        ledger.Add(Stretch(1, 20, (0, "b")));

        ledger.Answered(0, first, new RangeAnswer(RangeVerdict.Committed, new RangePoint(1, 10)));

        Assert.Equal(["b"], ledger.TakeNext(0)!.Events.Select(e => e.Type));
    }

    [Fact]
    public void A_fenced_reader_sends_nothing_more()
    {
        var ledger = Ledger();
        ledger.Add(Stretch(1, 10, (0, "a"), (1, "b")));

        ledger.Answered(0, ledger.TakeNext(0)!, new RangeAnswer(RangeVerdict.Fenced, default));

        Assert.True(ledger.IsFenced);
        Assert.Null(ledger.TakeNext(1));
    }

    [Fact]
    public void A_range_never_crosses_a_generation_and_each_shard_learns_where_the_old_one_ended()
    {
        var ledger = Ledger();
        ledger.Add(Stretch(1, 10, (0, "a")));
        ledger.Add(new LogStretch(Shards).EndForAll(new RangePoint(1, 12), null));
        ledger.Add(Stretch(2, 5, (0, "b")));

        var old = ledger.TakeNext(0)!;
        var next = ledger.TakeNext(0)!;

        Assert.Equal((1, 12), (old.Generation, old.UpTo));
        Assert.Equal(new RangePoint(1, 12), next.After);
        Assert.Equal(["b"], next.Events.Select(e => e.Type));
        Assert.Equal((1, 12), (ledger.TakeNext(2)!.Generation, 12));
    }

    [Fact]
    public void A_shard_that_stood_further_gets_only_what_is_beyond()
    {
        var ledger = new RangeLedger("s", "p", 1, [new(1, 10), new(1, 25), default], 4, 100, besideEventsMin: 1);
        ledger.Add(Stretch(1, 20, (0, "a"), (1, "known")));
        var both = Stretch(1, 30);
        both.Part(1).Events.AddRange([Event("known"), Event("new")]);
        both.Part(1).Positions.AddRange([25, 30]);
        ledger.Add(both);

        Assert.Equal(["new"], ledger.TakeNext(1)!.Events.Select(e => e.Type));
    }

    [Fact]
    public void What_is_held_is_released_when_all_shards_have_it()
    {
        var ledger = Ledger();
        ledger.Add(Stretch(1, 10, (0, "a"), (1, "b")));
        Assert.Equal(10, ledger.BytesHeld);

        ledger.Answered(0, ledger.TakeNext(0)!, new RangeAnswer(RangeVerdict.Committed, new RangePoint(1, 10)));
        Assert.Equal(10, ledger.BytesHeld);
        ledger.Answered(1, ledger.TakeNext(1)!, new RangeAnswer(RangeVerdict.Committed, new RangePoint(1, 10)));

        Assert.Equal(0, ledger.BytesHeld);
        Assert.Equal(new RangePoint(1, 10), ledger.Durable);
        Assert.Equal(default, ledger.Committed);
    }

    private static RangeLedger Ledger(int besideEventsMin = 1) => new("s", "p", 1, new RangePoint[Shards], 4, 100, besideEventsMin);

    private static LogStretch Stretch(long generation, long upTo, params (int Shard, string Record)[] records)
    {
        var stretch = new LogStretch(Shards);
        foreach (var (shard, record) in records)
        {
            stretch.Part(shard).Events.Add(Event(record));
            stretch.Part(shard).Positions.Add(upTo);
        }

        return stretch.End(new RangePoint(generation, upTo), null, 10);
    }

    private static StorageEvent Event(string record) => new(new FileId("s", record), record, FileFacts.Nothing);

    /// <summary>One seeded life of a partition: appends, rotations, gaps; answers that come late or never; shards and readers that restart.</summary>
    private sealed class Run(int seed, int inFlight, int besideMin)
    {
        private readonly Random random = new(seed);
        private readonly ShardModel[] shards = Enumerable.Range(0, Shards).Select(_ => new ShardModel()).ToArray();
        private readonly List<LogStretch> history = [];
        private readonly List<(int Shard, EventRange Range, RangeVerdict? Verdict)> network = [];
        private RangeLedger ledger = new("s", "p", 1, new RangePoint[Shards], inFlight, 5, besideMin);
        private RangePoint end = new(1, 0);
        private long epoch = 1;
        private int nextRecord;
        private int read;

        public List<string>[] Written { get; } = Enumerable.Range(0, Shards).Select(_ => new List<string>()).ToArray();

        public ShardModel ShardAt(int shard) => shards[shard];

        public void Play(int steps)
        {
            for (var i = 0; i < steps; i++)
            {
                Step(random.Next(100));
            }
        }

        public void Settle()
        {
            for (var i = 0; i < 10_000 && (read < history.Count || !ledger.IsIdle || network.Count > 0); i++)
            {
                ReadOn();
                SendAll();
                Array.ForEach(shards, s => s.CommitAll());
                while (network.Count > 0)
                {
                    Deliver(0);
                    Array.ForEach(shards, s => s.CommitAll());
                }
            }
        }

        private void Step(int dice)
        {
            switch (dice)
            {
                case < 30: Append(); break;
                case < 34: Rotate(); break;
                case < 50: ReadOn(); break;
                case < 60: SendAll(); break;
                case < 80 when network.Count > 0: Deliver(random.Next(Math.Min(network.Count, 3))); break;
                case < 84: shards[random.Next(Shards)].CommitAll(); break;
                case < 88: shards[random.Next(Shards)].Restart(); break;
                case < 92 when network.Count > 0: Lose(random.Next(network.Count)); break;
                case < 94: ledger.Force(); break;
                case < 97: RestartReader(); break;
                default: break;
            }

            if (ledger.MustReadAgain)
            {
                RestartReader();
            }
        }

        private void Append()
        {
            var stretch = new LogStretch(Shards);
            var position = end.Position;
            for (var i = random.Next(4); i > 0; i--)
            {
                position += 10;
                var shard = random.Next(Shards);
                var record = $"r{nextRecord++}";
                Written[shard].Add(record);
                stretch.Part(shard).Events.Add(Event(record));
                stretch.Part(shard).Positions.Add(position);
            }

            end = end with { Position = position + 1 };
            history.Add(stretch.End(end, null, 10));
        }

        private void Rotate()
        {
            history.Add(new LogStretch(Shards).EndForAll(end, null));
            end = new RangePoint(end.Generation + 1, 0);
        }

        private void ReadOn()
        {
            for (; read < history.Count; read++)
            {
                ledger.Add(Copy(history[read]));
            }
        }

        private void SendAll()
        {
            for (var shard = 0; shard < Shards; shard++)
            {
                while (ledger.TakeNext(shard) is { } range)
                {
                    // Ranges arrive in the order in which they set out; some never do.
                    network.Add(random.Next(20) == 0 ? (shard, range, null) : (shard, range, shards[shard].Receive(range)));
                }
            }
        }

        // An answer is given when the shard is durable; that of a shard which lost it in between is an error.
        private void Deliver(int index)
        {
            var (shard, range, verdict) = network[index];
            if (verdict is null)
            {
                Lose(index);
                return;
            }

            if (verdict == RangeVerdict.Committed && new RangePoint(range.Generation, range.UpTo).CompareTo(shards[shard].Durable) > 0)
            {
                if (random.Next(2) == 0)
                {
                    Lose(index);
                }

                return;
            }

            network.RemoveAt(index);
            ledger.Answered(shard, range, new RangeAnswer(verdict.Value, shards[shard].Durable));
        }

        private void Lose(int index)
        {
            var (shard, range, _) = network[index];
            network.RemoveAt(index);
            ledger.Failed(shard, range);
        }

        private void RestartReader()
        {
            network.Clear();
            var stands = shards.Select(s => s.Durable).ToArray();
            ledger = new RangeLedger("s", "p", ++epoch, stands, inFlight, 5, besideMin);
            read = history.FindIndex(h => h.UpTo.CompareTo(stands.Min()) > 0);
            read = read < 0 ? history.Count : read;
        }

        private static LogStretch Copy(LogStretch stretch)
        {
            var copy = new LogStretch(Shards);
            for (var shard = 0; shard < Shards; shard++)
            {
                if (stretch.PartOf(shard) is { } part)
                {
                    copy.Part(shard).Events.AddRange(part.Events);
                    copy.Part(shard).Positions.AddRange(part.Positions);
                }
            }

            return stretch.ToAll ? copy.EndForAll(stretch.UpTo, null) : copy.End(stretch.UpTo, null, stretch.Bytes);
        }
    }
}
