using EventGrains.LoadTest.Generator;
using EventGrains.LoadTest.Oracle;

namespace EventGrains.Tests.LoadTest;

public sealed class FileTruthTests
{
    [Theory]
    [InlineData("Written", "stored stored disk sized pool-01=present")]
    [InlineData("Announced", "stored stored disk sized pool-01=present")]
    [InlineData("Written Flushed", "stored stored both sized pool-01=present")]
    [InlineData("Written FlushFailed", "stored stored disk sized pool-01=present")]
    [InlineData("Written Flushed Evicted", "stored stored tape sized pool-01=removed")]
    [InlineData("Written Flushed Evicted Restored@2", "stored staged both sized pool-01=removed,pool-02=present")]
    [InlineData("Written Read@2", "stored replicated disk sized pool-01=present,pool-02=present")]
    [InlineData("Written Evicted", "stored stored unknown sized pool-01=removed")]
    [InlineData("Written Cleaned", "stored lost none sized pool-01=removed")]
    [InlineData("Written Deleted Cleaned", "deleted deleted none sized pool-01=removed")]
    [InlineData("Written Flushed Deleted", "deleted deleted both sized pool-01=present")]
    [InlineData("Read", "stored stored disk unsized pool-01=present")]
    [InlineData("DoorFailed", "unknown unknown disk sized pool-01=present")]
    [InlineData("DoorFailed Cleaned", "unknown unknown unknown sized pool-01=removed")]
    public void What_happened_to_a_file_decides_what_must_be_known_of_it(string story, string expected)
    {
        var truth = FileTruth.Of(Life(story))!;

        var replicas = string.Join(',', truth.Replicas.Select(r => $"{r.Key}={r.Value}"));
        Assert.Equal(expected, $"{truth.Existence} {truth.Status} {truth.Locality} {(truth.Size is null ? "unsized" : "sized")} {replicas}");
        Assert.Equal("/a/b", truth.Path);
    }

    [Fact]
    public void Of_a_file_of_which_only_failures_are_told_nothing_may_be_known() => Assert.Null(FileTruth.Of(Life("WriteFailed")));

    private static FileLife Life(string story) => new()
    {
        Number = 1,
        Native = "000000000000000000000000000000000001",
        Path = "/a/b",
        Size = 42,
        Happenings = [.. story.Split(' ').Select((word, n) =>
        {
            var parts = word.Split('@');
            return new Happening(Enum.Parse<HappeningKind>(parts[0]), (byte)(parts.Length > 1 ? parts[1][0] - '0' : 1), 1_000 * n);
        })],
    };
}
