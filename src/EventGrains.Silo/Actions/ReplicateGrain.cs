using EventGrains.Contracts;
using EventGrains.Contracts.Actions;
using EventGrains.Contracts.Files;
using EventGrains.Rules;
using EventGrains.Silo.Actions.Copying;
using Orleans.Concurrency;

namespace EventGrains.Silo.Actions;

/// <summary><c>replicate: {to, path}</c>: copies the file to a replica storage that is a directory here.</summary>
/// <remarks>Stateless, so that it runs on the silo that starts it (<see cref="ActionStarts"/>) and attempts do not queue behind each other.</remarks>
[Action("replicate"), StatelessWorker]
internal sealed class ReplicateGrain(IGrainFactory grains, Definitions definitions, ClusterShape cluster, TimeProvider time) : Grain, IActionGrain
{
    public Task Start(ActionRequest request)
    {
        var ledger = new GrainCopyLedger(grains, cluster.Shards, request.Claim);
        Attempt.Begin(grains.GetFile(request.Claim.File), request.Claim, time, async lost =>
        {
            try
            {
                return await new ReplicaCopy(CopyOrder.From(request, definitions), ledger, time).Run(lost);
            }
            catch (StepFailedException refused)
            {
                return refused.Outcome;
            }
        });
        return Task.CompletedTask;
    }
}
