using EventGrains.Rules;
using EventGrains.Silo;
using EventGrains.Silo.Actions;
using EventGrains.Silo.Actions.Copying;
using EventGrains.Silo.Posix;
using EventGrains.Tests.Sources;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace EventGrains.Tests.Actions.Copying;

/// <summary>What a crash left of a copy is removed once nobody can want it any more, and nothing else is.</summary>
public sealed class PartSweepTests : IDisposable
{
    private static readonly string Name = PartFile.NameOf("mirror", StoragePath.Parse("the target", "/a"));

    private readonly CopyPlace place = new();

    [Fact]
    public async Task The_part_of_a_file_that_was_renamed_after_a_crash_goes_once_it_is_old_and_not_before()
    {
        CopyPlace.Write(place.Inbox, "/old", CopyPlace.Content(3 * ReplicaCopy.ChunkBytes));
        await CrashAfterAChunk("/old");
        File.Move(place.InInbox("/old"), place.InInbox("/new"));
        Assert.True((await place.Copy(place.Order("/new"))).Done);
        var left = Assert.Single(place.Parts);

        Assert.Empty(Sweep(After(left, TimeSpan.Zero)));
        Assert.Equal([new RemovedPart(left[place.Mirror.Length..], ReplicaCopy.ChunkBytes)], Sweep(After(left, TimeSpan.FromTicks(1))));

        Assert.Empty(place.Parts);
        Assert.True(File.Exists(place.InMirror("/new")));
    }

    [Fact]
    public async Task A_part_that_is_still_wanted_is_gone_on_with()
    {
        CopyPlace.Write(place.Inbox, "/a", CopyPlace.Content(3 * ReplicaCopy.ChunkBytes));
        await CrashAfterAChunk("/a");
        long written = 0;

        Assert.Empty(Sweep(After(place.Parts.Single(), TimeSpan.Zero)));
        Assert.True((await place.Copy(place.Order("/a"), bytes => written = bytes)).Done);

        Assert.Equal(2 * ReplicaCopy.ChunkBytes, written);
    }

    [Fact]
    public void A_part_that_an_attempt_owns_stays_however_old_it_is()
    {
        using var directory = OpenFile.Open(place.Mirror, OpenMode.Root);
        using (PartFile.Own(directory, Name))
        {
            Assert.Empty(Sweep(DateTime.MaxValue));
        }

        Assert.Single(Sweep(DateTime.MaxValue));
    }

    [Fact]
    public void Nothing_but_a_regular_file_of_exactly_a_parts_name_is_touched()
    {
        string[] others =
        [
            "a", "a" + Name, Name[1..], Name + "x", "x.eventgrains-part", ".eventgrains-part", $".{new string('0', 31)}.eventgrains-part",
            Name.ToUpperInvariant(), $".{new string('g', 32)}.eventgrains-part", $".{new string('0', 32)}.eventgrains-Part",
        ];
        Array.ForEach(others, name => File.WriteAllText(place.InMirror("/" + name), "precious"));
        using var outside = new ScratchDirectory();
        File.WriteAllText(Path.Combine(outside.Path, Name), "precious");
        File.WriteAllText(Path.Combine(outside.Path, "victim"), "precious");
        Directory.CreateSymbolicLink(place.InMirror("/way-out"), outside.Path);
        Directory.CreateDirectory(place.InMirror("/d/" + Name));
        Directory.CreateDirectory(place.InMirror("/l"));
        File.CreateSymbolicLink(place.InMirror("/l/" + Name), Path.Combine(outside.Path, "victim"));

        Assert.Empty(Sweep(DateTime.MaxValue));

        Assert.All(others, name => Assert.True(File.Exists(place.InMirror("/" + name)), name));
        Assert.True(File.Exists(Path.Combine(outside.Path, Name)));
        Assert.True(File.Exists(Path.Combine(outside.Path, "victim")));
        Assert.True(Path.Exists(place.InMirror("/l/" + Name)));
    }

    [Fact]
    public void A_large_storage_is_looked_through_a_stretch_at_a_time_and_whole_in_the_end()
    {
        foreach (var i in Enumerable.Range(0, 20))
        {
            Directory.CreateDirectory(place.InMirror($"/{i}/deeper"));
            File.WriteAllText(place.InMirror($"/{i}/deeper/{Name}"), "left");
        }

        var sweep = new PartSweep(place.Mirror);
        var runs = new List<int>();
        do
        {
            runs.Add(sweep.Run(DateTime.MaxValue, CancellationToken.None, entriesMax: 10).Count);
        }
        while (!sweep.IsWhole);

        Assert.True(runs.Count > 4, string.Join(", ", runs));
        Assert.Equal(20, runs.Sum());
        Assert.Empty(place.Parts);
    }

    [Fact]
    public async Task A_silo_looks_at_its_start_and_again_four_times_in_the_time_that_parts_are_kept()
    {
        var settings = new SiloSettings { PartFileKeptHours = 8 };
        var time = new FakeTimeProvider(new DateTimeOffset(CopyPlace.ChangedAt(place.Mirror, "/")).AddHours(9));
        var definitions = new Definitions
        {
            Storages = [new("inbox", place.Inbox, StorageRole.Origin), new("tape", null, StorageRole.Replica), new("mirror", place.Mirror, StorageRole.Replica)],
        };
        File.WriteAllText(place.InMirror("/" + Name), "left");
        File.WriteAllText(place.InInbox("/" + Name), "somebody's own");
        using var sweeper = new PartSweeper(definitions, settings, time, NullLogger<PartSweeper>.Instance);

        await sweeper.StartAsync(CancellationToken.None);
        await Eventually.Is(() => !place.Parts.Any(), () => "the part is still there");
        File.WriteAllText(place.InMirror("/" + Name), "left again");
        await Eventually.Is(
            () =>
            {
                time.Advance(TimeSpan.FromHours(2));
                return !place.Parts.Any();
            },
            () => "the second part is still there");

        await sweeper.StopAsync(CancellationToken.None);
        Assert.True(File.Exists(place.InInbox("/" + Name)));
    }

    public void Dispose() => place.Dispose();

    private List<RemovedPart> Sweep(DateTime unchangedSince) => new PartSweep(place.Mirror).Run(unchangedSince, CancellationToken.None);

    private DateTime After(string part, TimeSpan age) => CopyPlace.ChangedAt(place.Mirror, part[place.Mirror.Length..]) + age;

    private async Task CrashAfterAChunk(string path)
    {
        using var lost = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => place.Copy(place.Order(path), _ => lost.Cancel(), lost.Token));
    }
}
