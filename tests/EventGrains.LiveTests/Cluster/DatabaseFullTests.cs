using System.Net;
using EventGrains.LiveTests.BadInput;
using EventGrains.Tests.Postgres;
using Npgsql;

namespace EventGrains.LiveTests.Cluster;

/// <summary>The database's disk fills up under a running server, in the two ways in which PostgreSQL takes it: it refuses a row, or it stops.</summary>
public sealed class DatabaseFullTests : IAsyncDisposable
{
    private const int DiskMegabytes = 160;
    private const string NoSpace = "No space left on device";

    private static readonly string[] Before = Told.Names("before", 20);

    private readonly string _directory = Product.NewDirectory();

    // Beside it: the database's own user must get there.
    private string Disk => $"{_directory}-disk";

    [Fact]
    public async Task While_it_is_full_every_way_of_asking_says_so_and_all_goes_on_when_there_is_room()
    {
        await using var disk = await Mounted.Small(Disk, DiskMegabytes);
        await using var postgres = await Started(disk);
        var arguments = new Servers(_directory, await postgres.NewDatabase()).Next();
        var acknowledged = new List<string>(Before);
        string[] last = [];
        await using (var server = await Product.Start(_directory, arguments))
        {
            Assert.True((await server.Post(Told.Source, Told.Stored(Before))).IsOk);

            // A fresh stretch of the log is there before the disk is full, so that it is rows which find no room.
            await postgres.Run("select pg_switch_wal()");
            await postgres.Run("checkpoint");
            disk.Fill();
            var refused = (Answer?)null;
            for (var i = 0; refused is null; i++)
            {
                last = Told.Names($"n{i}-", 200);
                var answer = await server.Post(Told.Source, Told.Stored(last));
                acknowledged.AddRange(answer.IsOk ? last : []);
                refused = answer.IsOk ? null : answer;
            }

            refused.IsProblem(HttpStatusCode.ServiceUnavailable, NoSpace);
            Assert.NotNull(refused.RetryAfter);
            await SaysWhyInEveryWay(server);
            for (var i = 0; i < 3; i++)
            {
                var again = await server.Post(Told.Source, Told.Stored(last));
                again.IsProblem(HttpStatusCode.ServiceUnavailable, NoSpace);
                Assert.NotNull(again.RetryAfter);
            }

            // Though it can be read all the time.
            await SaysWhyInEveryWay(server);
            Assert.True((await server.Ask("/v1/files/cloudevents%3Abefore0000")).IsOk);
            disk.MakeRoom();
            await GoesOn(server, last);
            await server.Kill();
        }

        await using var restarted = await Product.Start(_directory, arguments);
        await Told.AreKnownOnce(restarted, [.. acknowledged, .. last]);
    }

    [Fact]
    public async Task Where_its_log_finds_no_room_the_database_stops_and_all_goes_on_when_it_is_started_again()
    {
        await using var disk = await Mounted.Small(Disk, DiskMegabytes);
        await using var postgres = await Started(disk);
        var arguments = new Servers(_directory, await postgres.NewDatabase()).Next();
        var names = Told.Names("n", 200);
        await using (var server = await Product.Start(_directory, arguments))
        {
            Assert.True((await server.Post(Told.Source, Told.Stored(Before))).IsOk);
            disk.Fill();
            await postgres.Run("select pg_switch_wal()");

            var refused = await server.Post(Told.Source, Told.Stored(names));

            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.Status);
            Assert.NotNull(refused.RetryAfter);
            await Eventually.Answers(() => server.Ask("/healthz/ready"), answer => answer.Status == HttpStatusCode.ServiceUnavailable);
            await Eventually.Is(async () => await server.Metric("eventgrains_unhealthy", "what=\"store\"") == 1, () => "the metric says that the store is well");
            await Eventually.Is(async () => await IsDown(postgres), () => "PostgreSQL goes on without room for its log");
            disk.MakeRoom();
            await postgres.Start();
            await GoesOn(server, names);
            await server.Kill();
        }

        await using var restarted = await Product.Start(_directory, arguments);
        await Told.AreKnownOnce(restarted, [.. Before, .. names]);
    }

    public async ValueTask DisposeAsync()
    {
        await Tool.Remove(_directory);
        await Tool.Remove(Disk);
    }

    // Nothing of its log is kept for later use: what it needs next it must find room for.
    private static Task<PostgresInstance> Started(Mounted disk) => PostgresServer.StartPrivateIn(disk.Path, "wal_recycle=off", "min_wal_size=32MB", "max_wal_size=64MB");

    private static async Task SaysWhyInEveryWay(Product server)
    {
        var status = (await Eventually.Answers(() => server.Ask("/v1/status"), answer => answer.Body.GetProperty("unhealthy").GetArrayLength() > 0)).Body;
        Assert.False(status.GetProperty("ready").GetBoolean());
        var trouble = status.GetProperty("unhealthy")[0];
        Assert.Equal("store", trouble.GetProperty("what").GetString());
        Assert.Contains(NoSpace, trouble.GetProperty("why").GetString(), StringComparison.Ordinal);
        Assert.Contains("has room", trouble.GetProperty("do").GetString(), StringComparison.Ordinal);
        var ready = await server.Ask("/healthz/ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.Status);
        Assert.Contains(NoSpace, ready.Text("reason"), StringComparison.Ordinal);
        Assert.Equal(1, await server.Metric("eventgrains_unhealthy", "what=\"store\""));
    }

    private static async Task GoesOn(Product server, string[] names)
    {
        await Told.PostUntilTaken(server, Told.Stored(names));
        await Eventually.Answers(() => server.Ask("/healthz/ready"), answer => answer.IsOk);
        await Eventually.Answers(() => server.Ask("/v1/status"), answer => answer.Body.GetProperty("unhealthy").GetArrayLength() == 0);
        await Eventually.Is(async () => await server.Metric("eventgrains_unhealthy", "what=\"store\"") == 0, () => "the metric says that the store is away");
    }

    private static async Task<bool> IsDown(PostgresInstance postgres)
    {
        try
        {
            await postgres.Run("select 1");
            return false;
        }
        catch (NpgsqlException failure)
        {
            return failure.InnerException is System.Net.Sockets.SocketException;
        }
    }
}
