using System.Text;
using EventGrains.Cli.Client;

namespace EventGrains.Tests.Cli;

public sealed class SseReaderTests
{
    [Theory]
    [InlineData("data: a\n\n", "message|a")]
    [InlineData("data:a\ndata\ndata:  b\n\n", "message|a\n\n b")]
    [InlineData("event: gap\r\ndata: x\r\n\r\n", "gap|x")]
    [InlineData(": comment\n\nretry: 5\nunknown: 1\n\ndata: a\n\n", "message|a")]
    [InlineData("event: gap\n\ndata: a\n\n", "message|a")]
    [InlineData("data\n\n", "message|")]
    [InlineData("data: a\n", null)]
    [InlineData("data: a", null)]
    [InlineData("data: ä€😀\n\n", "message|ä€😀")]
    public async Task Events_are_read_as_the_standard_says_however_the_bytes_arrive(string text, string? expected)
    {
        foreach (var chunk in new[] { 1, 2, 3, 1000 })
        {
            var events = new List<string>();
            await foreach (var e in new SseReader(new Slow(Encoding.UTF8.GetBytes(text), chunk)).Read(CancellationToken.None))
            {
                events.Add($"{e.Type}|{e.Data}");
            }

            Assert.Equal(expected is null ? [] : [expected], events);
        }
    }

    [Theory]
    [InlineData("id: 1\ndata: a\n\nid: 2\ndata: b", "1")]
    [InlineData("id: 1\ndata: a\n\nid: 2\n\n", "2")]
    [InlineData("id: 1\n\ndata: a\n\n", "1")]
    [InlineData("id: 1\n\nid: \0\n\n", "1")]
    [InlineData("data: a\n\n", null)]
    public async Task The_last_id_is_that_of_the_last_whole_event(string text, string? expected)
    {
        var reader = new SseReader(new Slow(Encoding.UTF8.GetBytes(text), 4));
        await foreach (var _ in reader.Read(CancellationToken.None))
        {
        }

        Assert.Equal(expected, reader.LastId);
    }

    [Fact]
    public async Task An_endless_event_is_refused()
    {
        var reader = new SseReader(new MemoryStream(Encoding.UTF8.GetBytes("data: " + new string('x', SseReader.EventCharactersMax + 1))));

        await Assert.ThrowsAsync<IOException>(async () =>
        {
            await foreach (var _ in reader.Read(CancellationToken.None))
            {
            }
        });
    }

    /// <summary>Gives its bytes in small pieces, as a network may.</summary>
    private sealed class Slow(byte[] bytes, int chunk) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, chunk)], cancellationToken);
    }
}
