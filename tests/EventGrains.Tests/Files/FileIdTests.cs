using EventGrains.Files;

namespace EventGrains.Tests.Files;

public sealed class FileIdTests
{
    [Theory]
    [InlineData("dcache:0000A1B2", "dcache", "0000A1B2")]
    [InlineData("s3:bucket/a:b", "s3", "bucket/a:b")]
    public void An_id_is_read_back_as_it_was_written(string text, string storage, string native)
    {
        var id = FileId.Parse(text);

        Assert.Equal(new FileId(storage, native), id);
        Assert.Equal(text, id.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("dcache")]
    [InlineData(":x")]
    [InlineData("dcache:")]
    [InlineData("dcache:/a/path")]
    public void What_is_no_id_is_refused_with_what_to_write(string text) =>
        Assert.Contains("STORAGE:NATIVE", Assert.Throws<FormatException>(() => FileId.Parse(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void The_shard_of_a_file_never_changes_between_releases() =>
        Assert.Equal(5_982_636_972_650_750_275UL, new FileId("dcache", "0000A1B2C3D4E5F60718293A4B5C6D7E8F90").Hash());
}
