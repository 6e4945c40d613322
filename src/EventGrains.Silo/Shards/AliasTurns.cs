using EventGrains.Contracts.Shards;

namespace EventGrains.Silo.Shards;

/// <summary>Lets what is done about the alias of one path come one after another, and of other paths at once. On the grain's turns alone.</summary>
internal sealed class AliasTurns
{
    private readonly Dictionary<(string Storage, string Path), Task> _onTheirWay = [];

    public async Task<bool> Next(CopyAlias alias, Func<Task<bool>> save)
    {
        var path = (alias.Storage, alias.Path);
        while (_onTheirWay.TryGetValue(path, out var other))
        {
            await other;
        }

        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _onTheirWay[path] = ended.Task;
        try
        {
            return await save();
        }
        finally
        {
            _onTheirWay.Remove(path);
            ended.SetResult();
        }
    }
}
