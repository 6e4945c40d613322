using EventGrains.Files;
using EventGrains.Rules;
using EventGrains.Silo.Sources.Directories;
using EventGrains.Tests.Sources;
using EventGrains.Tests.Sources.Directories;

namespace EventGrains.Tests.Actions.Copying;

/// <summary>Who copies and who looks speak of a copy by one clock, the file system's; ours may be minutes off.</summary>
public sealed class ReplicaClockTests : IAsyncLifetime
{
    private readonly CopyPlace place = new();
    private DirectoryBench bench = null!;

    public static TheoryData<int> SkewMinutes => [-10, 0, 10];

    [Theory, MemberData(nameof(SkewMinutes))]
    public async Task A_copy_and_its_sighting_say_the_same_so_the_second_is_silent(int skew)
    {
        await Watch(skew);
        CopyPlace.Write(place.Inbox, "/a", CopyPlace.Content(10));

        var copied = (await place.Copy(place.Order("/a", "/run{path}"))).Says!;
        await Eventually.Is(() => Sighted().Any(s => s.Replicas[0] == copied.Replicas[0]), () => $"{copied.Replicas[0]} and {Show(Sighted())}");

        Assert.All(Sighted(), seen => Assert.True(seen.Replicas[0].SaysTheSameAs(copied.Replicas[0])));
        Assert.Equal(copied, Sighted().Aggregate(copied, FileFacts.Join));
    }

    [Theory, MemberData(nameof(SkewMinutes))]
    public async Task A_removal_that_is_seen_after_a_copy_holds_and_so_does_the_next_copy(int skew)
    {
        await Watch(skew);
        CopyPlace.Write(place.Inbox, "/a", CopyPlace.Content(10));

        for (var round = 1; round <= 3; round++)
        {
            var known = State();
            said.Add((await place.Copy(place.Order("/a", known: known))).Says!);
            Assert.Equal(ReplicaState.Present, State().Replicas[0].State);

            File.Delete(place.InMirror("/a"));
            await Eventually.Is(() => State().Replicas[0].State == ReplicaState.Removed, () => $"round {round}: said {Show(said)}, seen {Show(Sighted())}");
        }
    }

    [Fact]
    public async Task A_copy_is_later_than_whoever_missed_it_before_can_have_said()
    {
        CopyPlace.Write(place.Inbox, "/a", CopyPlace.Content(10));

        var copied = (await place.Copy(place.Order("/a"))).Says!.Replicas[0];

        Assert.True(copied.SaidAt > CopyPlace.ChangedAt(place.Mirror, "/"));
        Assert.Equal(CopyPlace.ChangedAt(place.Mirror, "/a"), copied.SaidAt);
    }

    [Fact]
    public async Task A_copy_made_after_a_removal_holds_also_when_the_file_systems_clock_went_back()
    {
        CopyPlace.Write(place.Inbox, "/a", CopyPlace.Content(10));
        var removed = new Replica("mirror", null, "/a", CopyPlace.ChangedAt(place.Inbox, "/a").AddHours(1), ReplicaState.Removed);
        var known = new FileFacts { Incarnation = new Incarnation("1"), Replicas = [removed] };

        var copied = (await place.Copy(place.Order("/a", known: known))).Says!;

        Assert.Equal(ReplicaState.Present, FileFacts.Join(known, copied).Replicas[0].State);
    }

    [Fact]
    public async Task A_file_system_that_is_days_ahead_gets_no_copy_whose_register_nothing_could_mend()
    {
        place.Skew = TimeSpan.FromDays(-2);
        CopyPlace.Write(place.Inbox, "/a", CopyPlace.Content(10));

        var outcome = await place.Copy(place.Order("/a"));

        Assert.True(outcome is { Done: false, Final: false });
        Assert.Contains("clock", outcome.Error);
        Assert.Empty(Directory.EnumerateFileSystemEntries(place.Mirror));
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        place.Dispose();
        await (bench?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    private readonly List<FileFacts> said = [];

    private async Task Watch(int skewMinutes)
    {
        place.Skew = TimeSpan.FromMinutes(skewMinutes);
        bench = new DirectoryBench(StorageRole.Replica) { Time = new AheadOf(place.Skew) };
        place.Mirror = bench.Root;
        await bench.StartAndScan();
    }

    /// <summary>What the sightings say of the file, by the alias.</summary>
    private FileFacts[] Sighted()
    {
        lock (bench.Copies)
        {
            return [.. bench.Copies.Where(s => s.Storage == "inbox").Select(s => AliasedCopies.Said(s with { Storage = "mirror" }, place.Aliases.Single(), null).Says)];
        }
    }

    private FileFacts State() => Sighted().Concat(said).Aggregate(new FileFacts { Incarnation = new Incarnation("1") }, FileFacts.Join);

    private static string Show(IEnumerable<FileFacts> facts) => string.Join("; ", facts.Select(f => $"{f.Replicas[0].State} {f.Replicas[0].SaidAt:O}"));

    private sealed class AheadOf(TimeSpan skew) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + skew;
    }
}
