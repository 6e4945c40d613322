using EventGrains.Contracts.Actions;
using EventGrains.Contracts.Files;
using Microsoft.Extensions.Logging;

namespace EventGrains.Noop;

/// <summary>The action <c>noop</c>: done at once. What it costs is what a step costs by itself.</summary>
[Action("noop")]
internal sealed partial class NoopGrain(ILogger<NoopGrain> logger) : Grain, IActionGrain
{
    // Returns before the result is in: whoever started us may be waiting for this call, and must not wait for its own shard.
    public Task Start(ActionRequest request)
    {
        AttemptFile.Add(request);
        _ = Conclude(request.Claim);
        return Task.CompletedTask;
    }

    // A result that does not arrive is no loss: when the claim's deadline has passed, the next attempt brings it.
    private async Task Conclude(StepClaim claim)
    {
        await Task.Yield();
        try
        {
            await GrainFactory.GetFile(claim.File).Conclude(claim, new StepOutcome(Done: true));
        }
        catch (Exception e)
        {
            LogNotConcluded(e, claim.File.ToString(), claim.Attempt);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The result of attempt {Attempt} on {File} did not arrive")]
    private partial void LogNotConcluded(Exception exception, string file, int attempt);
}
