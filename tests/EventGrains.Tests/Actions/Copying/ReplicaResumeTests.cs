using EventGrains.Files;
using EventGrains.Silo.Actions.Copying;

namespace EventGrains.Tests.Actions.Copying;

public sealed class ReplicaResumeTests : IDisposable
{
    private const int Chunks = 6;
    private const int Length = Chunks * ReplicaCopy.ChunkBytes;

    private readonly CopyPlace place = new();
    private readonly byte[] content = CopyPlace.Content(Length);

    public ReplicaResumeTests() => CopyPlace.Write(place.Inbox, "/a", content);

    [Fact]
    public async Task A_lost_claim_stops_within_a_chunk_and_keeps_the_part_for_the_next_attempt()
    {
        await LoseClaimAfter(chunks: 3);

        var part = Assert.Single(place.Parts);
        Assert.Equal(content[..(3 * ReplicaCopy.ChunkBytes)], File.ReadAllBytes(part));
        Assert.False(File.Exists(place.InMirror("/a")));
    }

    [Fact]
    public async Task The_next_attempt_goes_on_from_the_bytes_that_are_there()
    {
        await LoseClaimAfter(chunks: 3);
        long written = 0;

        var outcome = await place.Copy(place.Order("/a"), onWritten: bytes => written = bytes);

        Assert.True(outcome.Done);
        Assert.Equal(Length - (3 * ReplicaCopy.ChunkBytes), written);
        Assert.Equal(content, File.ReadAllBytes(place.InMirror("/a")));
        Assert.Empty(place.Parts);
    }

    [Fact]
    public async Task Bytes_that_were_damaged_meanwhile_are_written_again()
    {
        await LoseClaimAfter(chunks: 3);
        var part = place.Parts.Single();
        using (var damaged = new FileStream(part, FileMode.Open))
        {
            damaged.Position = ReplicaCopy.ChunkBytes + 5;
            damaged.WriteByte((byte)~content[ReplicaCopy.ChunkBytes + 5]);
        }

        long written = 0;
        var outcome = await place.Copy(place.Order("/a"), onWritten: bytes => written = bytes);

        Assert.True(outcome.Done);
        Assert.Equal(Length - ReplicaCopy.ChunkBytes, written);
        Assert.Equal(content, File.ReadAllBytes(place.InMirror("/a")));
    }

    [Fact]
    public async Task A_part_of_another_content_and_longer_than_the_source_ends_up_as_the_source()
    {
        File.WriteAllBytes(place.InMirror("/" + place.Order("/a").PartName), CopyPlace.Content(Length + 99, seed: 2));

        var outcome = await place.Copy(place.Order("/a"));

        Assert.True(outcome.Done);
        Assert.Equal(content, File.ReadAllBytes(place.InMirror("/a")));
    }

    [Fact]
    public async Task Of_two_attempts_at_once_one_owns_the_part_and_the_other_is_put_off_without_harm()
    {
        Contracts.Actions.StepOutcome? second = null;

        var first = await place.Copy(place.Order("/a"), onWritten: written =>
            second ??= new ReplicaCopy(place.Order("/a", incarnation: "2"), place, TimeProvider.System).Run(CancellationToken.None).GetAwaiter().GetResult());

        Assert.True(second is { Done: false, Final: false, PutOff: true });
        Assert.StartsWith("busy", second!.Error);
        Assert.True(first.Done);
        Assert.Equal(content, File.ReadAllBytes(place.InMirror("/a")));
        Assert.Empty(place.Parts);
    }

    [Fact]
    public async Task An_attempt_whose_claim_is_gone_at_the_last_moment_publishes_nothing()
    {
        place.IsClaimed = false;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => place.Copy(place.Order("/a")));

        Assert.False(File.Exists(place.InMirror("/a")));
        Assert.Single(place.Parts);
    }

    [Fact]
    public async Task A_target_that_somebody_else_wrote_meanwhile_is_not_replaced()
    {
        var outcome = await place.Copy(place.Order("/a"), onWritten: _ => CopyPlace.Write(place.Mirror, "/a", "theirs"u8.ToArray()));

        Assert.True(outcome is { Done: false, Final: false });
        Assert.Equal("theirs"u8.ToArray(), File.ReadAllBytes(place.InMirror("/a")));
        Assert.Empty(place.Parts);
    }

    [Fact]
    public async Task A_publication_by_link_that_was_cut_off_between_its_two_calls_is_finished()
    {
        await place.Copy(place.Order("/a"));
        var part = "/" + place.Order("/a").PartName;
        using (var link = System.Diagnostics.Process.Start("/bin/ln", [place.InMirror("/a"), place.InMirror(part)]))
        {
            await link.WaitForExitAsync();
        }

        var outcome = await place.Copy(place.Order("/a"));

        Assert.True(outcome.Done);
        Assert.Equal(content, File.ReadAllBytes(place.InMirror("/a")));
        Assert.Empty(place.Parts);
    }

    public void Dispose() => place.Dispose();

    private async Task LoseClaimAfter(int chunks)
    {
        using var lost = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => place.Copy(
            place.Order("/a"),
            written =>
            {
                if (written == (long)chunks * ReplicaCopy.ChunkBytes)
                {
                    lost.Cancel();
                }
            },
            lost.Token));
    }
}
