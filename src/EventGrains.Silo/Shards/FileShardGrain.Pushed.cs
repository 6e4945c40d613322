using System.Collections.Immutable;
using EventGrains.Contracts.Shards;
using EventGrains.Events;
using EventGrains.Files;

namespace EventGrains.Silo.Shards;

/// <remarks>Events that were pushed.</remarks>
internal sealed partial class FileShardGrain
{
    private readonly CallsAtWork<ApplyAnswer> _pushed = new();

    public Task<ApplyAnswer> Apply(EventBatch batch) => _pushed.Join(batch.Call, () => ApplyAlone(batch));

    private async Task<ApplyAnswer> ApplyAlone(EventBatch batch)
    {
        var failed = ImmutableArray.CreateBuilder<int>();
        await TurnWithoutRefused(batch.Events, (turn, refused) =>
        {
            failed.Clear();
            for (var i = 0; i < batch.Events.Count; i++)
            {
                if (!TryApply(turn, batch.Events[i], new Cause(batch.Source, null, null, batch.Events[i].Type), refused))
                {
                    failed.Add(i);
                }
            }

            return null;
        });
        return new ApplyAnswer(failed.DrainToImmutable());
    }
}
