using CsCheck;
using EventGrains.Files;
using EventGrains.Silo.Posix;
using EventGrains.Silo.Sources.Directories;

namespace EventGrains.Tests.Sources.Directories;

public sealed class DirectoryFactsTests
{
    private static readonly FileId Id = new("inbox", "1-2-3");
    private static readonly FileStat Stat = new(new FileIdentity(1, 2, 3), FileKind.Regular, 10, At(5_000), At(4_000), 1);

    [Fact]
    public void What_was_said_is_not_said_again()
    {
        var known = After(null, "/a", Stat);

        Assert.Null(DirectoryFacts.OfSeen(Id, "/a", Stat, known, false));
        Assert.Null(DirectoryFacts.OfSeen(Id, "/a", Stat with { Changed = At(9_000) }, known, false));
    }

    [Fact]
    public void A_rename_moves_the_path_also_within_one_tick_of_the_clock()
    {
        var known = After(null, "/a", Stat);

        var renamed = After(known, "/0", Stat);

        Assert.Equal("/0", renamed.Facts.Path.Value);
        Assert.Equal(known.Facts.Incarnation, renamed.Facts.Incarnation);
        Assert.Equal("/a", After(renamed, "/a", Stat).Facts.Path.Value);
    }

    [Fact]
    public void Another_name_of_the_same_file_moves_nothing() =>
        Assert.Null(DirectoryFacts.OfSeen(Id, "/b", Stat, After(null, "/a", Stat), isKnownPathItsToo: true));

    [Theory]
    [InlineData(11, 4_000, 6_000)]
    [InlineData(10, 4_100, 6_000)]
    [InlineData(10, 3_000, 6_000)]
    [InlineData(11, 4_000, 5_000)]
    [InlineData(11, 4_000, 1_000)]
    public void Another_size_or_modification_time_is_a_new_incarnation_also_when_the_clock_went_back(long size, long modified, long changed)
    {
        var known = After(null, "/a", Stat);
        var stat = Stat with { Size = size, Modified = At(modified), Changed = At(changed) };

        var written = After(known, "/a", stat);

        Assert.True(written.Facts.Incarnation > known.Facts.Incarnation);
        Assert.Equal(size, written.Facts.Size.Bytes);
        Assert.Null(DirectoryFacts.OfSeen(Id, "/a", stat, written, false));
    }

    [Fact]
    public void A_deletion_beats_every_statement_of_the_copy_and_a_file_that_is_back_is_a_new_incarnation()
    {
        var known = After(null, "/a", Stat);

        var gone = Joined(known, DirectoryFacts.OfGone(known, DateTime.UnixEpoch));
        Assert.Equal(Existence.Deleted, gone.Facts.Existence.State);
        Assert.Equal(ReplicaState.Removed, Assert.Single(gone.Facts.Replicas).State);

        var back = After(gone, "/a", Stat);
        Assert.Equal(Existence.Stored, back.Facts.Existence.State);
        Assert.True(back.Facts.Incarnation > gone.Facts.DeletedThrough!.Value);
    }

    [Fact]
    public void Whatever_happens_to_a_file_the_last_look_is_what_is_known() =>
        Gen.Select(Gen.Int[0, 4], Gen.Int[0, 2], Gen.Int[0, 3], Gen.Int[0, 3]).Array[1, 12].Sample(looks =>
        {
            FileState? known = null;
            foreach (var (name, size, modified, changed) in looks)
            {
                if (name == 4)
                {
                    known = known is null || !DirectoryFacts.IsLive(known.Facts) ? known : Joined(known, DirectoryFacts.OfGone(known, DateTime.UnixEpoch.AddTicks(changed)));
                    continue;
                }

                var stat = Stat with { Size = size, Modified = At(modified * 100), Changed = At(changed * 100) };
                known = After(known, $"/{name}", stat);

                Assert.True(DirectoryFacts.IsSameContent(known.Facts, stat));
                Assert.Equal($"/{name}", known.Facts.Path.Value);
                Assert.Equal(ReplicaState.Present, Assert.Single(known.Facts.Replicas).State);
                Assert.Null(DirectoryFacts.OfSeen(Id, $"/{name}", stat, known, false));
            }
        });

    [Theory]
    [InlineData("1-2-3", true)]
    [InlineData("fd00-4a3f-18c0ffee", true)]
    [InlineData("1-2", false)]
    [InlineData("0000A1B2C3D4", false)]
    public void Ids_of_files_of_a_directory_are_three_words(string native, bool isOne)
    {
        Assert.Equal(isOne, FileIdentity.TryParse(native, out var identity));
        Assert.Equal(isOne ? native : "0-0-0", identity.ToString());
    }

    [Fact]
    public void Dates_that_no_clock_shows_are_held_at_the_ends()
    {
        Assert.Equal(new DateTime(2262, 4, 11), FileStat.TimeOf(FileStat.NanosecondsOf(new PosixTime(long.MaxValue, 0))).Date);
        Assert.Equal(1677, FileStat.TimeOf(FileStat.NanosecondsOf(new PosixTime(long.MinValue, 0))).Year);
        Assert.Equal(DateTime.UnixEpoch.AddSeconds(-1), FileStat.TimeOf(FileStat.NanosecondsOf(new PosixTime(-1, 0))));
    }

    private static PosixTime At(long nanoseconds) => new(0, nanoseconds);

    private static FileState After(FileState? known, string path, in FileStat stat) =>
        DirectoryFacts.OfSeen(Id, path, stat, known, false) is { } saying ? Joined(known, saying) : known!;

    private static FileState Joined(FileState? known, EventGrains.Events.StorageEvent saying)
    {
        var before = known ?? new FileState { Number = 0, Id = Id };
        return before with { Facts = FileFacts.Join(before.Facts, saying.Says) };
    }
}
