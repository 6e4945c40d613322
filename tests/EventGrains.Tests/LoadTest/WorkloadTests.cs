using System.Text;
using System.Text.Json;
using EventGrains.LoadTest.Generator;
using Record = EventGrains.LoadTest.Generator.Record;

namespace EventGrains.Tests.LoadTest;

public sealed class WorkloadTests
{
    private const int Events = 20_000;

    private static readonly string[] Lines = LinesOf(Workload.OfEvents(seed: 7, LifeMix.Full, Events));

    [Fact]
    public void A_seed_gives_the_same_bytes_again_and_another_seed_gives_others()
    {
        Assert.Equal(Lines, LinesOf(Workload.OfEvents(seed: 7, LifeMix.Full, Events)));
        Assert.NotEqual(Lines, LinesOf(Workload.OfEvents(seed: 8, LifeMix.Full, Events)));
    }

    [Fact]
    public void There_are_exactly_as_many_events_as_asked_for() => Assert.Equal(Events, Lines.Length);

    [Fact]
    public void One_record_in_a_hundred_comes_again_byte_for_byte() =>
        Assert.InRange((Lines.Length - Lines.Distinct().Count()) / (double)Lines.Length, 0.009, 0.011);

    [Fact]
    public void Every_life_is_told_to_its_end()
    {
        var workload = Workload.OfEvents(seed: 7, LifeMix.Full, Events);

        var told = workload.Stream().Distinct().Count();

        Assert.Equal(Enumerable.Range(0, workload.Files).Sum(n => workload.Life(n).Records), told);
    }

    [Fact]
    public void Neighbours_change_places_and_nothing_else_does()
    {
        var behind = LatestHappenings(Workload.OfEvents(seed: 7, LifeMix.Full, Events)).Count(step => step < 0);

        // Of the 2 % swapped pairs only those of one file show: a twin follows its pool's record in four of five cases.
        Assert.InRange(behind / (double)Events, 0.001, 0.02);
    }

    [Fact]
    public void A_file_has_four_records_of_about_a_kilobyte_each()
    {
        var workload = Workload.OfEvents(seed: 7, LifeMix.Full, Events);

        Assert.InRange(workload.Records / (double)workload.Files, 3.7, 4.5);
        Assert.InRange(Lines.Average(line => line.Length), 1_000, 1_200);
        Assert.True(Lines.Max(line => line.Length) < RecordWriter.BytesMax / 2);
    }

    [Fact]
    public void Every_record_is_one_json_object_that_names_its_file()
    {
        foreach (var line in Lines)
        {
            using var json = JsonDocument.Parse(line);
            Assert.InRange(FileLife.NumberOf(json.RootElement.GetProperty("pnfsid").GetString()), 0, Events);
            Assert.True(json.RootElement.GetProperty("date").TryGetDateTimeOffset(out _));
        }
    }

    [Fact]
    public void Two_in_a_hundred_files_meet_a_rule_and_one_in_a_hundred_each_subscriber()
    {
        var workload = Workload.OfEvents(seed: 7, LifeMix.Full, 200_000);
        var paths = Enumerable.Range(0, workload.Files).Select(n => workload.Life(n).Path).ToList();

        Assert.InRange(paths.Count(p => p.Contains("/calib", StringComparison.Ordinal)) / (double)paths.Count, 0.018, 0.022);
        Assert.InRange(paths.Count(p => p.Contains("/watch3/", StringComparison.Ordinal)) / (double)paths.Count, 0.008, 0.012);
        Assert.Equal(10, paths.Select(p => p.Split('/')[2]).Distinct().Count());
    }

    [Fact]
    public void In_the_short_mix_every_twentieth_file_lies_where_the_listing_looks()
    {
        var workload = Workload.OfFiles(seed: 7, LifeMix.Short, 2_000);

        Assert.Equal(100, Enumerable.Range(0, workload.Files).Count(n => workload.Life(n).Path.StartsWith("/d/", StringComparison.Ordinal)));
        Assert.InRange(workload.Records, 2_000, 4_000);
    }

    [Fact]
    public void Generator_and_oracle_know_nothing_of_the_product()
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "../../../../../loadtest/EventGrains.LoadTest");
        var sources = new[] { "Generator", "Oracle" }.SelectMany(part => Directory.GetFiles(Path.Combine(folder, part), "*.cs")).ToList();

        Assert.NotEmpty(sources);
        Assert.All(sources, source => Assert.DoesNotMatch(
            @"EventGrains\.(?!LoadTest)",
            File.ReadAllText(source)));
    }

    private static IEnumerable<int> LatestHappenings(Workload workload)
    {
        var seen = new HashSet<Record>();
        var last = new Dictionary<int, int>();
        foreach (var record in workload.Stream().Where(seen.Add))
        {
            var place = record.Happening * 2 + (record.ByDoor ? 1 : 0);
            yield return place - last.GetValueOrDefault(record.Life.Number, -1);
            last[record.Life.Number] = place;
        }
    }

    private static string[] LinesOf(Workload workload)
    {
        var buffer = new byte[RecordWriter.BytesMax];
        return [.. workload.Stream().Select(record => Encoding.UTF8.GetString(buffer, 0, RecordWriter.Write(record, buffer)).TrimEnd('\n'))];
    }
}
