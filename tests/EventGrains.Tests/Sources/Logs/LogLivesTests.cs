using System.Globalization;
using System.Text;
using EventGrains.Contracts.Shards;
using EventGrains.Silo.Posix;

namespace EventGrains.Tests.Sources.Logs;

/// <summary>Seeded lives of a log whose old files change: writers stay in renamed ones, and each copy is written over the last one.</summary>
public sealed class LogLivesTests
{
    public static TheoryData<int> Seeds => Lives.With(1, 2, 3, 4, 5, 6);

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task No_record_is_lost_and_no_gap_is_said_by_writers_that_stay_and_copies_over_the_same_copy(int seed)
    {
        var losing = new Random(seed + 1000);
        await using var bench = new LogBench(loses: _ => losing.Next(20) == 0);
        await using var life = new Life(bench, new Random(seed), copy: seed % 2 == 0 ? "log.copy" : "copy");
        bench.Start();

        for (var step = 0; step < 25; step++)
        {
            await life.Step();
        }

        await Eventually.Is(life.IsCaughtUp, () => $"seed {seed}: {life}");
        Assert.True(bench.DeadLetters.Count == 0, $"seed {seed}: {life}");
    }

    private sealed class Life(LogBench bench, Random random, string copy) : IAsyncDisposable
    {
        private readonly List<string> written = [];
        private readonly List<FileStream> writers = [];
        private readonly List<string> played = [];
        private bool isCopied;
        private long copiedBefore;

        public async Task Step()
        {
            switch (random.Next(10))
            {
                case 0:
                    played.Add("kill");
                    await bench.Kill();
                    bench.Start();
                    break;
                case 1 when writers.Count < 3:
                    // Only what was seen before its rename is known to be this partition's.
                    Write(1);
                    await Settled();
                    played.Add("rename");
                    writers.Add(bench.OpenWriter("log"));
                    bench.Rename("log", $"log.{writers.Count}");
                    Write(1);
                    break;
                case 2 or 3 when writers.Count > 0:
                    played.Add("late");
                    writers[random.Next(writers.Count)].Write(Lines(random.Next(1, 4)));
                    break;
                case 4 or 5:
                    await BeforeCopy();
                    Write(random.Next(1, 4));
                    Copy();
                    break;
                case 6 or 7:
                    await BeforeCopy();
                    await bench.Kill();
                    Write(random.Next(1, 4));
                    Copy();
                    bench.Start();
                    break;
                default:
                    Write(random.Next(1, 10));
                    break;
            }
        }

        public bool IsCaughtUp()
        {
            bench.Look();
            return written.Order(StringComparer.Ordinal).SequenceEqual(bench.Records.Distinct());
        }

        public ValueTask DisposeAsync()
        {
            writers.ForEach(w => w.Dispose());
            return ValueTask.CompletedTask;
        }

        public override string ToString() =>
            $"{string.Join(" ", played)}: {string.Join(", ", written.Except(bench.Records))} not durable; the reader shows {bench.View}, its generations are {string.Join(", ", bench.Notes.Generations)}; dead letters: {string.Join(", ", bench.DeadLetters.Select(d => d.Reason))}";

        // A copy under a new name can be known only by what was read of its content. From the second time on it is the file that is known.
        private async Task BeforeCopy()
        {
            if (!isCopied)
            {
                Write(1);
            }

            await Settled();
        }

        /// <summary>All is read, and no shard needs the copy any more, which is about to hold something else.</summary>
        private async Task Settled()
        {
            await Eventually.Is(() => IsCaughtUp() && (!isCopied || IsPast(IdentityOf(copy))), ToString);

            bool IsPast(FileIdentity file) =>
                bench.Notes.Generations.LastOrDefault(g => g.File == file) is { End: { } end } generation
                && generation.Number > copiedBefore
                && bench.Models.All(m => m.Durable.CompareTo(new RangePoint(generation.Number, end)) >= 0);
        }

        private void Copy()
        {
            played.Add("copy");
            copiedBefore = isCopied ? bench.Notes.Generations.Last(g => g.File == IdentityOf(copy)).Number : 0;
            if (isCopied)
            {
                bench.CopyOver("log", copy);
            }
            else
            {
                File.Copy(bench.PathOf("log"), bench.PathOf(copy));
            }

            isCopied = true;
            bench.Truncate("log");
            if (random.Next(2) == 0)
            {
                Write(1);
            }
        }

        private FileIdentity IdentityOf(string name)
        {
            Assert.True(PosixFile.TryStat(bench.PathOf(name), out var stat, out _));
            return stat.Identity;
        }

        private void Write(int count)
        {
            played.Add($"write-{count}");
            bench.AppendRaw("log", Encoding.ASCII.GetString(Lines(count)));
        }

        private byte[] Lines(int count)
        {
            var lines = Enumerable.Range(written.Count, count).Select(i => $"r{i:d4}").ToArray();
            written.AddRange(lines);
            return Encoding.ASCII.GetBytes(string.Concat(lines.Select(l => l + "\n")));
        }
    }
}
