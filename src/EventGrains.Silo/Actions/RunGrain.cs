using EventGrains.Contracts.Actions;
using EventGrains.Contracts.Files;
using EventGrains.Rules;
using EventGrains.Silo.Actions.Commands;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;

namespace EventGrains.Silo.Actions;

/// <summary><c>run: {command, timeout, successExitCodes}</c>: runs a command on this machine; never through a shell.</summary>
/// <remarks>Stateless, so that it runs on the silo that starts it (<see cref="ActionStarts"/>) and attempts do not queue behind each other.</remarks>
[Action("run"), StatelessWorker]
internal sealed class RunGrain(
    IGrainFactory grains,
    Definitions definitions,
    SiloSettings settings,
    WorkingDirectories directories,
    CommandWatchdog watchdog,
    TimeProvider time,
    ILogger<RunGrain> logger) : Grain, IActionGrain
{
    public Task Start(ActionRequest request)
    {
        Attempt.Begin(grains.GetFile(request.Claim.File), request.Claim, time, async lost =>
        {
            try
            {
                return await new CommandRun(CommandOrder.From(request, definitions), directories, watchdog, settings.OutputBytesMax, time, logger).Run(lost);
            }
            catch (StepFailedException refused)
            {
                return refused.Outcome;
            }
        });
        return Task.CompletedTask;
    }
}
