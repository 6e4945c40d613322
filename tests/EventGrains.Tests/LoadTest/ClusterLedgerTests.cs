using EventGrains.LoadTest.Cluster;
using EventGrains.LoadTest.Oracle;

namespace EventGrains.Tests.LoadTest;

/// <summary>What is read after a cluster run: lines of steps, of streams, and of servers.</summary>
public sealed class ClusterLedgerTests
{
    private readonly Verdict _verdict = new();

    [Theory]
    [InlineData(0, 0)]
    [InlineData(7, 7)]
    [InlineData(3_000, 3_000)]
    [InlineData(5_999, 3_000)]
    [InlineData(2_000_000, 3_000)]
    public void Histories_are_a_sample_over_all_files_as_large_as_is_said(int files, int histories)
    {
        var sample = ClusterExamination.Sampled(files).ToList();

        Assert.Equal(histories, sample.Distinct().Count());
        Assert.All(sample, n => Assert.InRange(n, 0, files - 1));
        Assert.True(files - sample.LastOrDefault() <= 1 + files / ClusterExamination.HistoriesMax, $"the last of {files} files that is looked at is {sample.LastOrDefault()}");
        Assert.Contains(FormattableString.Invariant($"a sample of {ClusterExamination.HistoriesMax:#,0} in larger runs"), File.ReadAllText(Path.Combine(SourceTree.Root, "loadtest", "README.md")));
    }

    [Fact]
    public void A_step_may_run_again_under_a_higher_number_and_not_under_the_same()
    {
        Assert.Equal(2, StepLedger.Compare(["a/rule/0 1", "a/rule/0 2"], _verdict));
        Assert.True(_verdict.IsGood);

        StepLedger.Compare(["a/rule/0 1", "b/rule/0 1", "a/rule/0 1"], _verdict);
        Assert.Equal(1, _verdict.Repeated);
    }

    [Fact]
    public void A_stream_may_repeat_what_was_seen_whichever_process_wrote_it_down()
    {
        var ledger = StreamLedger.Of(["1 a 0", "3 a 2", "5 a 3", "2 a 1", "4 a 2"], _verdict);

        Assert.True(_verdict.IsGood);
        Assert.Equal((1, 4), (ledger.Files, ledger.Deliveries));
        Assert.Null(ledger.Missing(new Dictionary<string, int> { ["a"] = 3 }));
        Assert.NotNull(ledger.Missing(new Dictionary<string, int> { ["a"] = 4 }));
    }

    [Theory]
    [InlineData("1 a 1", "2 a 3")]
    [InlineData("1 a 2")]
    [InlineData("1 a 1", "2 a 3", "3 a 2")]
    public void A_stream_may_leave_nothing_out_and_bring_nothing_too_early(params string[] lines)
    {
        StreamLedger.Of(lines, _verdict);

        Assert.Equal(1, _verdict.Repeated);
    }

    [Fact]
    public void Lines_of_errors_that_say_the_same_are_one_finding()
    {
        var findings = ServerLog.Findings(
        [
            "10:00:00.001 fail: Orleans.Messaging[101] Failed to reach S127.0.0.1:20001",
            "10:00:00.002 warn: Orleans.Messaging[101] only a warning",
            "10:00:09.003 fail: Orleans.Messaging[101] Failed to reach S127.0.0.1:20002",
            "ready  http://127.0.0.1:1",
            "Unhandled exception. System.Exception: it broke",
        ]);

        Assert.Equal([("fail", 2), ("crash", 1)], findings.Select(f => (f.Level, f.Count)));
    }

    [Theory]
    [InlineData("crash", "", true)]
    [InlineData("fail", "Orleans.Messaging", false)]
    [InlineData("fail", "EventGrains.Silo.Commit.Committer", false)]
    [InlineData("fail", "EventGrains.Gateway.Http.Problems", true)]
    public void Faults_excuse_those_who_must_speak_of_them(string level, string category, bool isUnexpected)
    {
        var finding = new LogFinding(level, category, "", 1, "");

        Assert.Equal(isUnexpected, ServerLog.IsUnexpected(finding, withFaults: true));
        Assert.True(ServerLog.IsUnexpected(finding, withFaults: false));
    }

    [Fact]
    public void A_page_has_its_plots_in_it_and_needs_nothing_beside_it()
    {
        var sound = new LatencyFigures(10, 20, 30, 1);
        var page = ClusterPage.Html(new ClusterResult(
            "a machine", "a commit", 1, Scenario.Steady, 3, 2, 16, 100, 2, 200, 100, 0, 0, 50, 100, 2, 50, 1, 0, 1, 0.5, 200, sound,
            [new FaultOutcome("KillSilo", "silo-1", 0.5, 0.5, 1, 1, 1, 1, 1, 4711, "<note>")], [new KindOutcome("KillSilo", 1, 1, 1, 4712)],
            [new SecondFigures(0, 100, 50, 90, sound), new SecondFigures(1, 100, 50, 90, sound with { Max = double.NaN })], [], 0, 0, 0, 0, []));

        Assert.Equal(2, page.Split("<svg ").Length - 1);
        Assert.Contains("&lt;note&gt;", page, StringComparison.Ordinal);
        Assert.Contains("4711", page, StringComparison.Ordinal);
        Assert.Contains("4712", page, StringComparison.Ordinal);
        Assert.DoesNotContain("NaN", page, StringComparison.Ordinal);
        Assert.DoesNotContain("src=", page, StringComparison.Ordinal);
    }
}
