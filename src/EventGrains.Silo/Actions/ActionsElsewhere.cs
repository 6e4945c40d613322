using EventGrains.Contracts.Actions;
using EventGrains.Rules;
using EventGrains.Silo.Cluster;
using Microsoft.Extensions.Logging;
using Orleans.CodeGeneration;
using Orleans.Concurrency;
using Orleans.Runtime;
using Orleans.Runtime.Services;
using Orleans.Services;

namespace EventGrains.Silo.Actions;

[Alias("EventGrains.IActionsService"), Version(1)]
internal interface IActionsService : IGrainService
{
    [Alias("Start")]
    Task Start(GrainId action, ActionRequest request);
}

/// <summary>Starts actions on this silo for files whose grains are on another one; there is one on each.</summary>
[Reentrant]
internal sealed class ActionsService(GrainId id, Orleans.Runtime.Silo silo, ILoggerFactory logs, IGrainFactory grains)
    : GrainService(id, silo, logs), IActionsService
{
    public Task Start(GrainId action, ActionRequest request) => grains.GetGrain<IActionGrain>(action).Start(request);
}

/// <summary>Starts each action where the directories that it works on are seen: here, where its file's grain is, if they are.</summary>
internal sealed class ActionStarts(IServiceProvider services, IGrainFactory grains, Definitions definitions, SilosThatSee see)
    : GrainServiceClient<IActionsService>(services)
{
    /// <exception cref="StepFailedException">No silo sees them all (final), or none that does is there now: then it waits.</exception>
    public Task Start(GrainId action, ActionRequest request)
    {
        var claim = request.Claim;
        var step = StepSilos.Of(claim.Action, request.ParametersJson, claim.File.Storage, definitions);
        if (step.Silos.Include(see.Here))
        {
            return grains.GetGrain<IActionGrain>(action).Start(request);
        }

        return step.Silos.AreNone
            ? throw new StepFailedException($"no silo sees storage {step} together; name one in 'silos' of both", final: true)
            : see.Alive(step.Silos) is { Length: > 0 } silos
            ? GetGrainService(silos[action.GetUniformHashCode() % (uint)silos.Length]).Start(action, request)
            : throw StepFailedException.Unseen(
                $"none of the silos that see storage {step} is there; start one of them (a silo is named by --silo-name), or correct 'silos' in the rule file");
    }
}
