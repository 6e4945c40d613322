using EventGrains.Events;
using EventGrains.Files;
using EventGrains.Tests.Samples;

namespace EventGrains.Tests.Events;

/// <summary>Each sample record, and exactly what it says.</summary>
public sealed class DcacheSamplesTests
{
    private const string Run7 = "0000A1B2C3D4E5F60718293A4B5C6D7E8F90";
    private const string OnTape = "osm://cta/0000A1B2C3D4E5F60718293A4B5C6D7E8F90?archiveid=8402";
    private const long Gibibyte = 1_073_741_824;

    [Fact]
    public void S1_a_pool_that_took_an_upload_proves_its_copy_and_the_size_but_not_that_the_file_exists() =>
        Says("s1", "transfer", Run7, new FileFacts
        {
            Size = new SizeRegister(Gibibyte),
            Path = new PathRegister(PathRank.PoolHint, Reading.At("2026-03-04T08:15:02.481Z"), "/data/exp/run7/f001.h5"),
            Replicas = [Reading.Copy("pool-a", "2026-03-04T08:15:02.481Z")],
        });

    [Fact]
    public void S2_the_door_proves_that_the_file_exists_and_repeats_what_the_pool_said() =>
        Says("s2", "request", Run7, new FileFacts
        {
            Existence = new ExistenceRegister(Existence.Stored),
            Size = new SizeRegister(Gibibyte),
            Path = new PathRegister(PathRank.DoorHint, Reading.At("2026-03-04T08:15:02.51Z"), "/data/exp/run7/f001.h5"),
            Replicas = [Reading.Copy("pool-a", "2026-03-04T08:15:02.481Z")],
        });

    [Fact]
    public void S3_a_read_proves_the_copy_that_was_read_and_no_size() =>
        Says("s3", "transfer", Run7, new FileFacts
        {
            Path = new PathRegister(PathRank.PoolHint, Reading.At("2026-03-04T08:20:11.2Z"), "/data/exp/run7/f001.h5"),
            Replicas = [Reading.Copy("pool-c", "2026-03-04T08:20:11.2Z")],
        });

    [Fact]
    public void S4_a_failed_upload_proves_nothing_by_pool_or_door()
    {
        var lines = SampleRecords.Lines("s4");

        Assert.Equal(2, lines.Length);
        Reading.Of("dcache", lines[0]).HasNoEffect("transfer");
        Reading.Of("dcache", lines[1]).HasNoEffect("request");
    }

    [Fact]
    public void S5_a_door_that_removed_a_file_proves_it_deleted() =>
        Says("s5", "remove", Run7, new FileFacts
        {
            Existence = new ExistenceRegister(Existence.Deleted),
            Path = new PathRegister(PathRank.DoorHint, Reading.At("2026-03-04T09:02:00.007Z"), "/data/exp/run7/f001.h5"),
        });

    [Fact]
    public void S6_a_pool_that_removed_its_copy_says_nothing_of_the_file() =>
        Says("s6", "remove", Run7, new FileFacts { Replicas = [Reading.Copy("pool-a", "2026-03-04T09:04:04.074Z", ReplicaState.Removed)] });

    [Fact]
    public void S7_a_pool_that_made_room_evicted_its_copy() =>
        Says("s7", "remove", "0000B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0", new FileFacts
        {
            Replicas = [Reading.Copy("pool-a", "2026-03-04T10:00:00Z", ReplicaState.Removed, evicted: true)],
        });

    [Fact]
    public void S8_a_flush_ended_after_its_wait_and_its_transfer_and_proves_a_tape_copy() =>
        Says("s8", "store", Run7, new FileFacts
        {
            Size = new SizeRegister(Gibibyte),
            TapeCopies = [OnTape],
            Path = new PathRegister(PathRank.PoolHint, Reading.At("2026-03-04T09:20:00.1Z"), "/data/exp/run7/f001.h5"),
            Replicas = [Reading.Copy("pool-a", "2026-03-04T09:22:16.61Z")],
        });

    [Fact]
    public void S9_a_failed_flush_proves_nothing() => Reading.Of("dcache", Assert.Single(SampleRecords.Lines("s9"))).HasNoEffect("store");

    [Fact]
    public void S10_a_stage_proves_when_it_ended_at_the_earliest_the_copy_and_the_tape_copy() =>
        Says("s10", "restore", Run7, new FileFacts
        {
            Size = new SizeRegister(Gibibyte),
            TapeCopies = [OnTape],
            StagedAt = Reading.At("2026-03-05T06:03:32.044Z"),
            Replicas = [Reading.Copy("pool-t", "2026-03-05T06:03:32.044Z")],
        });

    [Fact]
    public void S11_a_hit_proves_nothing() => Reading.Of("dcache", Assert.Single(SampleRecords.Lines("s11"))).HasNoEffect("hit");

    [Fact]
    public void S12_a_warning_proves_nothing() => Reading.Of("dcache", Assert.Single(SampleRecords.Lines("s12"))).HasNoEffect("warning");

    private static void Says(string sample, string type, string pnfsid, FileFacts facts)
    {
        var reading = Reading.Of("dcache", Assert.Single(SampleRecords.Lines(sample)));

        Assert.Equal(new Decoded(type), reading.Decoded);
        var said = Assert.Single(reading.Events);
        Assert.Equal((new FileId(Reading.Storage, pnfsid), type), (said.File, said.Type));
        Assert.Equal(facts, said.Says);
    }
}
