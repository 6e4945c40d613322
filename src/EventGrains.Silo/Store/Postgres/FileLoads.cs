using EventGrains.Contracts.Status;
using EventGrains.Files;

namespace EventGrains.Silo.Store.Postgres;

/// <summary>Joins what the shards of a silo want to load into few questions: what comes while others are on their way is asked together.</summary>
/// <remarks>Calls wait here without a bound of its own: a shard calls within a turn, and turns are bounded by <see cref="SiloSettings.CommitQueueMax"/>.</remarks>
internal sealed class FileLoads(Func<IReadOnlyList<FileId>, Task<FileState?[]>> ask, TimeProvider time)
{
    /// <summary>Questions on their way at once.</summary>
    private const int AskedMax = 3;

    /// <summary>The next question follows the one before by so much at least, so that what comes meanwhile is asked together.</summary>
    private static readonly TimeSpan GatherFor = TimeSpan.FromMilliseconds(3);

    /// <summary>Where the database is near, one question is on its way at a time; where it is far, or does not answer, another sets out after so long.</summary>
    private static readonly TimeSpan BesideAfter = TimeSpan.FromMilliseconds(8);

    /// <summary>With so many files waiting, nothing is waited for.</summary>
    private const int ManyFiles = 256;

    /// <summary>The call that brings a question to so many files is its last.</summary>
    private const int FilesMax = 2_000;

    private readonly Lock gate = new();
    private readonly Queue<Call> waiting = [];
    private int asked;
    private int filesWaiting;
    private long lastAsked;
    private bool isLater;

    /// <summary>How long what waits is to wait for the answer to the last question alone; none or less: not any more.</summary>
    private TimeSpan LeftBeside => filesWaiting < ManyFiles ? BesideAfter - time.GetElapsedTime(lastAsked) : TimeSpan.Zero;

    /// <summary>One place per id; null where there is no row. What is committed before the call is seen.</summary>
    public Task<FileState?[]> Load(IReadOnlyList<FileId> ids)
    {
        var call = new Call(ids);
        lock (gate)
        {
            waiting.Enqueue(call);
            filesWaiting += ids.Count;
            if (asked == AskedMax)
            {
                return call.Done.Task;
            }

            if (asked > 0 && LeftBeside is { Ticks: > 0 } left)
            {
                AskLater(left);
                return call.Done.Task;
            }

            (asked, lastAsked) = (asked + 1, time.GetTimestamp());
        }

        _ = Task.Run(AskAll);
        return call.Done.Task;
    }

    /// <summary>What waits beside a question that does not come back soon is asked then, also when no other call comes. The caller has the lock.</summary>
    private void AskLater(TimeSpan after)
    {
        if (isLater)
        {
            return;
        }

        isLater = true;
        _ = Task.Delay(after, time).ContinueWith(
            _ =>
            {
                lock (gate)
                {
                    isLater = false;
                    if (asked == AskedMax || waiting.Count == 0)
                    {
                        return;
                    }

                    if (asked > 0 && LeftBeside is { Ticks: > 0 } left)
                    {
                        AskLater(left);
                        return;
                    }

                    (asked, lastAsked) = (asked + 1, time.GetTimestamp());
                }

                _ = AskAll();
            },
            TaskScheduler.Default);
    }

    private async Task AskAll()
    {
        for (var isFirst = true; Next(isFirst) is { Count: > 0 } calls; isFirst = false)
        {
            var began = time.GetTimestamp();
            try
            {
                await Ask(calls);
            }
            catch (Exception failure) when (calls.Count == 1 || failure is StoreAwayException)
            {
                calls.ForEach(call => call.Done.SetException(failure));
            }
            catch (Exception)
            {
                // A row that cannot be read is the trouble of the shard that wants it alone.
                await Task.WhenAll(calls.ConvertAll(AskAlone));
            }

            if (Volatile.Read(ref filesWaiting) < ManyFiles && GatherFor - time.GetElapsedTime(began) is { Ticks: > 0 } left)
            {
                await Task.Delay(left, time);
            }
        }
    }

    private async Task AskAlone(Call call)
    {
        try
        {
            await Ask([call]);
        }
        catch (Exception failure)
        {
            call.Done.SetException(failure);
        }
    }

    private async Task Ask(List<Call> calls)
    {
        var places = new Dictionary<FileId, int>();
        var ids = new List<FileId>();
        foreach (var id in calls.SelectMany(call => call.Ids))
        {
            if (places.TryAdd(id, ids.Count))
            {
                ids.Add(id);
            }
        }

        var states = await ask(ids);
        foreach (var call in calls)
        {
            call.Done.SetResult([.. call.Ids.Select(id => states[places[id]])]);
        }
    }

    /// <summary>What is asked next; nothing, and then one question less is on its way.</summary>
    private List<Call> Next(bool isFirst)
    {
        var calls = new List<Call>();
        lock (gate)
        {
            if (!isFirst && asked > 1 && LeftBeside > TimeSpan.Zero)
            {
                // One is enough again; the other asks for what waits.
                asked--;
                return calls;
            }

            for (var files = 0; files < FilesMax && waiting.TryDequeue(out var call); files += call.Ids.Count)
            {
                calls.Add(call);
                filesWaiting -= call.Ids.Count;
            }

            asked -= calls.Count == 0 ? 1 : 0;
            lastAsked = time.GetTimestamp();
        }

        return calls;
    }

    private sealed record Call(IReadOnlyList<FileId> Ids)
    {
        public TaskCompletionSource<FileState?[]> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
