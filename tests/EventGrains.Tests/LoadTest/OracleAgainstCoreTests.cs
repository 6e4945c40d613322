using EventGrains.Events;
using EventGrains.Files;
using EventGrains.LoadTest.Generator;
using EventGrains.LoadTest.Limits;
using EventGrains.LoadTest.Oracle;
using EventGrains.Rules;

namespace EventGrains.Tests.LoadTest;

/// <summary>The oracle and the product were written apart; where they differ, one of them is wrong.</summary>
public sealed class OracleAgainstCoreTests
{
    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 0)]
    [InlineData(3, 0.3)]
    public void What_the_records_make_of_each_file_is_what_the_oracle_planned(int seed, double hotShare)
    {
        var workload = Workload.OfEvents(seed, LifeMix.Full, 20_000, hotShare: hotShare);
        var verdict = new Verdict();
        var examination = new Examination(workload, verdict);

        foreach (var state in Told(workload))
        {
            examination.Compare(Answer(state));
        }

        examination.Conclude();
        Assert.True(verdict.IsGood, $"seed {seed}\n{string.Join('\n', verdict.Examples)}");
        Assert.InRange(examination.Files, workload.Files * 9 / 10, workload.Files);
    }

    [Fact]
    public async Task The_bare_loop_does_the_whole_work_and_leaves_the_same_states()
    {
        var directory = Directory.CreateTempSubdirectory("eventgrains-bare-");
        try
        {
            var corpus = Corpus.Write(Path.Combine(directory.FullName, "records"), Workload.OfEvents(1, LifeMix.Full, 20_000), 5_000);
            var verdict = new Verdict();
            var examination = new Examination(corpus.Workload, verdict);
            using var rows = new BareRows(Path.Combine(directory.FullName, "rows"));

            await BareLoop.Run(corpus, rows);

            foreach (var state in rows.ReadAll())
            {
                examination.Compare(Answer(state));
            }

            examination.Conclude();
            Assert.True(verdict.IsGood, string.Join('\n', verdict.Examples));
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static IEnumerable<FileState> Told(Workload workload)
    {
        var decoder = EventDecoders.For("dcache")!;
        var context = new DecodeContext("dcache", FileLife.Epoch.AddYears(1));
        var rules = Rulebook.Empty;
        var states = new Dictionary<FileId, FileState>();
        var (buffer, events) = (new byte[RecordWriter.BytesMax], new List<StorageEvent>());
        foreach (var record in workload.Stream())
        {
            events.Clear();
            Assert.Null(decoder.Decode(buffer.AsSpan(0, RecordWriter.Write(record, buffer)), context, events).Rejection);
            foreach (var told in events)
            {
                var before = states.GetValueOrDefault(told.File) ?? FileState.New(told.File, states.Count + 1);
                var cause = new Cause("test", null, null, told.Type);
                states[told.File] = Decision.Of(before, told, cause, rules, FileLife.Epoch.AddYears(1))?.After ?? before;
            }
        }

        return states.Values;
    }

    private static FileAnswer Answer(FileState state)
    {
        var summary = FileSummary.Of(state);
        return new FileAnswer(
            state.Id.ToString(), state.Id.Storage, state.Facts.Path.Value,
            Word(summary.Status), Word(summary.Existence), Word(summary.Locality), state.Facts.Size.Bytes,
            [.. state.Facts.Replicas.Select(r => new ReplicaAnswer(r.Storage, r.Pool, Word(r.State)))], state.Facts.TapeCopies, [], state.Version);
    }

    private static string Word<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();
}
