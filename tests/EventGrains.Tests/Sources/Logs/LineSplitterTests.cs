using System.Text;
using CsCheck;
using EventGrains.Silo.Sources.Logs;

namespace EventGrains.Tests.Sources.Logs;

public sealed class LineSplitterTests
{
    [Fact]
    public void However_the_bytes_are_cut_the_lines_and_their_ends_are_the_same() =>
        Gen.Select(Gen.String[Gen.Char["ab\n\0"], 0, 60], Gen.Int[1, 7]).Sample((text, size) =>
        {
            var whole = Lines(text, text.Length + 1);

            Assert.Equal(whole, Lines(text, size));
        });

    [Fact]
    public void A_line_without_its_end_waits()
    {
        var splitter = new LineSplitter(100, 10);

        Assert.Empty(Feed(splitter, "abc"));
        Assert.True(splitter.HasUnfinishedLine);
        Assert.Equal(0, splitter.Position);
        Assert.Equal(["abcd@5"], Feed(splitter, "d\n"));
        Assert.Equal(5, splitter.Position);
    }

    [Fact]
    public void Of_a_line_that_is_too_long_only_the_beginning_is_kept_and_the_next_line_is_whole()
    {
        var splitter = new LineSplitter(lineBytesMax: 20, keptBytesMax: 5);

        var lines = Feed(splitter, new string('x', 10), new string('y', 50), "z\nshort\n");

        Assert.Equal(["xxxxx@62 of 61", "short@68"], lines);
    }

    [Fact]
    public void A_line_that_is_too_long_within_one_chunk_is_cut_as_well() =>
        Assert.Equal(["xxxxx@31 of 30", "a@33"], Feed(new LineSplitter(20, 5), new string('x', 30) + "\na\n"));

    [Fact]
    public void A_hole_of_nulls_before_a_line_is_passed_over() =>
        Assert.Equal(["{}@10"], Feed(new LineSplitter(5, 5), "\0\0\0", "\0\0\0\0{}\n"));

    [Fact]
    public void The_last_line_of_a_finished_file_can_be_taken_without_its_end()
    {
        var splitter = new LineSplitter(100, 10);
        Feed(splitter, "a\nbc");

        var last = splitter.TakeUnfinished();

        Assert.Equal("bc", Encoding.ASCII.GetString(last.Bytes));
        Assert.Equal(4, last.End);
        Assert.False(splitter.HasUnfinishedLine);
    }

    private static List<string> Lines(string text, int size)
    {
        var splitter = new LineSplitter(1_000, 10);
        return Feed(splitter, text.Chunk(size).Select(c => new string(c)).ToArray());
    }

    private static List<string> Feed(LineSplitter splitter, params string[] chunks)
    {
        var lines = new List<string>();
        foreach (var chunk in chunks)
        {
            foreach (var line in splitter.Split(Encoding.ASCII.GetBytes(chunk)))
            {
                var text = Encoding.ASCII.GetString(line.Bytes);
                lines.Add(line.Length == text.Length ? $"{text}@{line.End}" : $"{text}@{line.End} of {line.Length}");
            }
        }

        return lines;
    }
}
