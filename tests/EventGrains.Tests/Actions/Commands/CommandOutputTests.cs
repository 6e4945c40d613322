using System.Text;
using CsCheck;
using EventGrains.Silo.Actions.Commands;

namespace EventGrains.Tests.Actions.Commands;

public sealed class CommandOutputTests
{
    [Fact]
    public void Within_the_bound_everything_is_kept_and_beyond_it_the_beginning_and_the_end() =>
        Gen.Select(Gen.Int[0, 300], Gen.Int[1, 70], Gen.Int[2, 50]).Sample((length, piece, bytesMax) =>
        {
            var all = new string([.. Enumerable.Range(0, length).Select(i => (char)('a' + (i % 26)))]);
            var output = new CommandOutput(bytesMax);

            foreach (var chunk in all.Chunk(piece))
            {
                output.Append(Encoding.ASCII.GetBytes(chunk));
            }

            var head = bytesMax / 2;
            Assert.Equal(
                length <= bytesMax ? all : $"{all[..head]}\n... {length - bytesMax} bytes dropped ...\n{all[^(bytesMax - head)..]}",
                output.Text);
        });

    [Fact]
    public void Control_characters_and_broken_bytes_reach_no_terminal()
    {
        var output = new CommandOutput(100);
        output.Append([(byte)'a', 0x1B, (byte)'[', 0xFF, (byte)'\n', 0, (byte)'b']);

        Assert.Equal("a\uFFFD[\uFFFD\n\uFFFDb", output.Text);
    }

    [Fact]
    public void The_last_lines_begin_with_a_line()
    {
        var output = new CommandOutput(100);
        output.Append("one\ntwo\nthree\n"u8);

        Assert.Equal("three", output.LastLines(7));
        Assert.Equal("one\ntwo\nthree", output.LastLines(13));
    }
}
