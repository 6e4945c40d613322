using EventGrains.Contracts.Status;
using EventGrains.Files;

namespace EventGrains.Silo.Store.Postgres;

/// <summary>Joins what the shards of a silo want to load into few questions: what comes while others are on their way is asked together.</summary>
/// <remarks>Calls wait here without a bound of its own: a shard calls within a turn, and turns are bounded by <see cref="SiloSettings.CommitQueueMax"/>.</remarks>
internal sealed class FileLoads(Func<IReadOnlyList<FileId>, Task<FileState?[]>> ask)
{
    /// <summary>Questions on their way at once.</summary>
    private const int AskedMax = 2;

    /// <summary>The call that brings a question to so many files is its last.</summary>
    private const int FilesMax = 2_000;

    private readonly Lock gate = new();
    private readonly Queue<Call> waiting = [];
    private int asked;

    /// <summary>One place per id; null where there is no row. What is committed before the call is seen.</summary>
    public Task<FileState?[]> Load(IReadOnlyList<FileId> ids)
    {
        var call = new Call(ids);
        lock (gate)
        {
            waiting.Enqueue(call);
            if (asked == AskedMax)
            {
                return call.Done.Task;
            }

            asked++;
        }

        _ = Task.Run(AskAll);
        return call.Done.Task;
    }

    private async Task AskAll()
    {
        while (Next() is { Count: > 0 } calls)
        {
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
    private List<Call> Next()
    {
        var calls = new List<Call>();
        lock (gate)
        {
            for (var files = 0; files < FilesMax && waiting.TryDequeue(out var call); files += call.Ids.Count)
            {
                calls.Add(call);
            }

            asked -= calls.Count == 0 ? 1 : 0;
        }

        return calls;
    }

    private sealed record Call(IReadOnlyList<FileId> Ids)
    {
        public TaskCompletionSource<FileState?[]> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
