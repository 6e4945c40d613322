using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace EventGrains.LiveTests.RealData;

/// <summary>
/// What a real dCache wrote, and the sample of each kind of record, through the executable: accepted, and concluded from as
/// <c>Conclusions.md</c> says; heard again without a word; heard shuffled and doubled with the same end.
/// </summary>
/// <remarks>
/// The real records carry no licence and are not in the tree; where they are absent their tests skip. After a deliberate change:
/// <c>EVENTGRAINS_REWRITE=1 dotnet test --filter RealDataTests</c>, review the difference, and mend the words.
/// </remarks>
public sealed partial class RealDataTests(Tellings told, ITestOutputHelper output) : IClassFixture<Tellings>
{
    public static TheoryData<string> Groups => [.. RecordGroup.Names];

    [Theory, MemberData(nameof(Groups))]
    public void Every_record_is_accepted_each_time_it_is_told(string name)
    {
        var group = Present(name);
        var (exit, sum, errors) = told.Published[name];

        Assert.True(exit == 0, errors);
        Assert.Equal((group.Lines.Count, 0), Outcome(sum));
        Assert.Equal((3 * group.Lines.Count, 0), (told.Answers[name].Sum(a => Outcome(a).Accepted), told.Answers[name].Sum(a => Outcome(a).Rejected)));
        Assert.Empty(told.DeadLetters);
    }

    [Theory, MemberData(nameof(Groups))]
    public void Each_file_has_the_row_that_is_written_down_and_words_on_what_it_means(string name)
    {
        var group = Present(name);
        var conclusions = Conclusions.Read();
        if (Environment.GetEnvironmentVariable("EVENTGRAINS_REWRITE") == "1")
        {
            conclusions.Rewrite(group, told.AfterOnce[name], told.WithoutEffect(name));
        }

        Assert.Equal(Conclusions.Expected(group, told.AfterOnce[name], told.WithoutEffect(name)), conclusions.RowsOf(name), ignoreLineEndingDifferences: true);
        Assert.True(conclusions.Wordless(name).Count == 0, $"in Conclusions.md write '{Conclusions.Concluded}' and '{Conclusions.Unknowable}' for: {string.Join(", ", conclusions.Wordless(name))}");
    }

    [Fact]
    public void The_conclusions_speak_of_no_group_that_is_not_told() => Assert.Equal(RecordGroup.Names.Order(), Conclusions.Read().Groups.Order());

    /// <remarks>Each accepted record either says something, and is then in a commit, or is counted as without effect.</remarks>
    [Fact]
    public void Every_record_is_accounted_for()
    {
        var records = RecordGroup.Present.Sum(g => g.Lines.Count);
        var silent = RecordGroup.Present.Sum(g => told.WithoutEffect(g.Name).Sum(typed => int.Parse(typed.Split(' ')[0], CultureInfo.InvariantCulture)));

        var committed = int.Parse(CommittedEvents().Match(told.Metrics).Groups[1].Value, CultureInfo.InvariantCulture);

        Assert.Equal(records, committed + silent);
    }

    [Theory, MemberData(nameof(Groups))]
    public void Told_a_second_time_nothing_is_any_different(string name)
    {
        _ = Present(name);

        Assert.Equal(told.AfterOnce[name].Everything, told.AfterTwice[name].Everything);
    }

    [Fact]
    public void Told_a_second_time_there_is_no_transition() => Assert.Equal("sentinel", told.FirstToldAfterOnce);

    [Theory, MemberData(nameof(Groups))]
    public void Shuffled_and_doubled_they_tell_a_fresh_server_the_same(string name)
    {
        _ = Present(name);
        output.WriteLine($"EVENTGRAINS_SEED={told.Seed}");

        Assert.Equal(told.AfterOnce[name].Facts, told.Shuffled[name].Facts);
    }

    private static RecordGroup Present(string name)
    {
        var group = RecordGroup.Present.FirstOrDefault(g => g.Name == name);
        Assert.SkipWhen(group is null, RecordGroup.WhyRealIsAbsent);
        return group!;
    }

    private static (int Accepted, int Rejected) Outcome(JsonElement answer) =>
        (answer.GetProperty("accepted").GetInt32(), answer.GetProperty("rejected").GetInt32());

    [GeneratedRegex(@"^eventgrains_commit_events_sum\{.*\} (\d+)", RegexOptions.Multiline)]
    private static partial Regex CommittedEvents();
}
