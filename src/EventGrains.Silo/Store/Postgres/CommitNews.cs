using System.Globalization;
using System.Threading.Channels;
using Npgsql;

namespace EventGrains.Silo.Store.Postgres;

/// <summary>Hears of every silo's commits, so that who waits at the end of the log need not ask over and over.</summary>
/// <remarks>
/// A connection of its own that listens; each commit says its index. When the connection is lost, it is opened again and the log's end is
/// told at once: what was missed meanwhile is in it. What comes while the end is being told is told together: only the newest waits.
/// </remarks>
/// <param name="tell">Told the commit index that the log ends with.</param>
internal sealed class CommitNews(PostgresConnections connections, TimeProvider time, Func<long, CancellationToken, Task> tell) : IAsyncDisposable
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    /// <summary>Without news the end is looked at as often: a connection that died unheard must not leave anyone waiting.</summary>
    internal TimeSpan LookEvery { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The end must be looked up.</summary>
    private const long Unsaid = 0;

    private readonly CancellationTokenSource stopping = new();
    private Task running = Task.CompletedTask;
    private int isEnded;

    public void Start() => running = Task.Run(Run);

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref isEnded, 1) == 1)
        {
            return;
        }

        await stopping.CancelAsync();
        await running;
        stopping.Dispose();
    }

    private async Task Run()
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await Listen(stopping.Token);
            }
            catch (Exception) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception)
            {
                // Whatever it was: another connection may do, and whoever reads the log meets the same and says so.
                await Task.Delay(RetryAfter, time, stopping.Token).ContinueWith(_ => { }, TaskScheduler.Default);
            }
        }
    }

    private async Task Listen(CancellationToken ct)
    {
        await using var connection = await connections.OpenAlone(ct);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var heard = Channel.CreateBounded<long>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });
        connection.Notification += (_, news) => heard.Writer.TryWrite(IndexIn(news.Payload));
        await connection.Run($"listen {PostgresPlace.Channel}", ct);
        heard.Writer.TryWrite(Unsaid);
        Task[] parts = [Hear(connection, heard.Writer, over.Token), Tell(heard.Reader, over.Token)];
        try
        {
            await await Task.WhenAny(parts);
        }
        finally
        {
            await over.CancelAsync();
            await Task.WhenAll(parts).ContinueWith(_ => { }, TaskScheduler.Default);
        }
    }

    private async Task Hear(NpgsqlConnection connection, ChannelWriter<long> heard, CancellationToken ct)
    {
        while (true)
        {
            if (!await connection.WaitAsync(LookEvery, ct))
            {
                heard.TryWrite(Unsaid);
            }
        }
    }

    private async Task Tell(ChannelReader<long> heard, CancellationToken ct)
    {
        while (true)
        {
            var index = await heard.ReadAsync(ct);
            await tell(index == Unsaid ? await Ask(ct) : index, ct);
        }
    }

    private async Task<long> Ask(CancellationToken ct)
    {
        await using var connection = await connections.OpenPooled(ct);
        return (await connection.Rows(r => r.GetInt64(0), "select index from log", ct))[0];
    }

    /// <summary>A silo of a release before this one says that it committed, and not what.</summary>
    private static long IndexIn(string payload) => long.TryParse(payload, CultureInfo.InvariantCulture, out var index) ? index : Unsaid;
}
