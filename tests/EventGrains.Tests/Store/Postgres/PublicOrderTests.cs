using EventGrains.Contracts.Transitions;
using EventGrains.Files;
using EventGrains.Silo.Store;

namespace EventGrains.Tests.Store.Postgres;

/// <summary>Whoever reads the log never passes a transition that is committed later, with as many committers as there are silos.</summary>
public sealed class PublicOrderTests
{
    [Fact]
    public async Task What_a_held_commit_writes_is_read_after_the_commits_that_overtook_it()
    {
        await using var database = await SharedDatabase.New();

        var (written, read) = await OvertakenByAReader(database);

        Assert.Equal(written.Order(), read.Order());
    }

    [Fact]
    public async Task With_numbers_of_a_sequence_instead_it_would_be_passed()
    {
        await using var database = await SharedDatabase.New();
        await database.Open();
        await database.Run(
            """
            create function drawn_early() returns trigger language plpgsql as 'begin new.index := new.batch; return new; end';
            create trigger drawn_early before insert on commits for each row execute function drawn_early();
            """);

        var (written, read) = await OvertakenByAReader(database);

        Assert.NotEqual(written.Order(), read.Order());
    }

    [Fact]
    public async Task Numbers_have_no_holes_whatever_fails()
    {
        await using var database = await SharedDatabase.New();
        var (one, other) = (await database.Open(), await database.Open());
        var (a, b) = (await one.TakeOver(0), await other.TakeOver(1));
        var file = Sample.New(Sample.IdIn(0), a.NextFileNumber);
        await one.Commit([Sample.Of(a).With(file)]);
        await Assert.ThrowsAnyAsync<Exception>(() => one.Commit([Sample.Of(a).With(file)]));
        await other.Commit([Sample.Of(b).With(Sample.New(Sample.IdIn(1), b.NextFileNumber))]);

        var log = await one.ReadLog(new Cursor(one.History, 0, -1), 10);

        Assert.Equal([1, 2], log.Items.Select(i => i.Cursor.Index));
    }

    /// <summary>One silo's commit is held in its middle while another's goes through and a reader follows to the end; then it goes on.</summary>
    private static async Task<(List<FileId> Written, List<FileId> Read)> OvertakenByAReader(SharedDatabase database)
    {
        var (slow, quick) = (await database.Open(), await database.Open());
        var (a, b) = (await slow.TakeOver(0), await quick.TakeOver(1));
        var known = Sample.New(Sample.IdIn(0), a.NextFileNumber, "/known");
        await slow.Commit([Sample.Of(a).With(known)]);
        var (moved, added) = (known.At("/moved"), Sample.New(Sample.IdIn(1), b.NextFileNumber));

        var row = await database.Hold($"select from files where number = {known.Number} for update");
        var held = slow.Commit([Sample.Of(a).With(moved, known)]);
        await database.AwaitBlocked("update files");
        await quick.Commit([Sample.Of(b).With(added)]);
        var passing = await quick.ReadLog(new Cursor(quick.History, 0, -1), 10);
        await row.DisposeAsync();
        await held;
        var rest = await quick.ReadLog(passing.Next, 10);

        Assert.Null(rest.Gap);
        return ([known.Id, added.Id, moved.Id], [.. passing.Items.Concat(rest.Items).Select(i => i.Transition.Id)]);
    }
}
