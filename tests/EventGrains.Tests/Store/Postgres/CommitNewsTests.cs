using System.Collections.Concurrent;
using EventGrains.Silo;
using EventGrains.Silo.Store.Postgres;
using EventGrains.Tests.Sources;
using Microsoft.Extensions.Time.Testing;

namespace EventGrains.Tests.Store.Postgres;

/// <summary>A silo hears what others commit, whoever says it and whatever fails meanwhile.</summary>
public sealed class CommitNewsTests : IAsyncLifetime
{
    private readonly ConcurrentQueue<long> _told = [];
    private readonly FakeTimeProvider _time = new();
    private Func<long, Task> _listener = _ => Task.CompletedTask;
    private SharedDatabase _database = null!;
    private PostgresConnections _connections = null!;
    private CommitNews _news = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await SharedDatabase.New();
        await _database.Open();
        _connections = new PostgresConnections(new SiloSettings { Postgres = _database.Connection });
        _news = new CommitNews(_connections, _time, async (index, _) =>
        {
            _told.Enqueue(index);
            await _listener(index);
        })
        {
            LookEvery = TimeSpan.FromHours(1), // nothing is told because somebody looked
        };
    }

    [Fact]
    public async Task What_is_committed_while_the_end_is_being_told_is_told_together()
    {
        var (tells, goesOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        _listener = async index =>
        {
            if (index == 1)
            {
                tells.SetResult();
                await goesOn.Task;
            }
        };
        _news.Start();
        await Told(0);
        await Commits(1);
        await tells.Task;

        for (var index = 2; index <= 50; index++)
        {
            await Commits(index);
        }

        goesOn.SetResult();

        await Told(50);
        Assert.InRange(_told.Count(index => index > 1), 1, 25);
        Assert.Equal(_told.Order(), _told);
    }

    /// <remarks>It says only that it committed.</remarks>
    [Fact]
    public async Task A_silo_of_an_older_release_is_heard()
    {
        _news.Start();
        await Told(0);

        await _database.Run("update log set index = 7; notify eventgrains_commits");

        await Told(7);
    }

    [Fact]
    public async Task A_listener_that_fails_is_told_again()
    {
        _listener = index => index == 3 && _told.Count(i => i == 3) == 1 ? throw new InvalidDataException("no listener of ours throws this") : Task.CompletedTask;
        _news.Start();
        await Told(0);

        await Commits(3);

        await Eventually.Is(
            () =>
            {
                _time.Advance(TimeSpan.FromSeconds(1));
                return _told.Count(i => i == 3) > 1;
            },
            () => $"told: {string.Join(", ", _told)}");
    }

    public async ValueTask DisposeAsync()
    {
        await _news.DisposeAsync();
        await _connections.DisposeAsync();
        await _database.DisposeAsync();
    }

    private Task Commits(long index) => _database.Run($"update log set index = {index}; select pg_notify('eventgrains_commits', '{index}')");

    private Task Told(long index) => Eventually.Is(() => _told.Contains(index), () => $"{index} is not told, but {string.Join(", ", _told)}");
}
